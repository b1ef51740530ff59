"""What people expect of a clock that is moved, and of one that lost its battery."""

import asyncio
from datetime import datetime, timedelta

import pytest

from ren_device.alerts.timing import LOOK_AGAIN_S, PATIENCE_S
from tests.alerts.house import House, settle
from tests.alerts.virtual_clock import VirtualClock
from tests.virtual_time import run

DAILY = "FREQ=DAILY"


def clock_at(start: str, zone: str = "Europe/London") -> VirtualClock:
    return VirtualClock(asyncio.get_running_loop(), zone, datetime.fromisoformat(start))


async def rings_at(house: House, within: timedelta, looks_every_s: float = 60.0) -> list[str]:
    """What the clock shows when something rings; each is stopped at once."""
    shown = []
    await asyncio.sleep(0.5)  # between the minutes
    end_s = house.clock.monotonic() + within.total_seconds()
    while house.clock.monotonic() < end_s:
        await asyncio.sleep(looks_every_s)
        if house.kernel.ringing():
            shown.append(house.clock.now().isoformat(timespec="minutes"))
            await house.kernel.acknowledge_all()
    return shown


@pytest.mark.parametrize(
    ("start", "zone"),
    [
        ("2026-03-28T12:00:00", "Europe/London"),  # spring
        ("2026-10-24T12:00:00", "Europe/London"),  # autumn
        ("2026-04-04T12:00:00", "Australia/Lord_Howe"),  # half an hour, the other way round
        ("2026-10-03T12:00:00", "Australia/Lord_Howe"),
        ("2026-06-25T12:00:00", "Asia/Kathmandu"),
    ],
)
def test_half_past_seven_is_half_past_seven_once_a_day(start: str, zone: str) -> None:
    async def scene() -> None:
        async with House(clock=clock_at(start, zone)) as house:
            first = datetime.fromisoformat(start).replace(hour=7, minute=30)
            await house.kernel.set("alarm", at=first, rule=DAILY)
            shown = await rings_at(house, timedelta(days=3))
            assert [each[11:] for each in shown] == ["07:30", "07:30", "07:30"]
            assert len({each[:10] for each in shown}) == 3

    run(scene())


def test_an_alarm_in_the_hour_that_does_not_exist_rings_when_it_would_begin() -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-03-28T20:00:00")) as house:
            await house.kernel.set("alarm", at=datetime.fromisoformat("2026-03-29T01:30"))
            assert await rings_at(house, timedelta(days=2)) == ["2026-03-29T02:00"]

    run(scene())


def test_an_alarm_in_the_hour_that_comes_twice_rings_once() -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-10-24T20:00:00")) as house:
            at = datetime.fromisoformat("2026-10-25T01:30")
            await house.kernel.set("alarm", at=at)
            await house.kernel.set("reminder", "pill", at=at, rule=DAILY)
            shown = await rings_at(house, timedelta(days=2))
            assert shown == ["2026-10-25T01:30", "2026-10-26T01:30"]

    run(scene())


def test_twenty_minutes_are_twenty_minutes_over_a_switch_and_another_zone() -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-10-25T00:50:00")) as house:
            reminder = await house.kernel.set("reminder", "oven", in_s=20 * 60)
            assert reminder.due_at == datetime.fromisoformat("2026-10-25T01:10")
            await asyncio.sleep(60)
            house.clock.zone = type(house.clock.zone)("Asia/Kathmandu")
            await asyncio.sleep(LOOK_AGAIN_S)
            (moved,) = house.kernel.pending()
            assert moved.due_at == datetime.fromisoformat("2026-10-25T05:55")
            assert house.store.rows[moved.id].due_at == moved.due_at
            await asyncio.sleep(19 * 60 - LOOK_AGAIN_S - 0.1)
            assert house.rung == []
            await asyncio.sleep(0.2)
            assert house.rung == [reminder.id]

    run(scene())


