import asyncio
import resource
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ren_device.errors import StoreError, ThreadNotFound
from ren_device.model import Alert, Fact, ListItem, Remark, Routine, Say, Summary, Thread
from ren_device.store import Store, open_store

NOON = datetime.fromisoformat("2026-06-25T12:00:00.654321")
SECOND = timedelta(seconds=1)


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Store]:
    store = await open_store(data_dir, NOON)
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def full_disk(largest_file: int) -> Iterator[None]:
    """No file may grow past so many bytes: the kernel refuses the write half way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def an_alert(alert_id: int, text: str = "egg") -> Alert:
    return Alert(alert_id, "timer", text, NOON + timedelta(seconds=alert_id), NOON, 60)


async def test_general_is_always_there(tmp_path: Path) -> None:
    async with opened(tmp_path / "new" / "place") as store:
        noon = NOON.replace(microsecond=0)
        assert await store.threads.recent(20) == [Thread(1, "General", False, noon, noon)]
    async with opened(tmp_path / "new" / "place") as store:
        assert [thread.id for thread in await store.threads.recent(20)] == [1]


async def test_threads_are_made_found_and_changed(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        made = await store.threads.create("Garden", NOON + SECOND)
        assert (made.id, made.name, made.allow_dangerous) == (2, "Garden", False)
        changed = await store.threads.set_allow_dangerous(2, allow=True)
        assert changed.allow_dangerous
        assert await store.threads.get(2) == changed
        for attempt in (store.threads.get(3), store.threads.set_allow_dangerous(3, allow=True)):
            with pytest.raises(ThreadNotFound, match="3"):
                await attempt
    async with opened(tmp_path) as store:
        assert await store.threads.get(2) == changed


async def test_recent_threads_come_by_activity_and_then_by_id(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for name in ("two", "three", "four"):
            await store.threads.create(name, NOON)
        await store.remarks.add(2, [("user", "hello")], NOON + SECOND)
        assert [thread.id for thread in await store.threads.recent(20)] == [2, 4, 3, 1]
        assert [thread.id for thread in await store.threads.recent(2)] == [2, 4]


async def test_remarks_are_kept_in_order_to_the_second(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.threads.create("other", NOON)
        await store.remarks.add(1, [("user", "hé?"), ("assistant", "hello \ud800")], NOON)
        await store.remarks.add(2, [("user", "elsewhere")], NOON)
        await store.remarks.add(1, [("user", "and?"), ("assistant", "well")], NOON + SECOND)
    async with opened(tmp_path) as store:
        latest = await store.remarks.latest(1, 3)
        at = NOON.replace(microsecond=0)
        assert latest == [
            Remark(2, "assistant", "hello \ud800", 1, at),
            Remark(4, "user", "and?", 1, at + SECOND),
            Remark(5, "assistant", "well", 1, at + SECOND),
        ]
        assert (await store.threads.get(1)).last_active_at == at + SECOND
        assert await store.remarks.latest(1, 0) == []
        assert await store.remarks.latest(9, 20) == []
        with pytest.raises(ThreadNotFound):
            await store.remarks.add(9, [("user", "nobody")], NOON)


async def test_remarks_after_another(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.threads.create("other", NOON)
        for number in range(3):
            await store.remarks.add(1, [("user", f"{number}"), ("assistant", "yes")], NOON)
            await store.remarks.add(2, [("user", "elsewhere")], NOON)
    async with opened(tmp_path) as store:
        ids = [remark.id for remark in await store.remarks.after(1, 0)]
        assert ids == [1, 2, 4, 5, 7, 8]
        assert [remark.id for remark in await store.remarks.after(1, 4)] == [5, 7, 8]
        assert [remark.id for remark in await store.remarks.after(1, 3)] == [4, 5, 7, 8]
        assert await store.remarks.after(1, 8) == []
        assert await store.remarks.after(9, 0) == []


async def test_facts_are_kept_corrected_and_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        tea, cat = [await store.facts.add(text, NOON) for text in ("likes tea", "has a cat")]
        assert await store.facts.replace(tea.id, "likes coffee") == Fact(
            tea.id, "likes coffee", NOON.replace(microsecond=0)
        )
        assert await store.facts.replace(99, "nobody") is None
        await store.facts.remove([cat.id, cat.id, 99])
        new = await store.facts.add("has a dog", NOON)
        assert new.id > cat.id
    async with opened(tmp_path) as store:
        assert [fact.text for fact in await store.facts.all()] == ["likes coffee", "has a dog"]


async def test_a_thread_has_one_summary(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert await store.summaries.get(1) is None
        await store.summaries.put(Summary(1, 4, "tea"))
        await store.summaries.put(Summary(2, 6, "cats"))
        await store.summaries.put(Summary(1, 9, "tea and coffee"))
    async with opened(tmp_path) as store:
        assert await store.summaries.get(1) == Summary(1, 9, "tea and coffee")
        assert await store.summaries.get(2) == Summary(2, 6, "cats")


async def test_ids_are_never_given_twice(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        (item,) = await store.lists.add("shopping", ["milk"])
        await store.lists.remove([item.id])
        thread = await store.threads.create("other", NOON)
        await store.remarks.add(1, [("user", "hello")], NOON)
    async with opened(tmp_path) as store:
        assert (await store.lists.add("shopping", ["milk"]))[0].id > item.id
        assert (await store.threads.create("third", NOON)).id > thread.id
        await store.remarks.add(2, [("user", "hello")], NOON)
        assert [remark.id for remark in await store.remarks.latest(2, 1)] == [2]


async def test_lists(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        milk, eggs = await store.lists.add("shopping", ["milk", "eggs"])
        await store.lists.add("packing", ["tent"])
        assert await store.lists.add("shopping", []) == []
        await store.lists.remove([milk.id, 99])
        await store.lists.remove([99])
    async with opened(tmp_path) as store:
        assert await store.lists.items("shopping") == [ListItem(eggs.id, "shopping", "eggs")]
        assert await store.lists.items("nothing") == []
        assert await store.lists.names() == ["packing", "shopping"]


async def test_preferences(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert await store.preferences.get("volume") is None
        await store.preferences.put("volume", "40")
        await store.preferences.put("volume", "50")
        written = store.database.figures().written_bytes
        await store.preferences.put("volume", "50")
        assert store.database.figures().written_bytes == written
    async with opened(tmp_path) as store:
        assert await store.preferences.get("volume") == "50"


async def test_many_at_once_are_all_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        added = await asyncio.gather(*(store.facts.add(str(n), NOON) for n in range(30)))
        assert sorted(fact.id for fact in added) == list(range(1, 31))
    async with opened(tmp_path) as store:
        assert {fact.text for fact in await store.facts.all()} == {str(n) for n in range(30)}


async def test_only_the_owner_can_read_what_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path / "kept") as store:
        await store.preferences.put("volume", "40")
    paths = [tmp_path / "kept", *(tmp_path / "kept").rglob("*")]
    assert len(paths) == 6
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


async def test_a_second_ren_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(StoreError, match=r"REN_DATA_DIR=.*another Ren"):
            await open_store(tmp_path)
    async with opened(tmp_path) as store:
        assert await store.threads.recent(1)


async def test_a_data_directory_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="REN_DATA_DIR="):
        await open_store(tmp_path / "file")


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        pass
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.threads.recent(1)


@pytest.mark.parametrize("room", [0, 1, 20, 60])
async def test_a_write_that_fails_changes_nothing_and_writing_resumes(
    tmp_path: Path, room: int
) -> None:
    async with opened(tmp_path) as store:
        kept = an_alert(1, "kept")
        await store.alerts.write((kept,))
        await store.remarks.add(1, [("user", "kept")], NOON)
        attempts: list[Callable[[], Awaitable[object]]] = [
            lambda: store.alerts.write([an_alert(1, "lost"), an_alert(2, "lost")]),
            lambda: store.alerts.write(tell=[kept]),
            lambda: store.alerts.write(remove=[kept.id]),
            lambda: store.routines.put(Routine("lost", (Say("lost"),))),
            lambda: store.remarks.add(1, [("user", "lost"), ("assistant", "lost")], NOON + SECOND),
            lambda: store.threads.create("lost", NOON),
            lambda: store.preferences.put("volume", "1" * 60),
        ]
        (journal,) = (tmp_path / "store").glob("*.journal")
        size = journal.stat().st_size
        largest = size + room  # the first fails in the middle; the others find no room at all
        for attempt in attempts:
            with (
                full_disk(largest),
                pytest.raises(StoreError, match=r"The disk failed.*: File too large"),
            ):
                await attempt()
            largest = 10
            assert store.database.figures().trouble == "File too large"
            assert journal.stat().st_size == size
            assert await store.alerts.all() == [kept]
            assert await store.alerts.last_id() == kept.id
            assert await store.alerts.unnotified() == []
            assert await store.routines.all() == []
            assert [remark.content for remark in await store.remarks.latest(1, 9)] == ["kept"]
            assert [thread.name for thread in await store.threads.recent(9)] == ["General"]
            assert await store.preferences.get("volume") is None
        resumed = an_alert(2, "resumed")
        await store.alerts.write((resumed,))
        assert store.database.figures().trouble == ""
    async with opened(tmp_path) as store:
        assert await store.alerts.all() == [kept, resumed]
        assert store.database.figures().recovered == ""


@pytest.mark.parametrize(
    "damage", [b"", b'{"threads": {"1"', b"\xff\xfe", b"[" * 9999, bytes(4096)]
)
async def test_a_broken_journal_is_set_aside_and_said(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as store:
        await store.preferences.put("volume", "40")
    (tmp_path / "store" / "00000000.journal").write_bytes(damage)
    async with opened(tmp_path) as store:
        # There is nothing else to take it from; Ren starts anew.
        assert await store.preferences.get("volume") is None
        assert [thread.name for thread in await store.threads.recent(9)] == ["General"]
        assert bool(store.database.figures().recovered) == bool(damage)
        assert ("00000000.journal" in caplog.text) == bool(damage)
        await store.preferences.put("volume", "60")
    async with opened(tmp_path) as store:
        assert await store.preferences.get("volume") == "60"


async def test_a_broken_snapshot_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as store:
        for number in range(20):
            await store.preferences.put("volume", f"{number}" + "x" * 30_000)
    snapshots = sorted((tmp_path / "store").glob("*.snapshot"))
    assert snapshots
    snapshots[-1].write_bytes(b"{")
    async with opened(tmp_path) as store:
        assert (await store.preferences.get("volume") or "").strip("x") == "19"
        assert f"{snapshots[-1].name} is damaged" in caplog.text
        while not snapshots[-1].with_name(f"{snapshots[-1].name}.damaged").exists():
            await store.preferences.get("volume")  # a new snapshot is being written
    async with opened(tmp_path) as store:
        assert (await store.preferences.get("volume") or "").strip("x") == "19"
        assert store.database.figures().recovered == ""


async def test_a_cancelled_caller_leaves_the_store_working(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        adding = asyncio.create_task(store.alerts.write([an_alert(1)]))
        await asyncio.sleep(0)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        await store.alerts.write([an_alert(2, "next")])
        assert "next" in [alert.text for alert in await store.alerts.all()]
    async with opened(tmp_path) as store:
        assert "next" in [alert.text for alert in await store.alerts.all()]
        assert store.database.figures().recovered == ""
