"""A TinyDB storage that appends each change to a journal and survives whatever happens to it.

A change is durable before the call that made it returns. Cost does not grow with what is kept. When
the journal has outgrown what is kept, a snapshot of everything is written in the background, and
older files go, but for the snapshot before and the journals since: should the newest be damaged,
nothing is missing.

One thread changes things. Others may look at what `as_kept` shows while they hold `lock`.
"""

import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ren_device.store import framing
from ren_device.store.compaction import Background, Compaction, InThread
from ren_device.store.disk import Disk
from ren_device.store.framing import Change, Tables
from ren_device.store.journal import Journal
from ren_device.store.recovery import recover
from ren_device.store.reserve import Reserve
from ren_device.store.table import Rows, RowStorage
from ren_device.store.transaction import Transaction

SMALLEST_JOURNAL = 256 * 1024
"""Bytes: a journal shorter than this is never compacted."""

_READ_ONLY = "the disk is read-only, so nothing new can be kept"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """How the store is doing, since it was opened."""

    documents: int
    live_bytes: int
    """That it takes to write down all documents as they are."""
    journal_bytes: int
    """That a start has to read after the snapshot."""
    changes: int
    """Transactions that were made durable."""
    changed_bytes: int
    """Of their documents, ids and table names: what had to be written."""
    written_bytes: int
    """What was written for that, snapshots included, also those that were given up."""
    compactions: int
    last_sync_s: float
    """How long the disk took to make the last change durable."""
    recovered: str
    """What was found at the start; empty when all was well."""
    trouble: str
    """Why the last write failed, or why nothing is kept back for a full disk; else empty."""


