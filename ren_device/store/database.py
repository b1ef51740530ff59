"""One TinyDB, in one thread, one transaction at a time, for one process."""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tinydb import Storage, TinyDB, where
from tinydb.table import Table

from ren_device.errors import StoreError
from ren_device.store.storage import AtomicJsonStorage, Tables

Result = TypeVar("Result")


class Database:
    """Runs jobs on the tables without blocking the event loop.

    All jobs run in one worker thread, in the order in which they were asked for.
    """

    def __init__(self, data_dir: Path) -> None:
        """Nothing is touched before `open`."""
        self._data_dir = data_dir
        # The queue of jobs is as long as there are tasks waiting for one: each awaits its own.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._lock: int | None = None
        self._storage: _TransactionStorage | None = None

    async def open(self) -> None:
        """Lock and read the data directory. Raises StoreError, also when another Ren has it."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._open)
        except BaseException as error:
            await self.close()
            if isinstance(error, OSError):
                message = f"REN_DATA_DIR={self._data_dir}: {_reason(error)}"
                raise StoreError(message) from None
            raise

    async def close(self) -> None:
        """Wait for the jobs under way and unlock. Harmless when done twice."""
        loop = asyncio.get_running_loop()
        # Off the loop, because it waits for the worker's last job.
        await loop.run_in_executor(None, self._worker.shutdown)
        self._storage = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def run(self, job: Callable[["Rows"], Result]) -> Result:
        """What `job` returns; everything it wrote is on disk by then.

        When it raises, or when the disk does (StoreError), nothing of it is kept. Cancelling the
        caller leaves open whether it was.
        """
        try:
            pending = asyncio.get_running_loop().run_in_executor(self._worker, self._run, job)
        except RuntimeError:
            raise StoreError("the store is closed") from None
        return await pending

    def _open(self) -> None:
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self._data_dir / "ren.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._storage = _TransactionStorage(AtomicJsonStorage(self._data_dir / "ren.json"))

    def _run(self, job: Callable[["Rows"], Result]) -> Result:
        storage = self._storage
        if storage is None:
            raise StoreError("the store is not open")
        try:
            result = job(Rows(storage))
            storage.commit()
        except OSError as error:
            storage.rollback()
            raise StoreError(f"cannot write to {self._data_dir}: {_reason(error)}") from None
        except BaseException:
            storage.rollback()
            raise
        return result


class Rows:
    """The tables, within one job. TinyDB's query caches live no longer than that."""

    def __init__(self, storage: Storage) -> None:
        """Look at the tables of `storage`."""
        self._db = TinyDB(storage=lambda: storage)

    def table(self, name: str) -> Table:
        """The table of this name, which need not exist yet."""
        return self._db.table(name)

    def new_ids(self, name: str, count: int = 1) -> range:
        """The next `count` ids of this table; ids go up and are never given twice."""
        counters = self.table("counters")
        counter = counters.get(where("table") == name)
        last = 0 if counter is None else int(counter["last"])
        counters.upsert({"table": name, "last": last + count}, where("table") == name)
        return range(last + 1, last + 1 + count)


class _TransactionStorage(Storage):
    """Holds back TinyDB's writes, one a table, until `commit` makes one of them."""

    def __init__(self, durable: Storage) -> None:
        super().__init__()
        self._durable = durable
        self._tables: Tables = durable.read() or {}
        self._changed = False

    def read(self) -> Tables:
        """The tables, with what this transaction changed. TinyDB edits them in place."""
        return self._tables

    def write(self, data: Tables) -> None:
        """Take part in the transaction."""
        self._tables = data
        self._changed = True

    def commit(self) -> None:
        """Make the changes durable; raises OSError."""
        if self._changed:
            self._durable.write(self._tables)
            self._changed = False

    def rollback(self) -> None:
        """Go back to the last commit."""
        if self._changed:
            self._tables = self._durable.read() or {}
            self._changed = False


def _reason(error: OSError) -> str:
    if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN):
        return "another Ren is using this directory"
    return error.strerror or str(error)
