"""Moments as people say them: "half past seven", "tomorrow at nine", "every weekday at 8".

Everything here is pure: the caller says what time it is. A moment that was found is never in the
past, and what is not wholly understood is not guessed. A text is first cut into what it says of
time (`moment_parts`), and that is then made a moment (`resolving`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from ren_device.assistant.durations import Durations
from ren_device.assistant.moment_parts import MOST_SPANS, MomentParts, Piece, Span
from ren_device.assistant.moment_words import MomentWords, RecurrenceWords
from ren_device.assistant.resolving import Outcome, Problem, Purpose, resolve
from ren_device.assistant.spoken import Spoken
from ren_device.languages.numbers import Numbers


@dataclass(frozen=True, slots=True)
class Found:
    """A moment within a text: local wall clock, naive, and the text without it.

    `at` is None when a moment was meant and cannot be used, and then `problem` says why: its time
    of day is missing ("tomorrow", with `day`; "every morning", with `rule`), it has passed ("today
    at 9 am" at noon), it may mean several things ("at seven or eight", with `choices`; "later"),
    or it recurs in a way that no single rule can hold ("twice a day").
    """

    at: datetime | None
    rest: str
    problem: Problem = ""
    rule: str = ""  # RFC 5545 without a start; `at` is the first occurrence
    offset_s: float | None = None  # said from now, within a day: "in ten minutes"
    choices: tuple[datetime, ...] = ()  # what may be meant, soonest first, at most three
    day: date | None = None


class Moments:
    """Understands the moments of one language."""

    def __init__(
        self,
        words: MomentWords,
        recurrences: RecurrenceWords,
        numbers: Numbers,
        durations: Durations,
    ) -> None:
        """By these words."""
        self._words = words
        self._numbers = numbers
        self._parts = MomentParts(words, recurrences, numbers, durations)

    def is_repeated(self, text: str) -> bool:
        """Whether the words of a recurrence, understood or not, are anywhere in a plain text."""
        return self._parts.recurrences.is_repeated(text)

    def piece_at(self, words: Sequence[str], start: int, now: datetime) -> Piece | None:
        """The day, time of day or length that stands at `start` in a list of tokens."""
        return self._parts.piece_at(words, start, now)

    def parse_when(
        self, text: str, now: datetime, purpose: Purpose = "reminder"
    ) -> datetime | None:
        """The moment that `text` as a whole says, after `now` and once; None for all else."""
        words = self._numbers.tokens(text)
        span = self._parts.span_at(words, 0, now, bare=True)
        if span is None or span.end != len(words):
            return None
        found = resolve(span.spoken, now, purpose)
        return None if found.rule else found.at

    def find_when(self, text: str, now: datetime, purpose: Purpose = "reminder") -> Found | None:
        """The moment said at the start or the end of `text` (or else within it), and the rest."""
        words = self._numbers.tokens(text)
        whole = self._parts.span_at(words, 0, now, bare=True)
        if whole is not None and whole.end == len(words) and not whole.spoken.is_limit:
            return self._found(words, [whole], resolve(whole.spoken, now, purpose))
        said = self._parts.spans(words, now)
        if len(said) > MOST_SPANS:
            return self._found(words, said, Outcome(problem="ambiguous"))
        spans = [
            span
            for span in said
            if span.spoken.has_time  # not "the morning paper"
            or span.start == 0
            or (span.end == len(words) and not self._is_for(words, span))
            or span.spoken.is_limit
        ]
        if not any(span.spoken.rule and span.spoken.rule.freq for span in spans):
            spans = [span for span in spans if not span.spoken.is_limit]
        if not spans:
            return self._left_over(words, [])
        return self._of_several(words, spans, now, purpose)

    def _of_several(
        self, words: Sequence[str], spans: list[Span], now: datetime, purpose: Purpose
    ) -> Found:
        recurring = [span for span in spans if span.spoken.rule]
        if recurring:
            spoken = _all_together(spans)
            goes_on = any(
                self._goes_on(words, each) or self._is_joined(words, each) for each in spans
            )
            if spoken is None or goes_on:
                return self._found(words, spans, Outcome(problem="rule"))
            return self._found(words, spans, resolve(spoken, now, purpose))
        first, last = spans[0], spans[-1]
        if any(one.end == two.start for one, two in pairwise(spans)):
            return self._found(words, spans, Outcome(problem="ambiguous"))  # "at seven at eight"
        if first is not last and first.start == 0 and last.end == len(words):
            return self._at_both_ends(words, first, last, now, purpose)
        chosen = first if first.start == 0 else last
        if self._is_unclear(words, chosen) or self._is_joined(words, chosen):
            return self._found(words, [chosen], Outcome(problem="ambiguous"))
        if doubted := [span for span in spans if span.spoken.trouble and first.start > 0]:
            chosen = doubted[0]
        return self._found(words, [chosen], resolve(chosen.spoken, now, purpose))

    def _at_both_ends(
        self, words: Sequence[str], first: Span, last: Span, now: datetime, purpose: Purpose
    ) -> Found:
        """What was said before and after something else, which may be of one moment."""
        alone = resolve(first.spoken, now, purpose)
        passed = last.spoken.day is not None and last.spoken.day < now.date()
        complete = first.spoken.has_time and not first.spoken.trouble
        if self._is_for(words, last) or (complete and (passed or last.spoken.trouble)):
            return self._found(words, [first], alone)
        together = first.spoken.meets(last.spoken)
        if self._is_unclear(words, first):
            return self._found(words, [first], Outcome(problem="ambiguous"))
        if together is None:
            return self._found(words, [first], alone)
        both = resolve(together, now, purpose)
        if complete and alone.at and both.at != alone.at and last.spoken.day:
            # "at six about the meeting tomorrow": at six today, or tomorrow?
            choices = tuple(sorted({at for at in (alone.at, both.at) if at}))
            return self._found(words, [first], Outcome(problem="ambiguous", choices=choices))
        return self._found(words, [first, last], both)

    def _goes_on(self, words: Sequence[str], span: Span) -> bool:
        """Whether a limit of a recurrence follows that was not understood."""
        return self._parts.recurrences.goes_on(" ".join(words[span.end :]))

    def _is_unclear(self, words: Sequence[str], span: Span) -> bool:
        """Whether what stands beside it changes it: "on my birthday", "after next"."""
        before, after = " ".join(words[: span.start]), " ".join(words[span.end :])
        unclear = self._words.unclear_before.search(before)
        return bool(unclear or self._words.unclear_after.match(after))

    def _is_joined(self, words: Sequence[str], span: Span) -> bool:
        """Whether more of it follows that was not understood: "at nine and again at noon"."""
        return words[span.end : span.end + 1] == [self._numbers.words.linked]

    def _is_for(self, words: Sequence[str], span: Span) -> bool:
        """Whether it belongs to something else: "flowers for tomorrow"."""
        return words[span.start] in self._words.belongs and span.spoken.hour is None

    def _found(self, words: Sequence[str], spans: Sequence[Span], found: Outcome) -> Found:
        rest = _rest(words, spans)
        if not found.rule and found.problem not in ("rule", "no time") and self.is_repeated(rest):
            found = Outcome(problem="rule")
        return Found(
            found.at, rest, found.problem, found.rule, found.offset_s, found.choices, found.day
        )

    def _left_over(self, words: Sequence[str], spans: Sequence[Span]) -> Found | None:
        """What recurs in a way that was not understood at all."""
        rest = _rest(words, spans)
        return Found(None, rest, "rule") if self.is_repeated(rest) else None


def _rest(words: Sequence[str], spans: Sequence[Span]) -> str:
    inside = {index for span in spans for index in range(span.start, span.end)}
    return " ".join(word for index, word in enumerate(words) if index not in inside)


def _all_together(spans: Sequence[Span]) -> Spoken | None:
    spoken: Spoken | None = spans[0].spoken
    for span in spans[1:]:
        spoken = spoken and spoken.meets(span.spoken)
    return spoken
