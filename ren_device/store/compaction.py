"""Writes snapshots in the background, and removes the files that they make superfluous."""

import errno
import logging
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from typing import Protocol

from ren_device.store import snapshot
from ren_device.store.disk import Disk
from ren_device.store.framing import Tables
from ren_device.store.recovery import Recovered, generations, journal_name, snapshot_name

RETRY_S = 60.0
"""How long after a failure it is tried again; twice as long after each further one."""
LONGEST_RETRY_S = 3600.0

_log = logging.getLogger(__name__)


class Background(Protocol):
    """Where a snapshot is written while the store goes on."""

    def begin(self, steps: Generator[None, None, None]) -> None:
        """Take all steps, soon. None are under way."""

    def busy(self) -> bool:
        """Whether there are steps to take."""

    def finish(self) -> None:
        """Return when there are none."""


class InThread:
    """A Background in a thread of its own."""

    def __init__(self) -> None:
        """No thread yet."""
        self._thread: threading.Thread | None = None

    def begin(self, steps: Generator[None, None, None]) -> None:
        """Take them in a new thread."""

        def take() -> None:
            for _ in steps:
                pass

        self._thread = threading.Thread(target=take, name="store compaction")
        self._thread.start()

    def busy(self) -> bool:
        """Whether the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def finish(self) -> None:
        """Wait for it."""
        if self._thread is not None:
            self._thread.join()


class Compaction:
    """One snapshot at a time. All methods are called by the thread that changes the store."""

    def __init__(
        self, disk: Disk, found: Recovered, background: Background, clock: Callable[[], float]
    ) -> None:
        """Nothing is under way. Drafts that a crash has left are removed, if the disk lets us."""
        self.written = 0
        """Bytes, since it was opened."""
        self.count = 0
        self.trouble = ""
        """Why the last one failed; empty when it did not."""
        self._disk = disk
        self._background = background
        self._clock = clock
        self._damaged = found.damaged
        self._incomplete = bool(found.damaged or found.missing)
        self._done: int | None = None
        self._not_before = clock()
        self._pause_s = RETRY_S
        self._wanted = True
        with suppress(OSError):
            for name in disk.names():
                if name.endswith(snapshot.DRAFT):
                    disk.remove(name)

    def due(self) -> bool:
        """Whether files are damaged or missing, so that everything should be written anew."""
        return self._incomplete

    def busy(self) -> bool:
        """Whether one is under way."""
        return self._background.busy()

    def may_begin(self) -> bool:
        """Whether none is under way, and none has failed a moment ago."""
        return self._wanted and not self.busy() and self._clock() >= self._not_before

    def check_room(self, size: int) -> None:
        """Raises OSError unless there is room for `size` bytes, and as much for the journal."""
        if self._disk.room() < 2 * size:
            raise OSError(errno.ENOSPC, "there is no room for a snapshot")

    def begin(self, generation: int, tables: Tables) -> None:
        """Write the snapshot that journal `generation` continues. `tables` must not change."""
        try:
            self._background.begin(self._steps(generation, tables))
        except RuntimeError as error:  # there is no thread to be had
            self.failed(OSError(str(error)))

    def finished(self) -> int | None:
        """The generation of a snapshot that has become the newest since this was last asked.

        To be asked when none is under way.
        """
        done, self._done = self._done, None
        return done

    def failed(self, error: OSError) -> None:
        """Try again later; the journal just goes on growing."""
        self.trouble = error.strerror or str(error)
        self._not_before = self._clock() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_RETRY_S)
        _log.warning("the store cannot be compacted for now: %s", self.trouble)

    def close(self) -> None:
        """Give up the one under way."""
        self._wanted = False
        self._background.finish()

    def _steps(self, generation: int, tables: Tables) -> Generator[None, None, None]:
        writing = snapshot.write(self._disk, snapshot_name(generation), generation, tables)
        try:
            with closing(writing):
                for written in writing:
                    self.written += written
                    if not self._wanted:
                        return
                    yield
        except OSError as error:
            self.failed(error)
            return
        self.count += 1
        self.trouble = ""
        self._pause_s = RETRY_S
        self._done = generation
        yield from self._tidy(generation)

    def _tidy(self, newest: int) -> Iterator[None]:
        """Keep the snapshot before, and what came after it; set damaged files aside."""
        try:
            names = self._disk.names()
            for name in self._damaged:
                if name in names:
                    self._disk.rename(name, f"{name}.damaged")
                    yield
            self._damaged, self._incomplete = [], False
            names = self._disk.names()
            snapshots = [each for each in generations(names, "snapshot") if each < newest]
            keep = max(snapshots, default=0)  # before the first there was nothing, and journal 0
            for kind, name_of in (("snapshot", snapshot_name), ("journal", journal_name)):
                for generation in generations(names, kind):
                    if generation < keep:
                        self._disk.remove(name_of(generation))
                        yield
            self._disk.sync()
        except OSError as error:
            self.failed(error)
