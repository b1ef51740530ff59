"""The journal: one file that only grows, and a new one when it cannot be trusted any more."""

import errno
from contextlib import suppress

from ren_device.store.disk import AppendFile, Disk
from ren_device.store.framing import head, record
from ren_device.store.recovery import Recovered, journal_name


class Journal:
    """Appends records durably. Used by one thread at a time."""

    def __init__(self, disk: Disk, found: Recovered) -> None:
        """Go on with the last journal, cut to its good end. Raises OSError."""
        self._disk = disk
        self.generation = -1 if found.last is None else found.last
        self.since_snapshot = found.journal_bytes
        """Bytes of all journals that a start would read."""
        self.written = 0
        """Bytes, since it was opened."""
        self._size = found.journal_end
        self._number = found.journal_number
        self._before: dict[int, int] = {}  # by generation: bytes of the journals before it
        self._file: AppendFile | None = None  # None: the next record goes to a new file
        self._uncut = False  # whether bytes of a failed write may still be there
        self.read_only = False
        """Whether the disk was read-only when it was opened: what is there can be read."""
        if found.journal is not None:
            self._go_on(found.journal, found)

    def append(self, body: bytes) -> None:
        """Durable when it returns. Raises OSError; then nothing of it will be found again."""
        file = self._file or self.rotate()
        data = record(self.generation, self._number, body)
        try:
            file.append(data)
            file.sync()
        except OSError:
            self._take_back(file)
            raise
        self._number += 1
        self._size += len(data)
        self.since_snapshot += len(data)
        self.written += len(data)

    def rotate(self) -> AppendFile:
        """Go on in a new file. Raises OSError; then the next record tries it again.

        The new file says where the one before ends: what failed there stays out. So from here on
        the one before must not grow, also when this fails.
        """
        self._let_go()
        generation = self.generation + 1
        first = head("journal", generation, self._size if generation else None)
        file = self._disk.create(journal_name(generation))
        try:
            file.append(first)
            file.sync()
            self._disk.sync()
        except OSError:
            file.close()
            raise
        self._file, self._uncut = file, False
        self._before[generation] = self.since_snapshot
        self.generation, self._size, self._number = generation, len(first), 0
        self.since_snapshot += len(first)
        self.written += len(first)
        return file

    def settle(self) -> None:
        """Return when nothing of a write that failed can come back. Raises OSError.

        Who is told that nothing had to be changed relies on that as well.
        """
        if self._uncut:
            self.rotate()

    def begun_with(self, generation: int) -> None:
        """A snapshot now holds everything before this journal."""
        superfluous = self._before.get(generation, 0)
        self.since_snapshot -= superfluous
        self._before = {
            each: size - superfluous for each, size in self._before.items() if each > generation
        }

    def close(self) -> None:
        """Let go of the file. Harmless when done twice."""
        with suppress(OSError):
            self.settle()
        self._uncut = False
        self._let_go()

    def _go_on(self, generation: int, found: Recovered) -> None:
        """A process that was killed may have left what it wrote, and names, not durable yet.

        They are made so before anybody is told of them, also if the next record goes elsewhere.
        On a disk that is read-only they are taken as they are.
        """
        try:
            self._file = self._disk.extend(journal_name(generation))
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            self.read_only = True
            return
        try:
            if found.writable and found.torn:
                self._file.truncate(self._size)
            self._file.sync()
            self._disk.sync()
        except OSError:
            self._let_go()
            raise
        if not found.writable:
            self._let_go()

    def _take_back(self, file: AppendFile) -> None:
        """Cut off what a failed write has left, and let go of the file.

        After a failed sync nobody knows what is on the disk, and asking again would be answered
        with a lie; so the next record goes to a new file.
        """
        self._uncut = True
        with suppress(OSError):  # the next file says where this one ends
            file.truncate(self._size)
            file.sync()
            self._uncut = False
        self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
