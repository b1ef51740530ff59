"""A disk in memory that does what a real one may do when its power goes, or when it fails.

- What was written to a file and not synced may be there after a power cut, or a part of it, with
  zeros or garbage behind it; or not.
- A file that was created, renamed or removed may be so after a power cut, or not, each apart from
  the others, until the directory is synced. A sync of the file does not help.
- A sync that fails does what Linux does: what was to be written counts as written, so the next sync
  succeeds, and yet it may not be on the disk. This process still sees it, the next one does not.
- Any call may fail, or be the last one before the process is killed or the power goes.
- The disk may be full; then a part of what is appended has been written.
"""

import errno
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from random import Random
from typing import BinaryIO, Literal

SECTOR = 64  # bytes; small, so that it matters

Fault = Literal["error", "kill", "power cut"]


class Gone(BaseException):
    """The process is no more: it was killed, or the power went."""


@dataclass(slots=True)
class _Inode:
    content: bytearray = field(default_factory=bytearray)
    """As processes see it."""
    versions: list[bytes] = field(default_factory=lambda: [b""])
    """What may be on the disk, oldest first; the first one surely was."""
    holes: list[tuple[int, int]] = field(default_factory=list)
    """What counts as written and is not."""

    def changed(self) -> None:
        self.versions.append(bytes(self.content))

    def synced(self) -> None:
        self.versions = [bytes(self.content)]

    def cut_holes(self) -> None:
        size = len(self.content)
        self.holes = [(start, min(end, size)) for start, end in self.holes if start < size]

    def forget_cache(self) -> None:
        """The next reader sees zeros where the disk has nothing."""
        for start, end in self.holes:
            self.content[start:end] = bytes(end - start)
        self.versions = [_with_holes(each, self.holes) for each in self.versions]
        self.holes = []

    def after_power_cut(self, random: Random) -> "_Inode":
        at = random.randrange(len(self.versions))
        kept = self.versions[at]
        if at + 1 < len(self.versions) and self.versions[at + 1].startswith(kept):
            kept = _torn(kept, self.versions[at + 1], random)
        kept = _with_holes(kept, self.holes)
        return _Inode(bytearray(kept), [kept])


def _some(least: int, most: int, random: Random) -> int:
    """Nothing, everything, or something in between."""
    return random.choice((least, most, random.randint(least, most)))


def _torn(old: bytes, new: bytes, random: Random) -> bytes:
    """Some of what was appended, and what may follow it up to the end of its sector."""
    size = _some(len(old), len(new), random)
    rest = min(len(new) - size, SECTOR - size % SECTOR)
    tail = random.choice((b"", bytes(rest), random.randbytes(rest)))
    return new[:size] + tail


def _common_prefix(versions: list[bytes]) -> bytes:
    shortest = min(versions, key=len)
    same = (len({each[at] for each in versions}) == 1 for at in range(len(shortest)))
    return shortest[: sum(takewhile(bool, same))]


def _with_holes(content: bytes, holes: list[tuple[int, int]]) -> bytes:
    disk = bytearray(content)
    for start, end in holes:
        end = min(end, len(disk))
        disk[start:end] = bytes(max(end - start, 0))
    return bytes(disk)


