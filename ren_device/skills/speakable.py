"""Durations, times, dates and lists as people say them in English."""

import re
from collections.abc import Sequence
from datetime import date, datetime

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_TO_LISTENER = {"my": "your", "me": "you", "mine": "yours", "myself": "yourself"}


def count(number: int, noun: str) -> str:
    """`1 timer`, `3 timers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listing(parts: Sequence[str]) -> str:
    """`milk`, `milk and eggs`, `milk, eggs and bread`; empty for none."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def duration(seconds: float) -> str:
    """`1 hour and 30 minutes`, exact to the second; under a second is `1 second`."""
    return listing([count(number, unit) for number, unit in _split(seconds)])


def remaining(seconds: float) -> str:
    """Like `duration`, to the minute from an hour on, to the hour from a day on."""
    grain = 3_600 if seconds >= 86_400 else 60 if seconds >= 3_600 else 1
    return duration(round(seconds / grain) * grain)


def duration_before_noun(seconds: float) -> str:
    """`90 second` or `1 hour 30 minute`, as it stands before `timer`."""
    return " ".join(f"{number} {unit}" for number, unit in _split(seconds))


def time_of_day(at: datetime) -> str:
    """`7:30 AM`."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"


def ordinal(number: int) -> str:
    """`1st`, `22nd`, `13th`."""
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def full_date(day: date) -> str:
    """`Thursday, June 25th, 2026`."""
    return f"{_DAYS[day.weekday()]}, {_month_and_day(day)}, {day.year}"


def day_from(day: date, today: date) -> str:
    """`today`, `tomorrow`, `Monday` within a week, else `June 25th`, with another year."""
    ahead = (day - today).days
    if ahead in _NEAR:
        return _NEAR[ahead]
    if 1 < ahead < 7:
        return _DAYS[day.weekday()]
    year = "" if day.year == today.year else f", {day.year}"
    return f"{_month_and_day(day)}{year}"


def moment(at: datetime, now: datetime) -> str:
    """`tomorrow at 7:30 AM` or `Friday at 7:30 AM`, as it stands after `for`."""
    return f"{day_from(at.date(), now.date())} at {time_of_day(at)}"


def on_moment(at: datetime, now: datetime) -> str:
    """`tomorrow at 7:30 AM` or `on Friday at 7:30 AM`, as it stands after a verb."""
    near = (at.date() - now.date()).days in _NEAR
    return moment(at, now) if near else f"on {moment(at, now)}"


def to_listener(text: str) -> str:
    """Turn `my` and `me` around, for saying back what somebody said: `call your mom`."""

    def turn(word: re.Match[str]) -> str:
        return _TO_LISTENER[word[0].lower()]

    return re.sub(r"\b(?:my|me|mine|myself)\b", turn, text, flags=re.IGNORECASE)


def capitalised(sentence: str) -> str:
    """With its first letter in upper case, the rest as it is."""
    return sentence[:1].upper() + sentence[1:]


def _month_and_day(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {ordinal(day.day)}"


def _split(seconds: float) -> list[tuple[int, str]]:
    left = max(1, round(seconds))
    parts = []
    for unit, size in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append((number, unit))
    return parts
