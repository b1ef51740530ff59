"""A card in a file, the system that runs from it, and updates of it."""

import hashlib
import json
import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

from nacl.signing import SigningKey

from ren_device.updates import facts
from ren_device.updates.boot_state import FRESH, BootStateFile
from ren_device.updates.bundle import measured, write_bundle
from ren_device.updates.facts import Facts
from ren_device.updates.manifest import Manifest
from ren_device.updates.slots import DISK_SIGNATURE, SECTOR

HOUSE = Path(__file__).parents[2]
LAYOUT = dict(
    word.split("=")
    for line in (HOUSE / "image/layout").read_text().splitlines()
    for word in line.partition("#")[0].split()
)
START_A, START_B = (int(LAYOUT[f"slot_{name}_start"]) * SECTOR for name in "ab")
SLOT_BYTES = int(LAYOUT["slot_sectors"]) * SECTOR

KEY = SigningKey(bytes(range(32)))
PUBLIC_KEY_HEX = bytes(KEY.verify_key).hex()
BOARD = "raspberrypi,3-model-b-plus"
OLD_SYSTEM = b"the system that runs" * 1000


def content(size: int, seed: int = 1) -> bytes:
    """A slot's file system, as far as anybody here looks at it."""
    return Random(seed).randbytes(size)


def packed(
    folder: Path,
    slot: bytes,
    key: SigningKey = KEY,
    *,
    version: str = "1.1.0",
    build: str = "next",
    data_format: int = 1,
    boot_format: int = 1,
    hardware: tuple[str, ...] = (BOARD, "linux,dummy-virt"),
) -> bytes:
    """An update with this slot."""
    file = folder / "slot.ext4"
    file.write_bytes(slot)
    size, sha256 = measured(file)
    manifest = Manifest(version, build, data_format, boot_format, hardware, size, sha256)
    packed = BytesIO()
    write_bundle(packed, manifest, file, key)
    return packed.getvalue()


@dataclass(frozen=True)
class Card:
    """The files of a system that runs from slot a of a card that is a file, too."""

    root: Path

    @property
    def disk(self) -> Path:
        return self.root / "card.img"

    @property
    def state(self) -> BootStateFile:
        return BootStateFile(self.disk)

    @property
    def facts(self) -> Facts:
        return facts.read(self.root)

    @property
    def history(self) -> Path:
        return self.root / "data/update"

    def slot_a_is_as_it_was(self) -> bool:
        return self._part(START_A, len(OLD_SYSTEM)) == OLD_SYSTEM

    def slot_b(self, size: int) -> bytes:
        return self._part(START_B, size)

    def _part(self, start: int, size: int) -> bytes:
        with self.disk.open("rb") as file:
            file.seek(start)
            return file.read(size)


def new_card(root: Path) -> Card:
    """One with a system in slot a that has proved itself."""
    for name in ("run/ren-image", "run/ren", "usr/lib/ren", "usr/share/ren", "proc/device-tree"):
        (root / name).mkdir(parents=True)
    (root / "data").mkdir()
    card = Card(root)
    image = {
        "version": "1.0.0",
        "build": "first",
        "data_format": 1,
        "boot_format": 1,
        "hardware": [BOARD],
    }
    (root / "run/ren-image/slot").write_text("a\n")
    (root / "run/ren-image/disk").write_text(f"{card.disk}\n")
    (root / "usr/lib/ren/image.json").write_text(json.dumps(image))
    (root / "usr/share/ren/release.pub").write_text(f"{PUBLIC_KEY_HEX}\n")
    (root / "proc/device-tree/compatible").write_bytes(f"{BOARD}\0brcm,bcm2837\0".encode())
    with card.disk.open("wb") as file:
        file.write(partition_table())
        file.seek(START_A)
        file.write(OLD_SYSTEM)
        file.truncate(START_B + SLOT_BYTES)
    card.state.write(FRESH)
    return card


def partition_table(signature: int = DISK_SIGNATURE) -> bytes:
    """As sfdisk writes it, with the starts and sizes of image/layout."""
    table = bytearray(SECTOR)
    struct.pack_into("<I", table, 440, signature)
    table[510:] = b"\x55\xaa"
    parts = (
        (0x0C, LAYOUT["boot_start"], LAYOUT["boot_sectors"]),
        (0x83, LAYOUT["slot_a_start"], LAYOUT["slot_sectors"]),
        (0x83, LAYOUT["slot_b_start"], LAYOUT["slot_sectors"]),
        (0x83, LAYOUT["data_start"], LAYOUT["data_sectors"]),
    )
    for number, (kind, start, sectors) in enumerate(parts):
        entry = struct.pack("<4xB3xII", kind, int(start), int(sectors))
        table[446 + 16 * number : 462 + 16 * number] = entry
    return bytes(table)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
