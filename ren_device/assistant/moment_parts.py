"""The parts of a spoken moment: an offset, a day, a date, a time of day.

Each function looks at one place in a list of words and gives what is said there with the index
after it, or None. Putting parts together and choosing morning or evening is `when`'s work.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from ren_device.assistant.durations import duration_at, number_at

Part = Literal["morning", "afternoon", "evening", "night"]

_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_ORDINALS = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth "
        "twentieth".split(),
        start=1,
    )
} | {"thirtieth": 30}
_PARTS: dict[str, Part] = {
    "morning": "morning",
    "afternoon": "afternoon",
    "evening": "evening",
    "night": "night",
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said of a moment; None is what was not said. `day` is a date, `hour` 0 to 23."""

    day: date | None = None
    hour: int | None = None
    minute: int = 0
    certain: bool = False  # the hour is on the 24-hour clock already
    part: Part | None = None
    offset_s: float | None = None
    end_of_day: bool = False  # "midnight"
    again_days: int = 0  # a weekday comes again

    @property
    def has_time(self) -> bool:
        """Whether it says more than a day."""
        return self.hour is not None or self.offset_s is not None

    def meets(self, other: "Spoken") -> "Spoken | None":
        """Both together, or None when they say the same thing twice."""
        if self.offset_s is not None or other.offset_s is not None:
            return None
        if (self.day and other.day) or (self.part and other.part):
            return None
        if self.hour is not None and other.hour is not None:
            return None
        clock = self if self.hour is not None else other
        return replace(
            clock,
            day=self.day or other.day,
            part=self.part or other.part,
            again_days=self.again_days or other.again_days,
        )


def part_at(
    words: list[str], start: int, now: datetime, *, lone: bool, dated: bool = False
) -> tuple[Spoken, int] | None:
    """Whichever part of a moment is said at `start`.

    `lone` lets a number alone be an hour, `dated` an ordinal alone be a day of the month.
    """
    return (
        _offset_at(words, start)
        or _day_at(words, start, now.date())
        or _date_at(words, start, now.date(), dated=dated)
        or _clock_at(words, start, lone=lone)
    )


def _offset_at(words: list[str], start: int) -> tuple[Spoken, int] | None:
    """An offset: "in ten minutes", "ten minutes from now"."""
    opened = words[start] in ("in", "after")
    found = duration_at(words, start + opened)
    if found is None:
        return None
    seconds, end = found
    if words[end : end + 2] == ["from", "now"]:
        return Spoken(offset_s=seconds), end + 2
    return (Spoken(offset_s=seconds), end) if opened else None


def _day_at(words: list[str], start: int, today: date) -> tuple[Spoken, int] | None:
    word, following = words[start], words[start + 1 : start + 2]
    if words[start : start + 3] == ["day", "after", "tomorrow"]:
        return Spoken(day=today + timedelta(2)), start + 3
    if word == "tonight":
        return Spoken(day=today, part="night"), start + 1
    if word == "today":
        return Spoken(day=today), start + 1
    if word in ("tomorrow", "tomorrow's"):
        return Spoken(day=today + timedelta(1)), start + 1
    if word == "this" and following and following[0] in _PARTS:
        return Spoken(day=today, part=_PARTS[following[0]]), start + 2
    if word in _PARTS:
        return Spoken(part=_PARTS[word]), start + 1
    further = word == "next"
    name = (following or [""])[0] if further else word
    if name.removesuffix("s") in _WEEKDAYS or name in _WEEKDAYS:
        ahead = (_WEEKDAYS.index(name.removesuffix("s")) - today.weekday()) % 7
        # "next friday" is the one of next week
        if further:
            ahead = ahead + 7 if ahead + today.weekday() < 7 else ahead
        return Spoken(day=today + timedelta(ahead), again_days=7), start + 1 + further
    return None


def _date_at(
    words: list[str], start: int, today: date, *, dated: bool
) -> tuple[Spoken, int] | None:
    """A date: "june 25th", "the 25th of june", "the twenty fifth"; the next one to come."""
    if words[start] in _MONTHS:
        ordinal = _ordinal_at(words, start + 1) or number_at(words, start + 1)
        if ordinal is None:
            return None
        return _next_date(today, int(ordinal[0]), _MONTHS.index(words[start]) + 1, ordinal[1])
    ordinal = _ordinal_at(words, start)
    if ordinal is None:
        return None
    day, end = ordinal
    month_at = end + 1 if words[end : end + 1] == ["of"] else end
    if month_at < len(words) and words[month_at] in _MONTHS:
        return _next_date(today, day, _MONTHS.index(words[month_at]) + 1, month_at + 1)
    return _next_date(today, day, None, end) if dated else None


