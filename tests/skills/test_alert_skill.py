import asyncio
from datetime import datetime, timedelta

import pytest

from ren_device.errors import ToolError
from ren_device.skills.alerts import AlertSkill
from ren_device.skills.tool import Toolbox
from tests.alerts.house import House
from tests.virtual_time import run

# In virtual time it is Thursday, 2026-06-25, 14:02:11.


class Scene(House):
    """A house with the skill; `ask` runs a tool as a mind would."""

    async def ask(self, name: str, /, **arguments: object) -> str:
        tool = Toolbox(AlertSkill(self.kernel, self.clock).tools()).get(name)
        assert tool is not None
        return await tool.run(arguments)


def test_every_tool_is_there_and_none_is_dangerous() -> None:
    async def scene() -> None:
        house = Scene()
        tools = AlertSkill(house.kernel, house.clock).tools()
        assert [tool.spec.name for tool in tools] == [
            "set_timer",
            "list_timers",
            "cancel_timer",
            "set_alarm",
            "list_alarms",
            "cancel_alarm",
            "set_reminder",
            "list_reminders",
            "cancel_reminder",
            "stop_ringing",
        ]
        assert not any(tool.dangerous for tool in tools)
        assert all(len(tool.spec.description) > 60 for tool in tools)
        schema = tools[0].spec.schema
        assert schema["required"] == ["duration_s"]

    run(scene())


def test_timers_are_set_told_and_cancelled() -> None:
    async def scene() -> None:
        async with Scene() as house:
            ask = house.ask
            assert await ask("list_timers") == "You have no timers."
            assert await ask("cancel_timer") == "You have no timers."
            assert await ask("set_timer", duration_s=300) == "Okay, 5 minutes, starting now."
            await asyncio.sleep(8)
            assert await ask("list_timers") == (
                "Your 5 minute timer has 4 minutes and 52 seconds left."
            )
            assert await ask("set_timer", duration_s=600, name="the Pasta timer") == (
                "Your Pasta timer, 10 minutes, starting now."
            )
            assert await ask("list_timers") == (
                "You have 2 timers. Your 5 minute timer has 4 minutes and 52 seconds left. "
                "Your Pasta timer has 10 minutes left."
            )
            assert await ask("cancel_timer") == (
                "You have 2 timers: your 5 minute timer has 4 minutes and 52 seconds left and "
                "your Pasta timer has 10 minutes left. Which one should I cancel?"
            )
            assert await ask("cancel_timer", which="egg") == (
                "I found no such timer. You have 2 timers: your 5 minute timer has 4 minutes and "
                "52 seconds left and your Pasta timer has 10 minutes left."
            )
            assert len(house.kernel.pending()) == 2
            assert await ask("cancel_timer", which="pasta") == (
                "Okay, I cancelled your Pasta timer."
            )
            assert await ask("cancel_timer") == "Okay, I cancelled your 5 minute timer."
            assert house.kernel.pending() == ()

    run(scene())


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ("pasta", ["pasta sauce", ""]),
        ("my pasta timer.", ["pasta sauce", ""]),
        ("sauce", ["pasta", ""]),
        ("5 minutes", ["pasta", "pasta sauce"]),
        ("the five minute timer", ["pasta", "pasta sauce"]),
        ("five", ["pasta", "", "pasta sauce"]),
        ("minute", ["pasta sauce", ""]),
        ("5 minute timer", ["pasta", "pasta sauce"]),
        ("5-minute", ["pasta", "pasta sauce"]),
        ("past", ["pasta", "", "pasta sauce"]),
        ("timer", ["pasta", "", "pasta sauce"]),
        ("all", []),
        ("all my timers", []),
        ("all of them", []),
    ],
)
def test_which_timer_is_meant(which: str, left: list[str]) -> None:
    async def scene() -> None:
        async with Scene() as house:
            await house.timer(60, "pasta")
            await house.timer(300)
            await house.timer(600, "pasta sauce")
            answer = await house.ask("cancel_timer", which=which)
            assert sorted(alert.text for alert in house.kernel.pending()) == sorted(left)
            assert ("cancelled" in answer) == (len(left) < 3)

    run(scene())


