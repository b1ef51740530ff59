"""What the machine tells in small files and through small programs.

Everything is looked for under a root directory, so that a test can make a machine of its own.
"""

import os
import shutil
import subprocess
from pathlib import Path

_MOST_BYTES = 64 * 1024  # of a file: these have a line or two
_PATIENCE_S = 2.0
_FOLDERS = ("usr/local/bin", "usr/bin", "usr/sbin", "bin", "sbin", "opt/vc/bin")


def read(path: Path) -> str:
    """The text of a small file, trimmed; empty where it is not there or cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode(errors="replace").strip("\0 \t\r\n")
    except OSError:
        return ""


def number(path: Path, base: int = 10) -> int | None:
    """The number in a small file; None where it is no number. `base` 0 goes by its prefix."""
    try:
        return int(read(path), base)
    except ValueError:
        return None


def has(root: Path, program: str) -> bool:
    """Whether this program is installed."""
    return _program(root, program) is not None


def said(root: Path, program: str, *arguments: str) -> str:
    """What this program prints; empty where it is not installed, fails, or takes too long."""
    found = _program(root, program)
    if found is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  one of the few that the checks name
            [found, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE_S,
            env=os.environ | {"LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def board(root: Path) -> str:
    """What the board calls itself, such as "Raspberry Pi 4 Model B Rev 1.4"; empty for a PC."""
    return read(root / "proc/device-tree/model")


def is_pi(root: Path) -> bool:
    """Whether this is a Raspberry Pi."""
    return "raspberry pi" in board(root).lower()


def _program(root: Path, name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join(str(root / each) for each in _FOLDERS))
