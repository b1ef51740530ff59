"""Numbers as people say them, in words or digits. The words are in mind.toml of each language."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ren_device.languages.tables import Rewrites, Words, rewritten

_TOKEN = re.compile(r"\d+(?:[:.]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*")

_DIGITS = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class NumberWords:
    """The table [numbers]; see languages/en/mind.toml for what each is."""

    rewrites: Rewrites
    ones: Words
    more: tuple[tuple[str, int], ...]
    tens: Words
    hundred: str
    a_hundred: tuple[str, ...]
    linked: str
    point: str
    compounds: Rewrites


class Numbers:
    """Understands the numbers of one language."""

    def __init__(self, words: NumberWords) -> None:
        """By these words."""
        self.words = words
        self._ones = {word: value for value, word in enumerate(words.ones)} | dict(words.more)
        self._tens = {word: 10 * value for value, word in enumerate(words.tens, start=2)}
        self._hundreds = [phrase.split() for phrase in words.a_hundred]
        self._begins = {*self._ones, *self._tens, *(phrase[0] for phrase in self._hundreds)}

    def tokens(self, text: str) -> list[str]:
        """The words and numbers of `text` in lower case; "5min" is two, "7:30" one."""
        text = text.lower().replace("\u2019", "'")
        return _TOKEN.findall(rewritten(text, self.words.rewrites))

    def number_at(self, words: Sequence[str], start: int) -> tuple[float, int] | None:
        """The number that begins at `start` and the index after it, else None.

        Knows digits ("90", "1.5"), words up to 999 ("two hundred and five"), "a hundred", and
        "point".
        """
        if start >= len(words):
            return None
        word = words[start]
        if word[0].isdigit():
            return (float(word), start + 1) if _DIGITS.fullmatch(word) else None
        if not self.may_begin(word):
            return None
        value, end = self._cardinal_at(words, start)
        if end == start:
            return None
        after = words[end : end + 2]
        if len(after) == 2 and after[0] == self.words.point and after[1] in self._ones:
            return value + self._ones[after[1]] / 10, end + 2
        return float(value), end

    def parse_number(self, text: str) -> float | None:
        """The number that `text` is, all of it, else None."""
        words = self.tokens(text)
        found = self.number_at(words, 0)
        return found[0] if found and found[1] == len(words) else None

    def may_begin(self, word: str) -> bool:
        """Whether a number may begin with this word; of most, this is quickly known."""
        return word[0].isdigit() or word in self._begins or self._may_be_torn(word)

    def may_begin_at(self, words: Sequence[str], start: int, others: frozenset[str]) -> bool:
        """Whether a number, or one of `others`, may begin at `start`."""
        return start < len(words) and (words[start] in others or self.may_begin(words[start]))

    def _may_be_torn(self, word: str) -> bool:
        """Whether it may be several numbers in one word, such as "fünfundzwanzig"."""
        return self.words.linked in word or self.words.hundred in word

    def _cardinal_at(self, words: Sequence[str], start: int) -> tuple[int, int]:
        """Like `number_at` for whole numbers in words; an end equal to `start` means none."""
        torn = [words[start]]
        if self._may_be_torn(words[start]):
            torn = rewritten(words[start], self.words.compounds).split()
        if len(torn) > 1:  # one word for several, such as "fünfundzwanzig"
            value, end = self._cardinal_at(torn, 0)
            return (value, start + 1) if end == len(torn) else (0, start)
        if phrase := _phrase_at(words, start, self._hundreds):
            hundreds, end = 100, start + len(phrase)
        elif words[start] in self._ones and words[start + 1 : start + 2] == [self.words.hundred]:
            hundreds, end = self._ones[words[start]] * 100, start + 2
        else:
            return self._below_hundred_at(words, start)
        follows = end + (words[end : end + 1] == [self.words.linked])
        rest, rest_end = self._below_hundred_at(words, follows)
        return (hundreds + rest, rest_end) if rest_end > follows else (hundreds, end)

    def _below_hundred_at(self, words: Sequence[str], start: int) -> tuple[int, int]:
        word = words[start] if start < len(words) else ""
        if word in self._tens:
            ones = self._ones.get(words[start + 1], 0) if start + 1 < len(words) else 0
            tens = self._tens[word]
            return (tens + ones, start + 2) if 0 < ones < 10 else (tens, start + 1)
        return (self._ones[word], start + 1) if word in self._ones else (0, start)


def _phrase_at(words: Sequence[str], start: int, phrases: Sequence[list[str]]) -> list[str] | None:
    fitting = (each for each in phrases if list(words[start : start + len(each)]) == each)
    return next(fitting, None)