@pytest.mark.parametrize(
    ("seconds", "which"),
    [
        (1500, "twenty-five minute"),
        (1800, "half an hour"),
        (1800, "the half hour timer"),
        (3600, "an hour"),
        (3600, "one hour"),
        (2700, "forty five minutes"),
        (5400, "one hour and thirty minutes"),
        (1140, "nineteen minute"),
    ],
)
def test_a_timer_can_be_named_by_its_length_in_words(seconds: float, which: str) -> None:
    async def scene() -> None:
        async with Scene() as house:
            await house.timer(seconds)
            await house.timer(480)
            assert "cancelled" in await house.ask("cancel_timer", which=which)
            assert [alert.duration_s for alert in house.kernel.pending()] == [480]

    run(scene())


@pytest.mark.parametrize("which", ["seven thirty", "7:30", "seven thirty a m", "the 7:30 AM alarm"])
def test_an_alarm_can_be_named_by_its_time_in_words(which: str) -> None:
    async def scene() -> None:
        async with Scene() as house:
            await house.ask("set_alarm", at="07:30")
            await house.ask("set_alarm", at="20:30")
            assert await house.ask("cancel_alarm", which=which) == (
                "Okay, I cancelled your alarm for tomorrow at 7:30 AM."
            )

    run(scene())


@pytest.mark.parametrize(
    ("at", "which"),
    [
        ("07:00", "7 o'clock"),
        ("07:00", "seven o'clock alarm"),
        ("07:00", "7am"),
        ("07:00", "seven in the morning"),
        ("12:00", "noon"),
        ("00:00", "midnight"),
        ("20:00", "eight in the evening"),
    ],
)
def test_an_alarm_on_the_hour_can_be_named_so(at: str, which: str) -> None:
    async def scene() -> None:
        async with Scene() as house:
            await house.ask("set_alarm", at=at)
            await house.ask("set_alarm", at="09:30")
            assert "cancelled" in await house.ask("cancel_alarm", which=which)
            assert [f"{alert.due_at:%H:%M}" for alert in house.kernel.pending()] == ["09:30"]

    run(scene())


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ("first", ["pasta", "pasta"]),
        ("the second one", ["egg", "pasta"]),
        ("last", ["egg", "pasta"]),
        ("first pasta", ["egg", "pasta"]),
        ("fourth", ["egg", "pasta", "pasta"]),
        ("second egg", ["egg", "pasta", "pasta"]),
    ],
)
def test_a_timer_can_be_named_by_its_place(which: str, left: list[str]) -> None:
    async def scene() -> None:
        async with Scene() as house:
            for seconds, name in ((60, "egg"), (120, "pasta"), (180, "pasta")):
                await house.timer(seconds, name)
            await house.ask("cancel_timer", which=which)
            assert sorted(alert.text for alert in house.kernel.pending()) == left

    run(scene())


def test_a_word_of_a_reminder_goes_before_its_place() -> None:
    async def scene() -> None:
        async with Scene() as house:
            await house.ask("set_reminder", text="walk the dog", at="18:00")
            await house.ask("set_reminder", text="take the first pill", at="19:00")
            assert await house.ask("cancel_reminder", which="first") == (
                "Okay, I cancelled your reminder to take the first pill."
            )

    run(scene())


def test_one_timer_is_told_when_one_is_asked_for() -> None:
    async def scene() -> None:
        async with Scene() as house:
            await house.timer(60, "egg")
            await house.timer(300, "pizza")
            assert await house.ask("list_timers", name="pizza") == (
                "Your pizza timer has 5 minutes left."
            )
            assert await house.ask("list_timers", name="the 1 minute timer") == (
                "Your egg timer has 1 minute left."
            )
            assert await house.ask("list_timers", name="all timers") == (
                await house.ask("list_timers")
            )
            assert await house.ask("list_timers", name="tea") == (
                "I found no such timer. You have 2 timers: your egg timer has 1 minute left and "
                "your pizza timer has 5 minutes left."
            )

    run(scene())


