"""The card's image, read once.

Its SHA-256, the list of what must be written of it (bmap), and it compressed.

The bmap is made of what the layout says, not of where the file has holes: a zero in a FAT or in an
ext4 means something, and a card that was used before has something else there. Left out is only
what nobody reads before it was written: slot B and the data partition, but for their first MiB.
"""

import hashlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTOR_BYTES = 512
BLOCK_BYTES = 4096
PIECE_BYTES = 1 << 20
XZ_BLOCK_BYTES = 16 << 20
_QUICKEST = "--lzma2=preset=0,mf=hc3,nice=3,depth=1,lc=0,pb=0"

_HEAD_BYTES = 1 << 20
"""Of a partition that is empty: no file system of the card's former life is found there."""


@dataclass(frozen=True)
class Stretch:
    """Bytes that are written to a card, from and until (exclusive), in whole pieces.

    And their SHA-256.
    """

    start: int
    end: int
    sha256: str


@dataclass(frozen=True)
class Card:
    """What is known of an image after it was read."""

    size: int
    sha256: str
    stretches: tuple[Stretch, ...]


def layout(text: str) -> dict[str, int]:
    """image/layout: the sectors that are named there."""
    code = "\n".join(line.partition("#")[0] for line in text.splitlines())
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)(?=\s|$)", code)}


def wanted(places: dict[str, int], slot_bytes: int) -> list[tuple[int, int]]:
    """What must be written, in bytes.

    Everything up to the end of slot A's file system, and two heads.
    """
    slot_a = places["slot_a_start"] * SECTOR_BYTES
    heads = [places[name] * SECTOR_BYTES for name in ("slot_b_start", "data_start")]
    ranges = [(0, slot_a + slot_bytes), *((head, head + _HEAD_BYTES) for head in heads)]
    return [(start, -(-end // PIECE_BYTES) * PIECE_BYTES) for start, end in ranges]


def read(image: Path, ranges: list[tuple[int, int]]) -> Card:
    """Blocks. Ranges start and end on pieces. Raises OSError.

    ValueError for an image that is too small.
    """
    size = image.stat().st_size
    if size % BLOCK_BYTES or ranges[-1][1] > size:
        raise ValueError(f"{image} has {size} bytes, the layout wants more, or other")
    whole = hashlib.sha256()
    parts = [hashlib.sha256() for _ in ranges]
    for at, piece in _pieces(image):
        whole.update(piece)
        for (start, end), digest in zip(ranges, parts, strict=True):
            if start <= at < end:
                digest.update(piece)
    stretches = [
        Stretch(*each, digest.hexdigest()) for each, digest in zip(ranges, parts, strict=True)
    ]
    return Card(size, whole.hexdigest(), tuple(stretches))


def bmap(card: Card) -> str:
    """The list in bmaptool's format 2.0, which also carries its own SHA-256."""
    mapped = sum(each.end - each.start for each in card.stretches) // BLOCK_BYTES
    ranges = "\n".join(
        f'        <Range chksum="{each.sha256}">'
        f" {each.start // BLOCK_BYTES}-{each.end // BLOCK_BYTES - 1} </Range>"
        for each in card.stretches
    )
    blank = "0" * 64
    text = f"""<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> {card.size} </ImageSize>
    <BlockSize> {BLOCK_BYTES} </BlockSize>
    <BlocksCount> {card.size // BLOCK_BYTES} </BlocksCount>
    <MappedBlocksCount> {mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> {blank} </BmapFileChecksum>
    <BlockMap>
{ranges}
    </BlockMap>
</bmap>
"""
    return text.replace(blank, hashlib.sha256(text.encode()).hexdigest(), 1)


def compress(image: Path, target: Path, xz: list[str], threads: int) -> None:
    """Write the image compressed.

    Most of it is compressed already: of xz's ways the quickest is taken, which takes 60 % of preset
    0's time and gives the same size. The result depends on the version of xz, and not on the number
    of threads: with the plus sign one thread writes blocks as several do. Blocks. Raises OSError,
    CalledProcessError.
    """
    command = [
        *xz,
        _QUICKEST,
        f"--threads=+{threads}",
        f"--block-size={XZ_BLOCK_BYTES}",
        "--stdout",
    ]
    with image.open("rb") as source, target.open("wb") as result:
        subprocess.run(command, stdin=source, stdout=result, check=True)


def _pieces(image: Path) -> Iterator[tuple[int, bytes]]:
    with image.open("rb", buffering=0) as file:
        at = 0
        while piece := file.read(PIECE_BYTES):
            yield at, piece
            at += len(piece)
