"""All or nothing, and nobody sees what is not durable, nor waits for it."""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from tinydb import TinyDB, where

from ren_device.store import open_store
from ren_device.store.database import Database, Rows
from ren_device.store.storage import JournalStorage
from ren_device.store.table import JournalTable
from tests.store.simulated_disk import Fault, SimulatedDisk

NOON = datetime.fromisoformat("2026-06-25T12:00:00")


class SlowDisk(SimulatedDisk):
    """Its syncs of files wait until they are let through."""

    def __init__(self) -> None:
        super().__init__(Random(0))
        self.waits = threading.Event()
        self.may = threading.Event()
        self.slow = False

    def _call(self, what: str, on_fault: Callable[[Fault], None] = lambda _fault: None) -> None:
        if self.slow and what.startswith("sync 0"):
            self.waits.set()
            assert self.may.wait(10)
        super()._call(what, on_fault)


class DB(TinyDB):
    table_class = JournalTable


def opened(disk: SimulatedDisk) -> tuple[JournalStorage, JournalTable]:
    storage = JournalStorage(disk)
    table = DB(storage=lambda: storage).table("t")
    assert isinstance(table, JournalTable)
    return storage, table


def test_its_own_changes_are_seen_within_and_kept_at_its_end() -> None:
    storage, table = opened(SimulatedDisk(Random(0)))
    table.insert_multiple({"n": n} for n in (1, 2))
    with storage.transaction():
        table.update({"n": 3}, where("n") == 1)
        table.remove(where("n") == 2)
        table.insert({"n": 4})
        assert [row["n"] for row in table] == [3, 4]
        assert len(table) == 2
        before = storage.figures().changes
    assert storage.figures().changes == before + 1
    assert [row["n"] for row in table] == [3, 4]


@pytest.mark.parametrize("error", [KeyError, OSError, KeyboardInterrupt])
def test_nothing_of_one_that_fails_is_kept(error: type[BaseException]) -> None:
    disk = SimulatedDisk(Random(0))
    storage, table = opened(disk)
    table.insert({"n": 1})
    with pytest.raises(error), storage.transaction():  # noqa: PT012 - the block is the subject
        table.insert({"n": 2})
        table.truncate()
        table.insert({"n": 3})
        raise error
    assert storage.read() == {"t": {"1": {"n": 1}}}
    storage.close()
    assert opened(disk)[0].read() == {"t": {"1": {"n": 1}}}


def test_one_at_a_time() -> None:
    storage, _ = opened(SimulatedDisk(Random(0)))
    with (
        storage.transaction(),
        pytest.raises(RuntimeError, match="under way"),
        storage.transaction(),
    ):
        pass


def test_order_within_is_the_order_afterwards() -> None:
    disk = SimulatedDisk(Random(0))
    storage, table = opened(disk)
    table.insert_multiple({"n": n} for n in range(3))
    with storage.transaction():
        table.remove(doc_ids=[1])
        storage.change([("t", "1", b'{"n":9}')])
        within = [row.doc_id for row in table]
    assert within == [2, 3, 1]
    assert [row.doc_id for row in table] == within
    storage.close()
    assert [row.doc_id for row in opened(disk)[1]] == within


def test_others_see_what_is_durable_and_do_not_wait_for_the_disk() -> None:
    disk = SlowDisk()
    storage, table = opened(disk)
    table.insert({"n": 1})
    disk.slow = True
    writer = threading.Thread(target=table.insert, args=({"n": 2},))
    writer.start()
    try:
        assert disk.waits.wait(10)
        with storage.lock:
            kept = storage.as_kept()
            assert kept.read() == {"t": {"1": {"n": 1}}}
            assert dict(kept.rows("t")) == {"1": {"n": 1}}
    finally:
        disk.may.set()
        writer.join()
    with storage.lock:
        assert len(storage.as_kept().rows("t")) == 2
    storage.close()


def test_who_only_looks_can_change_nothing() -> None:
    storage, _ = opened(SimulatedDisk(Random(0)))
    with storage.lock:
        kept = storage.as_kept()
        with pytest.raises(RuntimeError, match="only looks"):
            kept.change([("t", "1", b"{}")])
        with pytest.raises(RuntimeError, match="only looks"):
            kept.write({})


async def test_a_job_that_only_looks_changes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path)
    await database.open()
    try:
        with pytest.raises(RuntimeError, match="only looks"):
            await database.read(lambda rows: rows.table("t").insert({}))
        assert await database.read(lambda rows: len(rows.table("t"))) == 0
    finally:
        await database.close()


async def test_the_event_loop_runs_on_while_the_disk_is_slow(tmp_path: Path) -> None:
    database = Database(tmp_path)
    await database.open()
    began, may = threading.Event(), threading.Event()

    def slow(rows: Rows) -> None:
        rows.table("t").insert({"n": 1})
        began.set()
        assert may.wait(10)

    try:
        changing = asyncio.create_task(database.run(slow))
        assert await asyncio.to_thread(began.wait, 10)
        assert await database.read(lambda rows: len(rows.table("t"))) == 0
        assert not changing.done()
        may.set()
        await changing
        assert await database.read(lambda rows: len(rows.table("t"))) == 1
    finally:
        may.set()
        await database.close()


async def test_a_glance_never_waits_for_the_disk_or_for_who_holds_the_lock(tmp_path: Path) -> None:
    database = Database(tmp_path)
    await database.open()
    holding, may = threading.Event(), threading.Event()

    def look_for_long(_rows: Rows) -> None:
        holding.set()
        assert may.wait(10)

    try:
        await database.run(lambda rows: rows.table("t").insert({"n": 1}))
        assert await database.glance(lambda rows: len(rows.table("t"))) == 1
        looking = asyncio.create_task(database.read(look_for_long))
        assert await asyncio.to_thread(holding.wait, 10)
        glancing = asyncio.create_task(database.glance(lambda rows: len(rows.table("t"))))
        await asyncio.sleep(0)  # the loop is not held up; the job waits in the thread
        assert not glancing.done()
        may.set()
        await looking
        assert await glancing == 1
        with pytest.raises(RuntimeError, match="only looks"):
            await database.glance(lambda rows: rows.table("t").insert({}))
    finally:
        may.set()
        await database.close()


async def test_long_lists_are_read_away_from_the_event_loop(tmp_path: Path) -> None:
    store = await open_store(tmp_path, NOON)
    try:
        for number in range(60):
            await store.threads.create(f"{number}", NOON)
            await store.remarks.add(1, [("user", "hello")], NOON)
        assert len(await store.threads.recent(100)) == 61
        for limit in (50, 51, 100):
            assert len(await store.remarks.latest(1, limit)) == min(limit, 60)
    finally:
        await store.close()
