"""An alarm in so many hours rings after so many hours, also where summer time begins or ends."""

import asyncio
from datetime import datetime

import pytest

from ren_device.errors import ToolError
from tests.alerts.virtual_clock import VirtualClock
from tests.skills.alert_house import WEEKDAYS, AlertHouse
from tests.virtual_time import run

TWELVE_HOURS_S = 43_200.0
SWITCHES = [
    ("2026-10-24T20:00:00", "en", "Alarm set for tomorrow at 7:00 AM."),
    ("2026-03-28T20:00:00", "en", "Alarm set for tomorrow at 9:00 AM."),
    ("2026-10-24T20:00:00", "de", "morgen um 7 Uhr"),
    ("2026-03-28T20:00:00", "de", "morgen um 9 Uhr"),
]


def berlin(began: str) -> VirtualClock:
    return VirtualClock(asyncio.get_running_loop(), "Europe/Berlin", datetime.fromisoformat(began))


async def rings_after_s(house: AlertHouse, seconds: float) -> None:
    await asyncio.sleep(seconds - 1)
    assert house.rung == []
    await asyncio.sleep(2)
    assert len(house.rung) == 1


@pytest.mark.parametrize(("began", "language", "said"), SWITCHES)
def test_twelve_hours_are_twelve_hours(began: str, language: str, said: str) -> None:
    async def scene() -> None:
        async with AlertHouse(language, clock=berlin(began)) as house:
            assert said in await house.ask("set_alarm", in_s=TWELVE_HOURS_S)
            await rings_after_s(house, TWELVE_HOURS_S)

    run(scene())


@pytest.mark.parametrize(("began", "language", "said"), SWITCHES)
def test_an_alarm_is_moved_to_twelve_hours_from_now(began: str, language: str, said: str) -> None:
    async def scene() -> None:
        async with AlertHouse(language, clock=berlin(began)) as house:
            await house.ask("set_alarm", at="22:00")
            moment = said.removeprefix("Alarm set for ")
            assert moment in await house.ask("change_alarm", in_s=TWELVE_HOURS_S)
            await rings_after_s(house, TWELVE_HOURS_S)

    run(scene())


def test_a_series_goes_by_the_clock() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="07:30", repeat=WEEKDAYS)
            assert await house.ask("change_alarm", in_s=3600.0) == (
                "Okay, your alarm is now set for every weekday at 3:02 PM, starting today."
            )
            assert await house.ask("change_alarm", in_s=3600.0, repeat="once") == (
                "Okay, your alarm is now set for today at 3:02 PM."
            )
            (alarm,) = house.kernel.pending("alarm")
            assert (alarm.rule, alarm.deadline is None) == ("", False)

    run(scene())


@pytest.mark.parametrize("times", [{"at": "08:00", "in_s": 60.0}, {"by_s": 60.0, "in_s": 60.0}])
def test_two_times_at_once_are_refused(times: dict[str, object]) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="15:00")
            with pytest.raises(ToolError, match="What should I change it to"):
                await house.ask("change_alarm", **times)

    run(scene())
