"""Which of many phrases stands at a place in a list of words."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Phrases(Generic[T]):
    """Phrases of one or more words, each with a value; where two fit, the longest counts."""

    def __init__(self, values: Iterable[tuple[str, T]]) -> None:
        """By phrases, written with spaces between their words."""
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrase, value in sorted(values, key=lambda each: -len(each[0].split())):
            words = tuple(phrase.split())
            self._by_first.setdefault(words[0], []).append((words, value))

    @property
    def begins(self) -> Iterable[str]:
        """The words that one of them begins with."""
        return self._by_first.keys()

    def at(self, words: Sequence[str], start: int) -> tuple[T, int] | None:
        """The value of the phrase at `start` and the index after it, else None."""
        if start >= len(words):
            return None
        for phrase, value in self._by_first.get(words[start], ()):
            end = start + len(phrase)
            if tuple(words[start:end]) == phrase:
                return value, end
        return None

    def end(self, words: Sequence[str], start: int) -> int:
        """The index after the phrase at `start`; `start` itself when there is none."""
        found = self.at(words, start)
        return found[1] if found else start
