"""What may stand in the slots of a sentence, by the rules in languages/*/sentences*.yaml."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DIGITS = re.compile(r"\d+(?:[:.]\d+)*[a-z]*")
_ALIASES = {"timer_name": "which", "name": "which", "shopping_list_item": "items", "item": "items"}
_STOCK_NUMBERS = ("volume", "volume_level")


@dataclass(frozen=True, slots=True)
class _Rule:
    """`of`: all words are of these; `some`: at least one is of these; None asks nothing.

    Digits are of any kind, and `digits` is whether they count as one of `some`.
    """

    of: frozenset[str] | None
    some: frozenset[str] | None
    never: frozenset[str]
    at_most: int
    timed: bool
    digits: bool


class SlotRules:
    """The rules, by slot."""

    def __init__(self, words: Mapping[str, str], slots: Mapping[str, Mapping[str, Any]]) -> None:
        """`words` are named classes, space-separated; `slots` the rules that use them."""
        classes = {name: frozenset(text.split()) for name, text in words.items()}

        def joined(names: Sequence[str] | None) -> frozenset[str] | None:
            return None if names is None else frozenset().union(*(classes[n] for n in names))

        self.numbers, self.units, self.small = classes["number"], classes["unit"], classes["small"]
        self._sure_numbers = self.numbers - classes["weak_number"]
        self._any_numbers = self.numbers | classes["vague_number"]
        self._rules = {
            name: _Rule(
                joined(rule.get("of")),
                joined(rule.get("some")),
                frozenset(rule.get("never", ())),
                rule.get("at_most", 60),
                rule.get("timed", False),
                rule.get("digits", True),
            )
            for name, rule in slots.items()
        }

    def allowed(self, slot: str) -> frozenset[str] | None:
        """The words that may stand there (besides digits), or None when any may."""
        if slot in _STOCK_NUMBERS:
            return self.numbers
        rule = self._rules.get(_ALIASES.get(slot, slot))
        return rule.of if rule else None

    def fits(self, slot: str, text: str) -> bool:
        """Whether this text may fill the slot."""
        rule = self._rules.get(_ALIASES.get(slot, slot))
        words = text.split()
        if rule is None:
            return bool(words)
        numeric = any(map(_is_digits, words))
        own_words = {word for word in words if not _is_digits(word)}
        return (
            0 < len(words) <= rule.at_most
            and rule.never.isdisjoint(words)
            and (rule.of is None or rule.of.issuperset(own_words))
            and (rule.some is None or (numeric and rule.digits) or not rule.some.isdisjoint(words))
            and not (rule.timed and self._half_a_duration(words, numeric))
        )

    def _half_a_duration(self, words: Sequence[str], numeric: bool) -> bool:
        """A number without a unit, or the other way round: something was misheard."""
        numbers = numeric or not self._sure_numbers.isdisjoint(words)
        units = not self.units.isdisjoint(words)
        some_number = numbers or not self._any_numbers.isdisjoint(words)
        return (numbers and not units) or (units and not some_number)


def _is_digits(word: str) -> bool:
    return _DIGITS.fullmatch(word) is not None
