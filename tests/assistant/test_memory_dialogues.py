"""The offline mind and Ren's memory: dialogues; single sentences are in corpus.yaml."""

import pytest

from ren_device.assistant.local_mind import LocalMind
from ren_device.engines.hassil_intents import HassilMatcher
from ren_device.errors import ToolError
from ren_device.model import Message, MindRequest, Text, TextDelta, ToolCall, ToolResult
from ren_device.skills.memory import MemorySkill
from ren_device.skills.tool import Toolbox
from tests.assistant.corpus import UNKNOWN, CorpusClock, understand
from tests.fakes import FixedClock, MemoryFacts

pytestmark = pytest.mark.engine

BIRTHDAY = "my sister's birthday is the third of May"


@pytest.fixture(scope="module")
def matcher() -> HassilMatcher:
    return HassilMatcher.load()


class Kitchen:
    """The offline mind with the real memory tools: one conversation."""

    def __init__(self, matcher: HassilMatcher, *facts: str) -> None:
        self.facts = MemoryFacts(*facts)
        self._mind = LocalMind(matcher, CorpusClock())
        self._tools = Toolbox(MemorySkill(self.facts, FixedClock()).tools())
        self._said: list[Message] = []

    async def say(self, text: str, *, spoken: bool = False) -> str:
        """What Ren answers."""
        self._said.append(Message("user", (Text(text),)))
        request = MindRequest(
            "local",
            "",
            tuple(self._said),
            self._tools.specs,
            spoken=spoken,
            facts=tuple(self.facts.texts),
        )
        answers: list[str] = []
        async for part in self._mind.step(request):
            if isinstance(part, TextDelta):
                answers.append(part.text)
            if isinstance(part, ToolCall):
                answers.append(await self._run(part))
        self._said.append(Message("assistant", (Text(" ".join(answers)),)))
        return " ".join(answers)

    async def _run(self, call: ToolCall) -> str:
        tool = self._tools.get(call.name)
        assert tool is not None
        try:
            return ToolResult(call.id, call.name, await tool.run(call.arguments)).content
        except ToolError as error:
            return str(error)


async def test_a_life_of_a_fact(matcher: HassilMatcher) -> None:
    kitchen = Kitchen(matcher)
    assert await kitchen.say("when is my sister's birthday") == UNKNOWN
    assert await kitchen.say("Remember that my sister's birthday is the third of May.") == (
        "Okay, I'll remember: your sister's birthday is the third of May."
    )
    assert await kitchen.say("When's my sister's birthday?") == (
        "Your sister's birthday is the third of May."
    )
    assert await kitchen.say("No, my sister's birthday is the fourth of May") == (
        "Okay, I corrected that: your sister's birthday is the fourth of May."
    )
    assert await kitchen.say("what did I tell you about my sister") == (
        "Your sister's birthday is the fourth of May."
    )
    assert await kitchen.say("forget what I told you about my sister") == (
        "Okay, I forgot this: your sister's birthday is the fourth of May."
    )
    assert await kitchen.say("what do you remember") == (
        "You have not asked me to remember anything."
    )


async def test_what_is_kept_is_as_it_was_said(matcher: HassilMatcher) -> None:
    kitchen = Kitchen(matcher)
    await kitchen.say("Hey Jarvis, um, remember that Jo's PIN is 12-34, please!")
    await kitchen.say("Remember the Wi-Fi password is Blue_Kettle", spoken=True)
    assert kitchen.facts.texts == ["Jo's PIN is 12-34", "the Wi-Fi password is Blue_Kettle"]


async def test_two_things_in_one_breath(matcher: HassilMatcher) -> None:
    kitchen = Kitchen(matcher, "the bin is green")
    said = "Remember that Jo likes Earl Grey and tell me what you remember"
    assert "Jo likes Earl Grey" in await kitchen.say(said)
    assert kitchen.facts.texts == ["the bin is green", "Jo likes Earl Grey"]


async def test_what_is_to_be_remembered_is_asked_for(matcher: HassilMatcher) -> None:
    kitchen = Kitchen(matcher)
    assert await kitchen.say("Can you remember something?") == "What should I remember?"
    await kitchen.say("My locker is number 7.")
    assert kitchen.facts.texts == ["My locker is number 7"]
    assert await kitchen.say("remember this") == "What should I remember?"
    assert await kitchen.say("never mind") == "Okay."


async def test_another_value_is_asked_about_first(matcher: HassilMatcher) -> None:
    kitchen = Kitchen(matcher, BIRTHDAY)
    asked = (
        "I remember it differently: your sister's birthday is the third of May."
        " Should I change that?"
    )
    assert await kitchen.say("Remember that my sister's birthday is the 4th of May") == asked
    assert await kitchen.say("no") == "Okay."
    assert kitchen.facts.texts == [BIRTHDAY]
    assert await kitchen.say("My sister's birthday is the 4th of May") == asked
    assert "corrected" in await kitchen.say("yes please")
    assert kitchen.facts.texts == ["My sister's birthday is the 4th of May"]


async def test_everything_is_forgotten_only_after_a_yes(matcher: HassilMatcher) -> None:
    kitchen = Kitchen(matcher, BIRTHDAY, "my car is blue")
    sure = "Should I forget everything that you asked me to remember?"
    assert await kitchen.say("forget everything") == sure
    assert await kitchen.say("no") == "Okay."
    assert len(kitchen.facts.texts) == 2
    assert await kitchen.say("forget everything you know about me") == sure
    assert await kitchen.say("yes") == (
        "Okay, I forgot everything that you asked me to remember: 2 things."
    )
    assert kitchen.facts.texts == []


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("the second one", ["my car is blue"]),
        ("the garage", ["my car is blue"]),
        ("The blue one, please.", ["my car is in the garage"]),
        ("both", []),
        ("all of them", []),
        ("never mind", ["my car is blue", "my car is in the garage"]),
    ],
)
async def test_which_one_is_asked_and_answered(
    matcher: HassilMatcher, answer: str, left: list[str]
) -> None:
    kitchen = Kitchen(matcher, "my car is blue", "my car is in the garage", "my bike is red")
    assert (await kitchen.say("forget what I said about my car")).endswith(
        "Which one should I forget?"
    )
    await kitchen.say(answer)
    assert kitchen.facts.texts == [*left, "my bike is red"]


async def test_a_near_miss_remembers_nothing_unasked(matcher: HassilMatcher) -> None:
    kitchen = Kitchen(matcher)
    asked = await kitchen.say("Remembers that the spare key is under the pot")
    assert asked == "Do you want me to remember this: the spare key is under the pot?"
    assert kitchen.facts.texts == []
    await kitchen.say("yes")
    assert kitchen.facts.texts == ["the spare key is under the pot"]


async def test_a_command_is_stronger_than_a_fact(matcher: HassilMatcher) -> None:
    facts = ("the time is money", "my alarm is the old bell")
    found = await understand(matcher, "what is the time", facts=facts)
    assert found.calls == [["get_time", {}]]
    found = await understand(matcher, "change my alarm to eight", facts=facts)
    assert found.calls == [["change_alarm", {"which": "", "at": "08:00"}]]
