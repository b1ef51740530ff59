import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.skills.speakable import Speech, capitalised

speakable = Speech()

NOW = datetime.fromisoformat("2026-06-25T14:02:11")  # a Thursday
UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 second"),
        (1, "1 second"),
        (59.6, "1 minute"),
        (90, "1 minute and 30 seconds"),
        (300, "5 minutes"),
        (5400, "1 hour and 30 minutes"),
        (90_061, "1 day, 1 hour, 1 minute and 1 second"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert speakable.duration(seconds) == said


@given(st.integers(1, 40 * 86_400))
def test_a_duration_says_exactly_how_long_it_is(seconds: int) -> None:
    parts = re.findall(r"(\d+) (second|minute|hour|day)", speakable.duration(seconds))
    assert sum(int(number) * UNITS_S[unit] for number, unit in parts) == seconds


@given(st.floats(0, 40 * 86_400))
def test_what_remains_is_short_and_about_right(seconds: float) -> None:
    said = speakable.remaining(seconds)
    parts = re.findall(r"(\d+) (second|minute|hour|day)", said)
    total = sum(int(number) * UNITS_S[unit] for number, unit in parts)
    assert len(parts) <= 2
    assert total == pytest.approx(max(1, seconds), abs=0.5, rel=0.03)


def test_a_duration_before_a_noun() -> None:
    assert speakable.duration_before_noun(300) == "5 minute"
    assert speakable.duration_before_noun(5400) == "1 hour 30 minute"


@pytest.mark.parametrize(
    ("at", "said"),
    [("00:00", "12:00 AM"), ("07:30", "7:30 AM"), ("12:05", "12:05 PM"), ("18:00", "6:00 PM")],
)
def test_times_of_day(at: str, said: str) -> None:
    assert speakable.time_of_day(datetime.fromisoformat(f"2026-06-25T{at}")) == said


@pytest.mark.parametrize(
    ("days", "bare", "after_a_verb"),
    [
        (-1, "yesterday at 2:02 PM", "yesterday at 2:02 PM"),
        (0, "today at 2:02 PM", "today at 2:02 PM"),
        (1, "tomorrow at 2:02 PM", "tomorrow at 2:02 PM"),
        (2, "Saturday at 2:02 PM", "on Saturday at 2:02 PM"),
        (6, "Wednesday at 2:02 PM", "on Wednesday at 2:02 PM"),
        (7, "July 2nd at 2:02 PM", "on July 2nd at 2:02 PM"),
        (-3, "June 22nd at 2:02 PM", "on June 22nd at 2:02 PM"),
        (200, "January 11th, 2027 at 2:02 PM", "on January 11th, 2027 at 2:02 PM"),
    ],
)
def test_moments(days: int, bare: str, after_a_verb: str) -> None:
    at = NOW + timedelta(days=days)
    assert speakable.moment(at, NOW) == bare
    assert speakable.on_moment(at, NOW) == after_a_verb


def test_dates() -> None:
    assert speakable.full_date(NOW.date()) == "Thursday, June 25th, 2026"


def test_ordinals() -> None:
    assert [speakable.ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30, 31)] == (
        "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 30th 31st".split()
    )


def test_listings() -> None:
    assert speakable.listing([]) == ""
    assert speakable.listing(["a"]) == "a"
    assert speakable.listing(["a", "b"]) == "a and b"
    assert speakable.listing(["a", "b", "c"]) == "a, b and c"


def test_saying_back_turns_the_speaker_into_the_listener() -> None:
    assert speakable.to_listener("tell My boss to call me") == "tell your boss to call you"
    assert speakable.to_listener("buy amy a mystery") == "buy amy a mystery"


def test_capitals() -> None:
    assert capitalised("your McTimer") == "Your McTimer"
    assert capitalised("") == ""
