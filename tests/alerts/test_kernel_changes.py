"""Snoozing, pausing, skipping, changing, missing: one scene for each promise."""

import asyncio
from datetime import datetime, timedelta

import pytest

from ren_device.alerts.kernel import SNOOZE_S
from ren_device.alerts.watch import CAP_S
from ren_device.errors import AlertError, StoreError
from tests.alerts.house import House, settle
from tests.virtual_time import run

DAILY = "FREQ=DAILY"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_snoozing_is_silence_for_a_while_under_the_same_id() -> None:
    async def scene() -> None:
        async with House() as house:
            alarm = await house.at(10)
            with pytest.raises(AlertError):
                await house.kernel.snooze(alarm.id)
            await asyncio.sleep(11)
            snoozed = await house.kernel.snooze(alarm.id)
            assert snoozed is not None
            assert house.kernel.ringing() == ()
            assert house.store.rows[alarm.id] == snoozed
            await asyncio.sleep(SNOOZE_S + 0.1)
            assert house.rung == [alarm.id, alarm.id]
            assert len(house.store.outbox) == 2  # phones are told of both

    run(scene())


def test_a_paused_timer_waits_over_restarts() -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(100)
            await asyncio.sleep(40)
            await house.kernel.pause(timer.id)
            with pytest.raises(AlertError):
                await house.kernel.pause(timer.id)
            await asyncio.sleep(1000)
            assert house.rung == []
        await asyncio.sleep(1000)
        async with House(house.store, house.clock) as again:
            (paused,) = again.kernel.pending()
            assert again.kernel.remaining_s(paused) == pytest.approx(60)
            await again.kernel.adjust(timer.id, 10)
            await again.kernel.resume(timer.id)
            await asyncio.sleep(70.1)
            assert again.rung == [timer.id]

    run(scene())


def test_time_is_given_and_taken_but_not_all_of_it() -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(100)
            await house.kernel.adjust(timer.id, -40)
            with pytest.raises(AlertError):
                await house.kernel.adjust(timer.id, -60)
            assert house.kernel.remaining_s(timer) == pytest.approx(60)
            await asyncio.sleep(60.1)
            assert house.rung == [timer.id]
            await house.kernel.adjust(timer.id, 300)  # "five more minutes", while it rings
            assert house.kernel.ringing() == ()
            await asyncio.sleep(300.1)
            assert house.rung == [timer.id, timer.id]

    run(scene())


def test_a_skipped_occurrence_does_not_ring_and_the_next_one_does() -> None:
    async def scene() -> None:
        async with House() as house:  # it is 14:02 on the 25th
            series = await house.kernel.set("alarm", at=at("2026-06-25T07:30"), rule=DAILY)
            assert series.due_at == at("2026-06-26T07:30")
            skipped = await house.kernel.skip_next(series.id)
            assert skipped is not None
            assert skipped.due_at == at("2026-06-27T07:30")
            await asyncio.sleep(86_400)
            assert house.rung == []
            await asyncio.sleep(86_400)
            assert len(house.rung) == 1
            once = await house.at(60)
            with pytest.raises(AlertError):
                await house.kernel.skip_next(once.id)

    run(scene())


def test_occurrences_have_ids_of_their_own_and_the_series_keeps_its() -> None:
    async def scene() -> None:
        async with House() as house:
            series = await house.kernel.set(
                "reminder", "pill", at=at("2026-06-25T15:00"), rule="FREQ=HOURLY;COUNT=2"
            )
            assert "COUNT" not in series.rule
            await asyncio.sleep(3600)
            (first,) = house.kernel.ringing()
            assert (first.series_id, first.text) == (series.id, "pill")
            assert first.id != series.id
            await house.kernel.acknowledge(first.id)
            await asyncio.sleep(3600)
            (second,) = house.kernel.ringing()
            assert second.id not in (first.id, series.id)
            assert house.kernel.get(series.id) is None  # that was the last
            await house.kernel.acknowledge(second.id)
            assert house.store.rows == {}

    run(scene())