def test_after_power_on_alarms_wait_for_the_network_and_are_judged_then() -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-06-25T06:00:00")) as house:
            early = await house.at(3600, text="gone")
            just = await house.at(7200 - 300, text="just now")
            timer = await house.timer(7200 + 600)
            store, clock = house.store, house.clock
        await asyncio.sleep(7200)
        clock.boot()
        clock.step_s = -7200  # it stood still
        async with House(store, clock) as house:
            assert house.kernel.waits_for_clock()
            await asyncio.sleep(60)
            assert house.rung == []
            clock.right, clock.step_s = True, 0
            await asyncio.sleep(LOOK_AGAIN_S + 0.1)
            assert house.rung == [just.id]
            assert [alert.id for alert in house.kernel.missed()] == [early.id]
            assert not house.kernel.waits_for_clock()
            (again,) = house.kernel.pending()
            assert again.id == timer.id
            assert house.kernel.remaining_s(again) == pytest.approx(600 - 70.1, abs=0.01)

    run(scene())


def test_without_a_network_alarms_ring_by_the_clock_that_there_is() -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-06-25T06:00:00")) as house:
            alarm = await house.at(30)
            store, clock = house.store, house.clock
        clock.boot()
        async with House(store, clock) as house:
            await asyncio.sleep(PATIENCE_S - 1)
            assert house.rung == []
            await asyncio.sleep(LOOK_AGAIN_S + 1)
            assert house.rung == [alarm.id]

    run(scene())


def test_a_timer_set_before_the_clock_was_right_is_not_moved_by_that() -> None:
    async def scene() -> None:
        clock = clock_at("2026-06-25T06:00:00")
        clock.boot()
        async with House(clock=clock) as house:
            timer = await house.timer(600)
            await asyncio.sleep(60)
            clock.right, clock.step_s = True, 40_000
            await asyncio.sleep(LOOK_AGAIN_S)
            (moved,) = house.kernel.pending()
            assert moved.due_at - clock.now() == timedelta(seconds=540 - LOOK_AGAIN_S)
            await settle()
            store = house.store
        await asyncio.sleep(100)
        clock.boot()  # a power cut: only the stored time of day is left
        clock.right = True
        async with House(store, clock) as house:
            await asyncio.sleep(540 - LOOK_AGAIN_S - 100 - 0.1)
            assert house.rung == []
            await asyncio.sleep(0.2)
            assert house.rung == [timer.id]

    run(scene())


def test_a_restart_of_ren_alone_does_not_depend_on_the_wall_clock() -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(600)
        house.clock.step_s = 100_000
        await asyncio.sleep(100)
        async with House(house.store, house.clock) as again:
            assert again.kernel.remaining_s(timer) == pytest.approx(500)
            await asyncio.sleep(500.1)
            assert again.rung == [timer.id]

    run(scene())


def test_a_clock_that_was_years_ahead_does_not_put_an_alarm_off_for_years() -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-06-25T06:00:00")) as house:
            at = datetime.fromisoformat("2026-06-25T07:30")
            await house.kernel.set("alarm", at=at, rule=DAILY)
            house.clock.step_s = 10 * 365 * 86_400
            await asyncio.sleep(LOOK_AGAIN_S + 0.1)
            house.clock.step_s = 0
            await asyncio.sleep(LOOK_AGAIN_S + 0.1)
            (series,) = house.kernel.pending()
            assert series.due_at == at

    run(scene())


def test_a_clock_that_was_ahead_over_a_restart_puts_nothing_off() -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-06-25T06:00:00")) as house:
            at = datetime.fromisoformat("2026-06-25T07:30")
            await house.kernel.set("alarm", at=at, rule=DAILY)
            once = await house.at(36_000)
            house.clock.step_s = 400 * 86_400.0
            await asyncio.sleep(LOOK_AGAIN_S + 0.1)
            assert {alert.id for alert in house.kernel.missed()} > {once.id}
        house.clock.step_s = 0.0
        async with House(house.store, house.clock) as again:
            await asyncio.sleep(0.1)
            series = next(alert for alert in again.kernel.pending() if alert.rule)
            assert series.due_at == at
            assert once.id in {alert.id for alert in again.kernel.pending()}

    run(scene())


