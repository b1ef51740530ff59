import asyncio

import pytest

from ren_device.errors import ToolError
from tests.alerts.virtual_clock import VirtualClock
from tests.skills.alert_house import AlertHouse
from tests.virtual_time import run

# In virtual time it is Thursday, 2026-06-25, 14:02:11.


def test_stop_names_what_it_stopped() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            assert await house.ask("stop_ringing") == "Nothing is ringing."
            await house.timer(1, "egg")
            await house.timer(2)
            await house.timer(60)
            await asyncio.sleep(3)
            assert await house.ask("stop_ringing") == (
                "Okay, your egg timer and your 2 second timer are off."
            )
            assert len(house.kernel.pending()) == 1

    run(scene())


def test_what_rings_is_snoozed() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("snooze") == "Nothing is ringing."
            await ask("set_alarm", at="14:05")
            assert await ask("snooze") == "Nothing is ringing."
            rang = await house.until_rings()
            assert await ask("snooze") == "Snoozed for 9 minutes, until 2:14 PM."
            assert house.kernel.ringing() == ()
            again = await house.until_rings()
            assert again.id == rang.id
            assert await ask("snooze", minutes=600) == (
                "Snoozed for 10 hours, until tomorrow at 12:14 AM."
            )

    run(scene())


@pytest.mark.parametrize(
    ("which", "still"),
    [
        ("", []),
        ("all", []),
        ("egg", ["reminder"]),
        ("the timer", ["reminder"]),
        ("reminder", ["timer"]),
        ("mom", ["timer"]),
    ],
)
def test_one_of_what_rings_is_snoozed(which: str, still: list[str]) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(60, "egg")
            await house.at(60, "reminder", "call mom")
            await asyncio.sleep(61)
            assert "Snoozed for 5 minutes" in await house.ask("snooze", minutes=5, which=which)
            assert [alert.kind for alert in house.kernel.ringing()] == still

    run(scene())


def test_what_does_not_ring_cannot_be_snoozed() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(5, "egg")
            await asyncio.sleep(6)
            assert await house.ask("snooze", which="pasta") == "Only your egg timer is ringing."
            for minutes in (0, -1, 1441, float("nan")):
                with pytest.raises(ToolError, match="minutes"):
                    await house.ask("snooze", minutes=minutes)
            assert len(house.kernel.ringing()) == 1

    run(scene())


def test_what_was_missed_is_told_once() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("list_missed") == "You missed nothing."
            await ask("set_alarm", at="15:00")
            await ask("set_reminder", text="take my pills", at="16:00")
            await ask("set_timer", duration_s=600, name="egg")
            await asyncio.sleep(3 * 3600)
            assert await ask("list_missed") == (
                "You missed your alarm at 3:00 PM, your egg timer at 2:12 PM and "
                "your reminder to take your pills at 4:00 PM."
            )
            assert await ask("list_missed") == "You missed nothing."
            assert house.kernel.missed() == ()

    run(scene())


@pytest.mark.parametrize(
    ("language", "unsure"),
    [("en", "my clock has not been set"), ("de", "Meine Uhr ist noch nicht")],
)
def test_before_the_clock_is_set_it_cannot_say_what_was_missed(language: str, unsure: str) -> None:
    async def scene() -> None:
        clock = VirtualClock(asyncio.get_running_loop())
        clock.boot()
        async with AlertHouse(language, clock=clock) as house:
            await house.at(60)
            await asyncio.sleep(120)
            assert unsure in await house.ask("list_missed")
            clock.right = True
            await asyncio.sleep(30)
            assert unsure not in await house.ask("list_missed")

    run(scene())


def test_what_has_not_rung_yet_is_due_and_not_missed() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="14:05")
            house.clock.step_s += 240  # and the kernel has not looked yet
            assert await house.ask("list_missed") == (
                "Your alarm for today at 2:05 PM is due right now."
            )

    run(scene())


def test_what_was_missed_is_told_also_on_a_full_disk() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(5, "egg")
            await asyncio.sleep(1000)
            house.store.broken = True
            assert "your egg timer" in await house.ask("list_missed")
            assert house.kernel.missed() == ()

    run(scene())


def test_silencing_works_without_the_disk() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(5, "egg")
            await asyncio.sleep(6)
            house.store.broken = True
            assert await house.ask("snooze", minutes=1) == "Snoozed for 1 minute, until 2:03 PM."
            await asyncio.sleep(61)
            assert await house.ask("stop_ringing") == "Okay, your egg timer is off."
            assert house.kernel.ringing() == ()

    run(scene())
