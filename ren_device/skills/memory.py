"""What Ren is asked to remember. Ren's own notes, the same in every thread."""

import asyncio
from typing import Annotated

from ren_device.errors import ToolError
from ren_device.model import Fact
from ren_device.ports import Clock, FactStore
from ren_device.skills import fact_words
from ren_device.skills.fact_words import LONGEST, Facts
from ren_device.skills.speakable import Speech
from ren_device.skills.tool import Tool, length, tool

MOST_FACTS = 100
"""All of them are in the prompt of every turn."""
READ_OUT = 12
"""How many are told at once."""

Said = Annotated[str, length(0, 1000)]


class MemorySkill:
    """Remembers, tells, corrects and forgets."""

    def __init__(self, store: FactStore, clock: Clock, language: str = "en") -> None:
        """Keep the facts here; understand and answer in this language."""
        self._store = store
        self._clock = clock
        speech = Speech(language)
        self._say = speech.say
        self._facts = Facts(speech)
        self._changing = asyncio.Lock()

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.remember_fact),
            tool(self.list_facts, read_only=True),
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
        wanted = self._checked(text)
        async with self._changing:
            facts = await self._store.all()
            if any(fact_words.same(fact.text, wanted) for fact in facts):
                return self._say("memory.known", fact=self._facts.told_back(wanted))
            if len(facts) >= MOST_FACTS:
                raise ToolError(self._say("memory.full", MOST_FACTS))
            await self._store.add(wanted, self._clock.now())
        return self._say("memory.remembered", fact=self._facts.told_back(wanted))

    async def list_facts(self, about: Said = "") -> str:
        """Tell what you were asked to remember.

        Use it for "what do you remember?" or "what did I tell you about the car?" (about "car").
        Without `about` it tells everything.
        """
        facts = await self._store.all()
        if not facts:
            return self._say("memory.nothing")
        if fact_words.tidy(about):
            facts = self._matching(facts, about)
            if not facts:
                topic = self._facts.told_back(fact_words.tidy(about))
                return self._say("memory.nothing_about", topic=topic)
        told = " ".join(self._facts.sentence(fact.text) for fact in facts[-READ_OUT:])
        if len(facts) == 1:
            return told
        if len(facts) > READ_OUT:
            return self._say("memory.latest", len(facts), latest=READ_OUT, facts=told)
        return self._say("memory.all", len(facts), facts=told)

    async def correct_fact(self, which: Said, text: Said) -> str:
        """Change something that you remember.

        Use it for "no, my sister's birthday is the fourth": `which` is what you remember now, whole
        or in the words that tell it from the rest ("sister birthday"), and `text` the whole new
        sentence: "my sister's birthday is the fourth of May".
        """
        wanted = self._checked(text)
        async with self._changing:
            facts = await self._store.all()
            fact = self._meant(facts, which, "correct")[0]
            if any(fact_words.same(other.text, wanted) for other in facts if other is not fact):
                await self._store.remove([fact.id])
            else:
                await self._store.replace(fact.id, wanted)
        return self._say("memory.corrected", fact=self._facts.told_back(wanted))

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
            return self._say("memory.nothing_asked")
        if everything:
            return self._say("memory.forgot_everything", len(meant))
        if len(meant) > 1:
            return self._say("memory.forgot_several", len(meant))
        return self._say("memory.forgot", fact=self._facts.told_back(meant[0].text))

    def _meant(self, facts: list[Fact], which: str, to_do: str) -> list[Fact]:
        """The one that is meant, or several if all or both were. Raises ToolError for any doubt."""
        found = self._matching(facts, which)
        if len(found) == 1:
            return found
        words = self._facts.words
        picked = words.of_those.fullmatch(fact_words.tidy(which).casefold())
        if not found and picked:
            of_those = self._matching(facts, picked["topic"]) if picked["topic"].strip() else []
            index = dict(words.ordinals).get(picked["which"])
            if index is None and to_do == "forget" and of_those:
                return of_those
            if index is not None and -1 <= index < len(of_those):
                return [of_those[index]]
        if not found:
            raise ToolError(self._say("memory.none_such"))
        told = " ".join(self._facts.sentence(fact.text) for fact in found[:READ_OUT])
        raise ToolError(self._say(f"memory.which_{to_do}", len(found), facts=told))

    def _matching(self, facts: list[Fact], topic: str) -> list[Fact]:
        found = self._facts.about([fact.text for fact in facts], topic)
        return [facts[index] for index in found]

    def _checked(self, text: str) -> str:
        """The fact as it will be kept. Raises ToolError when it cannot be."""
        tidied = fact_words.tidy(text)
        if not fact_words.words_of(tidied):
            raise ToolError(self._say("memory.what"))
        if len(tidied) > LONGEST:
            raise ToolError(self._say("memory.too_long"))
        return tidied
