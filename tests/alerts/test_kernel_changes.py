"""Snoozing, pausing, skipping, changing, missing: one scene for each promise."""

import asyncio
from dataclasses import replace
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


def test_cancelling_a_series_ends_what_rings_and_snoozes_of_it_and_starts_no_routine() -> None:
    async def scene() -> None:
        async with House() as house:
            series = await house.kernel.set(
                "alarm",
                at=at("2026-06-25T14:10"),
                rule="FREQ=MINUTELY;INTERVAL=10",
                routine="good morning",
            )
            await asyncio.sleep(9 * 60)
            (first,) = house.kernel.ringing()
            await house.kernel.snooze(first.id, 3600)
            await asyncio.sleep(10 * 60)
            (second,) = house.kernel.ringing()
            await asyncio.gather(*(house.kernel.cancel(series.id) for _ in range(2)))
            assert house.store.rows == {}
            assert house.kernel.ringing() == house.kernel.pending() == ()
            assert house.kernel.due_routines() == ()
            ended = [number for number, change in house.changes if change == "cancelled"]
            assert sorted(ended) == sorted([series.id, first.id, second.id])

    run(scene())


def test_changes_that_fail_together_leave_what_was_there() -> None:
    async def scene() -> None:
        async with House() as house:
            alarm = await house.at(60)
            house.store.broken = True
            failed = await asyncio.gather(
                house.kernel.change(alarm.id, at=house.in_s(6000)),
                house.kernel.change(alarm.id, text="later"),
                return_exceptions=True,
            )
            assert all(isinstance(each, StoreError) for each in failed)
            house.store.broken = False
            await asyncio.sleep(30)
            assert house.store.rows == {alarm.id: alarm}
            assert house.kernel.pending() == (alarm,)

    run(scene())


def test_what_was_silenced_on_a_broken_disk_is_written_by_an_orderly_stop() -> None:
    async def scene() -> None:
        async with House() as house:
            alarm = await house.at(10)
            await asyncio.sleep(11)
            house.store.broken = True
            await house.kernel.acknowledge(alarm.id)
            house.store.broken = False
        assert house.store.rows == {}

    run(scene())


def test_a_name_for_what_rings_does_not_let_it_ring_longer() -> None:
    async def scene() -> None:
        async with House() as house:
            alarm = await house.at(10)
            await asyncio.sleep(10 + CAP_S / 2)
            await house.kernel.change(alarm.id, text="work")
            (ringing,) = house.kernel.ringing()
            assert house.kernel.rang_s(ringing) == pytest.approx(CAP_S / 2)
            await asyncio.sleep(CAP_S / 2 + 1)
            assert house.kernel.ringing() == ()

    run(scene())


def test_a_course_of_five_has_five_also_when_its_time_is_changed() -> None:
    async def scene() -> None:
        async with House() as house:
            course = await house.kernel.set(
                "reminder", "pill", at=at("2026-06-26T07:00"), rule="FREQ=DAILY;COUNT=5"
            )
            await house.kernel.change(course.id, at=at("2026-06-26T08:00"))
            taken = 0
            for _ in range(8):
                await asyncio.sleep(86_400)
                taken += len(house.kernel.missed())
                await house.kernel.told(house.kernel.missed())
            assert taken == 5

    run(scene())


def test_a_series_does_not_end_by_accident() -> None:
    async def scene() -> None:
        async with House() as house:
            series = await house.kernel.set("alarm", at=at("2026-06-25T14:10"), rule=DAILY)
            with pytest.raises(AlertError):
                await house.kernel.change(series.id, in_s=60)
            await asyncio.sleep(600)
            (occurrence,) = house.kernel.ringing()
            with pytest.raises(AlertError):
                await house.kernel.change(occurrence.id, rule=DAILY)
            once = await house.kernel.change(series.id, in_s=60, rule="")
            assert once is not None
            assert once.rule == ""

    run(scene())


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 1e12])
def test_no_time_to_wait_is_refused(seconds: float) -> None:
    async def scene() -> None:
        async with House() as house:
            with pytest.raises(AlertError):
                await house.kernel.set("reminder", in_s=seconds)
            timer = await house.timer(60)
            await house.kernel.pause(timer.id)
            with pytest.raises(AlertError):
                await house.kernel.adjust(timer.id, seconds if seconds < 0 else 1e12)

    if seconds == -1.0:
        seconds = -61.0
    run(scene())


def test_one_rule_that_cannot_be_read_stops_nothing_else() -> None:
    async def scene() -> None:
        async with House() as house:
            series = await house.kernel.set("alarm", at=at("2026-06-25T14:10"), rule=DAILY)
            other = await house.at(3600)
        house.store.rows[series.id] = replace(series, rule="FREQ=SECONDLY")
        async with House(house.store, house.clock) as again:
            await asyncio.sleep(3601)
            assert [alert.series_id for alert in again.heard[:1]] == [series.id]
            assert other.id in again.rung

    run(scene())


def test_a_thousand_series_at_one_time_hold_nobody_up() -> None:
    async def scene() -> None:
        async with House() as house:
            for _ in range(1000):
                await house.kernel.set("reminder", at=at("2026-06-25T15:00"), rule=DAILY)
            await settle()
            looked = house.clock.looked
            await asyncio.sleep(3600)
            assert len(house.kernel.ringing()) == 1000
            assert house.clock.looked - looked < 20_000

    run(scene())
