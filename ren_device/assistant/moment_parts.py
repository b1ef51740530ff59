"""Moments as they stand among other words: the longest at a place, put together of its parts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ren_device.assistant.clock_parts import ClockParts
from ren_device.assistant.day_parts import DayParts
from ren_device.assistant.durations import Durations
from ren_device.assistant.moment_words import MomentWords, RecurrenceWords
from ren_device.assistant.phrases import Phrases
from ren_device.assistant.recurrences import RecurrenceParts
from ren_device.assistant.spoken import Spoken
from ren_device.languages.numbers import Numbers

_MOST_OPENERS = 4
"""In a row: "on the coming" friday."""
MOST_SPANS = 6
"""Who names more moments in a sentence is not understood."""


@dataclass(frozen=True, slots=True)
class Span:
    """What the words from `start` to before `end` say of a moment."""

    start: int
    end: int
    spoken: Spoken


@dataclass(frozen=True, slots=True)
class _Place:
    """What may stand at a place, because of the words before it."""

    lone: bool  # a number alone, as an hour
    dated: bool  # an ordinal alone, as a day of the month: "friday 13th"
    on_a_day: bool  # an hour, if nothing else can follow it
    monthly: bool  # the day of a recurrence

    @classmethod
    def after(cls, before: Spoken | None, *, lone: bool) -> "_Place":
        rule = before.rule if before else None
        on_a_day = before is not None and before.day is not None
        on_weekday = before is not None and before.weekday is not None
        monthly = rule is not None and rule.freq == "MONTHLY" and not rule.is_whole
        return cls(lone, on_weekday, on_a_day or rule is not None, monthly)


@dataclass(frozen=True, slots=True)
class Piece:
    """A day, a time of day or a length of time, alone, from `start` to before `end`."""

    kind: Literal["length", "clock", "day"]
    start: int
    end: int


class MomentParts:
    """Finds moments in one language."""

    def __init__(
        self,
        words: MomentWords,
        recurrences: RecurrenceWords,
        numbers: Numbers,
        durations: Durations,
    ) -> None:
        """By these words."""
        self._words = words
        self._days = DayParts(words, numbers, durations)
        self._clock = ClockParts(words, numbers)
        self.recurrences = RecurrenceParts(recurrences, numbers, durations, self._days)
        self._numbers = numbers
        self._durations = durations
        self._vague = Phrases((each, None) for each in words.vague)
        self._begins = frozenset(
            (
                *words.openers,
                *words.doubt,
                *self._vague.begins,
                *self._clock.begins,
                *self.recurrences.begins,
            )
        )

    def piece_at(self, words: Sequence[str], start: int, now: datetime) -> Piece | None:
        """What stands at `start`, where a lone number is a time of day."""
        if clock := self._clock_of_minutes(words, start):
            return Piece("clock", start, clock[1])
        if length := self._durations.duration_at(words, start):
            return Piece("length", start, length[1])
        if clock := self._clock.at(words, start, lone=True, on_a_day=True):
            return Piece("clock", start, clock[1])
        day = self._days.at(words, start, now, dated=False)
        return Piece("day", start, day[1]) if day and day[0].day else None

    def spans(self, words: Sequence[str], now: datetime) -> list[Span]:
        """All moments in `words`, none of them meeting another; or one more than MOST_SPANS."""
        found: list[Span] = []
        start = 0
        while start < len(words) and len(found) <= MOST_SPANS:
            possible = self._numbers.may_begin_at(words, start, self._begins)
            span = self.span_at(words, start, now, bare=False) if possible else None
            if span is not None:
                found.append(span)
            start = span.end if span is not None else start + 1
        return found

    def span_at(
        self, words: Sequence[str], start: int, now: datetime, *, bare: bool
    ) -> Span | None:
        """The longest moment at `start`. A lone number counts only when `bare` or after "at"."""
        spoken: Spoken | None = None
        end = start
        while end < len(words):
            piece = self._opened_at(words, end, now, spoken, bare=bare)
            if piece is None:
                break
            together = piece[0] if spoken is None else spoken.meets(piece[0])
            if together is None:
                break
            spoken, end = together, piece[1]
            spoken, end = self._continued(words, end, now, spoken)
        return Span(start, end, spoken) if spoken else None

    def _opened_at(
        self,
        words: Sequence[str],
        start: int,
        now: datetime,
        before: Spoken | None,
        *,
        bare: bool,
    ) -> tuple[Spoken, int] | None:
        """The next piece, with what opens it: "at", "on the"; or in doubt: "before noon"."""
        opened = start
        most = min(len(words), start + _MOST_OPENERS)
        while opened < most and words[opened] in self._words.openers:
            opened += 1
        opening = words[start:opened]
        timed = not self._words.at.isdisjoint(opening)
        counted = not self._words.offset.isdisjoint(opening)  # "in ten": minutes, or hours?
        bare = bare and not counted
        place = _Place.after(before, lone=timed or bare)
        piece = self._piece_at(words, start, now, place)
        within = (at for at in range(start + 1, opened) if words[at] in self._words.offset)
        if piece is None and counted and (at := next(within, 0)):  # "for in an hour"
            piece = self._piece_at(words, at, now, place)
        if piece is None and start < opened < len(words):
            dated = bare or place.dated or not self._words.on.isdisjoint(opening)
            dated = dated and not (timed and self._words.bare_ordinals)
            if self._is_numeric_date(words, opening, opened):
                return Spoken(trouble="ambiguous"), opened + 2
            piece = self._piece_at(words, opened, now, replace(place, dated=dated))
        if piece is None and opened < len(words) and words[opened] in self._words.doubt:
            after = words[opened + 1] if opened + 1 < len(words) else ""
            if after in self._words.doubt:
                return None
            doubted = self._opened_at(words, opened + 1, now, before, bare=True)
            if doubted and (doubted[0].has_time or doubted[0].day or doubted[0].part):
                return Spoken(trouble="ambiguous"), doubted[1]
        return piece

    def _is_numeric_date(self, words: Sequence[str], opening: Sequence[str], at: int) -> bool:
        """Whether "on 6/5" was said, which is not the same day everywhere."""
        numbers = [word for word in words[at : at + 2] if word.isdecimal()]
        return len(numbers) == 2 and not self._words.on.isdisjoint(opening)

    def _piece_at(
        self, words: Sequence[str], start: int, now: datetime, place: "_Place"
    ) -> tuple[Spoken, int] | None:
        if vague := self._vague.at(words, start):
            return Spoken(vague=True), vague[1]
        return (
            self.recurrences.at(words, start, now, monthly=place.monthly)
            or self._clock_of_minutes(words, start)
            or self._days.at(words, start, now, dated=place.dated)
            or self._clock.at(words, start, lone=place.lone, on_a_day=place.on_a_day)
        )

    def _clock_of_minutes(self, words: Sequence[str], start: int) -> tuple[Spoken, int] | None:
        """Like "ten minutes to five", which is no duration before something."""
        if start + 1 < len(words) and words[start + 1] in self._words.minutes:
            return self._clock.at(words, start, lone=False, on_a_day=False)
        return None

    def _continued(
        self, words: Sequence[str], end: int, now: datetime, spoken: Spoken
    ) -> tuple[Spoken, int]:
        """With what makes two of one moment: "or eight", "to nine", "past" and nothing after it."""
        if end >= len(words) or not (spoken.has_time or spoken.day):
            return spoken, end
        word = words[end]
        last = end + 1 == len(words) and spoken.hour is not None
        if last and word in self._words.past | self._words.to:  # "at ten past"
            return Spoken(trouble="ambiguous", rule=spoken.rule), end + 1
        if word not in self._words.joined | self._words.either:
            return spoken, end
        if spoken.rule and self.recurrences.at(words, end, now):  # "until friday"
            return spoken, end
        other = self._opened_at(words, end + 1, now, None, bare=True)
        if other is None or other[0].rule or not (other[0].has_time or other[0].day):
            return spoken, end
        plain = spoken.hour is not None and other[0].hour is not None and not spoken.rule
        if word in self._words.either and plain and not spoken.either:
            second = other[0] if other[0].day else replace(other[0], day=spoken.day)
            return replace(spoken, either=second), other[1]
        return Spoken(trouble="ambiguous", rule=spoken.rule), other[1]