def _ordinal_at(words: list[str], start: int) -> tuple[int, int] | None:
    """The day of a month: "25th" (two tokens), "fifth", "twenty fifth"."""
    if start >= len(words):
        return None
    word, following = words[start], (words[start + 1 : start + 2] or [""])[0]
    if word.isdigit() and following in ("st", "nd", "rd", "th"):
        return int(word), start + 2
    if word in _ORDINALS:
        return _ORDINALS[word], start + 1
    tens = {"twenty": 20, "thirty": 30}.get(word)
    if tens and _ORDINALS.get(following, 99) < 10:
        return tens + _ORDINALS[following], start + 2
    return None


def _next_date(today: date, day: int, month: int | None, end: int) -> tuple[Spoken, int] | None:
    for ahead in range(8 * 12 + 1):  # far enough for a 29th of February
        year, index = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        if month in (None, index + 1) and 1 <= day <= monthrange(year, index + 1)[1]:
            candidate = date(year, index + 1, day)
            if candidate >= today:
                return Spoken(day=candidate), end
    return None


def _clock_at(words: list[str], start: int, *, lone: bool) -> tuple[Spoken, int] | None:
    if start >= len(words):
        return None
    if words[start] in ("noon", "midday"):
        return Spoken(hour=12, certain=True), start + 1
    if words[start] == "midnight":
        return Spoken(hour=0, certain=True, end_of_day=True), start + 1
    relative = _relative_clock_at(words, start)
    plain = _plain_clock_at(words, start) if relative is None else None
    if relative is None and plain is None:
        return None
    hour, minute, end, clear = relative or plain or (0, 0, 0, False)
    said_24h = re.fullmatch(r"0\d(:\d+)?", words[start]) is not None
    if words[end : end + 1] in (["o'clock"], ["oclock"]):
        end, clear = end + 1, True
    half = words[end] if end < len(words) and words[end] in ("am", "pm") else None
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
        return Spoken(hour=hour, minute=minute, certain=True), end + 1
    in_part = words[end : end + 2] == ["in", "the"] and set(words[end + 2 : end + 3]) & {*_PARTS}
    if not (clear or lone or in_part):
        return None
    certain = said_24h or hour > 12 or hour == 0
    return Spoken(hour=hour, minute=minute, certain=certain), end


def _relative_clock_at(words: list[str], start: int) -> tuple[int, int, int, bool] | None:
    """Hour, minute, end: "half past seven", "quarter to six", "ten to nine", "half seven"."""
    at = start + 1 if words[start] == "a" else start
    if words[at : at + 1] == ["half"] or words[at : at + 1] == ["quarter"]:
        minutes, at = (30 if words[at] == "half" else 15), at + 1
    else:
        number = number_at(words, at)
        if number is None or not 0 < number[0] < 60 or number[0] % 1:
            return None
        minutes, at = int(number[0]), number[1]
        at += words[at : at + 1] in (["minutes"], ["minute"])
    way = (words[at : at + 1] or [""])[0]
    if way in ("past", "after", "to", "before", "of", "till"):
        hour = _hour_at(words, at + 1)
        if hour is None:
            return None
        if way in ("past", "after"):
            return hour[0], minutes, hour[1], True
        return (hour[0] - 2) % 12 + 1, 60 - minutes, hour[1], True
    if minutes == 30 and words[at - 1] == "half":  # British: half past
        hour = _hour_at(words, at)
        return (hour[0], 30, hour[1], True) if hour else None
    return None


def _hour_at(words: list[str], start: int) -> tuple[int, int] | None:
    if words[start : start + 1] in (["noon"], ["midday"], ["midnight"]):
        return 12, start + 1
    number = number_at(words, start)
    if number is None or number[0] % 1 or not 1 <= number[0] <= 12:
        return None
    return int(number[0]), number[1]


def _plain_clock_at(words: list[str], start: int) -> tuple[int, int, int, bool] | None:
    """Hour, minute, end, surely a clock: "7", "7:30", "730", "seven thirty", "seven oh five"."""
    digits = re.fullmatch(r"(\d{1,2})[:.](\d{2})|(\d{1,2})(\d{2})", words[start])
    if digits:
        hour, minute = int(digits[1] or digits[3]), int(digits[2] or digits[4])
        return (hour, minute, start + 1, bool(digits[1])) if hour < 24 and minute < 60 else None
    number = _small_number_at(words, start)
    if number is None or number[0] > 23:
        return None
    hour, end = number
    zero = words[end : end + 1] in (["oh"], ["o"], ["zero"])
    minutes = _small_number_at(words, end + zero)
    if minutes and minutes[0] < 60 and (minutes[0] < 10) == zero:
        return hour, minutes[0], minutes[1], False
    return hour, 0, end, False


def _small_number_at(words: Sequence[str], start: int) -> tuple[int, int] | None:
    number = number_at(words, start)
    return (int(number[0]), number[1]) if number and number[0] < 100 and not number[0] % 1 else None
