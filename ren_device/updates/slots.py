"""The place on the card where a system is: written slowly, and read back as the card has it."""

import errno
import hashlib
import mmap
import os
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ren_device.errors import UpdateError
from ren_device.updates.facts import SlotName

SECTOR = 512
DISK_SIGNATURE = 0x52454E31
"""`REN1` in the partition table; image/layout says the same."""
PARTITIONS: dict[SlotName, int] = {"a": 2, "b": 3}

_BLOCK = 1 << 20
_LINUX = 0x83
_TABLE_AT, _ENTRY_BYTES = 446, 16


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the two; on a disk that is a file, as in tests, a part of that file."""

    name: SlotName
    node: Path
    start: int
    """Where it begins in `node`, in bytes."""
    size: int
    """In bytes."""

    @contextmanager
    def claimed(self) -> Iterator[int]:
        """A descriptor to `write` by; raises UpdateError when the slot is in use, as if mounted."""
        try:
            descriptor = os.open(self.node, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
        except OSError as error:
            raise UpdateError(self._unwritable(error)) from None
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def write(self, descriptor: int, pieces: Iterator[bytes], after: Callable[[int], None]) -> None:
        """Put these at its beginning; all are on the card when the call returns. Blocks.

        `after` is told of each piece's size once it is there. Raises UpdateError when the slot is
        too small or cannot be written, and what `pieces` and `after` raise.
        """
        at = 0
        for piece in pieces:
            if at + len(piece) > self.size:
                raise UpdateError(f"slot {self.name} is too small for this update")
            try:
                self._put(descriptor, at, piece)
            except OSError as error:
                raise UpdateError(self._unwritable(error)) from None
            at += len(piece)
            after(len(piece))

    def sha256(self, size: int, after: Callable[[int], None]) -> str:
        """Of its first `size` bytes, as the card has them. Blocks. Raises UpdateError."""
        digest = hashlib.sha256()
        try:
            descriptor = _open_past_the_cache(self.node, self.start, size)
            try:
                with mmap.mmap(-1, _BLOCK) as block:  # aligned, as reading past the cache asks
                    at = 0
                    while at < size:
                        got = os.preadv(
                            descriptor, [memoryview(block)[: size - at]], self.start + at
                        )
                        if not got:
                            raise OSError(errno.EIO, os.strerror(errno.EIO))
                        digest.update(memoryview(block)[:got])
                        at += got
                        after(got)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise UpdateError(f"slot {self.name} cannot be read back: {error.strerror}") from None
        return digest.hexdigest()

    def _put(self, descriptor: int, at: int, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            written = os.pwrite(descriptor, rest, self.start + at + len(piece) - len(rest))
            rest = rest[written:]
        # At once, and out of the memory: else the kernel collects, and everybody waits for it.
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, self.start + at, len(piece), os.POSIX_FADV_DONTNEED)

    def _unwritable(self, error: OSError) -> str:
        if error.errno == errno.EBUSY:
            return f"slot {self.name} is in use, so it is not written"
        return f"slot {self.name} cannot be written: {error.strerror}"


def find(disk: Path, name: SlotName) -> Slot:
    """Read the card's partition table. Blocks. Raises UpdateError."""
    try:
        with disk.open("rb") as file:
            table = file.read(SECTOR)
            is_device = stat.S_ISBLK(os.fstat(file.fileno()).st_mode)
        start, sectors = _partition(table, PARTITIONS[name])
        size = sectors * SECTOR
        if not is_device:
            return Slot(name, disk, start * SECTOR, size)
        node = _partition_node(disk, PARTITIONS[name])
        with node.open("rb") as file:
            found = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise UpdateError(f"the card cannot be read: {error.filename}: {error.strerror}") from None
    if found != size:
        raise UpdateError(f"{node} is not what the card's partition table says")
    return Slot(name, node, 0, size)


def _partition(table: bytes, number: int) -> tuple[int, int]:
    """First sector and number of sectors."""
    if len(table) != SECTOR or table[510:] != b"\x55\xaa":
        raise UpdateError("the card has no partition table")
    if struct.unpack_from("<I", table, 440)[0] != DISK_SIGNATURE:
        raise UpdateError("this card was not made from an image of Ren")
    at = _TABLE_AT + (number - 1) * _ENTRY_BYTES
    start, sectors = struct.unpack_from("<II", table, at + 8)
    if table[at + 4] != _LINUX or not start or not sectors:
        raise UpdateError(f"the card's partition {number} is not one for a system")
    return start, sectors


def _partition_node(disk: Path, number: int) -> Path:
    between = "p" if disk.name[-1:].isdigit() else ""
    return disk.with_name(f"{disk.name}{between}{number}")


def _open_past_the_cache(node: Path, start: int, size: int) -> int:
    """Where O_DIRECT is unknown, as in a tmpfs, the cache is emptied instead."""
    try:
        return os.open(node, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    descriptor = os.open(node, os.O_RDONLY | os.O_CLOEXEC)
    os.posix_fadvise(descriptor, start, size, os.POSIX_FADV_DONTNEED)
    return descriptor