def test_two_timers_of_one_name_are_asked_about_and_nothing_is_cancelled() -> None:
    async def scene() -> None:
        async with Scene() as house:
            await house.timer(60, "egg")
            await house.timer(120, "egg")
            assert await house.ask("cancel_timer", which="egg") == (
                "You have 2 timers: your egg timer has 1 minute left and your egg timer has "
                "2 minutes left. Which one should I cancel?"
            )
            assert await house.ask("cancel_timer", which="2 minutes") == (
                "Okay, I cancelled your egg timer."
            )
            await house.timer(5, "egg")
            assert await house.ask("cancel_timer", which="both") == "Okay, I cancelled both timers."

    run(scene())


def test_cancelling_what_rings_turns_it_off() -> None:
    async def scene() -> None:
        async with Scene() as house:
            await house.timer(5, "egg")
            await house.timer(500)
            await asyncio.sleep(6)
            assert "Your egg timer is ringing." in await house.ask("list_timers")
            assert await house.ask("cancel_timer") == "Okay, your egg timer is off."
            assert house.kernel.ringing() == ()
            assert len(house.kernel.pending()) == 1

    run(scene())


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
        async with Scene() as house:
            assert await house.ask("set_alarm", at=at) == said
            (alarm,) = house.kernel.pending("alarm")
            assert alarm.due_at == datetime.fromisoformat(due_at)

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
        ("", "is not a time"),
        ("7", "is not a time"),
    ],
)
@pytest.mark.parametrize("kind", ["set_alarm", "set_reminder"])
def test_times_that_cannot_be_used_are_refused(kind: str, at: str, problem: str) -> None:
    async def scene() -> None:
        async with Scene() as house:
            text = {"text": "call mom"} if kind == "set_reminder" else {}
            with pytest.raises(ToolError) as refused:
                await house.ask(kind, at=at, **text)
            assert problem in str(refused.value)
            assert house.kernel.pending() == ()

    run(scene())


def test_alarms_are_told_and_cancelled() -> None:
    async def scene() -> None:
        async with Scene() as house:
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
    ("text", "said"),
    [
        ("call mom", "to call mom today"),
        ("to call my mom.", "to call your mom today"),
        ("about the dentist", "about the dentist today"),
        ("That Bob wants to see me", "that Bob wants to see you today"),
    ],
)
def test_reminders_are_said_back(text: str, said: str) -> None:
    async def scene() -> None:
        async with Scene() as house:
            answer = await house.ask("set_reminder", text=text, at="18:00")
            assert answer == f"Okay. I'll remind you {said} at 6:00 PM."

    run(scene())


def test_reminders_are_told_and_cancelled() -> None:
    async def scene() -> None:
        async with Scene() as house:
            ask = house.ask
            assert await ask("list_reminders") == "You have no reminders."
            await ask("set_reminder", text="call mom", at="18:00")
            await ask("set_reminder", text="water my plants", at="2026-06-28T09:00")
            assert await ask("list_reminders") == (
                "You have 2 reminders: to call mom today at 6:00 PM and "
                "to water your plants on Sunday at 9:00 AM."
            )
            assert await ask("cancel_reminder", which="mom") == (
                "Okay, I cancelled your reminder to call mom."
            )
            assert await ask("cancel_reminder", which="Sunday") == (
                "Okay, I cancelled your reminder to water your plants."
            )
            with pytest.raises(ToolError, match="What should I remind you of"):
                await ask("set_reminder", text=" . ", at="18:00")

    run(scene())


def test_stop_names_what_it_stopped() -> None:
    async def scene() -> None:
        async with Scene() as house:
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


@pytest.mark.parametrize("duration_s", [0, 0.9, -5, 604_801, float("nan"), "soon"])
def test_impossible_durations_are_refused(duration_s: object) -> None:
    async def scene() -> None:
        async with Scene() as house:
            with pytest.raises(ToolError, match="duration_s"):
                await house.ask("set_timer", duration_s=duration_s)

    run(scene())


def test_a_timer_is_due_when_it_says() -> None:
    async def scene() -> None:
        async with Scene() as house:
            before = house.clock.now()
            await house.ask("set_timer", duration_s=604_800)
            (timer,) = house.kernel.pending()
            assert timer.due_at == before + timedelta(days=7)
            assert timer.duration_s == 604_800

    run(scene())
