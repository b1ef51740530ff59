"""What people take back while they speak: "for five minutes, no, make that nine"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ren_device.assistant.moment_parts import Piece
from ren_device.assistant.when import Moments
from ren_device.languages.numbers import Numbers
from ren_device.languages.tables import Pattern, WordSet

_MOST = 3
"""Who takes back more in a sentence is not understood."""


@dataclass(frozen=True, slots=True)
class CorrectionWords:
    """The table [corrections]; see languages/en/mind.toml for what each is."""

    marks: Pattern
    closing: Pattern
    openers: WordSet
    halves: WordSet
    undo: Pattern


class Corrections:
    """Puts what was taken back right, in one language."""

    def __init__(self, words: CorrectionWords, numbers: Numbers, moments: Moments) -> None:
        """By these words."""
        self._words = words
        self._numbers = numbers
        self._moments = moments

    def within(self, said: str, now: datetime) -> str | None:
        """A plain sentence as it was meant in the end; None when nothing was taken back.

        Empty when something was, and it is not clear what.
        """
        corrected: str | None = None
        for _ in range(_MOST):
            text = corrected or said
            marks = self._words.marks.search(text)
            if marks is None or not text[: marks.start()].strip():
                break
            before = self._tokens(text[: marks.start()])
            after = self._tokens(self._words.closing.sub("", text[marks.end() :]))
            if not self._pieces(before, now) or not self._first(after, now):
                break
            corrected = self._replaced(before, after, now)
            if not corrected:
                return ""
        return corrected

    def later(self, said: str, then: str, now: datetime) -> str:
        """What was `said`, with what was put right `then`; empty when it is not clear.

        "Wake me at six tomorrow." "No, seven."
        """
        marks = self._words.marks.match(then)
        if marks is None:
            return ""
        after = self._tokens(self._words.closing.sub("", then[marks.end() :]))
        return self._replaced(self._tokens(said), after, now, whole=True) if after else ""

    def without_marks(self, then: str) -> str:
        """What was said after "no, make that"."""
        marks = self._words.marks.match(then)
        return then[marks.end() :] if marks else then

    def is_later(self, then: str) -> bool:
        """Whether this may take back, or put right, what was said before it."""
        return bool(self._words.marks.match(then) or self._words.undo.fullmatch(then))

    def is_undone(self, then: str) -> bool:
        """Whether this takes back all that was said before it."""
        return self._words.undo.fullmatch(then) is not None

    def _tokens(self, text: str) -> list[str]:
        return self._numbers.tokens(text)

    def _first(self, words: Sequence[str], now: datetime) -> Piece | None:
        """The piece that words begin with, after "at" and "the"."""
        for start in range(len(words)):
            if piece := self._moments.piece_at(words, start, now):
                return piece
            if words[start] not in self._words.openers:
                return None
        return None

    def _pieces(self, words: Sequence[str], now: datetime) -> list[Piece]:
        found: list[Piece] = []
        start = 0
        while start < len(words):
            piece = self._moments.piece_at(words, start, now)
            if piece:
                found.append(piece)
            start = piece.end if piece else start + 1
        return found

    def _replaced(
        self, before: list[str], after: list[str], now: datetime, *, whole: bool = False
    ) -> str:
        """`before` with the pieces that `after` begins with; `whole`: that it has to consist of."""
        at_end: bool | None = None
        added = len(before)
        while piece := self._first(after, now):
            new, opening = after[piece.start : piece.end], after[: piece.start]
            target = self._target(before, piece, new, now)
            said = {each.kind for each in self._pieces(before, now)}
            if target is None and (piece.kind in said or (at_end is None and not whole)):
                return ""  # of several it is not clear which; or there is nothing of the kind
            if target is None:
                if at_end is None:
                    added = max((each.end for each in self._pieces(before, now)), default=added)
                before[added:added] = [*opening, *new]
                added += len(opening) + len(new)
            else:
                start, end = target
                if at_end is None:
                    at_end = end == len(before)
                if end - start > 1 and before[end - 1] in self._words.halves and len(new) == 1:
                    new = [*new, before[end - 1]]  # "six am, no, seven"
                before[start:end] = new
                added = start + len(new)
            after = after[piece.end :]
        if after and (whole or not at_end):
            return ""
        return " ".join([*before[:added], *after, *before[added:]])

    def _target(
        self, before: Sequence[str], piece: Piece, new: Sequence[str], now: datetime
    ) -> tuple[int, int] | None:
        """Where the one thing is that a piece stands for; None when there is none, or several."""
        pieces = self._pieces(before, now)
        alike = [each for each in pieces if each.kind == piece.kind]
        if len(alike) > 1:
            openers = self._words.openers
            led = [each for each in alike if each.start and before[each.start - 1] in openers]
            alike = led if len(led) == 1 else []
        if alike:
            return alike[0].start, alike[0].end
        number = self._numbers.number_at(new, 0)
        lengths = [each for each in pieces if each.kind == "length"]
        if number and number[1] == len(new) and len(lengths) == 1:  # "five minutes, no, nine"
            (length,) = lengths
            said = self._numbers.number_at(before, length.start)
            if said and said[1] == length.end - 1:
                return length.start, said[1]
        return None
