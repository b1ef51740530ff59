"""Recurrences as people say them: "every weekday", "mondays and thursdays", "until friday".

Each is found as a part of a moment (`Spoken.rule`), so that a time of day, a start or an end may
stand before it, after it or at the other end of the sentence.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ren_device.assistant.day_parts import DayParts
from ren_device.assistant.durations import Durations
from ren_device.assistant.moment_words import Frequency, RecurrenceWords
from ren_device.assistant.phrases import Phrases
from ren_device.assistant.spoken import Recurring, Spoken
from ren_device.languages.numbers import Numbers

_DAY_S = 86_400
_Found = tuple[Spoken, int] | None


class RecurrenceParts:
    """Finds recurrences in one language."""

    def __init__(
        self, words: RecurrenceWords, numbers: Numbers, durations: Durations, days: DayParts
    ) -> None:
        """By these words."""
        self._of_the_month = days.of_the_month
        self._words = words
        self._numbers = numbers
        self._durations = durations
        self._days = days
        self._every = Phrases((each, None) for each in words.every)
        self._parts = Phrases(words.parts)
        self._parts_each = Phrases(words.parts_each)
        self._sets = Phrases(words.sets)
        self._sets_each = Phrases(words.sets_each)
        self._often = Phrases((each.say, each) for each in words.often)
        self._of_every = Phrases((each, None) for each in words.of_every)
        self._starting = Phrases((each, None) for each in words.starting)
        self._lasting = Phrases((each, None) for each in words.lasting)
        self._excluding = Phrases((each, None) for each in words.excluding)
        self._no_rule = Phrases((each, None) for each in words.no_rule)
        self._weekdays_each = {
            word: day for day, names in enumerate(words.weekdays_each) for word in names
        }
        self.begins = frozenset(
            (
                *self._every.begins,
                *self._parts_each.begins,
                *self._sets.begins,
                *self._sets_each.begins,
                *self._often.begins,
                *self._starting.begins,
                *self._lasting.begins,
                *self._excluding.begins,
                *self._no_rule.begins,
                *self._weekdays_each,
                *words.last,
                *words.until,
                *days.begins,
            )
        )
        """The words, besides numbers, that something about a recurrence begins with."""

    def is_repeated(self, text: str) -> bool:
        """Whether the words of a recurrence, understood or not, are anywhere in a plain text."""
        return self._words.repeated.search(text) is not None

    def goes_on(self, following: str) -> bool:
        """Whether what follows a recurrence would limit it, and was not understood."""
        return self._words.limits.match(following) is not None

    def at(
        self, words: Sequence[str], start: int, now: datetime, *, monthly: bool = False
    ) -> _Found:
        """The recurrence, or the limit of one, that is said at `start`; the index after it.

        `monthly`: after "every month", where "the last friday" is not the one that was.
        """
        if not self._numbers.may_begin_at(words, start, self.begins):
            return None
        if (end := self._no_rule.end(words, start)) > start:
            return Spoken(trouble="rule"), end
        if (end := self._every.end(words, start)) > start:
            return self._every_at(words, end)
        return (
            self._each_at(words, start)
            or self._often_at(words, start)
            or self._of_month_at(words, start, monthly=monthly)
            or self._limit_at(words, start, now)
        )

    def _every_at(self, words: Sequence[str], at: int) -> _Found:
        """What stands after "every"."""
        while at < len(words) and words[at] in self._words.single:
            at += 1
        if at >= len(words):
            return None
        if words[at] in self._words.other:
            return self._nth_at(words, at + 1, 2)
        if found := self._of_month_at(words, at, every=True):
            return found
        if date := self._days.date_said_at(words, at):  # "every june 5th"
            (month, day), end = date
            return Spoken(rule=Recurring("YEARLY", month=month, month_day=day)), end
        if ordinal := self._days.ordinal_at(words, at):
            if found := self._nth_at(words, ordinal[1], ordinal[0]):
                return found
            if words[at].isdecimal():  # "every 15th"
                return Spoken(rule=Recurring("MONTHLY", month_day=ordinal[0])), ordinal[1]
        if found := self._nth_at(words, at, 1):
            return found
        return self._period_at(words, at)

    def _nth_at(self, words: Sequence[str], at: int, nth: int) -> _Found:
        """What stands after "every other", "every second" or just "every" (1)."""
        if found := (self._range_at(words, at) if nth == 1 else None) or self._weekdays_at(
            words, at
        ):
            days, end = found
            # "every third tuesday": of a month, or every three weeks?
            if nth > 2:
                return Spoken(trouble="ambiguous"), end
            return Spoken(rule=Recurring("WEEKLY", interval=nth, days=days)), end
        if part := self._parts.at(words, at):
            return Spoken(rule=Recurring("DAILY", interval=nth), part=part[0]), part[1]
        if found := self._sets.at(words, at):
            if nth > 1 and len(found[0]) > 2:  # "every other weekday"
                return Spoken(trouble="rule"), found[1]
            rule = Recurring("WEEKLY", interval=nth, days=found[0])
            return Spoken(rule=rule), found[1]
        if nth > 1 and (found_unit := self._durations.duration_at(["1", *words[at : at + 1]], 0)):
            return self._rule(nth * found_unit[0], at + 1, found_unit[0])
        months = self._days.months_at(words, at)
        return self._monthly(nth * months[0], months[1]) if months and nth > 1 else None

    def _period_at(self, words: Sequence[str], at: int) -> _Found:
        """Like "day", "two hours", "hour and a half", "three months"."""
        if found := self._durations.duration_at(words, at):
            end = found[1]
            unit = self._durations.duration_at(["1", words[end - 1]], 0)
            return self._rule(found[0], end, unit[0] if unit else 0)
        if found := self._durations.duration_at(["1", *words[at : at + 8]], 0):
            end = at + found[1] - 1
            unit = self._durations.duration_at(["1", words[at]], 0)
            return self._rule(found[0], end, unit[0] if unit else 0)
        if months := self._days.months_at(words, at):
            return self._monthly(*months)
        number = self._numbers.number_at(words, at)
        counted = self._days.months_at(words, number[1]) if number else None
        if number is None or counted is None or number[0] % 1:
            return None
        return self._monthly(int(number[0]) * counted[0], counted[1])

    def _rule(self, seconds: float, end: int, unit_s: float) -> _Found:
        """The recurrence after so many seconds, said in units of `unit_s`."""
        if seconds % 60 or seconds <= 0:
            return Spoken(trouble="rule"), end
        freq: Frequency
        if unit_s and unit_s % (7 * _DAY_S) == 0 and seconds % unit_s == 0:
            freq, size = "WEEKLY", 7 * _DAY_S
        elif seconds % _DAY_S == 0:
            freq, size = "DAILY", _DAY_S
        elif unit_s >= _DAY_S:
            return Spoken(trouble="rule"), end
        else:
            freq, size = ("HOURLY", 3600) if seconds % 3600 == 0 else ("MINUTELY", 60)
        return Spoken(rule=Recurring(freq, interval=int(seconds // size))), end

    def _monthly(self, months: int, end: int) -> _Found:
        if not 0 < months <= 120:
            return None
        if months % 12 == 0:
            return Spoken(rule=Recurring("YEARLY", interval=months // 12)), end
        return Spoken(rule=Recurring("MONTHLY", interval=months)), end

    def _each_at(self, words: Sequence[str], start: int) -> _Found:
        """Like "mondays and thursdays", "weekdays", "monday to friday", "saturday mornings"."""
        found = self._sets_each.at(words, start)
        if found is None and start < len(words) and words[start] in self._weekdays_each:
            found = self._range_at(words, start) or self._weekdays_at(words, start)
        if found is None:
            return self._singular_at(words, start)
        part = self._parts_each.at(words, found[1])
        rule = Recurring("WEEKLY", days=found[0])
        if part:
            return Spoken(rule=rule, part=part[0]), part[1]
        return Spoken(rule=rule), found[1]

    def _singular_at(self, words: Sequence[str], start: int) -> _Found:
        """Days in the singular recur when they are a range, or before "mornings"."""
        if found := self._range_at(words, start):
            return Spoken(rule=Recurring("WEEKLY", days=found[0])), found[1]
        if alone := self._parts_each.at(words, start):
            return Spoken(rule=Recurring("DAILY"), part=alone[0]), alone[1]
        days = self._sets.at(words, start) or self._weekdays_at(words, start)
        if days is None:
            return None
        if part := self._parts_each.at(words, days[1]):
            return Spoken(rule=Recurring("WEEKLY", days=days[0]), part=part[0]), part[1]
        return (Spoken(rule=Recurring(days=days[0])), days[1]) if len(days[0]) > 1 else None

    def _range_at(self, words: Sequence[str], start: int) -> tuple[tuple[int, ...], int] | None:
        """The days of "from monday to friday"."""
        at = max(self._starting.end(words, start), start)
        first, last = self._weekday(words, at), self._weekday(words, at + 2)
        if first is None or last is None or words[at + 1] not in self._words.through:
            return None
        return tuple(sorted((first + ahead) % 7 for ahead in range((last - first) % 7 + 1))), at + 3

    def _weekdays_at(self, words: Sequence[str], start: int) -> tuple[tuple[int, ...], int] | None:
        """All days of "monday, wednesday and every friday"."""
        days: set[int] = set()
        at = end = start
        while (day := self._weekday(words, at)) is not None:
            days.add(day)
            at = end = at + 1
            at += at < len(words) and words[at] in self._words.joined
            at = self._every.end(words, at)
        return (tuple(sorted(days)), end) if days else None

    def _weekday(self, words: Sequence[str], at: int) -> int | None:
        if at >= len(words):
            return None
        singular = self._days.weekday_at(words, at)
        return self._weekdays_each.get(words[at]) if singular is None else singular

    def _often_at(self, words: Sequence[str], start: int) -> _Found:
        """Like "daily". "the weekly meeting" is none."""
        found = self._often.at(words, start)
        if found is None:
            return None
        often, end = found
        following = words[end] if end < len(words) else ""
        if start and following and following not in self._words.after_often:
            return None
        return Spoken(rule=Recurring(often.freq, often.interval), part=often.part), end

    def _of_month_at(
        self, words: Sequence[str], start: int, *, every: bool = False, monthly: bool = False
    ) -> _Found:
        """Like "first monday of every month", "last day of the month", "15th of each month"."""
        if words[start] in self._words.last:
            ordinal: tuple[int, int] | None = (-1, start + 1)
        else:
            ordinal = self._days.ordinal_at(words, start)
        if ordinal is None:
            return None
        nth, at = ordinal
        rule = None
        if (weekday := self._days.weekday_at(words, at)) is not None and nth <= 4:
            rule, at = Recurring(nth=nth, days=(weekday,)), at + 1
        elif nth == -1 and at < len(words) and words[at] in self._words.day:
            rule, at = Recurring(month_day=-1), at + 1
        of_each, of_one = self._of_every.end(words, at), self._of_the_month.end(words, at)
        recurs = of_each > at or (every and of_one > at)
        if rule is None and recurs and nth > 0:
            rule = Recurring(month_day=nth)
        if rule is None:
            return None
        if recurs or (every and rule.nth in (1, -1)):
            return Spoken(rule=replace(rule, freq="MONTHLY")), max(of_each, of_one)
        was = rule.nth == -1 and of_one == at and not monthly  # "last friday"
        once = of_one > at and not monthly
        return None if every or was else (Spoken(rule=replace(rule, of_month=once)), of_one)

    def _limit_at(self, words: Sequence[str], start: int, now: datetime) -> _Found:
        """Like "until friday", "starting monday", "for two weeks", "ten times"."""
        if words[start] in self._words.until:
            day = self._days.at(words, start + 1, now, dated=True)
            if day and day[0].day and day[0].offset_s is None and not day[0].part:
                if day[0].day == now.date() and day[0].weekday is not None:
                    return Spoken(trouble="ambiguous"), day[1]
                return Spoken(rule=Recurring(until=day[0].day)), day[1]
        if (at := self._starting.end(words, start)) > start:
            day = self._days.at(words, at, now, dated=True)
            if day and day[0].day and day[0].offset_s is None and not day[0].part:
                return Spoken(rule=Recurring(starts=day[0].day)), day[1]
        if (at := self._lasting.end(words, start)) > start:
            length = self._durations.duration_at(words, at)
            if length and length[0] % _DAY_S == 0 and length[0] <= 3660 * _DAY_S:
                return Spoken(rule=Recurring(lasts_days=int(length[0] // _DAY_S))), length[1]
            if length and start:  # "every ten minutes for an hour"
                return Spoken(rule=Recurring(lasts_days=-1)), length[1]
        if (at := self._excluding.end(words, start)) > start:
            days = self._sets_each.at(words, at) or self._sets.at(words, at)
            days = days or self._weekdays_at(words, at)
            if days:
                return Spoken(rule=Recurring(without=days[0])), days[1]
        number = self._numbers.number_at(words, start)
        if number is None or number[1] >= len(words) or words[number[1]] not in self._words.times:
            return None
        count = int(number[0])
        if count != number[0] or not 0 < count < 1000:
            return Spoken(trouble="rule"), number[1] + 1
        return Spoken(rule=Recurring(count=count)), number[1] + 1