class JournalStorage(RowStorage):
    """Keeps tables in a directory. See TinyDB's Storage, and `JournalTable` for its other half."""

    def __init__(
        self,
        disk: Disk,
        smallest_journal: int = SMALLEST_JOURNAL,
        background: Background | None = None,
        clock: Callable[[], float] = time.monotonic,
        reserve: Reserve | None = None,
    ) -> None:
        """Recover what is there. Raises OSError, and StoreError for files of a newer Ren.

        Snapshots are written in `background`, a thread when not given; `clock` is in seconds.
        Without a `reserve`, all writes are alike on a full disk.
        """
        super().__init__()
        self._smallest_journal = smallest_journal
        self.lock = threading.Lock()
        """Held while memory changes, never while the disk is waited for."""
        self._transaction: Transaction | None = None
        found = recover(disk)
        self._notes = " ".join(found.notes)
        if self._notes:
            _log.warning("the store: %s", self._notes)
        self._tables: Tables = found.tables
        self._live_bytes = framing.size(found.tables)
        self._journal = Journal(disk, found)
        self._compaction = Compaction(disk, found, background or InThread(), clock)
        self._changes = self._changed_bytes = 0
        self._sync_s = 0.0
        self._trouble = _READ_ONLY if self._journal.read_only else ""
        if self._trouble:
            _log.error("the store: %s", self._trouble)
        self._reserve = reserve
        if reserve is not None:
            reserve.keep()
        self._compact()

    # --- TinyDB's side ------------------------------------------------------------------------

    def read(self) -> dict[str, dict[str, Any]] | None:
        """All documents of all tables, parsed; None when there is no table."""
        seen = self._transaction or Transaction(self._tables)
        return {name: dict(seen.rows(name)) for name in seen.names()} or None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Make `data` all that there is. Costs a look at everything; tables know better."""
        now = self.read() or {}
        changes: list[Change] = [(name, None, None) for name in now if name not in data]
        for name, rows in data.items():
            before = now.get(name, {})
            after = {str(key): framing.dumps(row) for key, row in rows.items()}
            changes.append((name, None, b""))
            changes += [(name, key, None) for key in before if key not in after]
            changes += [
                (name, key, row)
                for key, row in after.items()
                if key not in before or framing.dumps(before[key]) != row
            ]
        self.change(changes)

    def close(self) -> None:
        """Give up a compaction under way and let go of the files. Harmless when done twice."""
        self._compaction.close()
        self._journal.close()

    # --- the tables' side ---------------------------------------------------------------------

    def rows(self, name: str) -> Rows:
        """One table, as the transaction under way sees it."""
        return (self._transaction or Transaction(self._tables)).rows(name)

    def change(self, changes: list[Change]) -> None:
        """Take part in the transaction under way, or be one. Raises OSError."""
        if self._transaction is not None:
            self._transaction.add(changes)
            return
        with self.transaction():
            self.change(changes)

    @contextmanager
    def transaction(self, *, essential: bool = False) -> Iterator[None]:
        """All changes within are durable when the block ends, or none of them is kept.

        Only those that are `essential` may use the reserve when the disk is full. Raises OSError
        when the disk fails, and what the block raises.
        """
        if self._transaction is not None:
            raise RuntimeError("a transaction is under way")
        self._transaction = Transaction(self._tables)
        try:
            yield
            self._commit(self._transaction.changes, essential=essential)
        finally:
            self._transaction = None

    def as_kept(self) -> "Kept":
        """The same without the transaction under way; nothing can be changed through it."""
        return Kept(self._tables)

    # --- the whole ----------------------------------------------------------------------------

    def figures(self) -> Figures:
        """How the store is doing. From any thread."""
        reserve = "" if self._reserve is None else self._reserve.trouble
        return Figures(
            documents=sum(map(len, tuple(self._tables.values()))),
            live_bytes=self._live_bytes,
            journal_bytes=self._journal.since_snapshot,
            changes=self._changes,
            changed_bytes=self._changed_bytes,
            written_bytes=self._journal.written + self._compaction.written,
            compactions=self._compaction.count,
            last_sync_s=self._sync_s,
            recovered=self._notes,
            trouble=self._trouble or self._compaction.trouble or reserve,
        )

    def copy(self) -> Tables:
        """Everything as it is now; the documents themselves are shared."""
        return {name: dict(rows) for name, rows in self._tables.items()}

    def replace(self, tables: Tables) -> None:
        """Make these all that there is, durably and in one step. Raises OSError.

        It is one record of the journal like any other, only longer.
        """
        with self.transaction():
            self.change([(name, None, None) for name in self._tables])
            for name, rows in tables.items():
                self.change([(name, None, b"")])
                self.change([(name, key, row) for key, row in rows.items()])

    # --- within -------------------------------------------------------------------------------

    def _commit(self, changes: list[Change], *, essential: bool) -> None:
        body = framing.body(changes)
        started = time.perf_counter()
        try:
            if not changes:
                self._journal.settle()
                return
            self._append(body, essential=essential)
        except OSError as error:
            self._trouble = error.strerror or str(error)
            raise
        self._sync_s = time.perf_counter() - started
        self._trouble = ""
        self._changes += 1
        self._changed_bytes += len(body)
        with self.lock:
            self._live_bytes += framing.apply_changes(changes, self._tables)
        self._compact()

    def _append(self, body: bytes, *, essential: bool) -> None:
        if self._reserve is None:
            self._journal.append(body)
            return
        if not (essential or self._reserve.keep()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            self._journal.append(body)
        except OSError as error:
            if not (essential and self._reserve.release(error)):
                raise
            self._journal.append(body)

    def _compact(self) -> None:
        """Begin a snapshot in the background if the journal has outgrown what is kept."""
        if self._compaction.busy():
            return
        if (done := self._compaction.finished()) is not None:
            self._journal.begun_with(done)
        outgrown = self._journal.since_snapshot > max(self._smallest_journal, self._live_bytes)
        if not (outgrown or self._compaction.due()) or not self._compaction.may_begin():
            return
        try:
            self._compaction.check_room(self._live_bytes)
            self._journal.rotate()
        except OSError as error:
            self._compaction.failed(error)
            return
        self._compaction.begin(self._journal.generation, self.copy())


class Kept(RowStorage):
    """What is durable, to look at."""

    def __init__(self, tables: Tables) -> None:
        """Hold the lock for as long as this is used."""
        super().__init__()
        self._kept = Transaction(tables)

    def read(self) -> dict[str, dict[str, Any]] | None:
        """All documents of all tables."""
        return {name: dict(self._kept.rows(name)) for name in self._kept.names()} or None

    def rows(self, name: str) -> Rows:
        """One table."""
        return self._kept.rows(name)

    def write(self, _data: dict[str, dict[str, Any]]) -> None:
        """Raises RuntimeError."""
        raise RuntimeError("a job that only looks changes nothing")

    def change(self, _changes: list[Change]) -> None:
        """Raises RuntimeError."""
        raise RuntimeError("a job that only looks changes nothing")
