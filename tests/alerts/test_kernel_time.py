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
        clock.boot_id, clock.right, clock.step_s = "boot 2", False, -7200  # it stood still
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
        clock.boot_id, clock.right = "boot 2", False
        async with House(store, clock) as house:
            await asyncio.sleep(PATIENCE_S - 1)
            assert house.rung == []
            await asyncio.sleep(LOOK_AGAIN_S + 1)
            assert house.rung == [alarm.id]

    run(scene())


def test_a_timer_set_before_the_clock_was_right_is_not_moved_by_that() -> None:
    async def scene() -> None:
        clock = clock_at("2026-06-25T06:00:00")
        clock.right = False
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
        clock.boot_id = "boot 2"  # a power cut: only the stored time of day is left
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
