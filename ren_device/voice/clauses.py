"""Cuts a reply, while it is being written, into pieces to be spoken one after the other.

The first piece is a clause, so that sound begins early; the others are sentences, which sound
better whole. A piece is as it was written: `speakable` says how it is spoken.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ren_device import languages
from ren_device.voice.patterns import any_of

_SHORTEST = 4  # characters; "Yes," is worth speaking alone, "A," is not
_SHORT = 7  # makes about 0.4 s of speech; less is put together with what is there already
_OPENING = 48  # a first clause without punctuation is cut before a small word after this
_LONGEST = 220  # and so is any sentence: synthesis time and memory grow with length
_GROWTH = 3  # a piece is at most so much longer than all before it: they cover its synthesis
_SHORTEST_LIMIT = 40
_LOOK_AHEAD = 2 * _LONGEST  # a piece ends within this
_LOOK_BACK = 16  # characters, for an abbreviation before a full stop

_CLOSING = r"[\"'”’)\]*_]{0,4}"
_SENTENCE_END = re.compile(rf"[.!?…]{_CLOSING}\s+|\n+")
_DASH = r"(?<!\d)\s[—–-]\s|\s[—–-]\s(?=[^\W\d_])"  # between two numbers it is a minus
_CLAUSE_END = re.compile(rf"(?:[.!?…,;:]|(?<!\d\s)[—–]){_CLOSING}\s+|{_DASH}|\n+")
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*\d{1,2}\.$")


class ClauseCutter:
    """Feed it text as it comes; it gives back what can be spoken already.

    The pieces put together are the text, but for what stands behind the last word.
    """

    def __init__(self, language: str = "en") -> None:
        """Start of a reply. Raises KeyError when the language's data lacks something."""
        self._stops = _stops(language)
        self._held = ""  # without a word in it; part of the next piece
        self._text = ""
        self._said = 0  # characters

    def feed(self, text: str) -> list[str]:
        """The pieces that this text completes; there is a letter or a digit in each."""
        self._text += text
        pieces: list[str] = []
        while (end := self._boundary()) is not None:
            self._take(end, pieces)
        return pieces

    def flush(self) -> list[str]:
        """What is left when the reply is over, or stops for a while."""
        pieces: list[str] = []
        self._take(len(self._text), pieces)
        return pieces

    def _take(self, end: int, pieces: list[str]) -> None:
        piece, self._text = self._text[:end], self._text[end:]
        if any(map(str.isalnum, piece)):
            pieces.append(self._held + piece)
            self._said += len(piece)
            self._held = ""
        else:
            self._held += piece

    def _boundary(self) -> int | None:
        if not self._said:
            return self._end_of_opening()
        limit = min(_LONGEST, max(_SHORTEST_LIMIT, _GROWTH * self._said))
        end = next(self._ends(_SENTENCE_END), None)
        if end is not None and end <= limit:
            return end
        if len(self._text) <= limit:
            return None
        cuts = [*self._ends(_CLAUSE_END), *self._before_small_words()]
        return max((cut for cut in cuts if limit // 3 <= cut <= limit), default=self._hard(limit))

    def _end_of_opening(self) -> int | None:
        short = None
        for end in self._ends(_CLAUSE_END):
            if end > _OPENING:
                break
            length = len(self._text[:end].strip())
            if length >= _SHORT:
                return end
            if short is None and (length >= _SHORTEST or self._text[end - 2 : end - 1] in "!?."):
                short = end
        if short is not None or len(self._text) <= _OPENING:
            return short
        cuts = (*self._before_small_words(), *self._ends(_CLAUSE_END))
        return min((cut for cut in cuts if cut > _OPENING // 3), default=self._hard(_OPENING))

    def _hard(self, limit: int) -> int | None:
        """Where there is no better place, and there will hardly be one."""
        if len(self._text) <= 2 * limit:
            return None
        return self._text.rfind(" ", 1, 2 * limit) + 1 or 2 * limit

    def _before_small_words(self) -> Iterator[int]:
        return (
            match.end() for match in self._stops.small_word.finditer(self._text, 0, _LOOK_AHEAD)
        )

    def _ends(self, pattern: re.Pattern[str]) -> Iterator[int]:
        """Where a piece may end, behind the white space."""
        for match in pattern.finditer(self._text, 0, _LOOK_AHEAD):
            if match[0][0] != "." or self._is_full_stop(match):
                yield match.end()

    def _is_full_stop(self, match: re.Match[str]) -> bool:
        before = self._text[max(0, match.start() - _LOOK_BACK) : match.start() + 1]
        follows = self._text[match.end() : match.end() + 1]
        if self._stops.never.search(before) or _LIST_NUMBER.search(before):
            return False
        if self._stops.before_number.search(before):
            return bool(follows) and not follows.isdigit()
        return not self._stops.perhaps.search(before) or follows.isupper()


@dataclass(frozen=True, slots=True)
class _Stops:
    """What a language writes with a full stop that ends no sentence."""

    never: re.Pattern[str]
    perhaps: re.Pattern[str]
    before_number: re.Pattern[str]
    small_word: re.Pattern[str]


@cache
def _stops(language: str) -> _Stops:
    words = languages.read(language, "voice")["clauses"]

    def ending(pattern: str) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w.])(?:{pattern})\.$", re.IGNORECASE)

    ordinal = r"|\d{1,2}" if words["ordinals"] else ""
    small = any_of(words["before"])
    return _Stops(
        never=ending(rf"[^\W\d_]|{any_of(words['never_end'])}{ordinal}"),
        perhaps=ending(any_of(words["may_end"])),
        before_number=ending(any_of(words["before_number"])),
        small_word=re.compile(rf"\s(?=(?:{small})\s)", re.IGNORECASE),
    )
