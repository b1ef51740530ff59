"""Days as people say them: "tomorrow", "next friday", "the third of july", "in two weeks"."""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from ren_device.assistant.durations import Durations
from ren_device.assistant.moment_words import MomentWords, StretchWords
from ren_device.assistant.phrases import Phrases
from ren_device.assistant.spoken import Spoken
from ren_device.languages.numbers import Numbers

_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S
_JUST_PASSED = timedelta(days=60)
"""A date of the year that passed more recently may be a slip: it is asked about."""
_FURTHEST_DAYS = 3660
_DAY_AND_MONTH = re.compile(r"(\d{1,2})\.(1[0-2]|0?[1-9])")


class DayParts:
    """Finds days in one language."""

    def __init__(self, words: MomentWords, numbers: Numbers, durations: Durations) -> None:
        """By these words."""
        self._words = words
        self._numbers = numbers
        self._durations = durations
        self._days = Phrases((" ".join(each.say), each) for each in words.days)
        self._stretches = Phrases((each.say, each) for each in words.stretches)
        self._holidays = Phrases(words.holidays)
        self.of_the_month = Phrases((each, None) for each in words.of_the_month)
        self._from_now = Phrases((each, None) for each in words.from_now)
        self._ago = Phrases((each, None) for each in words.ago)
        self._weekdays = _indexed(words.weekdays)
        self._months = _indexed(words.months)
        self._ordinals = _indexed(words.ordinals)
        self._ordinal_tens = dict(words.ordinal_tens)
        self.begins = frozenset(
            (
                *self._days.begins,
                *self._stretches.begins,
                *self._holidays.begins,
                *self._weekdays,
                *self._months,
                *self._ordinals,
                *self._ordinal_tens,
                *words.offset,
                *words.ago_before,
                *words.next,
                *words.last,
                *durations.begins,
            )
        )
        """The words, besides numbers, that something about a day begins with."""
        self._months_long = {name: size for size, names in words.months_long for name in names}

    def at(
        self, words: Sequence[str], start: int, now: datetime, *, dated: bool
    ) -> tuple[Spoken, int] | None:
        """What is said of a day at `start`; `dated` lets an ordinal alone be one."""
        if not self._numbers.may_begin_at(words, start, self.begins):
            return None
        today = now.date()
        return (
            self._offset_at(words, start, today)
            or self._day_at(words, start, today)
            or self._stretch_at(words, start, today)
            or self._weekday_at(words, start, today)
            or self._date_at(words, start, today, dated=dated)
        )

    def weekday_at(self, words: Sequence[str], start: int) -> int | None:
        """The weekday, from Monday, that the word at `start` is."""
        return self._weekdays.get(words[start]) if start < len(words) else None

    def month_at(self, words: Sequence[str], start: int) -> int | None:
        """The month, from 1, that the word at `start` is."""
        month = self._months.get(words[start]) if start < len(words) else None
        return None if month is None else month + 1

    def date_said_at(self, words: Sequence[str], start: int) -> tuple[tuple[int, int], int] | None:
        """Month and day of "june 25th", "june 25", "25th of june", "christmas day"."""
        if holiday := self._holidays.at(words, start):
            return holiday
        if named := self.month_at(words, start):
            day = self.ordinal_at(words, start + 1) or self._bare_day_at(words, start + 1)
            return ((named, day[0]), day[1]) if day else None
        day = self.ordinal_at(words, start)
        if day is None:
            return None
        of = day[1] + (day[1] < len(words) and words[day[1]] == self._words.of)
        month = self.month_at(words, of)
        return ((month, day[0]), of + 1) if month else None

    def months_at(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        """How many months the word at `start` stands for: "month", "years"."""
        size = self._months_long.get(words[start]) if start < len(words) else None
        return (size, start + 1) if size else None

    def ordinal_at(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        """The day of a month: "25th" (two tokens), "fifth", "twenty fifth"."""
        if start >= len(words):
            return None
        word, following = words[start], (words[start + 1] if start + 1 < len(words) else "")
        if word.isdecimal() and len(word) <= 2:
            if following in self._words.ordinal_endings:
                return int(word), start + 2
            if self._words.bare_ordinals:  # the point of "25." is not heard
                return int(word), start + 1
        if word in self._ordinals:
            return self._ordinals[word] + 1, start + 1
        tens = self._ordinal_tens.get(word)
        if tens and self._ordinals.get(following, 99) < 9:
            return tens + self._ordinals[following] + 1, start + 2
        return None

    def _offset_at(
        self, words: Sequence[str], start: int, today: date
    ) -> tuple[Spoken, int] | None:
        """Like "in ten minutes", "ten minutes from now", "in two weeks", "a week from tuesday"."""
        at = start
        opened = words[at] in self._words.offset
        past = words[at] in self._words.ago_before
        at += opened or past
        while opened and at < len(words) and words[at] in self._words.roughly:
            at += 1
        if opened and (month := self.month_at(words, at)) and not self.date_said_at(words, at):
            year = today.year + (month < today.month)
            last = monthrange(year, month)[1]
            return Spoken(stretch=(date(year, month, 1), date(year, month, last))), at + 1
        found = self._length_at(words, at)
        if found is None:
            return None
        seconds, months, end = found
        if past or (ago := self._ago.end(words, end)) > end:
            earlier = Spoken(offset_s=-(seconds or _DAY_S))
            return earlier, end if past else ago
        closed = self._from_now.end(words, end)
        if opened or closed > end:
            if seconds % _DAY_S:
                return Spoken(offset_s=seconds), closed
            return _further(today, seconds, months, closed)
        if end < len(words) and words[end] in self._words.counted_from and not seconds % _DAY_S:
            base = self._day_at(words, end + 1, today) or self._weekday_at(words, end + 1, today)
            counted = base and base[0].day and _further(base[0].day, seconds, months, base[1])
            if base and counted:
                return Spoken(day=counted[0].day, part=base[0].part), base[1]
        if words[end : end + 1] and not seconds % _WEEK_S and seconds:  # "a week today"
            base = self._day_at(words, end, today) or self._weekday_at(words, end, today)
            if base and base[0].day and base[0].day >= today and not base[0].part:
                counted = _further(base[0].day, seconds, months, base[1])
                return counted and (Spoken(day=counted[0].day), counted[1])
        if end < len(words) and words[end] in self._words.counted_around:
            return Spoken(trouble="ambiguous"), end + 1  # "ten minutes before the meeting"
        return None

    def _length_at(self, words: Sequence[str], start: int) -> tuple[float, int, int] | None:
        """Seconds and months of a duration, one of them 0, and the index after it."""
        if found := self._durations.duration_at(words, start):
            return found[0], 0, found[1]
        number = self._durations.quantity_at(words, start)
        unit = self.months_at(words, number[1]) if number else None
        if number is None or unit is None or number[0] % 1 or not 0 < number[0] <= 120:
            return None
        if words[unit[1] : unit[1] + 1] == [self._numbers.words.linked]:  # "a year and a half"
            return None
        return 0, int(number[0]) * unit[0], unit[1]

    def _day_at(self, words: Sequence[str], start: int, today: date) -> tuple[Spoken, int] | None:
        found = self._days.at(words, start)
        if found is None:
            return None
        each, end = found
        day = None if each.ahead is None else today + timedelta(each.ahead)
        return Spoken(day=day, part=each.part), end

    def _weekday_at(
        self, words: Sequence[str], start: int, today: date
    ) -> tuple[Spoken, int] | None:
        if start >= len(words):
            return None
        further, before = words[start] in self._words.next, words[start] in self._words.last
        at = start + (further or before)
        weekday = self.weekday_at(words, at)
        if weekday is None:
            return None
        ahead = (weekday - today.weekday()) % 7
        if before:
            return Spoken(day=today + timedelta(ahead - 7)), at + 1
        if further and ahead + today.weekday() < 7:  # the one of next week
            return Spoken(day=today + timedelta(ahead + 7), weekday=weekday), at + 1
        day = today + timedelta(ahead)
        if at + 1 < len(words) and words[at + 1] in self._words.week_later:
            return Spoken(day=day + timedelta(7), weekday=weekday), at + 2
        return Spoken(day=day, again=day + timedelta(7), weekday=weekday), at + 1

    def _stretch_at(
        self, words: Sequence[str], start: int, today: date
    ) -> tuple[Spoken, int] | None:
        found = self._stretches.at(words, start)
        return (Spoken(stretch=_stretch(found[0], today)), found[1]) if found else None

    def _date_at(
        self, words: Sequence[str], start: int, today: date, *, dated: bool
    ) -> tuple[Spoken, int] | None:
        """A date: "june 25th", "the 25th of june", "the twenty fifth"; the next one to come."""
        if said := self.date_said_at(words, start):
            found = self._of_year(words, today, *said[0], said[1])
            return found or (Spoken(trouble="ambiguous"), said[1])  # "the 31st of june"
        if not dated:
            return None
        if self._words.bare_ordinals and (digits := _DAY_AND_MONTH.fullmatch(words[start])):
            return _next_day(today, int(digits[1]), int(digits[2]), start + 1)
        ordinal = self.ordinal_at(words, start)
        if ordinal is None:
            return None
        return _next_day(today, ordinal[0], None, self.of_the_month.end(words, ordinal[1]))

    def _bare_day_at(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        """The 5 of "june 5"."""
        found = self._numbers.number_at(words, start)
        return (int(found[0]), found[1]) if found and found[0] in range(1, 32) else None

    def _of_year(
        self, words: Sequence[str], today: date, month: int, day: int, end: int
    ) -> tuple[Spoken, int] | None:
        year = words[end] if end < len(words) else ""
        if len(year) == 4 and year.isdecimal() and 2000 <= int(year) < 2100:
            if not 1 <= day <= monthrange(int(year), month)[1]:
                return None
            return Spoken(day=date(int(year), month, day), day_said=(month, day)), end + 1
        return _next_day(today, day, month, end)


def _further(start: date, seconds: float, months: int, end: int) -> tuple[Spoken, int] | None:
    """So many days or months after `start`."""
    if seconds > _FURTHEST_DAYS * _DAY_S:
        return None
    day = start + timedelta(seconds=seconds)
    if months:
        year, index = divmod(start.year * 12 + start.month - 1 + months, 12)
        day = date(year, index + 1, min(start.day, monthrange(year, index + 1)[1]))
    return Spoken(day=day, ahead=(day - start).days), end


def _stretch(words: StretchWords, today: date) -> tuple[date, date]:
    if words.unit in ("week", "weekend"):
        monday = today - timedelta(today.weekday()) + timedelta(7 * words.ahead)
        return monday + timedelta(5 if words.unit == "weekend" else 0), monday + timedelta(6)
    if words.unit == "year":
        return date(today.year + words.ahead, 1, 1), date(today.year + words.ahead, 12, 31)
    year, index = divmod(today.year * 12 + today.month - 1 + words.ahead, 12)
    return date(year, index + 1, 1), date(year, index + 1, monthrange(year, index + 1)[1])


def _next_day(today: date, day: int, month: int | None, end: int) -> tuple[Spoken, int] | None:
    """The next such date, and the one after it, to ask about when the first has passed."""
    coming = []
    first = today - _JUST_PASSED if month else today
    for ahead in range(16 * 12 + 1):  # far enough for two 29th of February
        year, index = divmod(first.year * 12 + first.month - 1 + ahead, 12)
        if month in (None, index + 1) and 1 <= day <= monthrange(year, index + 1)[1]:
            candidate = date(year, index + 1, day)
            if candidate >= first:
                coming.append(candidate)
        if len(coming) == 2:
            return Spoken(day=coming[0], again=coming[1], day_said=(month, day)), end
    return None


def _indexed(spellings: Sequence[frozenset[str]]) -> dict[str, int]:
    return {word: index for index, words in enumerate(spellings) for word in words}
