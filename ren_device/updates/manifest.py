"""What an update says about itself. Nothing of it is believed before its signature is checked."""

import json
import re
from dataclasses import dataclass

from ren_device.errors import UpdateError

FORMAT = 1
LARGEST_SLOT_BYTES = 4 << 30
BLOCK_BYTES = 4096
"""A slot's file system is whole blocks."""

_KIND = "ren-update"
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}")
_COMPATIBLE = re.compile(r"[0-9a-z][0-9A-Za-z.,+_-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which Ren is in an update, and what it can live with."""

    version: str
    build: str
    data_format: int
    """Of what Ren keeps; it reads all up to this one."""
    boot_format: int
    """Of the boot partition, which no update writes."""
    hardware: tuple[str, ...]
    """The boards that it runs on, as a device tree's `compatible` names them."""
    slot_bytes: int
    slot_sha256: str

    def to_bytes(self) -> bytes:
        """As it is signed: JSON, sorted, with a line feed at the end."""
        fields = {
            "kind": _KIND,
            "format": FORMAT,
            "version": self.version,
            "build": self.build,
            "data_format": self.data_format,
            "boot_format": self.boot_format,
            "hardware": list(self.hardware),
            "slot": {"bytes": self.slot_bytes, "sha256": self.slot_sha256},
        }
        return json.dumps(fields, indent=2, sort_keys=True).encode() + b"\n"


def parse(text: bytes) -> Manifest:
    """The manifest that these bytes are. Raises UpdateError."""
    try:
        fields = json.loads(text)
        kind, form = fields["kind"], fields["format"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise UpdateError("this is not an update of Ren: its manifest cannot be read") from None
    if kind != _KIND or not _is_count(form):
        raise UpdateError("this is not an update of Ren")
    if form > FORMAT:
        raise UpdateError(
            f"this update is of a newer kind (format {form}, this Ren reads {FORMAT}): install a"
            " release between the two first, or flash the card anew"
        )
    try:
        slot = fields["slot"]
        manifest = Manifest(
            version=_matching(_NAME, fields["version"]),
            build=_matching(_NAME, fields["build"]),
            data_format=_count(fields["data_format"]),
            boot_format=_count(fields["boot_format"]),
            hardware=tuple(_matching(_COMPATIBLE, each) for each in fields["hardware"]),
            slot_bytes=_count(slot["bytes"]),
            slot_sha256=_matching(_SHA256, slot["sha256"]),
        )
    except (KeyError, TypeError, ValueError):
        raise UpdateError("this update's manifest is not whole") from None
    if manifest.slot_bytes % BLOCK_BYTES or manifest.slot_bytes > LARGEST_SLOT_BYTES:
        raise UpdateError("this update's manifest names a size that no slot has")
    return manifest


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0  # True is an int, too


def _count(value: object) -> int:
    if type(value) is not int or value <= 0:
        raise ValueError(value)
    return value


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(value)
    return value
