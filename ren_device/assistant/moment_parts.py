"""The parts of a spoken moment: an offset, a day, a date, a time of day.

Each method looks at one place in a list of words and gives what is said there with the index
after it, or None. Putting parts together and choosing morning or evening is `when`'s work.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ren_device.assistant.durations import Durations
from ren_device.assistant.moment_words import MomentWords, Part
from ren_device.languages.numbers import Numbers


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


class MomentParts:
    """Finds the parts of moments in one language."""

    def __init__(self, words: MomentWords, numbers: Numbers, durations: Durations) -> None:
        """By these words."""
        self._words = words
        self._numbers = numbers
        self._durations = durations
        self._days = sorted(words.days, key=lambda each: -len(each.say))
        self._parts = {each.say for each in words.days if each.ahead is None}
        self._weekdays = _indexed(words.weekdays)
        self._months = _indexed(words.months)
        self._ordinals = _indexed(words.ordinals)
        self._ordinal_tens = dict(words.ordinal_tens)
        self._fractions = dict(words.fractions)
        self._near_hour = dict(words.near_hour)

    def at(
        self, words: list[str], start: int, now: datetime, *, lone: bool, dated: bool = False
    ) -> tuple[Spoken, int] | None:
        """Whichever part of a moment is said at `start`.

        `lone` lets a number alone be an hour, `dated` an ordinal alone be a day of the month.
        """
        return (
            self._offset_at(words, start)
            or self._day_at(words, start, now.date())
            or self._date_at(words, start, now.date(), dated=dated)
            or self._clock_at(words, start, lone=lone)
        )

    def _offset_at(self, words: list[str], start: int) -> tuple[Spoken, int] | None:
        """An offset: "in ten minutes", "ten minutes from now"."""
        opened = words[start] in self._words.offset
        found = self._durations.duration_at(words, start + opened)
        if found is None:
            return None
        seconds, end = found
        if closing := _phrase_at(words, end, self._words.from_now):
            return Spoken(offset_s=seconds), end + len(closing)
        return (Spoken(offset_s=seconds), end) if opened else None

    def _day_at(self, words: list[str], start: int, today: date) -> tuple[Spoken, int] | None:
        for each in self._days:
            end = start + len(each.say)
            if tuple(words[start:end]) == each.say:
                day = None if each.ahead is None else today + timedelta(each.ahead)
                return Spoken(day=day, part=each.part), end
        further = words[start] in self._words.next
        weekday = self._weekdays.get((words[start + further : start + further + 1] or [""])[0])
        if weekday is None:
            return None
        ahead = (weekday - today.weekday()) % 7
        # "next friday" is the one of next week
        if further:
            ahead = ahead + 7 if ahead + today.weekday() < 7 else ahead
        return Spoken(day=today + timedelta(ahead), again_days=7), start + 1 + further

    def _date_at(
        self, words: list[str], start: int, today: date, *, dated: bool
    ) -> tuple[Spoken, int] | None:
        """A date: "june 25th", "the 25th of june", "the twenty fifth"; the next one to come."""
        if words[start] in self._months:
            ordinal = self._ordinal_at(words, start + 1) or self._numbers.number_at(
                words, start + 1
            )
            if ordinal is None:
                return None
            month = self._months[words[start]] + 1
            return _next_date(today, int(ordinal[0]), month, ordinal[1])
        ordinal = self._ordinal_at(words, start)
        if ordinal is None:
            return None
        day, end = ordinal
        month_at = end + (words[end : end + 1] == [self._words.of])
        if month_at < len(words) and words[month_at] in self._months:
            return _next_date(today, day, self._months[words[month_at]] + 1, month_at + 1)
        return _next_date(today, day, None, end) if dated else None

    def _ordinal_at(self, words: list[str], start: int) -> tuple[int, int] | None:
        """The day of a month: "25th" (two tokens), "fifth", "twenty fifth"."""
        if start >= len(words):
            return None
        word, following = words[start], (words[start + 1 : start + 2] or [""])[0]
        if word.isdigit() and following in self._words.ordinal_endings:
            return int(word), start + 2
        if word.isdigit() and self._words.bare_ordinals:  # the point of "25." is not heard
            return int(word), start + 1
        if word in self._ordinals:
            return self._ordinals[word] + 1, start + 1
        tens = self._ordinal_tens.get(word)
        if tens and self._ordinals.get(following, 99) < 9:
            return tens + self._ordinals[following] + 1, start + 2
        return None

    def _clock_at(self, words: list[str], start: int, *, lone: bool) -> tuple[Spoken, int] | None:
        if start >= len(words):
            return None
        if words[start] in self._words.noon:
            return Spoken(hour=12, certain=True), start + 1
        if words[start] in self._words.midnight:
            return Spoken(hour=0, certain=True, end_of_day=True), start + 1
        found = self._relative_clock_at(words, start) or self._plain_clock_at(words, start)
        if found is None:
            return None
        hour, minute, end, clear = found
        said_24h = re.fullmatch(r"0\d(:\d+)?", words[start]) is not None
        if end < len(words) and words[end] in self._words.oclock:
            end, clear = end + 1, True
            if self._words.minutes_after_oclock and not minute:
                minute, end = self._minutes_at(words, end)
        half = words[end] if end < len(words) else ""
        if half in self._words.am | self._words.pm:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half in self._words.pm else 0)
            return Spoken(hour=hour, minute=minute, certain=True), end + 1
        if not (clear or lone or self._part_follows(words, end)):
            return None
        certain = said_24h or hour > 12 or hour == 0
        return Spoken(hour=hour, minute=minute, certain=certain), end

    def _part_follows(self, words: list[str], at: int) -> bool:
        """Whether a part of the day stands there: "in the morning"."""
        for phrase in self._words.before_part:
            after = at + len(phrase)
            if tuple(words[at:after]) == phrase and tuple(words[after : after + 1]) in self._parts:
                return True
        return False

    def _minutes_at(self, words: list[str], at: int) -> tuple[int, int]:
        """The "thirty" of "sieben uhr dreißig". "um sieben uhr zwei tabletten" has no minutes."""
        number = self._small_number_at(words, at)
        if number and 0 < number[0] < 60 and (number[0] >= 10 or number[1] == len(words)):
            return number
        return 0, at

    def _relative_clock_at(self, words: list[str], start: int) -> tuple[int, int, int, bool] | None:
        """Hour, minute, end: "half past seven", "quarter to six", "ten to nine", "half seven"."""
        if direct := self._near_hour_at(words, start):
            return direct
        at = start + (words[start] in self._words.article)
        if at < len(words) and words[at] in self._fractions:
            minutes, at = self._fractions[words[at]], at + 1
        else:
            number = self._numbers.number_at(words, at)
            if number is None or not 0 < number[0] < 60 or number[0] % 1:
                return None
            minutes, at = int(number[0]), number[1]
            at += at < len(words) and words[at] in self._words.minutes
        way = words[at] if at < len(words) else ""
        if way not in self._words.past | self._words.to:
            return None
        minutes = minutes if way in self._words.past else -minutes
        if direct := self._near_hour_at(words, at + 1):  # "fünf vor halb acht"
            return _clock(direct[0], direct[1] + minutes, direct[2])
        hour = self._hour_at(words, at + 1)
        return _clock(hour[0], minutes, hour[1]) if hour else None

    def _near_hour_at(self, words: list[str], start: int) -> tuple[int, int, int, bool] | None:
        """So much before or after an hour: "half seven", "halb acht", "dreiviertel acht"."""
        start += start < len(words) and words[start] in self._words.article
        minutes = self._near_hour.get(words[start]) if start < len(words) else None
        hour = None if minutes is None else self._hour_at(words, start + 1)
        return _clock(hour[0], minutes or 0, hour[1]) if hour else None

    def _hour_at(self, words: list[str], start: int) -> tuple[int, int] | None:
        if start < len(words) and words[start] in self._words.noon | self._words.midnight:
            return 12, start + 1
        number = self._numbers.number_at(words, start)
        if number is None or number[0] % 1 or not 1 <= number[0] <= 12:
            return None
        return int(number[0]), number[1]

    def _plain_clock_at(self, words: list[str], start: int) -> tuple[int, int, int, bool] | None:
        """Hour, minute, end, surely a clock: "7", "7:30", "730", "seven thirty", "seven oh 5"."""
        digits = re.fullmatch(r"(\d{1,2})[:.](\d{2})|(\d{1,2})(\d{2})", words[start])
        if digits:
            hour, minute = int(digits[1] or digits[3]), int(digits[2] or digits[4])
            clear = bool(digits[1])
            return (hour, minute, start + 1, clear) if hour < 24 and minute < 60 else None
        number = self._small_number_at(words, start)
        if number is None or number[0] > 23:
            return None
        hour, end = number
        zero = end < len(words) and words[end] in self._words.zero
        minutes = self._small_number_at(words, end + zero)
        if minutes and minutes[0] < 60 and (minutes[0] < 10) == zero:
            return hour, minutes[0], minutes[1], False
        return hour, 0, end, False

    def _small_number_at(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        number = self._numbers.number_at(words, start)
        if number and number[0] < 100 and not number[0] % 1:
            return int(number[0]), number[1]
        return None


def _indexed(spellings: Sequence[frozenset[str]]) -> dict[str, int]:
    return {word: index for index, words in enumerate(spellings) for word in words}


def _phrase_at(
    words: list[str], start: int, phrases: Sequence[tuple[str, ...]]
) -> tuple[str, ...] | None:
    return next((each for each in phrases if tuple(words[start : start + len(each)]) == each), None)


def _clock(hour: int, minutes: int, end: int) -> tuple[int, int, int, bool]:
    """An hour from 1 to 12 and some minutes around it, on the same clock."""
    hours, minute = divmod(minutes, 60)
    return (hour + hours - 1) % 12 + 1, minute, end, True


def _next_date(today: date, day: int, month: int | None, end: int) -> tuple[Spoken, int] | None:
    for ahead in range(8 * 12 + 1):  # far enough for a 29th of February
        year, index = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        if month in (None, index + 1) and 1 <= day <= monthrange(year, index + 1)[1]:
            candidate = date(year, index + 1, day)
            if candidate >= today:
                return Spoken(day=candidate), end
    return None
