"""Alerts and what phones are to be told of them, on disk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tinydb.table import Document

from ren_device.model import Alert, Deadline, Ended
from ren_device.store import Store, open_store
from ren_device.store.alerts import ENDED_FOR, MOST_ENDED, MOST_UNTOLD, UNTOLD_FOR
from ren_device.store.database import Rows
from tests.alerts.memory_alerts import MemoryAlerts

NOON = datetime.fromisoformat("2026-06-25T12:00:00.654321")
WHOLE = Alert(
    id=7,
    kind="alarm",
    text="up \ud800 ü",
    due_at=NOON,
    created_at=NOON - timedelta(days=1),
    duration_s=1.5,
    state="paused",
    deadline=Deadline(1e9 + 0.1, 5.25, "boot"),
    left_s=3.75,
    rule="FREQ=DAILY",
    starts_at=NOON - timedelta(hours=1),
    last_at=NOON - timedelta(hours=2),
    skip_until=NOON + timedelta(hours=3),
    series_id=3,
    routine="Morning",
)


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Store]:
    store = await open_store(data_dir, NOON)
    try:
        yield store
    finally:
        await store.close()


def an_alert(alert_id: int, after_s: float = 60.0, text: str = "egg") -> Alert:
    return Alert(alert_id, "timer", text, NOON + timedelta(seconds=after_s), NOON)


async def test_everything_about_an_alert_is_kept(tmp_path: Path) -> None:
    plain = an_alert(9, 1.25, "")
    async with opened(tmp_path) as store:
        await store.alerts.write([WHOLE, plain])
    async with opened(tmp_path) as store:
        assert await store.alerts.all() == [WHOLE, plain]
        changed = Alert(7, "timer", "", NOON + timedelta(days=1), NOON)  # nothing of before is left
        await store.alerts.write([changed])
        assert await store.alerts.all() == [plain, changed]
    async with opened(tmp_path) as store:
        await store.alerts.write(remove=[7, 99, 7])
        assert await store.alerts.all() == [plain]


async def test_ids_go_up_and_are_never_given_twice(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert await store.alerts.last_id() == 0
        await store.alerts.write([an_alert(2), an_alert(5), an_alert(3)])
        await store.alerts.write([an_alert(4)], remove=[5])
    async with opened(tmp_path) as store:
        assert [alert.id for alert in await store.alerts.all()] == [2, 3, 4]
        assert await store.alerts.last_id() == 5


async def test_a_counter_that_was_lost_is_made_good_by_what_is_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.alerts.write([an_alert(5)])
        await store.database.run(lambda rows: rows.table("counters").truncate())
        assert await store.alerts.last_id() == 5


async def test_writes_are_in_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        writes = [store.alerts.write([an_alert(1, text=f"{number}")]) for number in range(30)]
        await asyncio.gather(*writes)
        (alert,) = await store.alerts.all()
        assert alert.text == "29"


async def test_what_phones_are_told_is_as_it_is_now(tmp_path: Path) -> None:
    rings, snoozed, gone, missed = [
        replace(an_alert(number, 5.0 - number), state="due") for number in (1, 2, 3, 4)
    ]
    async with opened(tmp_path) as store:
        await store.alerts.write(
            [rings, snoozed, gone, missed], tell=[rings, snoozed, gone, missed]
        )
        again = replace(snoozed, state="pending", due_at=NOON + timedelta(hours=1))
        unanswered = replace(missed, state="missed")
        await store.alerts.write([again, unanswered], remove=[gone.id])
        states = [unanswered, replace(gone, state="done"), replace(snoozed, state="done"), rings]
        assert await store.alerts.unnotified() == states
        rings_again = replace(again, state="due")
        await store.alerts.write([rings_again], tell=[rings_again])
    async with opened(tmp_path) as store:
        assert await store.alerts.unnotified() == [*states, rings_again]
        await store.alerts.mark_notified([snoozed, an_alert(99), replace(rings, due_at=NOON)])
        assert await store.alerts.unnotified() == [states[0], states[1], rings, rings_again]
        await store.alerts.mark_notified([rings_again, rings, rings, gone])
    async with opened(tmp_path) as store:
        assert await store.alerts.unnotified() == [unanswered]


async def test_nobody_is_told_of_what_is_only_kept_nor_twice_of_one(tmp_path: Path) -> None:
    due = replace(an_alert(1), state="due")
    async with opened(tmp_path) as store:
        await store.alerts.write([due, an_alert(2)])
        assert await store.alerts.unnotified() == []
        await store.alerts.mark_notified([due])
        for state in ("due", "missed"):
            await store.alerts.write(tell=[replace(due, state=state)])
        assert await store.alerts.unnotified() == [due]


async def test_looking_for_what_is_untold_reads_nothing_that_is_only_set(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.alerts.write([an_alert(number) for number in range(1, 101)])
        await store.alerts.write(tell=[an_alert(50)])
        await store.database.run(_spoil_all_but_50)
        assert await store.alerts.unnotified() == [an_alert(50)]
        await store.alerts.mark_notified([an_alert(50)])
        assert await store.alerts.unnotified() == []


def _spoil_all_but_50(rows: Rows) -> None:
    """So that reading one of them would be noticed."""
    others = [number for number in range(1, 101) if number != 50]
    rows.table("alerts").update({"due_at": None}, doc_ids=others)


async def test_what_nobody_fetched_in_a_week_goes_when_more_comes(tmp_path: Path) -> None:
    old, recent = an_alert(1, -60), an_alert(2, 60)
    new = replace(an_alert(3), due_at=NOON + UNTOLD_FOR)
    async with opened(tmp_path) as store:
        await store.alerts.write(tell=[old, recent])
        await store.alerts.write(tell=[old, recent])
        assert len(await store.alerts.unnotified()) == 2
        await store.alerts.write(tell=[new])
        assert [alert.id for alert in await store.alerts.unnotified()] == [2, 3]


async def test_the_outbox_is_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    many = [an_alert(number, number) for number in range(1, MOST_UNTOLD + 101)]
    async with opened(tmp_path) as store:
        await store.alerts.write(tell=many[:100])
        await store.alerts.write(tell=many[100:])
        kept = [alert.id for alert in await store.alerts.unnotified()]
        assert kept == [alert.id for alert in many[100:]]
        await store.alerts.write(tell=[*many, an_alert(5000, 5000)])
        kept = [alert.id for alert in await store.alerts.unnotified()]
        assert kept == [*(alert.id for alert in many[101:]), 5000]


async def test_what_was_acknowledged_stays_so_over_a_restart_and_a_restore(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    alarm, earlier = an_alert(1), an_alert(2, 30.0)
    occurrence = replace(an_alert(4, 90.0), series_id=3)
    ended = [Ended(2, None, earlier.due_at), Ended(1, None, alarm.due_at)]
    async with opened(tmp_path / "a") as store:
        await store.alerts.write([alarm, earlier])
        await store.alerts.write(remove=[2], ended=[earlier])
        await store.database.write_snapshot(copy)
        await store.alerts.write(remove=[1], ended=[alarm])
        await store.alerts.write(ended=[occurrence, alarm])
        ended.append(Ended(4, 3, occurrence.due_at))
        assert await store.alerts.ended() == ended
    async with opened(tmp_path / "a") as store:
        await store.database.replace_all(copy)
        assert await store.alerts.all() == [alarm]  # as it was then
        assert await store.alerts.ended() == ended  # as it is now
        later = an_alert(5, 120.0)
        await store.alerts.write(ended=[later])
    async with opened(tmp_path / "a") as store:
        assert await store.alerts.ended() == [*ended, Ended(5, None, later.due_at)]
    async with opened(tmp_path / "b") as store:  # another device, which knows of nothing
        await store.database.replace_all(copy)
        assert await store.alerts.ended() == ended[:1]


async def test_that_something_ended_is_forgotten_after_a_week_or_a_thousand_more(
    tmp_path: Path,
) -> None:
    old, recent = an_alert(1, -60), an_alert(2, 60)
    new = replace(an_alert(3), due_at=NOON + ENDED_FOR)
    async with opened(tmp_path) as store:
        await store.alerts.write(ended=[old, recent])
        await store.alerts.write(ended=[old])
        assert [each.alert_id for each in await store.alerts.ended()] == [1, 2]
        await store.alerts.write(ended=[new])
        assert [each.alert_id for each in await store.alerts.ended()] == [2, 3]
        many = [an_alert(10 + number, 3600 + number) for number in range(MOST_ENDED)]
        await store.alerts.write(ended=many)
        kept = [each.alert_id for each in await store.alerts.ended()]
        assert kept == [*(alert.id for alert in many[1:]), 3]


async def test_rows_of_an_older_ren_are_taken_up(tmp_path: Path) -> None:
    old = {
        "kind": "timer",
        "text": "egg",
        "due_at": NOON.isoformat(),
        "created_at": NOON.isoformat(),
        "duration_s": None,
        "notified": True,
    }

    def write_as_before(rows: Rows) -> None:
        for state in ("pending", "due", "done"):
            (new_id,) = rows.new_ids("alerts")
            rows.table("alerts").insert(Document({**old, "state": state}, new_id))

    async with opened(tmp_path) as store:
        await store.database.run(write_as_before)
        pending = Alert(1, "timer", "egg", NOON, NOON)
        due = replace(pending, id=2, state="due")
        assert await store.alerts.all() == [pending, due]
        assert await store.alerts.last_id() == 3
        await store.alerts.write([replace(pending, text="tea")])
        assert await store.database.read(lambda rows: len(rows.table("alerts"))) == 2
        assert await store.alerts.all() == [replace(pending, text="tea"), due]
        assert await store.alerts.unnotified() == []


async def test_a_leftover_that_came_to_life_in_a_restore_is_not_swept_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.alerts.write([replace(an_alert(1), state="done")])
        assert await store.alerts.all() == []
        await store.database.run(lambda rows: rows.table("alerts").update({"state": "pending"}))
        await store.alerts.write([an_alert(2)])
        assert await store.alerts.all() == [an_alert(1), an_alert(2)]


alerts = st.builds(
    Alert,
    id=st.integers(1, 5),
    kind=st.sampled_from(["timer", "alarm", "reminder", "routine"]),
    text=st.text(max_size=5),
    due_at=st.sampled_from([NOON, NOON + timedelta(microseconds=1), NOON + timedelta(days=3)]),
    created_at=st.just(NOON),
    state=st.sampled_from(["pending", "due", "missed"]),
    left_s=st.none() | st.floats(0, 1e6),
)
some = st.lists(alerts, max_size=3, unique_by=lambda alert: alert.id)


@given(steps=st.lists(st.tuples(some, some, some, some), max_size=8))
@settings(deadline=None, max_examples=60)
def test_it_does_what_the_one_in_memory_does(steps: list[tuple[list[Alert], ...]]) -> None:
    async def scene(data_dir: Path) -> None:
        memory, gone = MemoryAlerts(), set[int]()
        async with opened(data_dir) as store:
            for put, away, tell, told in steps:
                gone |= {alert.id for alert in away if alert.id in memory.rows}
                put = [alert for alert in put if alert.id not in gone]
                remove = {alert.id for alert in away} - {alert.id for alert in put}
                for each in (memory, store.alerts):
                    await each.write(put, list(remove), tell, ended=told)
                    await each.mark_notified(told)
                assert await store.alerts.all() == await memory.all()
                assert await store.alerts.unnotified() == await memory.unnotified()
                assert await store.alerts.ended() == await memory.ended()
                assert await store.alerts.last_id() == await memory.last_id()

    with TemporaryDirectory() as name:
        asyncio.run(scene(Path(name)))
