"""One TinyDB for one process: changes in one thread, in order; looking never waits for the disk."""

import asyncio
import errno
import fcntl
import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from tinydb import TinyDB
from tinydb.table import Document

from ren_device.errors import StoreError
from ren_device.store import data_format, snapshot
from ren_device.store.disk import Folder
from ren_device.store.framing import Tables, dumps, loads
from ren_device.store.reserve import FULL, Reserve
from ren_device.store.storage import SMALLEST_JOURNAL, Figures, JournalStorage
from ren_device.store.table import JournalTable, RowStorage

Result = TypeVar("Result")

FOLDER = "store"
LOCK = "ren.lock"
KEYS = "api_keys"
"""The table of the keys of programs."""
ENDED = "ended"
"""The table of the alerts that were acknowledged."""

A_FEW = 50
"""Rows that may be looked at on the event loop: well under a millisecond's work."""

_log = logging.getLogger(__name__)
_COUNTERS = 1  # the one document of the table `counters`


class Database:
    """Runs jobs on the tables without blocking the event loop.

    Jobs that change something run in one thread, in the order in which they were asked for. Jobs
    that only look run in another, see what is durable, and never wait for the disk.
    """

    def __init__(self, data_dir: Path, smallest_journal: int = SMALLEST_JOURNAL) -> None:
        """Nothing is touched before `open`. Bytes: a shorter journal is never compacted."""
        self._data_dir = data_dir
        self._smallest_journal = smallest_journal
        # The queues of jobs are as long as there are tasks waiting for one: each awaits its own.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="store reader")
        self._lock: int | None = None
        self._storage: JournalStorage | None = None

    async def open(self) -> None:
        """Lock and read the data directory. Raises StoreError, also when another Ren has it."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._open)
        except BaseException as error:
            await self.close()
            if isinstance(error, OSError):
                message = f"REN_DATA_DIR={self._data_dir}: {_reason(error)}"
                raise StoreError(message) from None
            if isinstance(error, StoreError):
                raise StoreError(f"REN_DATA_DIR={self._data_dir}: {error}") from None
            raise

    async def close(self) -> None:
        """Wait for the jobs under way and unlock. Harmless when done twice."""
        # Off the loop, because it waits for the last jobs.
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    async def run(self, job: Callable[["Rows"], Result], *, essential: bool = False) -> Result:
        """What `job` returns; everything it wrote is on disk by then.

        When it raises, or when the disk does (StoreError), nothing of it is kept. Cancelling the
        caller leaves open whether it was. What is `essential`, and small, may use the room that is
        kept back for when the disk is full.
        """
        return await self._submit(self._writer, partial(self._change, job, essential))

    async def read(self, job: Callable[["Rows"], Result]) -> Result:
        """What `job`, which must change nothing, returns."""
        return await self._submit(self._reader, partial(self._look, job))

    async def glance(self, job: Callable[["Rows"], Result]) -> Result:
        """The same as `read`, for a job that looks at no more than A_FEW rows.

        That takes less time than the way to another thread and back, so it is done at once, unless
        somebody else is at it.
        """
        storage = self._opened()
        if not storage.lock.acquire(blocking=False):
            return await self.read(job)
        try:
            return job(Rows(storage.as_kept()))
        finally:
            storage.lock.release()

    def figures(self) -> Figures:
        """How the store is doing. Raises StoreError when it is not open."""
        return self._opened().figures()

    async def write_snapshot(self, path: Path) -> None:
        """Write a whole, consistent copy of everything to this file. Raises StoreError.

        A file of this name stays as it is until the new one is whole.
        """

        def work() -> None:
            storage = self._opened()
            with storage.lock:
                tables = storage.copy()
            try:
                for _ in snapshot.write(Folder(path.parent), path.name, 0, tables):
                    pass
            except OSError as error:
                raise StoreError(f"cannot write {path}: {_reason(error)}") from None

        await asyncio.get_running_loop().run_in_executor(None, work)

    async def replace_all(self, path: Path) -> None:
        """Make what `write_snapshot` wrote all that there is, durably and in one step.

        Only the keys of programs stay as they are: one that was revoked must not come back. And
        what was acknowledged stays acknowledged: of that, what either knows is kept. Ids go on from
        the highest that either has given.

        Raises StoreError when the file is not whole, or the disk fails: nothing has changed then.
        """

        def work() -> None:
            tables = read_snapshot(path)
            try:
                storage = self._opened()
                storage.replace(_with_what_stays(storage, tables))
            except OSError as error:
                raise _failed(error) from None

        await self._submit(self._writer, work)

    async def _submit(self, thread: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        try:
            pending = asyncio.get_running_loop().run_in_executor(thread, work)
        except RuntimeError:
            raise StoreError("the store is closed") from None
        return await pending

    def _open(self) -> None:
        folder = self._data_dir / FOLDER
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = _lock_file(self._data_dir / LOCK)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Folder(self._data_dir).sync()
        try:
            data_format.settle(self._data_dir)
        except OSError as error:  # each file of the store says its own format as well
            _log.warning("the data's format was not written down: %s", _reason(error))
        disk = Folder(folder)
        self._storage = JournalStorage(disk, self._smallest_journal, reserve=Reserve(disk))

    def _close(self) -> None:
        self._writer.shutdown()
        self._reader.shutdown()
        if self._storage is not None:
            self._storage.close()
            self._storage = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _opened(self) -> JournalStorage:
        if self._storage is None:
            raise StoreError("the store is closed")
        return self._storage

    def _change(self, job: Callable[["Rows"], Result], essential: bool) -> Result:
        storage = self._opened()
        try:
            with storage.transaction(essential=essential):
                return job(Rows(storage))
        except OSError as error:
            raise _failed(error) from None

    def _look(self, job: Callable[["Rows"], Result]) -> Result:
        storage = self._opened()
        with storage.lock:
            return job(Rows(storage.as_kept()))


class Rows:
    """The tables, within one job. TinyDB's query caches live no longer than that."""

    def __init__(self, storage: RowStorage) -> None:
        """Look at the tables of `storage`."""
        self._db = _Tables(storage=lambda: storage)

    def table(self, name: str) -> JournalTable:
        """The table of this name, which need not exist yet."""
        return cast(JournalTable, self._db.table(name))

    def new_ids(self, name: str, count: int = 1) -> range:
        """The next `count` ids of this table; ids go up and are never given twice."""
        last = self.last_id(name)
        self.count_up_to(name, last + count)
        return range(last + 1, last + 1 + count)

    def last_id(self, name: str) -> int:
        """The highest id that this table has given; 0 when it has given none."""
        given: Mapping[str, int] = self.table("counters").get(doc_id=_COUNTERS) or {}
        return given.get(name, 0)

    def count_up_to(self, name: str, highest: int) -> None:
        """Somebody else has given this id of the table; the next one will be higher."""
        if highest > self.last_id(name):
            self.table("counters").upsert(Document({name: highest}, _COUNTERS))