class SimulatedDisk:
    """A `Disk`. `random` decides what is left to chance."""

    def __init__(self, random: Random, capacity: int = 1 << 30) -> None:
        """Empty."""
        self.capacity = capacity
        self.calls: list[str] = []
        """What was asked of it, the latest last."""
        self._random = random
        self._names: dict[str, _Inode] = {}
        self._durable: dict[str, _Inode] = {}
        self._pending: list[tuple[str | None, str | None, _Inode]] = []  # name gone, new name
        self._fault: Fault | None = None
        self._fault_in = 0
        self._fault_lasts = 0
        self._then: tuple[Fault, int] | None = None
        self._gone = False
        self.gone_by: Fault = "kill"
        """How the process ended last."""

    # --- what happens to it ---------------------------------------------------------------------

    def will(self, fault: Fault, after: int = 0, lasts: int = 1) -> None:
        """Let this happen after so many calls, on so many calls."""
        self._fault, self._fault_in, self._fault_lasts = fault, after, lasts
        self._then = None

    def then(self, fault: Fault, after: int) -> None:
        """And after that, this."""
        self._then = (fault, after)

    def be_well(self) -> None:
        """Nothing will happen."""
        self._fault = self._then = None

    def stop(self) -> None:
        """The process is gone: nothing more can be asked before `kill` or `power_cut`."""
        self._gone = True

    def kill(self) -> None:
        """The process is gone; another may start. What was written is still to be seen."""
        self._gone, self._fault, self._then = False, None, None
        for inode in self._names.values():
            inode.forget_cache()

    def power_cut(self) -> None:
        """The power went and is back."""
        self._gone, self._fault, self._then = False, None, None
        names = dict(self._durable)
        for gone, new, inode in self._pending:
            if self._random.random() < 0.5:
                continue
            if gone is not None:
                names.pop(gone, None)
            if new is not None:
                names[new] = inode
        after = {id(inode): inode.after_power_cut(self._random) for inode in names.values()}
        self._names = {name: after[id(inode)] for name, inode in names.items()}
        self._durable, self._pending = dict(self._names), []

    def used(self) -> int:
        """Bytes of all files."""
        return sum(len(inode.content) for inode in self._names.values())

    def content(self, name: str) -> bytes:
        """As a process would read it."""
        return bytes(self._names[name].content)

    def edit(self, name: str, change: Callable[[bytearray], None]) -> None:
        """Damage what is on the disk."""
        inode = self._names[name]
        change(inode.content)
        inode.synced()

    def copy(self) -> "SimulatedDisk":
        """Another disk with these files, all of them durable."""
        other = SimulatedDisk(self._random, self.capacity)
        for name, inode in self._names.items():
            other._names[name] = _Inode(bytearray(inode.content), [bytes(inode.content)])
        other._durable = dict(other._names)
        return other

    # --- Disk -----------------------------------------------------------------------------------

    def names(self) -> list[str]:
        self._call("names")
        return sorted(self._names)

    def read(self, name: str) -> BinaryIO:
        self._call(f"read {name}")
        return io.BytesIO(bytes(self._inode(name).content))

    def create(self, name: str) -> "_File":
        self._call(f"create {name}")
        inode = self._names.get(name)
        if inode is None:
            inode = self._names[name] = _Inode()
            self._pending.append((None, name, inode))
        else:
            inode.content.clear()
            inode.holes.clear()
            inode.changed()
        return _File(self, name, inode)

    def extend(self, name: str) -> "_File":
        self._call(f"extend {name}")
        return _File(self, name, self._inode(name))

    def allocate(self, name: str, size: int) -> None:
        self._call(f"allocate {name}")
        inode = self._names.get(name)
        if inode is None:
            inode = self._names[name] = _Inode()
            self._pending.append((None, name, inode))
        missing = max(size - len(inode.content), 0)
        room = max(self.capacity - self.used(), 0)
        inode.content += bytes(min(missing, room))
        inode.changed()
        if room < missing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        inode.synced()

    def rename(self, old: str, new: str) -> None:
        self._call(f"rename {old} {new}")
        inode = self._inode(old)
        del self._names[old]
        self._names[new] = inode
        self._pending.append((old, new, inode))

    def remove(self, name: str) -> None:
        self._call(f"remove {name}")
        if name in self._names:
            self._pending.append((name, None, self._names.pop(name)))

    def sync(self) -> None:
        self._call("sync names")
        self._durable, self._pending = dict(self._names), []

    def room(self) -> int:
        self._call("room")
        return self.capacity - self.used()

    # --- within ---------------------------------------------------------------------------------

    def _inode(self, name: str) -> _Inode:
        if name not in self._names:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return self._names[name]

    def _call(self, what: str, on_fault: Callable[[Fault], None] = lambda _fault: None) -> None:
        if self._gone:
            raise Gone
        self.calls.append(what)
        if self._fault is None:
            return
        if self._fault_in > 0:
            self._fault_in -= 1
            return
        fault = self._fault
        self._fault_lasts -= 1
        if self._fault_lasts <= 0:
            self._fault = None
            if self._then is not None:
                self.will(*self._then)
        on_fault(fault)
        if fault == "error":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._gone, self.gone_by = True, fault
        raise Gone


class _File:
    def __init__(self, disk: SimulatedDisk, name: str, inode: _Inode) -> None:
        self._disk = disk
        self._name = name
        self._inode = inode

    def append(self, data: bytes) -> None:
        some = data[: _some(0, len(data), self._disk._random)]
        self._disk._call(f"append {self._name}", lambda _fault: self._add(some))
        room = max(self._disk.capacity - self._disk.used(), 0)
        self._add(data[:room])
        if room < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        self._disk._call(f"sync {self._name}", self._sync_badly)
        self._inode.synced()

    def truncate(self, size: int) -> None:
        self._disk._call(f"truncate {self._name}")
        del self._inode.content[size:]
        self._inode.changed()
        self._inode.cut_holes()

    def close(self) -> None:
        pass

    def _add(self, data: bytes) -> None:
        self._inode.content += data
        self._inode.changed()

    def _sync_badly(self, fault: Fault) -> None:
        """Some of it has arrived; the rest never will, but nobody will hear of it again."""
        if fault != "error":
            return
        inode = self._inode
        surely = len(_common_prefix(inode.versions))
        arrived = _some(surely, max(surely, len(inode.content)), self._disk._random)
        inode.synced()
        if arrived < len(inode.content):
            inode.holes.append((arrived, len(inode.content)))
