"""Answers and corrections out of what Ren was asked to remember, for the offline mind.

A fact answers a question only if it is of the form that the question asks for: "my sister's
birthday is the third of may" tells when that is, and "my dog's name is Rex" does not tell what "my
name" is. Where two facts would do, none does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Meaning, Question
from ren_device.assistant.own_words import own_words
from ren_device.skills.fact_words import same, words_of


@dataclass(frozen=True, slots=True)
class _Statement:
    """A thing without its article, and what is said of it, in plain words."""

    thing: tuple[str, ...]
    value: tuple[str, ...]
    placed: bool = False


class FactAnswers:
    """Reads facts in one language."""

    def __init__(self, language: Language) -> None:
        """By its words."""
        self._language = language
        self._words = language.words.facts

    def from_facts(self, said: str, original: str, facts: Sequence[str]) -> Meaning | None:
        """What the facts make of a sentence in plain form that asks for one, or puts one right."""
        words, memory = self._words, self._language.facts
        if question := words.question.fullmatch(said):
            if answer := self._answer(question, facts):
                return Meaning(answer=memory.sentence(answer))
            return None
        if known := words.know.fullmatch(said):
            us = self._language.words.memory.us.fullmatch(known["topic"])
            topic = "" if us else known["topic"]
            if facts and (not topic or memory.about(facts, topic)):
                return Meaning(calls=(("list_facts", {"about": topic}),))
            return None
        if change := words.change.fullmatch(said):
            found = self._told_of(self._thing(change["thing"]), facts)
            if found is None:
                return None
            fact, statement = found
            value = own_words(original, change["value"], self._language.hearing)
            text = f"{_opening(fact, statement)} {value}"
            return Meaning(calls=(("correct_fact", {"which": fact, "text": text}),))
        wrong = words.wrong.fullmatch(said)
        text = wrong["fact"] if wrong else said
        old = self.contradicted(text, facts)
        if old is None:
            return None
        if wrong:
            return Meaning(calls=(("correct_fact", {"which": old, "text": text}),))
        return self.should_change(old, text)

    def contradicted(self, text: str, facts: Sequence[str]) -> str | None:
        """The one fact that says something else of the same thing."""
        for statement in self._statements(text)[:1]:
            found = self._told_of(statement.thing, facts)
            if found is not None and not same(found[0], text):
                return found[0]
        return None

    def should_change(self, old: str, text: str) -> Meaning:
        """Ask whether `text` takes the place of the fact `old`."""
        told = self._language.facts.told_back(old)
        calls = (("correct_fact", {"which": old, "text": text}),)
        asked = self._language.say("asks.correct_fact", fact=told)
        return Meaning(question=Question(asked, "yes", calls=calls))

    def _answer(self, question: re.Match[str], facts: Sequence[str]) -> str | None:
        placed = question["placed"] or question["placed_before"]
        thing = self._thing(placed or question["thing"] or question["thing_before"])
        asks = self._words.where if placed else question["asks"]
        if not thing:
            return None
        fitting = [
            fact
            for fact in facts
            if any(
                each.thing == thing and self._answers(asks, each) for each in self._statements(fact)
            )
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _answers(self, asks: str, statement: _Statement) -> bool:
        words = statement.value
        if asks == self._words.where:
            return statement.placed or words[0] in self._words.places
        if statement.placed:
            return False
        if asks == self._words.when:
            return not self._words.times.isdisjoint(words) or any(map(_has_digit, words))
        return True

    def _told_of(
        self, thing: tuple[str, ...], facts: Sequence[str]
    ) -> tuple[str, _Statement] | None:
        """The only fact that begins with this thing, and what it says."""
        found = [
            (fact, statement)
            for fact in facts
            for statement in self._statements(fact)[:1]
            if thing and statement.thing == thing and not statement.placed
        ]
        return found[0] if len(found) == 1 else None

    def _statements(self, fact: str) -> list[_Statement]:
        """How a fact can be read: "the third of may is my sister's birthday" speaks of both."""
        words = words_of(fact)
        if kept := self._words.kept.match(" ".join(words)):
            rest = words[len(kept[0].split()) :]
            places = self._words.places
            cut = next((at for at, word in enumerate(rest) if word in places), 0)
            thing = self._thing(" ".join(rest[:cut]))
            return [_Statement(thing, tuple(rest[cut:]), placed=True)] if thing else []
        states = self._words.states
        at = next((index for index, word in enumerate(words) if word in states), 0)
        before, after = words[:at], words[at + 1 :]
        thing, value = self._thing(" ".join(before)), self._thing(" ".join(after))
        if not thing or not value:
            return []
        return [_Statement(thing, tuple(after)), _Statement(value, tuple(before))]

    def _thing(self, words: str) -> tuple[str, ...]:
        """What is spoken of, without its article; nothing for what is Ren's."""
        found = words_of(words)
        if found and found[0] in self._words.determiners:
            found = found[1:]
        return () if not found or found[0] in self._words.yours else tuple(found)


def _has_digit(word: str) -> bool:
    return any(char.isdigit() for char in word)


def _opening(fact: str, statement: _Statement) -> str:
    """The fact up to what it says of its thing, as it was written."""
    return " ".join(fact.split()[: len(fact.split()) - len(statement.value)])
