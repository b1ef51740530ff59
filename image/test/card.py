"""A memory card: a copy of the image, as large as cards are, and looks at it from outside."""

import os
import re
import subprocess
import zlib
from pathlib import Path

SECTOR = 512
BOOT_STATE_BYTES = 4096
LAYOUT_FILE = Path(__file__).parents[1] / "layout"
LAYOUT = {n: int(value) for n, value in re.findall(r"\b(\w+)=(\d+)\b", LAYOUT_FILE.read_text())}


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """A program of the host; raises AssertionError with its words when it fails."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    done = subprocess.run(
        command, capture_output=True, timeout=120, env={**os.environ, "PATH": path}
    )
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.returncode}, {done.stderr.decode()}")
    return done


class Card:
    """The machine that it is in may run only where nothing but sectors is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fat = f"{path}@@{LAYOUT['boot_start'] * SECTOR}"

    @classmethod
    def flash(cls, image: Path, path: Path, bytes_: int = 4 << 30) -> "Card":
        """A new one with this image on it; what the image leaves free takes no room here either."""
        run("cp", "--sparse=always", image, path)
        os.truncate(path, bytes_)
        return cls(path)

    def copy(self, path: Path) -> "Card":
        """The same once more."""
        run("cp", "--sparse=always", self.path, path)
        return Card(path)

    def put(self, name: str, content: bytes) -> None:
        """Write a file onto the boot partition, as a person does with any computer."""
        source = self.path.with_suffix(".put")
        source.write_bytes(content)
        run("mcopy", "-o", "-i", self._fat, source, f"::{name}")
        source.unlink()

    def get(self, name: str) -> bytes | None:
        """A file of the boot partition; None when there is none."""
        done = run("mtype", "-i", self._fat, f"::{name}", check=False)
        return None if done.returncode else done.stdout

    def names(self) -> list[str]:
        """What is in the boot partition's first folder."""
        listed = run("mdir", "-b", "-i", self._fat, "::").stdout.decode()
        return [line.removeprefix("::/") for line in listed.splitlines()]

    def sectors(self, first: int, count: int = 1) -> bytes:
        """What is there."""
        with self.path.open("rb") as card:
            card.seek(first * SECTOR)
            return card.read(count * SECTOR)

    def is_fresh(self) -> bool:
        """Whether the next boot makes the data partition anew."""
        return self.sectors(LAYOUT["data_mark"]).startswith(b"ren-data fresh\n")

    def boot_state(self) -> dict[str, str]:
        """Of the valid copies the one with the higher serial; numbers are hexadecimal."""
        copies = (
            self.sectors(LAYOUT[f"state_copy_{n}"], BOOT_STATE_BYTES // SECTOR) for n in (1, 2)
        )
        valid = [state for copy in copies if (state := _environment(copy))]
        assert valid, "neither copy of the boot state is valid"
        return max(valid, key=lambda state: int(state["serial"], 16))

    def data(self) -> "Data":
        """The data partition, taken out; the machine must be off."""
        taken = self.path.with_suffix(".data")
        run(
            *("dd", f"if={self.path}", f"of={taken}", "bs=1M", "conv=sparse", "status=none"),
            f"skip={LAYOUT['data_start'] * SECTOR >> 20}",
        )
        return Data(taken)


def _environment(block: bytes) -> dict[str, str]:
    """U-Boot's environment, empty when its checksum is wrong."""
    if zlib.crc32(block[4:]) != int.from_bytes(block[:4], "little"):
        return {}
    lines = block[4:].split(b"\0\0")[0].split(b"\0")
    return dict(line.decode().split("=", 1) for line in lines if line)


class Data:
    """The data partition's file system, looked at without a machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # As at the next boot: the journal is replayed, what is broken is repaired.
        done = run("e2fsck", "-f", "-p", path, check=False)
        self.is_sound = done.returncode in (0, 1)
        self.told = (done.stdout + done.stderr).decode()

    def read(self, name: str) -> str:
        """A file of it; empty when there is none."""
        return run("debugfs", "-R", f"cat {name}", self.path).stdout.decode(errors="replace")

    def copy_out(self, folder: str, to: Path) -> None:
        """Everything in this folder of it."""
        run("debugfs", "-R", f"rdump {folder} {to}", self.path)

    def contains(self, text: bytes) -> bool:
        """Whether this can be found anywhere in it, in a file or not."""
        return run("grep", "-c", "-a", "-F", text.decode(), self.path, check=False).returncode == 0
