"""A speaker in QEMU: its power switch, its serial line and its network, all from outside.

From within, nothing outside can be reached but the files of one folder that is lent to it, at
`http://10.0.2.100/NAME`. From outside, the server and SSH can be, through ports of 127.0.0.1.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from image.test.card import Card
from image.test.console import Console
from image.test.shell import Shell, refusal

HERE = Path(__file__).parent
BOOT_S = 600.0  # alone on two cores it takes a tenth of it
FILES_URL = "http://10.0.2.100/"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Process:
    """QEMU, its group of processes, and its console."""

    def __init__(self, command: list[str], log: Path) -> None:
        with (log.with_suffix(".command")).open("a") as kept:
            kept.write(shlex.join(command) + "\n")
        self._process = subprocess.Popen(
            # It dies with who started it, whatever happens to them.
            ["setpriv", "--pdeathsig", "KILL", "qemu-system-aarch64", *command],
            stdin=subprocess.DEVNULL,  # U-Boot stops at any key
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout
        self.console = Console(self._process.stdout, log)

    def kill(self) -> None:
        """Its power is cut: what the guest has not written is lost."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.console.close()


class Machine:
    """QEMU's machine `virt`, with the image's own boot loader for it, and a card."""

    def __init__(
        self, card: Card, u_boot: Path, lent: Path, key: Path, devices: Sequence[str] = ()
    ) -> None:
        self.card = card
        self.name = card.path.stem
        self._u_boot = u_boot
        self._lent = lent
        self._key = key
        self._devices = devices
        self._process: Process | None = None
        self._shell: Shell | None = None
        self._port = 0
        self._ssh_port = 0

    # --- power ---

    def start(self, write_log: Path | None = None) -> None:
        """Plug it in. Into `write_log` goes all that the card is told to do, see write_log.py."""
        self._port, self._ssh_port = free_port(), free_port()
        forwards = (
            f"hostfwd=tcp:127.0.0.1:{self._port}-:8000,hostfwd=tcp:127.0.0.1:{self._ssh_port}-:22"
        )
        # QEMU takes the command apart at blanks and commas, and starts one for each connection.
        lender = (
            f"guestfwd=tcp:10.0.2.100:80-cmd:{sys.executable} {HERE / 'lender.py'} {self._lent}"
        )
        # The host need not write it down at once: it is not its power that is cut.
        drive: dict[str, Any] = {"driver": "file", "filename": str(self.card.path)}
        drive["cache"] = {"no-flush": True}
        if write_log:
            write_log.unlink(missing_ok=True)
            write_log.touch()
            log = {"driver": "file", "filename": str(write_log)}
            drive = {"driver": "blklogwrites", "file": drive, "log": log, "log-sector-size": 512}
        drive = {"driver": "raw", "node-name": "card", "file": drive}
        self._process = Process(
            [
                # Several machines run at a time: with more processors than the host has, they would
                # wait for each other most of the time.
                *("-M", "virt", "-cpu", "cortex-a72", "-smp", "1", "-m", "1G"),
                *("-accel", "tcg,thread=multi,tb-size=512"),
                *("-bios", str(self._u_boot), "-display", "none", "-monitor", "none"),
                *("-serial", "stdio", "-nodefaults"),
                *("-blockdev", json.dumps(drive)),
                # QEMU 7.2 notes zeroes wrongly in its log, and loses the heads of merged writes.
                *(
                    "-device",
                    "virtio-blk-pci,drive=card,discard=off,write-zeroes=off,request-merging=off",
                ),
                *("-netdev", f"user,id=net,restrict=on,{forwards},{lender}"),
                # U-Boot needs no code of the card's own, which is in another package.
                *("-device", "virtio-net-pci,netdev=net,romfile="),
                *("-device", "virtio-rng-pci"),
                *("-device", "i6300esb", "-action", "watchdog=reset"),
                *self._devices,
            ],
            self.card.path.with_suffix(".serial"),
        )

    def kill(self) -> None:
        """Pull the plug."""
        self._leave()
        if self._process:
            self._process.kill()
        self._process = None

    def wait_until_off(self, within_s: float = 60.0) -> None:
        """It switches itself off."""
        self.console.wait_for_end(within_s)
        self.kill()

    @property
    def is_on(self) -> bool:
        """Whether it is plugged in."""
        return self._process is not None

    @property
    def console(self) -> Console:
        """Its serial line since it was plugged in."""
        assert self._process, f"{self.name} is off"
        return self._process.console

    def boot(self) -> float:
        """Plug it in and wait until Ren answers; the seconds that it took."""
        self.start()
        return self.until_up()

    def until_up(self, within_s: float = BOOT_S) -> float:
        """Wait until Ren answers; the seconds that it took."""
        return self.console.until("up", self.is_up, within_s)

    def until_booted_again(self, since: int, within_s: float = BOOT_S) -> float:
        """It goes down and comes up by itself; `since` is the console's position before."""
        began = time.monotonic()
        self.console.wait_for("U-Boot 20", within_s, since)
        self.until_up_again(began + within_s - time.monotonic())
        return time.monotonic() - began

    def until_up_again(self, within_s: float = BOOT_S) -> float:
        """It has been going down: wait until Ren answers; the seconds that it took."""
        self._leave()
        return self.until_up(within_s)

    # --- network ---

    @property
    def address(self) -> str:
        """Host and port of its server."""
        return f"127.0.0.1:{self._port}"

    def is_up(self) -> bool:
        """Whether Ren's server says that all is well."""
        try:
            return bool(self.get("/health", within_s=5)["status"] == "ok")
        except OSError:
            return False

    def get(self, path: str, within_s: float = 30.0) -> Any:
        """What Ren answers; raises OSError."""
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=within_s) as answer:
            return json.load(answer)

    def post(self, path: str, body: object, within_s: float = 30.0) -> Any:
        """What Ren answers; raises OSError."""
        request = urllib.request.Request(
            f"http://{self.address}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=within_s) as answer:
            return json.load(answer)

    def ssh_greeting(self) -> bytes:
        """The first words of whoever listens to port 22; nothing when nobody does."""
        try:
            with socket.create_connection(("127.0.0.1", self._ssh_port), timeout=20) as peer:
                return peer.recv(100)
        except ConnectionError:
            return b""

    def ssh_refusal(self) -> str:
        """What SSH says to somebody without a key."""
        return refusal(self._ssh_port)

    # --- inside ---

    @property
    def shell(self) -> Shell:
        """A root shell, through SSH."""
        if not self._shell:
            self._shell = Shell(self._ssh_port, self._key)
        return self._shell

    def _leave(self) -> None:
        if self._shell:
            self._shell.close()
        self._shell = None

    def run(self, command: str, within_s: float = 240.0, check: bool = True) -> str:
        """What a command in there writes; raises AssertionError when it fails."""
        return self.shell.run(command, within_s, check)