def test_a_clock_that_comes_back_in_small_steps_puts_nothing_off() -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-06-25T06:00:00")) as house:
            at = datetime.fromisoformat("2026-06-25T07:30")
            await house.kernel.set("alarm", at=at, rule=DAILY)
            for step_s in (43_200, 36_000, 28_800, 21_600, 14_400, 7_200, 0):
                house.clock.step_s = float(step_s)
                await asyncio.sleep(LOOK_AGAIN_S + 0.1)
            (series,) = house.kernel.pending()
            assert series.due_at == at

    run(scene())


def test_a_timer_reckoned_by_a_wrong_clock_is_right_once_the_clock_is() -> None:
    """The clock steps before anybody says that it is right, or long after the patience is over."""

    async def scene(step_after_s: float, right_after_s: float) -> None:
        async with House(clock=clock_at("2026-06-25T06:00:00")) as house:
            timer = await house.timer(3 * 3600)
            store, clock = house.store, house.clock
        await asyncio.sleep(3600)
        clock.boot()
        clock.step_s = -3600.0  # it stood still
        async with House(store, clock) as house:
            await asyncio.sleep(step_after_s)
            clock.step_s = 0.0
            await asyncio.sleep(right_after_s + LOOK_AGAIN_S)
            clock.right = True
            await asyncio.sleep(LOOK_AGAIN_S + 0.1)
            passed_s = 3600 + step_after_s + right_after_s + 2 * LOOK_AGAIN_S + 0.1
            left_s = house.kernel.remaining_s(house.kernel.pending()[0])
            assert left_s == pytest.approx(3 * 3600 - passed_s, abs=0.01)
            assert house.kernel.pending()[0].id == timer.id

    run(scene(30.0, 0.0))
    run(scene(2 * PATIENCE_S, 60.0))


@pytest.mark.parametrize("minute", [1, 14, 30])
def test_the_second_hour_of_two_makes_nothing_late(minute: int) -> None:
    async def scene() -> None:
        async with House(clock=clock_at("2026-10-25T00:30:00")) as house:
            await asyncio.sleep(91 * 60)  # 01:01, for the second time
            assert house.clock.now().isoformat(timespec="minutes") == "2026-10-25T01:01"
            at = datetime.fromisoformat(f"2026-10-25T01:{minute:02}:30")
            alarm = await house.kernel.set("alarm", at=at)
            await asyncio.sleep(30 * 60)
            assert house.rung == [alarm.id]

    run(scene())


def test_an_alarm_set_by_a_wrong_clock_rings_at_the_time_that_was_said() -> None:
    async def scene() -> None:
        clock = clock_at("2018-09-05T15:00:00")
        clock.boot()
        async with House(clock=clock) as house:
            alarm = await house.kernel.set("alarm", at=datetime.fromisoformat("2018-09-06T07:00"))
            series = await house.kernel.set(
                "alarm", at=datetime.fromisoformat("2018-09-06T08:00"), rule="FREQ=WEEKLY;BYDAY=TH"
            )
            truth = datetime.fromisoformat("2026-11-24T05:00:00")  # a Tuesday
            clock.step_s = (truth - clock.now()).total_seconds()
            clock.right = True
            await asyncio.sleep(LOOK_AGAIN_S + 0.1)
            due = {alert.id: alert.due_at.isoformat() for alert in house.kernel.pending()}
            assert due == {alarm.id: "2026-11-24T07:00:00", series.id: "2026-11-26T08:00:00"}
            assert house.kernel.missed() == ()

    run(scene())


def test_restarts_of_ren_do_not_begin_the_patience_anew() -> None:
    async def scene() -> None:
        clock = clock_at("2026-06-25T06:00:00")
        clock.boot()
        async with House(clock=clock) as house:
            alarm = await house.at(60)
            await asyncio.sleep(PATIENCE_S - 10)
            store = house.store
        async with House(store, clock) as again:
            await asyncio.sleep(20)
            assert again.rung == [alarm.id]

    run(scene())
