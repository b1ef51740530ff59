"""Durations as people say them, in words or digits.

Everything here is pure and strict: text that is not wholly understood gives None, so that the
mind can ask instead of guessing. The words are in mind.toml of each language.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ren_device.assistant.phrases import Phrases
from ren_device.languages.numbers import Numbers
from ren_device.languages.tables import WordSet


@dataclass(frozen=True, slots=True)
class DurationWords:
    """The table [durations]; see languages/en/mind.toml for what each is."""

    units: tuple[tuple[int, WordSet], ...]
    quantities: tuple[tuple[str, float], ...]
    fractions: tuple[tuple[str, float], ...]
    no_fraction_before: WordSet
    before: WordSet


class Durations:
    """Understands the durations of one language."""

    def __init__(self, numbers: Numbers, words: DurationWords) -> None:
        """By these words."""
        self._numbers = numbers
        self._words = words
        self._units = {word: size for size, names in words.units for word in names}
        self._quantities = Phrases(words.quantities)
        self._fractions = Phrases(words.fractions)

    @property
    def begins(self) -> Iterable[str]:
        """The words, besides numbers, that a duration begins with."""
        return self._quantities.begins

    def parse_duration(self, text: str) -> float | None:
        """Seconds, above 0, if `text` as a whole is a duration; None when it is not understood.

        "an hour and a half", "ninety seconds", "1h 20m", "two minutes thirty", "a couple of
        minutes" (two). "a few minutes" is not a duration: ask.
        """
        words = self._numbers.tokens(text)
        found = self.duration_at(words, 0)
        return found[0] if found and found[1] == len(words) else None

    def find_duration(self, text: str) -> tuple[float, str] | None:
        """The first duration within `text` in seconds, and `text` without it, else None."""
        words = self._numbers.tokens(text)
        for start in range(len(words)):
            if found := self.duration_at(words, start):
                led = start > 0 and words[start - 1] in self._words.before
                return found[0], " ".join([*words[: start - led], *words[found[1] :]])
        return None

    def duration_at(self, words: Sequence[str], start: int) -> tuple[float, int] | None:
        """The longest duration that begins at `start` in seconds, and the index after it."""
        first = self._part_at(words, start)
        if first is None:
            return None
        total, unit, end = first
        while True:
            follows = end + self._is_linked(words, end)
            part = self._part_at(words, follows) or self._bare_part_at(words, follows, unit)
            if part is None or part[1] >= unit:
                break
            total, unit, end = total + part[0], part[1], part[2]
        return (total, end) if total > 0 else None

    def _is_linked(self, words: Sequence[str], at: int) -> bool:
        return at < len(words) and words[at] == self._numbers.words.linked

    def _part_at(self, words: Sequence[str], start: int) -> tuple[float, int, int] | None:
        """One quantity with its unit at `start`: seconds, those of the unit, index after it."""
        quantity = self.quantity_at(words, start)
        if quantity is None or quantity[1] >= len(words):
            return None
        count, end = quantity
        unit = self._units.get(words[end])
        if unit is None:
            return None
        end += 1
        if (fraction := self._fractions.at(words, end)) is not None:
            # "an hour and a half", but not "an hour and half a minute"
            follows = words[fraction[1] : fraction[1] + 1]
            no_fraction = self._units.keys() | self._words.no_fraction_before
            if not follows or follows[0] not in no_fraction:
                count, end = count + fraction[0], fraction[1]
        return count * unit, unit, end

    def _bare_part_at(
        self, words: Sequence[str], start: int, unit: int
    ) -> tuple[float, int, int] | None:
        """The "thirty" of "two minutes thirty": a number in the next smaller unit, said last."""
        smaller = {3600: 60, 60: 1}.get(unit)
        number = self._numbers.number_at(words, start)
        if smaller is None or number is None or number[1] != len(words) or not 0 < number[0] < 60:
            return None
        return number[0] * smaller, smaller, number[1]

    def quantity_at(self, words: Sequence[str], start: int) -> tuple[float, int] | None:
        """How many: "two and a half", "half an", "a couple of", "three quarters of an", "a"."""
        quantity = self._quantities.at(words, start)
        if quantity and words[quantity[1] : quantity[1] + 1] != [self._numbers.words.hundred]:
            return quantity
        number = self._numbers.number_at(words, start)
        if number is None:
            # the sentence took the article: "set an hour and a half timer", "one hour ten timer"
            is_first = start == 0 and (
                self._is_linked(words, 1) or self._numbers.number_at(words, 1) is not None
            )
            return (1.0, 0) if is_first else None
        count, end = number
        if (fraction := self._fractions.at(words, end)) is not None:
            follows = words[fraction[1] : fraction[1] + 1]
            if follows and follows[0] in self._units:
                return count + fraction[0], fraction[1]
        return count, end