def test_what_nobody_stops_falls_silent_and_is_kept_until_it_was_told() -> None:
    async def scene() -> None:
        async with House() as house:
            alarm = await house.at(10)
            await asyncio.sleep(10 + CAP_S - 1)
            assert house.kernel.ringing()
            await asyncio.sleep(2)
            assert house.kernel.ringing() == ()
            assert house.changes[-1] == (alarm.id, "unanswered")
            await settle()
        async with House(house.store, house.clock) as again:
            (missed,) = again.kernel.missed()
            await again.kernel.told([missed])
            assert again.kernel.missed() == ()
            assert house.store.rows == {}

    run(scene())


def test_of_a_series_only_the_latest_missed_one_is_told() -> None:
    async def scene() -> None:
        async with House() as house:
            series = await house.kernel.set("alarm", at=at("2026-06-25T15:00"), rule=DAILY)
        await asyncio.sleep(5 * 86_400)
        async with House(house.store, house.clock) as again:
            (missed,) = again.kernel.missed()
            assert missed.series_id == series.id
            assert again.rung == []
            (going_on,) = again.kernel.pending()
            assert going_on.due_at == at("2026-06-30T15:00")

    run(scene())


def test_an_acknowledged_alarm_starts_its_routine_in_the_same_write() -> None:
    async def scene() -> None:
        async with House() as house:
            when = house.clock.now() + timedelta(seconds=10)
            alarm = await house.kernel.set("alarm", at=when, routine="good morning")
            await asyncio.sleep(11)
            await house.kernel.acknowledge(alarm.id)
            (routine,) = house.kernel.due_routines()
            assert (routine.kind, routine.routine) == ("routine", "good morning")
            assert house.kernel.ringing() == ()
            assert set(house.store.rows) == {routine.id}
            await asyncio.sleep(2 * CAP_S)  # it has no cap
            await house.kernel.acknowledge(routine.id)
            assert house.kernel.due_routines() == ()
            assert house.store.rows == {}

    run(scene())


def test_changing_the_time_of_what_rings_silences_it() -> None:
    async def scene() -> None:
        async with House() as house:
            alarm = await house.at(10)
            await asyncio.sleep(11)
            await house.kernel.change(alarm.id, at=house.in_s(100), text="later")
            assert house.kernel.ringing() == ()
            await asyncio.sleep(100.1)
            assert [each.text for each in house.kernel.ringing()] == ["later"]

    run(scene())


def test_what_cannot_be_kept_is_as_it_was() -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(100)
            series = await house.kernel.set("alarm", at=at("2026-06-25T15:00"), rule=DAILY)
            house.store.broken = True
            for change in (
                house.kernel.pause(timer.id),
                house.kernel.adjust(timer.id, 50),
                house.kernel.change(series.id, text="work"),
                house.kernel.skip_next(series.id),
                house.kernel.cancel(series.id),
            ):
                with pytest.raises(StoreError):
                    await change
            assert house.kernel.pending() == (timer, series)
            await asyncio.sleep(100.1)
            assert house.rung == [timer.id]

    run(scene())


def test_the_first_occurrence_of_a_series_is_not_lost_by_a_part_of_a_second() -> None:
    async def scene() -> None:
        async with House() as house:
            start = at("2026-06-25T15:02:11.001")
            series = await house.kernel.set("alarm", at=start, rule=DAILY)
            assert series.due_at == at("2026-06-25T15:02:11")

    run(scene())


def test_a_series_that_never_comes_and_a_time_that_has_passed_are_refused() -> None:
    async def scene() -> None:
        async with House() as house:
            for moment, rule in (
                (house.in_s(60), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
                (house.in_s(60), "FREQ=DAILY;UNTIL=20200101"),
                (house.in_s(60), "every day"),
                (house.in_s(-1), ""),
            ):
                with pytest.raises(AlertError):
                    await house.kernel.set("alarm", at=moment, rule=rule)
            assert house.kernel.pending() == ()

    run(scene())
