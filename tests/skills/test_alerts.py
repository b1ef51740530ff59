import asyncio
from datetime import timedelta

import pytest

from ren_device.errors import ToolError
from tests.alerts.virtual_clock import VirtualClock
from tests.skills.alert_house import WEEKDAYS, AlertHouse
from tests.virtual_time import run

TOOLS: dict[str, set[str]] = {
    "set_timer": {"duration_s"},
    "list_timers": set(),
    "pause_timer": set(),
    "resume_timer": set(),
    "change_timer": set(),
    "cancel_timer": set(),
    "set_alarm": set(),
    "list_alarms": set(),
    "change_alarm": set(),
    "skip_alarm": set(),
    "cancel_alarm": set(),
    "set_reminder": {"text"},
    "list_reminders": set(),
    "change_reminder": set(),
    "cancel_reminder": set(),
    "snooze": set(),
    "stop_ringing": set(),
    "list_missed": set(),
}
"""With the arguments that they must be given."""


def test_every_tool_is_there_and_none_is_dangerous() -> None:
    async def scene() -> None:
        tools = AlertHouse().tools()
        assert {tool.spec.name for tool in tools} == TOOLS.keys()
        for tool in tools:
            required = tool.spec.schema.get("required", [])
            assert isinstance(required, list)
            assert set(required) == TOOLS[tool.spec.name]
        assert not any(tool.dangerous for tool in tools)
        assert all(len(tool.spec.description) > 60 for tool in tools)
        read_only = {tool.spec.name for tool in tools if tool.read_only}
        assert read_only == {"list_timers", "list_alarms", "list_reminders"}

    run(scene())


def test_a_german_household() -> None:
    async def scene() -> None:
        async with AlertHouse("de") as house:
            ask = house.ask
            assert await ask("set_timer", duration_s=300, name="nudel") == (
                "Nudel-Timer auf 5 Minuten gestellt."
            )
            assert await ask("pause_timer") == "Angehalten: dein Nudel-Timer hat noch 5 Minuten."
            assert await ask("list_timers") == (
                "Dein Nudel-Timer ist angehalten und hat noch 5 Minuten."
            )
            assert await ask("change_timer", by_s=-60) == (
                "Okay, dein Nudel-Timer ist weiter angehalten und hat noch 4 Minuten."
            )
            assert await ask("resume_timer") == (
                "Okay, dein Nudel-Timer läuft weiter, noch 4 Minuten."
            )
            assert await ask("cancel_timer") == "Okay, abgebrochen: dein Nudel-Timer."
            assert await ask("set_alarm", at="07:30", repeat=WEEKDAYS, routine="guten Morgen") == (
                "Wecker gestellt: ab morgen montags bis freitags um 7 Uhr 30. "
                "Wenn du ihn ausmachst, starte ich die Routine guten Morgen."
            )
            assert await ask("cancel_alarm", which="morgen") == (
                "Das wiederholt sich: dein Wecker, montags bis freitags um 7 Uhr 30. Ich kann ihn "
                "morgen ausfallen lassen oder den wiederkehrenden Wecker löschen. "
                "Was soll ich tun?"
            )
            assert await ask("list_alarms", day="2026-06-27") == "Du hast am Samstag keinen Wecker."
            assert await ask("skip_alarm", which="morgen") == (
                "Okay, dein Wecker um 7 Uhr 30 fällt morgen, Freitag, aus. "
                "Der nächste klingelt Montag um 7 Uhr 30."
            )
            assert await ask("list_alarms") == (
                "Du hast 1 Wecker: ab Montag montags bis freitags um 7 Uhr 30."
            )
            assert await ask("change_alarm", at="08:00") == (
                "Okay, dein Wecker ist jetzt gestellt: ab Montag montags bis freitags um 8 Uhr."
            )
            assert await ask("set_reminder", text="Mama anzurufen", in_s=1200) == (
                "Okay, ich erinnere dich in 20 Minuten, um 14 Uhr 22, daran, Mama anzurufen."
            )
            assert await ask(
                "set_reminder", text="an die Tabletten", at="09:00", repeat="FREQ=DAILY"
            ) == ("Okay, ich erinnere dich ab morgen jeden Tag um 9 Uhr an die Tabletten.")
            await house.until_rings()
            assert await ask("snooze", minutes=5) == "Schlummern für 5 Minuten, bis 14 Uhr 27."
            assert await ask("list_missed") == "Du hast nichts verpasst."

    run(scene())


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_answer_can_be_given_in_every_language(language: str) -> None:
    """Each of these ways leads to an answer of its own; a place that cannot be filled is a bug."""

    async def scene() -> None:
        clock = VirtualClock(asyncio.get_running_loop())
        clock.right = False  # so that the doubt is told, too
        async with AlertHouse(language, clock=clock) as house:
            answers = set()
            for name in TOOLS:
                if not name.startswith("set_"):
                    answers.add(await answer(house, name))
            await house.timer(600, "tea")
            await house.at(3600, "alarm", "work")
            await house.at(3600, "reminder", "call mom")
            later = house.clock.now() + timedelta(days=9)
            for kind in ("alarm", "reminder"):
                await house.kernel.set(kind, "daily", at=later, rule="FREQ=DAILY")
            for name in TOOLS:
                for which in ("", "xyz", "daily", "first", later.date().isoformat()):
                    for change in ({}, {"at": "08:00"}, {"by_s": 60}, {"repeat": "once"}):
                        answers.add(await answer(house, name, which=which, **change))
            assert len(answers) > 40

    run(scene())


async def answer(house: AlertHouse, name: str, /, **arguments: object) -> str:
    """What a tool says to those of the arguments that it has, also when it refuses."""
    tool = house.toolbox.get(name)
    assert tool is not None
    has = tool.spec.schema["properties"]
    assert isinstance(has, dict)
    try:
        said = await tool.run({key: value for key, value in arguments.items() if key in has})
    except ToolError as refusal:
        said = str(refusal)
    assert said
    assert "{" not in said
    return said
