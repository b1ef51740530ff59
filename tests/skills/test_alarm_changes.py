from datetime import datetime

import pytest

from ren_device.errors import ToolError
from tests.skills.alert_house import WEEKDAYS, AlertHouse
from tests.virtual_time import run

# In virtual time it is Thursday, 2026-06-25, 14:02:11.


def test_the_next_time_is_skipped() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("skip_alarm") == "You have no alarms."
            await ask("set_alarm", at="06:00")
            assert await ask("skip_alarm") == (
                "Your alarm for tomorrow at 6:00 AM rings only once. Should I cancel it instead?"
            )
            await ask("set_alarm", at="07:30", repeat=WEEKDAYS)
            assert await ask("skip_alarm", which="Monday") == (
                "I can only skip the next one, and that is tomorrow at 7:30 AM."
            )
            assert await ask("skip_alarm", which="sunday") == (
                "I found no such alarm. You have 2 alarms: tomorrow at 6:00 AM and "
                "every weekday at 7:30 AM."
            )
            assert await ask("skip_alarm", which="tomorrow's alarm") == (
                "Okay, I'll skip your 7:30 AM alarm tomorrow, Friday. "
                "The next one is Monday at 7:30 AM."
            )
            assert "every weekday at 7:30 AM, starting Monday" in await ask("list_alarms")
            assert await ask("list_alarms", day="2026-06-26") == (
                "You have 1 alarm tomorrow: 6:00 AM."
            )
            assert await ask("skip_alarm") == (
                "Okay, I'll skip your 7:30 AM alarm on Monday. The next one is Tuesday at 7:30 AM."
            )
            _, series = house.kernel.pending()
            assert series.due_at == datetime.fromisoformat("2026-06-30T07:30")

    run(scene())


def test_the_next_alarm_is_the_next_of_all() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            await ask("set_alarm", at="06:30")
            await ask("set_alarm", at="07:00", name="work", repeat="FREQ=DAILY")
            await ask("set_alarm", at="08:00", repeat=WEEKDAYS)
            assert await ask("skip_alarm", which="next") == (
                "Your alarm for tomorrow at 6:30 AM rings only once. Should I cancel it instead?"
            )
            assert await ask("cancel_alarm", which="next") == (
                "Okay, I cancelled your alarm for tomorrow at 6:30 AM."
            )
            assert await ask("skip_alarm", which="the next alarm") == (
                "Okay, I'll skip your work alarm at 7:00 AM tomorrow, Friday. "
                "The next one is Saturday at 7:00 AM."
            )
            assert await ask("skip_alarm", which="next") == (
                "Okay, I'll skip your 8:00 AM alarm tomorrow, Friday. "
                "The next one is Monday at 8:00 AM."
            )

    run(scene())


def test_the_last_one_cannot_be_skipped() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="07:30", repeat="FREQ=DAILY;COUNT=1")
            assert await house.ask("skip_alarm") == (
                "The one tomorrow at 7:30 AM is the last one. Should I cancel it instead?"
            )

    run(scene())


def test_of_several_series_it_asks_which_to_skip() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="07:30", repeat=WEEKDAYS)
            await house.ask("set_alarm", at="09:00", repeat="FREQ=WEEKLY;BYDAY=SA,SU")
            assert await house.ask("skip_alarm") == (
                "You have 2 alarms: every weekday at 7:30 AM and every weekend at 9:00 AM. "
                "Which one should I skip?"
            )
            assert await house.ask("skip_alarm", which="the weekend one") == (
                "Okay, I'll skip your 9:00 AM alarm on Saturday. The next one is Sunday at 9:00 AM."
            )

    run(scene())


def test_a_series_is_not_cancelled_for_one_of_its_days() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="07:30", repeat=WEEKDAYS)
            assert await house.ask("cancel_alarm", which="tomorrow") == (
                "Your alarm for every weekday at 7:30 AM repeats. I can skip it tomorrow, or "
                "cancel the recurring alarm. What should I do?"
            )
            assert await house.ask("change_alarm", which="monday", at="08:00") == (
                "Your alarm for every weekday at 7:30 AM repeats. I can change all of it, or skip "
                "it on Monday and set another alarm. What should I do?"
            )
            (series,) = house.kernel.pending()
            assert series.due_at == datetime.fromisoformat("2026-06-26T07:30")
            assert await house.ask("cancel_alarm", which="the recurring alarm") == (
                "Okay, I cancelled your alarm for every weekday at 7:30 AM."
            )
            assert house.kernel.pending() == ()

    run(scene())


