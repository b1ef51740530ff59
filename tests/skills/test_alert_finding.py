from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

import pytest

from ren_device.model import Alert
from ren_device.skills.alert_finding import MOST_A_DAY, AlertFinder, Found, occurrences_on
from ren_device.skills.alert_words import AlertWords
from ren_device.skills.speakable import Speech
from tests.skills.alert_house import WEEKDAYS, AlertHouse
from tests.virtual_time import run

# In virtual time it is Thursday, 2026-06-25, 14:02:11.


@cache
def finder(language: str = "en") -> AlertFinder:
    return AlertFinder(AlertWords(Speech(language)))


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
        async with AlertHouse() as house:
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
        async with AlertHouse() as house:
            await house.timer(seconds)
            await house.timer(480)
            assert "cancelled" in await house.ask("cancel_timer", which=which)
            assert [alert.duration_s for alert in house.kernel.pending()] == [480]

    run(scene())


@pytest.mark.parametrize("which", ["seven thirty", "7:30", "seven thirty a m", "the 7:30 AM alarm"])
def test_an_alarm_can_be_named_by_its_time_in_words(which: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
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
        async with AlertHouse() as house:
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
        async with AlertHouse() as house:
            for seconds, name in ((60, "egg"), (120, "pasta"), (180, "pasta")):
                await house.timer(seconds, name)
            await house.ask("cancel_timer", which=which)
            assert sorted(alert.text for alert in house.kernel.pending()) == left

    run(scene())


def test_a_word_of_a_reminder_goes_before_its_place() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_reminder", text="walk the dog", at="18:00")
            await house.ask("set_reminder", text="take the first pill", at="19:00")
            assert await house.ask("cancel_reminder", which="first") == (
                "Okay, I cancelled your reminder to take the first pill."
            )

    run(scene())


@pytest.mark.parametrize(
    ("which", "text"),
    [
        ("the recurring alarm", "series"),
        ("every weekday", "series"),
        ("my weekday alarm", "series"),
        ("the weekday one", "series"),
        ("every weekday at 7:30 AM", "series"),
        ("friday at 6", "tomorrow"),
        ("tomorrow at 6 a.m.", "tomorrow"),
        ("alarm for tomorrow at six", "tomorrow"),
        ("tomorrow's 6 o'clock alarm", "tomorrow"),
        ("the tomorrow alarm", "tomorrow"),
        ("2026-06-26T06:00", "tomorrow"),
        ("saturday", "saturday"),
        ("Saturday's alarm", "saturday"),
        ("this saturday at nine", "saturday"),
        ("the day after tomorrow", "saturday"),
        ("2026-06-27", "saturday"),
        ("august 1st", "august"),
        ("August 1 at noon", "august"),
        ("noon", "august"),
        ("next", "tomorrow"),
        ("my next alarm", "tomorrow"),
        ("the last one", "august"),
        ("sunday", ""),
        ("saturday at seven", ""),
        ("every sunday", ""),
    ],
)
def test_an_alarm_can_be_named_by_its_day_or_its_recurrence(which: str, text: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            set_alarm = house.kernel.set
            at = datetime.fromisoformat
            await set_alarm("alarm", "tomorrow", at=at("2026-06-26T06:00"))
            await set_alarm("alarm", "series", at=at("2026-06-26T07:30"), rule=WEEKDAYS)
            await set_alarm("alarm", "saturday", at=at("2026-06-27T09:00"))
            await set_alarm("alarm", "august", at=at("2026-08-01T12:00"))
            # All are called by something else than what is asked for.
            unnamed = [replace(alert, text="") for alert in house.kernel.pending()]
            found = finder().matching(unnamed, which, "alarm", house.clock.now())
            texts = {alert.id: alert.text for alert in house.kernel.pending()}
            if which == "the tomorrow alarm":  # both ring then
                assert [texts[alert.id] for alert in found.alerts] == ["tomorrow", "series"]
            else:
                assert [texts[alert.id] for alert in found.alerts] == [text] * bool(text)

    run(scene())


@pytest.mark.parametrize(
    ("which", "text"),
    [
        ("der wiederkehrende Wecker", "series"),
        ("montags bis freitags", "series"),
        ("an Werktagen", "series"),
        ("morgen um sechs", "tomorrow"),
        ("Wecker morgen um 6 Uhr", "tomorrow"),
        ("übermorgen", "saturday"),
        ("Samstag", "saturday"),
        ("der Wecker am Samstag um neun", "saturday"),
        ("1. August", "august"),
        ("der nächste", "tomorrow"),
        ("halb acht", "series"),
    ],
)
def test_an_alarm_can_be_named_in_german(which: str, text: str) -> None:
    async def scene() -> None:
        async with AlertHouse("de") as house:
            set_alarm = house.kernel.set
            at = datetime.fromisoformat
            ids = {
                (await set_alarm("alarm", at=at("2026-06-26T06:00"))).id: "tomorrow",
                (await set_alarm("alarm", at=at("2026-06-26T07:30"), rule=WEEKDAYS)).id: "series",
                (await set_alarm("alarm", at=at("2026-06-27T09:00"))).id: "saturday",
                (await set_alarm("alarm", at=at("2026-08-01T12:00"))).id: "august",
            }
            found = finder("de").matching(house.kernel.pending(), which, "alarm", house.clock.now())
            assert [ids[alert.id] for alert in found.alerts] == [text]

    run(scene())


def test_the_day_that_was_named_is_told() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            series = await house.kernel.set("alarm", at=house.in_s(3600), rule="FREQ=DAILY")
            now = house.clock.now()
            for which, ahead in (("today", 0), ("tomorrow", 1), ("saturday", 2), ("tonight", 0)):
                found = finder().matching([series], which, "alarm", now)
                assert found == Found((series,), now.date() + timedelta(days=ahead))
            assert finder().matching([series], "every day", "alarm", now).day is None

    run(scene())


def test_what_comes_on_a_day() -> None:
    series = Alert(
        1,
        "alarm",
        "",
        due_at=datetime.fromisoformat("2026-06-26T09:00"),
        created_at=datetime.fromisoformat("2026-06-25T09:00"),
        rule="FREQ=HOURLY;INTERVAL=6",
        starts_at=datetime.fromisoformat("2026-06-25T03:00"),
    )
    hours = {
        day: [at.hour for at in occurrences_on(series, date(2026, 6, day))] for day in (25, 26, 27)
    }
    assert hours == {25: [], 26: [9, 15, 21], 27: [3, 9, 15, 21]}
    minutes = replace(series, rule="FREQ=MINUTELY;INTERVAL=30")
    assert len(occurrences_on(minutes, date(2026, 6, 27))) == MOST_A_DAY
    once = replace(series, rule="")
    assert occurrences_on(once, date(2026, 6, 26)) == [series.due_at]
    assert occurrences_on(once, date(2026, 6, 27)) == []
    assert occurrences_on(series, date.max) != []
    assert occurrences_on(series, date.min) == []