class _Tables(TinyDB):
    table_class = JournalTable


def read_snapshot(path: Path) -> Tables:
    """What `write_snapshot` wrote. Raises StoreError when it is not whole."""
    try:
        with path.open("rb") as file:
            tables, whole = snapshot.read(file)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {_reason(error)}") from None
    if not whole:
        raise StoreError(f"{path} is not whole")
    return tables


def _lock_file(path: Path) -> int:
    """Open it, to be locked; on a disk that has become read-only as it is. Raises OSError."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _with_what_stays(now: RowStorage, restored: Tables) -> Tables:
    """What a restore makes of what there is now and what was restored."""
    tables = {name: rows for name, rows in restored.items() if name != KEYS}
    keys = now.rows(KEYS)
    if keys:
        tables[KEYS] = {key: keys.data(key) for key in keys}
    ended = now.rows(ENDED)
    if ended:
        tables[ENDED] = {**tables.get(ENDED, {}), **{key: ended.data(key) for key in ended}}
    then = loads(tables.get("counters", {}).get(str(_COUNTERS), b"{}"))
    given = now.rows("counters").get(str(_COUNTERS), {})
    highest = {name: max(then.get(name, 0), given.get(name, 0)) for name in {**then, **given}}
    return {**tables, "counters": {str(_COUNTERS): dumps(highest)}} if highest else tables


def _failed(error: OSError) -> StoreError:
    """What a person is told, who cannot do anything with a path."""
    if error.errno in FULL:
        return StoreError("The disk is full, so nothing new can be kept.")
    return StoreError(f"The disk failed, so nothing new can be kept: {_reason(error)}.")


def _reason(error: OSError) -> str:
    if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN):
        return "another Ren is using this directory"
    return error.strerror or str(error)
