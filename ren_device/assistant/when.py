"""Moments as people say them: "half past seven", "tomorrow at nine", "in ten minutes".

Everything here is pure: the caller says what time it is. A moment that was found is never in the
past. Whether "at seven" is morning or evening is decided by what it is for (`_hours`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Literal

from ren_device.assistant.durations import Durations
from ren_device.assistant.moment_parts import MomentParts, Spoken
from ren_device.assistant.moment_words import MomentWords
from ren_device.languages.numbers import Numbers

Purpose = Literal["alarm", "wake", "reminder"]


@dataclass(frozen=True, slots=True)
class Found:
    """A moment within a text: local wall clock, naive, and the text without it.

    `at` is None when a moment was meant and cannot be used: `problem` says whether its time of day
    is missing ("tomorrow") or it has already passed ("today at nine" at noon).
    """

    at: datetime | None
    rest: str
    problem: Literal["", "no time", "past"] = ""


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    spoken: Spoken


class Moments:
    """Understands the moments of one language."""

    def __init__(self, words: MomentWords, numbers: Numbers, durations: Durations) -> None:
        """By these words."""
        self._words = words
        self._numbers = numbers
        self._parts = MomentParts(words, numbers, durations)

    def parse_when(
        self, text: str, now: datetime, purpose: Purpose = "reminder"
    ) -> datetime | None:
        """The moment that `text` as a whole says, after `now`; None when it is not understood."""
        words = self._numbers.tokens(text)
        span = self._span_at(words, 0, now, bare=True)
        if span is None or span.end != len(words):
            return None
        return _resolve(span.spoken, now, purpose)

    def find_when(self, text: str, now: datetime, purpose: Purpose = "reminder") -> Found | None:
        """The moment said at the start or the end of `text` (or else within it), and the rest."""
        words = self._numbers.tokens(text)
        whole = self._span_at(words, 0, now, bare=True)
        if whole is not None and whole.end == len(words):
            return _found(words, [whole], now, purpose)
        spans: list[_Span] = []
        start = 0
        while start < len(words):
            span = self._span_at(words, start, now, bare=False)
            at_an_end = span is not None and (start == 0 or span.end == len(words))
            if span is not None and (at_an_end or span.spoken.has_time):  # not "the morning paper"
                spans.append(span)
            start = span.end if span is not None else start + 1
        if not spans:
            return None
        first, last = spans[0], spans[-1]
        if first is not last and first.start == 0 and last.end == len(words):
            together = first.spoken.meets(last.spoken)
            if together is not None:
                merged = [replace(first, spoken=together), last]
                return _found(words, merged, now, purpose)
        if first.start == 0 and first.spoken.has_time:
            return _found(words, [first], now, purpose)
        return _found(words, [last], now, purpose)

    def _span_at(self, words: list[str], start: int, now: datetime, *, bare: bool) -> _Span | None:
        """The longest moment at `start`. A lone number counts only when `bare` or after "at"."""
        spoken: Spoken | None = None
        end = start
        while end < len(words):
            opened = end
            while opened < len(words) and words[opened] in self._words.openers:
                opened += 1
            opening = words[end:opened]
            on_a_day = spoken is not None and spoken.day is not None
            lone = bare or on_a_day or not self._words.at.isdisjoint(opening)
            piece = self._parts.at(words, end, now, lone=lone)  # "this morning", "in ten minutes"
            if piece is None and end < opened < len(words):
                timed = not self._words.at.isdisjoint(opening)
                dated = bare or not self._words.on.isdisjoint(opening)  # not "the first pill"
                dated = dated and not (timed and self._words.bare_ordinals)
                piece = self._parts.at(words, opened, now, lone=lone, dated=dated)
            if piece is None:
                break
            together = piece[0] if spoken is None else spoken.meets(piece[0])
            if together is None:
                break
            spoken, end = together, piece[1]
        return _Span(start, end, spoken) if spoken else None


def _found(words: list[str], spans: list[_Span], now: datetime, purpose: Purpose) -> Found:
    inside = {index for span in spans for index in range(span.start, span.end)}
    rest = " ".join(word for index, word in enumerate(words) if index not in inside)
    spoken = spans[0].spoken
    if not spoken.has_time:
        return Found(None, rest, "no time")
    at = _resolve(spoken, now, purpose)
    return Found(at, rest, "" if at else "past")


def _resolve(spoken: Spoken, now: datetime, purpose: Purpose) -> datetime | None:
    """The moment itself; None when it has passed or no time of day was said."""
    if spoken.offset_s is not None:
        return now + timedelta(seconds=spoken.offset_s)
    if spoken.hour is None:
        return None
    if spoken.day is None:
        days = [now.date(), now.date() + timedelta(1)]
    else:
        days = [spoken.day, spoken.day + timedelta(spoken.again_days)]
    moments = [
        datetime.combine(day, time(0)) + timedelta(hours=hour, minutes=spoken.minute)
        for day in days
        for hour in _hours(spoken, now, purpose)
    ]
    return min((moment for moment in moments if moment > now), default=None)


def _hours(spoken: Spoken, now: datetime, purpose: Purpose) -> tuple[int, ...]:
    """Hours of the day that may be meant (24: the next midnight); the first to come is taken."""
    hour = spoken.hour or 0
    if spoken.certain:
        return (24,) if spoken.end_of_day else (hour,)
    morning, evening = hour % 12, hour % 12 + 12
    if spoken.part == "night":
        return (evening,) if 5 <= hour < 12 else (24 + morning if spoken.day else morning,)
    if spoken.part:
        return (morning,) if spoken.part == "morning" else (evening,)
    if purpose != "reminder":
        waking = purpose == "wake" or now.hour >= 17 or spoken.day not in (None, now.date())
        if waking and 4 <= hour < 12:
            return (morning,)
    if spoken.day not in (None, now.date()):
        return (morning,) if 7 <= hour < 12 else (evening,)
    # nobody wants to be reminded at three in the morning, unless it is night already
    asleep = purpose == "reminder" and morning < 6 <= now.hour
    return (evening,) if asleep else (morning, evening)
