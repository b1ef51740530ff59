"""The home by the offline mind: dialogues, what is asked first, and who may switch."""

import asyncio

import pytest

from ren_device.assistant.home_meaning import HOME_TOOLS
from ren_device.assistant.local_mind import LocalMind
from ren_device.assistant.turn import Assistant, TurnConfig
from ren_device.bus import Bus
from ren_device.engines.hassil_intents import HassilMatcher
from ren_device.model import Tier
from ren_device.skills.home import HomeSkill
from ren_device.skills.tool import Toolbox
from tests.assistant.corpus import ENGLISH, UNKNOWN, CorpusClock, sentences, understand
from tests.assistant.turn_house import Heard, read
from tests.fakes import MemoryRemarks, MemoryThreads
from tests.home.homes import FakeHome, house_of, light

pytestmark = pytest.mark.engine

CEILING = light("Ceiling Light", "Kitchen", brightness=100)
COUNTER = light("Counter Light", "Kitchen", brightness=50)
LAMP = light("Bedroom Lamp", "Bedroom", brightness=30)
LOOKS = {"list_devices", "get_device"}


@pytest.fixture(scope="module")
def matcher() -> HassilMatcher:
    return HassilMatcher.load()


# --- what is understood ---------------------------------------------------------------------


async def test_nothing_in_the_home_is_switched_because_of_a_near_miss(
    matcher: HassilMatcher,
) -> None:
    switched = 0
    for sentence in sentences():
        what = await understand(matcher, sentence.text)
        if any(name in HOME_TOOLS - LOOKS for name, _ in what.calls):
            switched += 1
            assert sentence.calls, sentence.text
            if len(what.calls) == 1:
                intent = matcher.match(ENGLISH.hearing.plain(sentence.text))
                assert intent is not None
                assert intent.score == 100, sentence.text
    assert switched >= 60


@pytest.mark.parametrize(
    ("heard", "asked", "does"),
    [
        (
            "Turned on the lights.",
            "Do you want me to turn on the lights?",
            ["set_power", {"device": "lights", "on": True}],
        ),
        (
            "Luck the front door.",
            "Do you want me to lock the front door?",
            ["set_lock", {"device": "front door", "locked": True}],
        ),
        (
            "Said the bedroom lights to 50 percent.",
            "Do you want me to set the bedroom lights to 50 percent?",
            ["set_brightness", {"device": "bedroom lights", "percent": 50}],
        ),
        (
            "Close the blends.",
            "Do you want me to close the blinds?",
            ["set_position", {"device": "blinds", "percent": 0}],
        ),
        (
            "Said the thermostat to 21 degrees.",
            "Do you want me to set the heating to 21 degrees?",
            ["set_temperature", {"degrees_c": 21.0, "device": ""}],
        ),
    ],
)
async def test_what_was_misheard_is_done_after_a_yes(
    matcher: HassilMatcher, heard: str, asked: str, does: list[object]
) -> None:
    found = await understand(matcher, heard)
    assert (found.calls, found.words) == ([], asked)
    assert (await understand(matcher, heard, asked, "yes please")).calls == [does]
    assert (await understand(matcher, heard, asked, "no")).words == "Okay."
    assert (await understand(matcher, heard, asked, "the moon")).words == UNKNOWN


@pytest.mark.parametrize(
    ("answer", "device"),
    [
        ("the ceiling one", "ceiling kitchen light"),
        ("Counter light.", "counter light kitchen light"),
        ("both", "both kitchen light"),
        ("the first one", "first kitchen light"),
    ],
)
async def test_which_one_is_answered(matcher: HassilMatcher, answer: str, device: str) -> None:
    said = "turn on the kitchen light"
    asked = "There are the ceiling light and the counter light. Which one do you mean?"
    found = await understand(matcher, said, asked, answer)
    assert found.calls == [["set_power", {"device": device, "on": True}]]


async def test_levels_that_cannot_be_are_said(matcher: HassilMatcher) -> None:
    said = (await understand(matcher, "dim the lights to 130 percent")).words
    assert said == "It has to be from 0 to 100 percent."
    said = (await understand(matcher, "open the blinds to 130 percent")).words
    assert said == "It has to be from 0 to 100 percent."


@pytest.mark.parametrize(
    "said",
    ["turn on the lights", "is the front door locked", "what devices are there", "lock the door"],
)
async def test_without_a_home_that_is_said(matcher: HassilMatcher, said: str) -> None:
    assert (await understand(matcher, said, tools=["get_time"])).words == ENGLISH.say(
        "answers.no_home"
    )


# --- who may switch -------------------------------------------------------------------------


