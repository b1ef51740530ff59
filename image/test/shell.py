"""A root shell in a machine, with the key that its `ren.toml` let in."""

import selectors
import subprocess
import tempfile
from pathlib import Path

USER = "root"
CONNECT_S = 120.0


def make_key(path: Path) -> Path:
    """An SSH key without a password; its public half is beside it, with `.pub`."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path],
        check=True,
        timeout=60,
    )
    return path


def options(port: int, key: Path) -> list[str]:
    """What every call of ssh here has in common: it asks nobody, and knows no other key."""
    settings = (
        *("IdentitiesOnly=yes", f"IdentityFile={key}", "UserKnownHostsFile=/dev/null"),
        *("StrictHostKeyChecking=no", "BatchMode=yes", "LogLevel=ERROR", "ConnectTimeout=60"),
        *("ServerAliveInterval=15", "ServerAliveCountMax=8"),
    )
    return ["-F", "/dev/null", "-p", str(port), *(f"-o{setting}" for setting in settings)]


def refusal(port: int) -> str:
    """What SSH says to somebody without a key."""
    call = ["ssh", *options(port, Path("/dev/null")), "-oPreferredAuthentications=none"]
    done = subprocess.run(
        [*call, f"{USER}@127.0.0.1", "true"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CONNECT_S,
    )
    assert done.returncode == 255
    return done.stderr


class Shell:
    """One connection, made once: under emulation that takes seconds."""

    def __init__(self, port: int, key: Path) -> None:
        # The name of a socket must not be long.
        self._folder = tempfile.TemporaryDirectory(prefix="ren-")
        self._call = ["ssh", *options(port, key), f"-oControlPath={self._folder.name}/socket"]
        self._master = subprocess.Popen(
            [
                *(*self._call, "-M", "-N", f"{USER}@127.0.0.1"),
                *("-oPermitLocalCommand=yes", "-oLocalCommand=echo connected"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._master.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self._master.stdout, selectors.EVENT_READ)
            said = self._master.stdout.readline() if selector.select(CONNECT_S) else b"nothing"
        if said.strip() != b"connected":
            self.close()
            raise AssertionError(f"no SSH: {said.decode(errors='replace')}")

    def run(self, command: str, within_s: float, check: bool) -> str:
        """What it wrote."""
        done = subprocess.run(
            [*self._call, f"{USER}@127.0.0.1", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within_s,
        )
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.returncode}, {done.stdout}{done.stderr}")
        return done.stdout

    def close(self) -> None:
        """The machine need not be there any more."""
        self._master.kill()
        self._master.wait()
        assert self._master.stdout
        self._master.stdout.close()
        self._folder.cleanup()
