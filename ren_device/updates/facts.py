"""What the image says of itself, and its first steps (the initrd) of this boot."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from ren_device.errors import UpdateError

SlotName = Literal["a", "b"]

RUN = Path("run/ren-image")
TRIAL = RUN / "trial"
"""There in a trial, until the system has proved itself."""

_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Facts:
    """The system that runs."""

    slot: SlotName
    disk: Path
    """The whole card."""
    version: str
    build: str
    data_format: int
    boot_format: int
    compatible: tuple[str, ...]
    """The names of this board, the most exact one first."""
    public_key_hex: str
    """Of who may sign an update."""

    @property
    def other(self) -> SlotName:
        """The slot that does not run."""
        return "b" if self.slot == "a" else "a"


def is_linked(root: Path = Path("/")) -> bool:
    """Whether a network card but the loopback has its carrier. Blocks."""
    for carrier in (root / "sys/class/net").glob("*/carrier"):
        with suppress(OSError):  # one that is down says nothing
            if carrier.parent.name != "lo" and carrier.read_text().strip() == "1":
                return True
    return False


def read(root: Path = Path("/")) -> Facts:
    """Ask the system under `root`. Blocks. Raises UpdateError where it is no image's."""
    run = root / RUN
    if not (run / "slot").is_file():
        raise UpdateError(
            "this system was not started from an image of Ren: scripts/install brings it up to date"
        )
    try:
        slot = (run / "slot").read_text().strip()
        disk = Path((run / "disk").read_text().strip())
        image = json.loads((root / "usr/lib/ren/image.json").read_bytes())
        key = (root / "usr/share/ren/release.pub").read_text().strip()
        names = (root / "proc/device-tree/compatible").read_bytes()
        facts = Facts(
            slot=cast("SlotName", slot),
            disk=disk,
            version=str(image["version"]),
            build=str(image["build"]),
            data_format=int(image["data_format"]),
            boot_format=int(image["boot_format"]),
            compatible=tuple(names.decode("ascii").rstrip("\0").split("\0")),
            public_key_hex=key,
        )
    except OSError as error:
        raise UpdateError(f"this image is not whole: {error.filename}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise UpdateError("this image is not whole: it does not say what it is") from None
    if slot not in ("a", "b") or not _KEY.fullmatch(key):
        raise UpdateError("this image is not whole: it knows no slot, or no key")
    return facts
