import asyncio
import json
import resource
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ren_device.errors import StoreError, ThreadNotFound
from ren_device.model import Alert, ListItem, Remark, Thread
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
def full_disk() -> Iterator[None]:
    """No file may grow past ten bytes: the kernel refuses the write half way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def an_alert(text: str = "egg", after_s: float = 60) -> Alert:
    return Alert(0, "timer", text, NOON + timedelta(seconds=after_s), NOON, after_s)


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


async def test_alerts_are_kept_to_the_microsecond(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        late, soon = [await store.alerts.add(an_alert(after_s=s)) for s in (60.5, 1.25)]
        gone = await store.alerts.add(an_alert())
        assert await store.alerts.remove(gone.id) == gone
        assert await store.alerts.remove(gone.id) is None
        due = await store.alerts.set_state(soon.id, "due")
        assert due is not None
        assert due.state == "due"
        assert await store.alerts.set_state(99, "due") is None
    async with opened(tmp_path) as store:
        assert await store.alerts.all() == [due, late]
        assert due.due_at == NOON + timedelta(seconds=1.25)
        await store.alerts.set_state(soon.id, "done")
        assert await store.alerts.all() == [late]


async def test_ids_are_never_given_twice(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        first = await store.alerts.add(an_alert())
        await store.alerts.remove(first.id)
        (item,) = await store.lists.add("shopping", ["milk"])
        await store.lists.remove([item.id])
    async with opened(tmp_path) as store:
        assert (await store.alerts.add(an_alert())).id > first.id
        assert (await store.lists.add("shopping", ["milk"]))[0].id > item.id


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
        written = (tmp_path / "ren.json").stat()
        await store.preferences.put("volume", "50")
        assert (tmp_path / "ren.json").stat().st_mtime_ns == written.st_mtime_ns
    async with opened(tmp_path) as store:
        assert await store.preferences.get("volume") == "50"


async def test_many_at_once_are_all_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        alerts = await asyncio.gather(*(store.alerts.add(an_alert(str(n))) for n in range(30)))
        assert sorted(alert.id for alert in alerts) == list(range(1, 31))
    async with opened(tmp_path) as store:
        assert {alert.text for alert in await store.alerts.all()} == {str(n) for n in range(30)}


async def test_only_the_owner_can_read_what_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path / "kept") as store:
        await store.preferences.put("volume", "40")
    for path in (tmp_path / "kept").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


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


def _block_new_file(data_dir: Path) -> None:
    (data_dir / "ren.json.new").mkdir()


def _block_previous_copy(data_dir: Path) -> None:
    (data_dir / "ren.json.previous").unlink(missing_ok=True)
    (data_dir / "ren.json.previous").mkdir()
    (data_dir / "ren.json.previous" / "full").mkdir()


@pytest.mark.parametrize("block", [_block_new_file, _block_previous_copy])
async def test_a_write_that_fails_changes_nothing(
    tmp_path: Path, block: Callable[[Path], None]
) -> None:
    await _fails_and_recovers(tmp_path, block=block)


async def test_a_full_disk_changes_nothing_and_writing_resumes(tmp_path: Path) -> None:
    await _fails_and_recovers(tmp_path, block=None)


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


async def _fails_and_recovers(data_dir: Path, block: Callable[[Path], None] | None) -> None:
    async with opened(data_dir) as store:
        kept = await store.alerts.add(an_alert("kept"))
        await store.remarks.add(1, [("user", "kept")], NOON)
        before = (data_dir / "ren.json").read_bytes()
        attempts: list[Callable[[], Awaitable[object]]] = [
            lambda: store.alerts.add(an_alert("lost")),
            lambda: store.alerts.set_state(kept.id, "due"),
            lambda: store.alerts.remove(kept.id),
            lambda: store.remarks.add(1, [("user", "lost"), ("assistant", "lost")], NOON + SECOND),
            lambda: store.threads.create("lost", NOON),
            lambda: store.preferences.put("volume", "1"),
        ]
        if block is not None:
            block(data_dir)
        for attempt in attempts:
            if block is not None:
                with pytest.raises(StoreError, match=r"cannot write to"):
                    await attempt()
            else:
                with full_disk(), pytest.raises(StoreError, match="File too large"):
                    await attempt()
            assert (data_dir / "ren.json").read_bytes() == before
            assert await store.alerts.all() == [kept]
            assert [remark.content for remark in await store.remarks.latest(1, 9)] == ["kept"]
            assert [thread.name for thread in await store.threads.recent(9)] == ["General"]
            assert await store.preferences.get("volume") is None
        if block is None:
            assert _names(data_dir) == ["ren.json", "ren.json.previous", "ren.lock"]
            resumed = await store.alerts.add(an_alert("resumed", 90))
            assert await store.alerts.all() == [kept, resumed]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b'{"threads": {"1"',
        b"\xff\xfe",
        b"[]",
        b'{"threads": []}',
        b'{"a": {"b": 1}}',
        b"[" * 9999,
    ],
)
async def test_a_broken_file_is_set_aside_and_the_previous_copy_is_used(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as store:
        await store.preferences.put("volume", "40")
        await store.preferences.put("volume", "50")
    (tmp_path / "ren.json").write_bytes(damage)
    async with opened(tmp_path) as store:
        assert await store.preferences.get("volume") == "40"
        assert (tmp_path / "ren.json.broken").read_bytes() == damage
        assert "set aside as ren.json.broken" in caplog.text
        await store.preferences.put("volume", "60")
    async with opened(tmp_path) as store:
        assert await store.preferences.get("volume") == "60"


async def test_when_both_copies_are_broken_ren_starts_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as store:
        await store.preferences.put("volume", "40")
    for name in ("ren.json", "ren.json.previous"):
        (tmp_path / name).write_bytes(b"{")
    async with opened(tmp_path) as store:
        assert await store.preferences.get("volume") is None
        assert [thread.name for thread in await store.threads.recent(9)] == ["General"]
    assert caplog.text.count("set aside") == 2


async def test_a_power_cut_between_the_two_renames_loses_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.preferences.put("volume", "40")
    (tmp_path / "ren.json").replace(tmp_path / "ren.json.previous")
    (tmp_path / "ren.json.new").write_bytes(b'{"preferences"')
    async with opened(tmp_path) as store:
        assert await store.preferences.get("volume") == "40"
        assert not (tmp_path / "ren.json.new").exists()


async def test_a_cancelled_caller_leaves_the_store_working(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        adding = asyncio.create_task(store.alerts.add(an_alert()))
        await asyncio.sleep(0)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        await store.alerts.add(an_alert("next"))
        assert "next" in [alert.text for alert in await store.alerts.all()]
    json.loads((tmp_path / "ren.json").read_bytes())
