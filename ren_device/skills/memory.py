"""What Ren is asked to remember. Ren's own notes, the same in every thread."""

import asyncio
import re
from typing import Annotated

from ren_device.errors import ToolError
from ren_device.model import Fact
from ren_device.ports import Clock, FactStore
from ren_device.skills import fact_words
from ren_device.skills.fact_words import LONGEST, sentence, told_back
from ren_device.skills.speakable import count
from ren_device.skills.tool import Tool, length, tool

MOST_FACTS = 100
"""All of them are in the prompt of every turn."""
READ_OUT = 12
"""How many are told at once."""

Said = Annotated[str, length(0, 1000)]

_OF_THOSE = re.compile(
    r"(?P<which>first|second|third|fourth|fifth|last|all|both)(?: of them)?\b(?P<topic>.*)"
)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}


class MemorySkill:
    """Remembers, tells, corrects and forgets."""

    def __init__(self, store: FactStore, clock: Clock) -> None:
        """Keep the facts here."""
        self._store = store
        self._clock = clock
        self._changing = asyncio.Lock()

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.remember_fact),
            tool(self.list_facts),
            tool(self.correct_fact),
            tool(self.forget_fact),
        ]

    async def remember_fact(self, text: Said) -> str:
        """Remember something for good, in every conversation.

        Use it only when the person asks you to remember something: "remember that my sister's
        birthday is the third of May". `text` is one short sentence in the person's own words, at
        most 200 characters: "my sister's birthday is the third of May". For what is to be done at
        a time use set_reminder, for shopping a list. Where it takes the place of something that
        you remember already, use correct_fact.
        """
        wanted = _checked(text)
        async with self._changing:
            facts = await self._store.all()
            if any(fact_words.same(fact.text, wanted) for fact in facts):
                return f"I know that already: {told_back(wanted)}."
            if len(facts) >= MOST_FACTS:
                raise ToolError(
                    f"I can remember {MOST_FACTS} things, and there is no room for more. Ask me to"
                    " forget something first."
                )
            await self._store.add(wanted, self._clock.now())
        return f"Okay, I'll remember: {told_back(wanted)}."

    async def list_facts(self, about: Said = "") -> str:
        """Tell what you were asked to remember.

        Use it for "what do you remember?" or "what did I tell you about the car?" (about "car").
        Without `about` it tells everything.
        """
        facts = await self._store.all()
        if not facts:
            return "You have not asked me to remember anything."
        if fact_words.tidy(about):
            facts = _matching(facts, about)
            if not facts:
                return f"I remember nothing about {told_back(fact_words.tidy(about))}."
        told = " ".join(sentence(fact.text) for fact in facts[-READ_OUT:])
        if len(facts) == 1:
            return told
        if len(facts) > READ_OUT:
            return f"I remember {len(facts)} things. The latest {READ_OUT} are: {told}"
        return f"I remember {count(len(facts), 'thing')}. {told}"

    async def correct_fact(self, which: Said, text: Said) -> str:
        """Change something that you remember.

        Use it for "no, my sister's birthday is the fourth": `which` is what you remember now, whole
        or in the words that tell it from the rest ("sister birthday"), and `text` the whole new
        sentence: "my sister's birthday is the fourth of May".
        """
        wanted = _checked(text)
        async with self._changing:
            facts = await self._store.all()
            fact = self._meant(facts, which, "correct")[0]
            if any(fact_words.same(other.text, wanted) for other in facts if other is not fact):
                await self._store.remove([fact.id])
            else:
                await self._store.replace(fact.id, wanted)
        return f"Okay, I corrected that: {told_back(wanted)}."

    async def forget_fact(self, which: Said = "", everything: bool = False) -> str:
        """Forget something that you remember.

        Use it for "forget what I told you about the car": `which` is what you remember, whole or
        in the words that tell it from the rest. Set `everything` only after the person asked you
        to forget everything and, asked back, said yes. Conversations keep what was said in them.
        """
        async with self._changing:
            facts = await self._store.all()
            meant = facts if everything else self._meant(facts, which, "forget")
            await self._store.remove([fact.id for fact in meant])
        if not meant:
            return "There is nothing that I was asked to remember."
        if everything:
            return f"Okay, I forgot everything that you asked me to remember: {_things(meant)}."
        if len(meant) > 1:
            return f"Okay, I forgot {_things(meant)}."
        return f"Okay, I forgot this: {told_back(meant[0].text)}."

    def _meant(self, facts: list[Fact], which: str, to_do: str) -> list[Fact]:
        """The one that is meant, or several if all or both were. Raises ToolError for any doubt."""
        found = _matching(facts, which)
        if len(found) == 1:
            return found
        if not found and (picked := _OF_THOSE.fullmatch(fact_words.tidy(which).casefold())):
            of_those = _matching(facts, picked["topic"]) if picked["topic"].strip() else []
            index = _ORDINALS.get(picked["which"])
            if index is None and to_do == "forget" and of_those:
                return of_those
            if index is not None and -1 <= index < len(of_those):
                return [of_those[index]]
        if not found:
            raise ToolError("I remember nothing of that kind.")
        told = " ".join(sentence(fact.text) for fact in found[:READ_OUT])
        asked = f"Which one should I {to_do}?"
        raise ToolError(f"I remember {_things(found)} about that. {told} {asked}")


def _things(facts: list[Fact]) -> str:
    return count(len(facts), "thing")


def _matching(facts: list[Fact], topic: str) -> list[Fact]:
    found = fact_words.about([fact.text for fact in facts], topic)
    return [facts[index] for index in found]


def _checked(text: str) -> str:
    """The fact as it will be kept. Raises ToolError when it cannot be."""
    tidied = fact_words.tidy(text)
    if not fact_words.words_of(tidied):
        raise ToolError("What should I remember?")
    if len(tidied) > LONGEST:
        raise ToolError("That is too much to remember at once. Please put it more briefly.")
    return tidied
