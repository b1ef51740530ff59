"""Facts in words: tidied for keeping, compared, found by what they are about, and told back."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ren_device.languages.tables import Pattern, Rewrites, WordSet, rewritten, table
from ren_device.skills.speakable import Speech, capitalised

LONGEST = 200
"""Characters of one fact."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The table [facts]; see languages/en/skills.toml for what each is."""

    small: WordSet
    one_form: Rewrites
    pronoun: Pattern
    to_listener: tuple[tuple[str, str], ...]
    to_ren: Pattern
    wish: Pattern
    of_those: Pattern
    ordinals: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Tables:
    facts: _Words


def tidy(text: str) -> str:
    """In one line, without control characters and without a full stop or quotes around it."""
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)
    return " ".join(text.split()).lstrip('"\u201c ').rstrip('"\u201d .!,;')


def words_of(text: str) -> list[str]:
    """Its words and numbers in small letters; apostrophes stay within a word."""
    text = text.casefold().replace("\u2019", "'")
    return re.findall(r"\d+(?:[.:,]\d+)+|\w+(?:'\w+)*", text)


def same(one: str, other: str) -> bool:
    """Whether two facts differ in nothing but letter case, signs and spaces."""
    return words_of(one) == words_of(other)


class Facts:
    """Facts in one language: found by what they are about, and told back."""

    def __init__(self, speech: Speech) -> None:
        """In the language of `speech`."""
        self._say = speech.say
        self.words = table(speech.language, "skills", _Tables).facts
        self._to_listener = dict(self.words.to_listener)

    def about(self, facts: Sequence[str], topic: str) -> list[int]:
        """Where the facts stand that `topic` may mean: it alone, word for word, or all its words.

        Empty when the topic has no word that says anything, unless a fact is just that.
        """
        exact = [index for index, fact in enumerate(facts) if same(fact, topic)]
        wanted = self._telling(topic)
        if exact or not wanted:
            return exact
        return [index for index, fact in enumerate(facts) if wanted <= self._telling(fact)]

    def told_back(self, fact: str) -> str:
        """The fact as it is said to the person who told it: "my dog" is "your dog".

        What speaks to Ren ("your name is", "call me") is quoted: it cannot be turned around safely.
        """
        if self.words.to_ren.search(fact) or self.words.wish.match(fact):
            return self._say("memory.you_said", fact=fact)

        def turned(word: re.Match[str]) -> str:
            return self._to_listener[word[0].lower().replace("\u2019", "'")]

        return self.words.pronoun.sub(turned, fact)

    def sentence(self, fact: str) -> str:
        """The fact told back, as a sentence of its own."""
        told = capitalised(self.told_back(fact))
        return told if told.endswith(("?", ".")) else f"{told}."

    def _telling(self, text: str) -> set[str]:
        """The words that say what it is about, each in one form."""
        return {
            rewritten(word, self.words.one_form)
            for word in words_of(text)
            if word not in self.words.small
        }