def test_cancelling_while_one_of_a_series_rings_silences_it_and_keeps_the_series() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="14:05", repeat="FREQ=DAILY")
            await house.until_rings()
            assert await house.ask("cancel_alarm", which="2:05") == (
                "Okay, your alarm for today at 2:05 PM is off."
            )
            assert await house.ask("list_alarms") == "You have 1 alarm: every day at 2:05 PM."

    run(scene())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": "10:00"}, "your alarm is now set for Saturday at 10:00 AM."),
        ({"at": "2026-06-28T08:00"}, "your alarm is now set for Sunday at 8:00 AM."),
        ({"by_s": 1800}, "your alarm is now set for Saturday at 9:30 AM."),
        ({"by_s": -3600}, "your alarm is now set for Saturday at 8:00 AM."),
        ({"repeat": "FREQ=DAILY"}, "for every day at 9:00 AM, starting Saturday."),
        ({"at": "06:00", "repeat": WEEKDAYS}, "for every weekday at 6:00 AM, starting Monday."),
    ],
)
def test_an_alarm_is_changed(change: dict[str, object], said: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="2026-06-27T09:00")
            answer = await house.ask("change_alarm", **change)
            assert answer.startswith("Okay, your alarm is now set for ")
            assert answer.endswith(said)
            assert len(house.kernel.pending()) == 1

    run(scene())


def test_a_series_is_changed() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            await ask("set_alarm", at="07:30", name="work", repeat=WEEKDAYS)
            assert await ask("change_alarm", which="work", at="08:00") == (
                "Okay, your work alarm is now set for every weekday at 8:00 AM, starting tomorrow."
            )
            assert await ask("change_alarm", by_s=-900) == (
                "Okay, your work alarm is now set for every weekday at 7:45 AM, starting tomorrow."
            )
            assert await ask("change_alarm", repeat="once") == (
                "Okay, your work alarm is now set for tomorrow at 7:45 AM."
            )

    run(scene())


def test_a_series_stays_in_step_when_its_time_of_today_has_passed() -> None:
    """Every other day, today at 20:00 first: at 10:00 it comes the day after tomorrow."""

    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="20:00", repeat="FREQ=DAILY;INTERVAL=2")
            assert await house.ask("change_alarm", at="10:00") == (
                "Okay, your alarm is now set for every other day at 10:00 AM, starting Saturday."
            )

    run(scene())


def test_changes_that_cannot_be_are_refused_and_nothing_changes() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("change_alarm", at="08:00") == "You have no alarms."
            await ask("set_alarm", at="15:00")
            for nothing in ({}, {"at": "08:00", "by_s": 60}):
                with pytest.raises(ToolError, match="What should I change it to"):
                    await ask("change_alarm", **nothing)
            with pytest.raises(ToolError, match="Today at 2:00 PM has already passed"):
                await ask("change_alarm", by_s=-3600)
            with pytest.raises(ToolError, match="has already passed"):
                await ask("change_alarm", at="2026-06-24T15:00")
            with pytest.raises(ToolError, match="I can't repeat it like that"):
                await ask("change_alarm", repeat="sometimes")
            assert await ask("list_alarms") == "You have 1 alarm: today at 3:00 PM."
            await ask("set_alarm", at="16:00")
            assert "Which one should I change?" in await ask("change_alarm", at="17:00")
            assert "Which one should I change?" in await ask(
                "change_alarm", which="all", at="17:00"
            )

    run(scene())


def test_an_alarm_that_rings_is_put_off_by_a_change() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="14:05")
            await house.until_rings()
            assert await house.ask("change_alarm", by_s=600) == (
                "Okay, your alarm is now set for today at 2:15 PM."
            )
            assert house.kernel.ringing() == ()

    run(scene())
