"""What a card was told to do, as QEMU's `blklogwrites` notes it: in the form of dm-log-writes.

A card that loses its power may have lost whatever it was not told to flush. So: the card as it was,
and of its log everything up to the last flush.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from image.test.card import SECTOR, Card

_SUPER = struct.Struct("<QQQI")  # magic, version, entries, sector size
_ENTRY = struct.Struct("<QQQQ")  # sector, sectors, flags, length of the data
_MAGIC = 0x6A736677736872
_FLUSH, _FORCED, _DISCARD = 1, 2, 4  # forced: on the card itself before it is answered


@dataclass(frozen=True)
class Entry:
    """One thing it was told."""

    sector: int
    sectors: int
    flags: int
    data_at: int  # in the log
    end: int  # of it there


def entries(log: BinaryIO) -> Iterator[Entry]:
    """All that was noted; the count in the log's head is brought up to date only now and then."""
    magic, version, _, sector_bytes = _SUPER.unpack(log.read(_SUPER.size))
    assert (magic, version, sector_bytes) == (_MAGIC, 1, SECTOR)
    at, end = SECTOR, log.seek(0, 2)
    while at < end:
        log.seek(at)
        head = log.read(SECTOR)
        if not any(head):
            return
        sector, sectors, flags, _ = _ENTRY.unpack_from(head)
        data_at = at + SECTOR
        at = data_at + (0 if flags & _DISCARD else sectors * SECTOR)
        yield Entry(sector, sectors, flags, data_at, at)


def write_what_was_flushed(card: Card, log_path: Path, at: int | None = None) -> int:
    """Bring the card from where the log begins to where it is when its power goes.

    `at` is when: how long the log was then, in bytes; its end, when not given. Returns how many
    writes are lost.
    """
    with log_path.open("rb") as log, card.path.open("r+b") as disk:
        noted = [entry for entry in entries(log) if at is None or entry.end <= at]
        flushes = [n for n, entry in enumerate(noted) if entry.flags & _FLUSH]
        kept = flushes[-1] + 1 if flushes else 0
        forced = [entry for entry in noted[kept:] if entry.flags & _FORCED]
        for entry in noted[:kept] + forced:
            if entry.sectors and not entry.flags & _DISCARD:
                log.seek(entry.data_at)
                disk.seek(entry.sector * SECTOR)
                disk.write(log.read(entry.sectors * SECTOR))
    return len(noted) - kept - len(forced)
