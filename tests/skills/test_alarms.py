import asyncio
from datetime import datetime

import pytest

from ren_device.errors import StoreError, ToolError
from tests.alerts.virtual_clock import VirtualClock
from tests.skills.alert_house import WEEKDAYS, AlertHouse
from tests.virtual_time import run

# In virtual time it is Thursday, 2026-06-25, 14:02:11.


@pytest.mark.parametrize(
    ("at", "said", "due_at"),
    [
        ("07:30", "Alarm set for tomorrow at 7:30 AM.", "2026-06-26T07:30"),
        ("7:30", "Alarm set for tomorrow at 7:30 AM.", "2026-06-26T07:30"),
        ("14:02", "Alarm set for tomorrow at 2:02 PM.", "2026-06-26T14:02"),
        ("14:03", "Alarm set for today at 2:03 PM.", "2026-06-25T14:03"),
        ("2026-06-25T18:00:00", "Alarm set for today at 6:00 PM.", "2026-06-25T18:00"),
        ("2026-06-27 06:15", "Alarm set for Saturday at 6:15 AM.", "2026-06-27T06:15"),
        ("2027-01-01T00:00", "Alarm set for January 1st, 2027 at 12:00 AM.", "2027-01-01T00:00"),
    ],
)
def test_alarms_are_set_for_the_time_that_was_meant(at: str, said: str, due_at: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            assert await house.ask("set_alarm", at=at) == said
            (alarm,) = house.kernel.pending("alarm")
            assert alarm.due_at == datetime.fromisoformat(due_at)

    run(scene())


def test_an_alarm_in_so_many_hours_follows_the_clock_that_nobody_can_set() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            said = await house.ask("set_alarm", in_s=43_200.0)
            assert said == "Alarm set for tomorrow at 2:02 AM."
            (alarm,) = house.kernel.pending("alarm")
            assert alarm.deadline is not None
            for wrong in ({}, {"at": "07:30", "in_s": 60.0}, {"in_s": 60.0, "repeat": WEEKDAYS}):
                with pytest.raises(ToolError, match="one of both"):
                    await house.ask("set_alarm", **wrong)

    run(scene())


@pytest.mark.parametrize(
    ("at", "problem"),
    [
        ("2026-06-25T14:02:11", "Today at 2:02 PM has already passed. It is today at 2:02 PM."),
        ("2026-06-24T20:00", "Yesterday at 8:00 PM has already passed."),
        ("2026-06-26T07:00Z", "has a time zone"),
        ("2026-06-26T07:00+02:00", "has a time zone"),
        ("2026-06-26", "time of day"),
        ("25:00", "is not a time"),
        ("half past seven", "is not a time"),
        ("7", "is not a time"),
    ],
)
@pytest.mark.parametrize("kind", ["set_alarm", "set_reminder"])
def test_times_that_cannot_be_used_are_refused(kind: str, at: str, problem: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            text = {"text": "call mom"} if kind == "set_reminder" else {}
            with pytest.raises(ToolError) as refused:
                await house.ask(kind, at=at, **text)
            assert problem in str(refused.value)
            assert house.kernel.pending() == ()

    run(scene())


def test_alarms_are_told_and_cancelled() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("list_alarms") == "You have no alarms."
            assert await ask("set_alarm", at="07:30") == "Alarm set for tomorrow at 7:30 AM."
            assert await ask("set_alarm", at="2026-06-27T09:00", name="work") == (
                "Your work alarm is set for Saturday at 9:00 AM."
            )
            assert await ask("list_alarms") == (
                "You have 2 alarms: tomorrow at 7:30 AM and the work alarm on Saturday at 9:00 AM."
            )
            assert await ask("cancel_alarm", which="9 AM") == "Okay, I cancelled your work alarm."
            assert await ask("set_alarm", at="19:30") == "Alarm set for today at 7:30 PM."
            assert "Which one should I cancel?" in await ask("cancel_alarm", which="7:30")
            assert await ask("cancel_alarm", which="tomorrow") == (
                "Okay, I cancelled your alarm for tomorrow at 7:30 AM."
            )
            assert await ask("cancel_alarm", which="7:30 p.m.") == (
                "Okay, I cancelled your alarm for today at 7:30 PM."
            )

    run(scene())


@pytest.mark.parametrize(
    ("at", "repeat", "said", "due_at"),
    [
        (
            "07:30",
            WEEKDAYS,
            "Alarm set for every weekday at 7:30 AM, starting tomorrow.",
            "2026-06-26T07:30",
        ),
        ("18:00", "FREQ=DAILY", "every day at 6:00 PM, starting today.", "2026-06-25T18:00"),
        (
            "08:00",
            "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
            "every other Monday at 8:00 AM, starting July 6th.",
            "2026-07-06T08:00",
        ),
        (
            "2026-07-01T09:00",
            "FREQ=MONTHLY;BYMONTHDAY=1",
            "every month on the 1st at 9:00 AM, starting Wednesday.",
            "2026-07-01T09:00",
        ),
        ("07:30", "once", "Alarm set for tomorrow at 7:30 AM.", "2026-06-26T07:30"),
    ],
)
def test_an_alarm_recurs(at: str, repeat: str, said: str, due_at: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            assert said in await house.ask("set_alarm", at=at, repeat=repeat)
            (alarm,) = house.kernel.pending("alarm")
            assert alarm.due_at == datetime.fromisoformat(due_at)
            assert bool(alarm.rule) == (repeat != "once")

    run(scene())


@pytest.mark.parametrize(
    ("repeat", "problem"),
    [
        ("every weekday", "I can't repeat it like that."),
        ("FREQ=SECONDLY", "That is too often"),
        ("FREQ=MINUTELY", "That is too often"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "I can't repeat it like that."),
        ("FREQ=DAILY;UNTIL=20200101", "I can't repeat it like that."),
    ],
)
def test_rules_that_cannot_be_used_are_refused(repeat: str, problem: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            with pytest.raises(ToolError, match=problem):
                await house.ask("set_alarm", at="07:30", repeat=repeat)
            assert house.kernel.pending() == ()

    run(scene())


@pytest.mark.parametrize(
    ("language", "said", "more"),
    [
        ("en", "You have 18 alarms: today at 3:00 PM, ", " and 12 more."),
        ("de", "Du hast 18 Wecker: heute um 15 Uhr, ", " und 12 weitere."),
    ],
)
def test_of_very_many_only_the_first_are_named(language: str, said: str, more: str) -> None:
    async def scene() -> None:
        async with AlertHouse(language) as house:
            for minute in range(18):
                await house.ask("set_alarm", at=f"15:{minute:02}")
            listed = await house.ask("list_alarms")
            assert listed.startswith(said)
            assert listed.endswith(more)
            assert listed.count("15" if language == "de" else "PM") == 6
            on_a_day = await house.ask("list_alarms", day="2026-06-25")
            assert on_a_day.endswith(more)
            asked = await house.ask("cancel_alarm")
            assert more in asked
            assert asked.endswith("?")
            await house.ask("cancel_alarm", which="last" if language == "en" else "letzte")
            assert len(house.kernel.pending()) == 17

    run(scene())


def test_that_there_are_too_many_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.at(3600)
            monkeypatch.setattr("ren_device.alerts.kernel.MOST_ALERTS", 1)
            for name, arguments in (
                ("set_alarm", {"at": "08:00"}),
                ("set_timer", {"duration_s": 60}),
                ("set_reminder", {"text": "stretch", "in_s": 60}),
            ):
                with pytest.raises(ToolError, match="You have too many timers, alarms"):
                    await house.ask(name, **arguments)

    run(scene())


def test_a_routine_follows_an_alarm() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            answer = await house.ask("set_alarm", at="07:30", name="work", routine=" good  morning")
            assert answer == (
                "Your work alarm is set for tomorrow at 7:30 AM. "
                "When you stop it, I'll start the routine good morning."
            )
            await house.until_rings()
            await house.ask("stop_ringing")
            assert [each.routine for each in house.kernel.due_routines()] == ["good morning"]

    run(scene())


def test_the_alarms_of_a_day_are_told() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            await ask("set_alarm", at="07:30", repeat=WEEKDAYS)
            await ask("set_alarm", at="2026-06-26T06:00", name="work")
            await ask("set_alarm", at="2026-06-27T09:00")
            assert await ask("list_alarms", day="2026-06-25") == "You have no alarms today."
            assert await ask("list_alarms", day="2026-06-26") == (
                "You have 2 alarms tomorrow: the work alarm at 6:00 AM and 7:30 AM."
            )
            assert await ask("list_alarms", day="2026-06-27") == (
                "You have 1 alarm on Saturday: 9:00 AM."
            )
            assert await ask("list_alarms", day="2026-07-06") == (
                "You have 1 alarm on July 6th: 7:30 AM."
            )
            assert await ask("list_alarms", day="2026-07-05") == "You have no alarms on July 5th."
            assert await ask("list_alarms") == (
                "You have 3 alarms: the work alarm tomorrow at 6:00 AM, every weekday at 7:30 AM "
                "and Saturday at 9:00 AM."
            )
            with pytest.raises(ToolError, match="ISO date"):
                await ask("list_alarms", day="tomorrow")

    run(scene())


def test_that_the_clock_may_be_wrong_is_said() -> None:
    async def scene() -> None:
        clock = VirtualClock(asyncio.get_running_loop())
        clock.boot()
        async with AlertHouse(clock=clock) as house:
            assert await house.ask("set_alarm", at="07:30") == (
                "Alarm set for tomorrow at 7:30 AM. "
                "My clock has not been set by the network yet, so please check the time."
            )

    run(scene())


def test_a_full_disk_is_told_and_nothing_is_claimed() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_alarm", at="07:30", repeat=WEEKDAYS)
            house.store.broken = True
            for name, arguments in (
                ("set_alarm", {"at": "08:00"}),
                ("change_alarm", {"at": "08:00"}),
                ("skip_alarm", {}),
                ("cancel_alarm", {}),
            ):
                with pytest.raises(StoreError, match="no space left"):
                    await house.ask(name, **arguments)
            assert await house.ask("list_alarms") == "You have 1 alarm: every weekday at 7:30 AM."

    run(scene())
