"""Numbers and durations in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assistant.corpus import ENGLISH

find_duration = ENGLISH.durations.find_duration
parse_duration = ENGLISH.durations.parse_duration
parse_number = ENGLISH.numbers.parse_number
tokens = ENGLISH.numbers.tokens

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number: int) -> str:
    """A number below 1000 as it is said."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f" {ONES[number % 10]}" if number % 10 else "")
    rest = f" and {in_words(number % 100)}" if number % 100 else ""
    return f"{ONES[number // 100]} hundred{rest}"


def counted(number: int, unit: str, *, digits: bool) -> str:
    said = str(number) if digits else in_words(number)
    return f"{said} {unit}" + ("" if number == 1 else "s")


@given(st.integers(0, 999))
def test_every_number_in_words_is_understood(number: int) -> None:
    assert parse_number(in_words(number)) == number


@given(
    hours=st.integers(0, 48),
    minutes=st.integers(0, 200),
    seconds=st.integers(0, 200),
    digits=st.booleans(),
    joint=st.sampled_from([" ", " and ", ", "]),
)
def test_what_is_said_is_understood(
    hours: int, minutes: int, seconds: int, digits: bool, joint: str
) -> None:
    parts = [
        counted(number, unit, digits=digits)
        for number, unit in ((hours, "hour"), (minutes, "minute"), (seconds, "second"))
        if number
    ]
    expected = hours * 3600 + minutes * 60 + seconds
    assert parse_duration(joint.join(parts)) == (expected or None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("an hour and a half", 5400),
        ("hour and a half", 5400),
        ("ninety seconds", 90),
        ("two and a half minutes", 150),
        ("one and a half hours", 5400),
        ("1 hour 20 minutes", 4800),
        ("an hour and twenty", 4800),
        ("two minutes thirty", 150),
        ("half an hour", 1800),
        ("a half hour", 1800),
        ("three quarters of an hour", 2700),
        ("a quarter of an hour", 900),
        ("a couple of minutes", 120),
        ("a hundred and twenty seconds", 120),
        ("1.5 hours", 5400),
        ("one point five hours", 5400),
        ("1h30m", 5400),
        ("5 mins", 300),
        ("Ten-minute", 600),
        ("two days", 172_800),
    ],
)
def test_other_ways_of_saying_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "five",
        "a few minutes",
        "minutes",
        "zero minutes",
        "five minutes ten minutes",
        "five minutes two hours",
        "five minutes ago",
        "five pancakes",
    ],
)
def test_what_is_not_a_duration_is_not_guessed(text: str) -> None:
    assert parse_duration(text) is None


def test_a_duration_is_found_among_other_words() -> None:
    assert find_duration("ten minute pasta") == (600.0, "pasta")
    assert find_duration("the eggs for ten minutes") == (600.0, "the eggs")
    assert find_duration("a pasta") is None


def test_tokens_join_am_and_pm() -> None:
    assert tokens("At 7:30 P.M., o'clock 5min") == ["at", "7:30", "pm", "o'clock", "5", "min"]


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    found = parse_duration(text)
    assert found is None or found > 0