class Speaker:
    """The real assistant with the offline mind and a kitchen."""

    def __init__(self, matcher: HassilMatcher, *, allow_dangerous: bool = False) -> None:
        self.home = FakeHome(CEILING, COUNTER, LAMP)
        self.threads = MemoryThreads()
        self.assistant = Assistant(
            cloud=None,
            local=LocalMind(matcher, CorpusClock()),
            toolbox=Toolbox(HomeSkill(house_of(self.home)).tools()),
            threads=self.threads,
            remarks=MemoryRemarks(self.threads),
            clock=CorpusClock(),
            bus=Bus(),
            config=TurnConfig(allow_dangerous=allow_dangerous),
        )

    async def hear(self, message: str, *, spoken: bool) -> Heard:
        return await read(
            await self.assistant.begin(message, tier=Tier.LOCAL, spoken=spoken, thread_id=1)
        )


@pytest.fixture
def speaker(matcher: HassilMatcher) -> Speaker:
    return Speaker(matcher)


async def test_a_typed_turn_is_refused_with_a_sentence(speaker: Speaker) -> None:
    heard = await speaker.hear("turn on the bedroom lamp", spoken=False)
    assert heard.runs == [("set_power", "running"), ("set_power", "error")]
    assert heard.reply.reply == (
        "I did not do that, because it acts on the home or an account and this thread does not"
        " allow that. It can be allowed in the thread's settings, or asked for aloud at the"
        " speaker."
    )
    assert speaker.home.written == []


async def test_a_spoken_turn_acts(speaker: Speaker) -> None:
    heard = await speaker.hear("dim the bedroom lamp to 30 percent", spoken=True)
    assert heard.runs == [("set_brightness", "running"), ("set_brightness", "done")]
    assert heard.reply.reply == "Okay, the bedroom lamp is at 30 percent."
    assert speaker.home.written == [(LAMP.id, {"on": True, "brightness": 30})]


async def test_a_thread_that_allows_it_acts_and_only_that_one(speaker: Speaker) -> None:
    other = await speaker.threads.create("Other", CorpusClock().now())
    await speaker.threads.set_allow_dangerous(1, True)
    heard = await speaker.hear("turn on the bedroom lamp", spoken=False)
    assert heard.reply.reply == "Okay, the bedroom lamp is on."
    turn = await speaker.assistant.begin(
        "turn off the bedroom lamp", tier=Tier.LOCAL, thread_id=other.id
    )
    assert "I did not do that" in (await read(turn)).text
    assert speaker.home.written == [(LAMP.id, {"on": True})]


async def test_the_setting_allows_it_everywhere(matcher: HassilMatcher) -> None:
    speaker = Speaker(matcher, allow_dangerous=True)
    heard = await speaker.hear("turn on the bedroom lamp", spoken=False)
    assert heard.reply.reply == "Okay, the bedroom lamp is on."


async def test_which_one_is_asked_and_answered(speaker: Speaker) -> None:
    asked = await speaker.hear("turn on the kitchen light", spoken=True)
    assert asked.reply.reply == (
        "There are the ceiling light and the counter light. Which one do you mean?"
    )
    heard = await speaker.hear("the counter one", spoken=True)
    assert heard.reply.reply == "Okay, the counter light is on."
    assert speaker.home.written == [(COUNTER.id, {"on": True})]


async def test_a_misheard_wish_is_asked_and_answered(speaker: Speaker) -> None:
    asked = await speaker.hear("Turned on the lights.", spoken=True)
    assert asked.reply.reply == "Do you want me to turn on the lights?"
    assert speaker.home.written == []
    heard = await speaker.hear("yes", spoken=True)
    assert heard.reply.reply == (
        "Okay, the ceiling light, the counter light and the bedroom lamp are on."
    )


async def test_two_wishes_in_one_sentence(speaker: Speaker) -> None:
    heard = await speaker.hear(
        "turn on the bedroom lamp and dim the kitchen lights to 10 percent", spoken=True
    )
    assert heard.reply.reply == (
        "Okay, the bedroom lamp is on."
        " Okay, the ceiling light and the counter light are at 10 percent."
    )


async def test_what_does_not_answer_is_said(speaker: Speaker) -> None:
    speaker.home.silent = {LAMP.id}
    heard = await speaker.hear("turn on the bedroom lamp", spoken=True)
    assert heard.reply.reply == "The bedroom lamp does not answer."
    assert heard.runs[-1] == ("set_power", "error")


async def test_a_turn_that_is_cut_off_leaves_nothing_behind(speaker: Speaker) -> None:
    speaker.home.may_set.clear()
    turn = await speaker.assistant.begin(
        "turn on the bedroom lamp", tier=Tier.LOCAL, spoken=True, thread_id=1
    )
    before = asyncio.all_tasks()
    reading = asyncio.create_task(read(turn))
    for _ in range(20):
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    assert asyncio.all_tasks() == before
    assert speaker.home.written == []
