import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from ren_device.assistant.guest import Guest, GuestAsk, GuestPart, GuestReply, GuestStart
from ren_device.assistant.metered import Metered
from ren_device.assistant.routing import ASTRA
from ren_device.assistant.steps import MAX_STEPS, NOTHING_SAID
from ren_device.assistant.tokens import tokens_in
from ren_device.assistant.turn import TurnConfig
from ren_device.errors import (
    CloudError,
    CloudKeyMissing,
    CloudUnreachable,
    RenError,
    TurnTimeout,
)
from ren_device.model import (
    Message,
    MindPart,
    MindRequest,
    Spent,
    Text,
    TextDelta,
    Tier,
    ToolCall,
    ToolResult,
    ToolRun,
    ToolSpec,
)
from ren_device.skills.tool import Toolbox, tool
from tests.assistant.turn_house import Write, call, never, results, says
from tests.fakes import NOON, FakeMind, FixedClock, MemoryFacts

CALLERS = (ToolSpec("open_door", "Open the door.", {"type": "object"}),)


class GuestHouse:
    def __init__(self, cloud: Write | None, local: Write, **config: Any) -> None:
        self.cloud = None if cloud is None else FakeMind(cloud)
        self.local = FakeMind(local)
        self.ran: list[str] = []
        self.facts = MemoryFacts()
        self.guest = Guest(
            cloud=self.cloud,
            local=self.local,
            toolbox=Toolbox([tool(self.set_timer), tool(self.set_power, dangerous=True)]),
            clock=FixedClock(),
            config=TurnConfig(**config),
            facts=self.facts,
        )

    async def set_timer(self, minutes: int) -> str:
        """Set a timer."""
        self.ran.append(f"set_timer {minutes}")
        return f"Timer set for {minutes} minutes."

    async def set_power(self, device: str) -> str:
        """Switch a device on."""
        self.ran.append(f"set_power {device}")
        return f"The {device} is on."

    @property
    def request(self) -> MindRequest:
        """The first that the cloud was given."""
        assert self.cloud is not None
        return self.cloud.requests[0]


def guest_house(cloud: Write | None = None, local: Write | None = None, **c: Any) -> GuestHouse:
    return GuestHouse(cloud, local or says("Locally."), **c)


def said(text: str = "hello") -> tuple[Message, ...]:
    return (Message("user", (Text(text),)),)


def costs(*parts: TextDelta | ToolCall, spent: Spent) -> Write:
    """A mind that writes this in its first step and "Done." later, and counts its tokens."""

    async def write(request: MindRequest) -> AsyncGenerator[MindPart, None]:
        assert request.accounts
        for part in [TextDelta("Done.")] if results(request) else parts:
            yield part
        yield spent

    return write


async def read(
    turn: AsyncGenerator[GuestPart, None],
) -> tuple[list[GuestPart], RenError | None]:
    parts: list[GuestPart] = []
    failure: RenError | None = None
    try:
        while (part := await anext(turn, None)) is not None:
            parts.append(part)
    except RenError as error:
        failure = error
    return parts, failure


async def answer(house: GuestHouse, ask: GuestAsk) -> list[GuestPart]:
    parts, error = await read(house.guest.begin(ask))
    assert error is None
    return parts


async def test_the_dialogue_is_the_one_that_was_asked_with() -> None:
    house = guest_house(says("Hi ", "there."))
    await house.facts.add("I take my tea black.", NOON)
    dialogue = (*said("one"), Message("assistant", (Text("two"),)), *said("three"))
    parts = await answer(house, GuestAsk(dialogue, system=" Be a pirate. "))
    start, *middle, reply = parts
    assert start == GuestStart(Tier.FAST)
    assert middle == [TextDelta("Hi "), TextDelta("there.")]
    assert isinstance(reply, GuestReply)
    assert reply.stop_reason == "end_turn"
    assert house.request.messages == dialogue
    assert house.request.model == "claude-haiku-4-5-20251001"
    assert house.request.system.startswith("You are Ren")
    assert house.request.system.endswith("\n\nBe a pirate.")
    assert "I take my tea black." in house.request.system
    assert house.request.facts == ("I take my tea black.",)
    assert "12:00" in house.request.context
    assert not house.request.spoken


async def test_without_instructions_the_prompt_is_the_one_of_any_turn() -> None:
    house = guest_house(says("Hi."))
    await answer(house, GuestAsk(said()))
    assert "program" not in house.request.system


@pytest.mark.parametrize(
    ("text", "tier", "expected"),
    [
        ("hello", None, Tier.FAST),
        ("x" * 80, None, Tier.DEFAULT),
        ("plan it", None, Tier.HARD),
        ("plan it", Tier.FAST, Tier.FAST),
        ("plan it", Tier.LOCAL, Tier.LOCAL),
    ],
)
async def test_the_last_words_choose_the_tier(text: str, tier: Tier | None, expected: Tier) -> None:
    house = guest_house(says("Hi."))
    result = Message("user", (ToolResult("c1", "open_door", "plan"),))
    dialogue = (*said(text), Message("assistant", (call("open_door"),)), result)
    for messages in (said(text), dialogue):
        parts = await answer(house, GuestAsk(messages, tier=tier, tools=CALLERS))
        assert parts[0] == GuestStart(expected)


# --- tools --------------------------------------------------------------------------------------


async def test_rens_own_tools_run_inside() -> None:
    house = guest_house(says("One moment.", call("set_timer", minutes=5)))
    parts = await answer(house, GuestAsk(said()))
    assert parts[1:-1] == [
        TextDelta("One moment."),
        ToolRun("set_timer", "running"),
        ToolRun("set_timer", "done"),
        TextDelta("\n\nDone."),
    ]
    assert house.ran == ["set_timer 5"]
    assert isinstance(parts[-1], GuestReply)
    assert parts[-1].stop_reason == "end_turn"


async def test_dangerous_tools_need_the_setting() -> None:
    mind = says(call("set_power", device="oven"))
    house = guest_house(mind)
    await answer(house, GuestAsk(said()))
    assert not house.ran
    assert house.cloud is not None
    (told,) = results(house.cloud.requests[1])
    assert told.is_error
    assert "REN_ALLOW_DANGEROUS" in told.content
    assert "thread" not in told.content
    house = guest_house(mind, allow_dangerous=True)
    await answer(house, GuestAsk(said()))
    assert house.ran == ["set_power oven"]


async def test_the_callers_tools_are_handed_back_and_rens_stay_out() -> None:
    house = guest_house(says("One moment.", call("open_door", "c1"), call("open_door", "c1")))
    start, text, one, two, reply = await answer(house, GuestAsk(said(), tools=CALLERS))
    assert (start, text) == (GuestStart(Tier.FAST), TextDelta("One moment."))
    assert isinstance(one, ToolCall)
    assert isinstance(two, ToolCall)
    assert one.name == two.name == "open_door"
    assert one.id != two.id  # whatever the mind calls them
    assert isinstance(reply, GuestReply)
    assert reply.stop_reason == "tool_use"
    assert house.request.tools == CALLERS


async def test_the_caller_hears_nothing_where_the_mind_says_nothing() -> None:
    """Ren's own turn would end in an apology; a caller with tools knows better what was done."""
    silent = says()
    parts = await answer(guest_house(silent), GuestAsk(said(), tools=CALLERS))
    assert [type(part) for part in parts] == [GuestStart, GuestReply]
    assert TextDelta(NOTHING_SAID) in await answer(guest_house(silent), GuestAsk(said()))


async def test_tools_that_may_not_be_called() -> None:
    house = guest_house(says("Hi."))
    await answer(house, GuestAsk(said(), tools=CALLERS, may_call_tools=False))
    assert not house.request.may_call_tools


# --- tokens -------------------------------------------------------------------------------------


async def test_what_all_steps_cost_is_added_up() -> None:
    house = guest_house(costs(call("set_timer", minutes=5), spent=Spent(100, 20)))
    parts = await answer(house, GuestAsk(said()))
    assert parts[-1] == GuestReply("end_turn", Spent(200, 40))


async def test_an_estimate_where_the_mind_does_not_count() -> None:
    parts = await answer(guest_house(says("Good ", "morning.")), GuestAsk(said()))
    assert isinstance(parts[-1], GuestReply)
    assert parts[-1].spent.output_tokens == tokens_in("Good morning.")
    assert parts[-1].spent.input_tokens > 300  # the prompt and the tools


async def test_max_tokens_holds_for_all_steps_together() -> None:
    house = guest_house(costs(call("set_timer", minutes=5), spent=Spent(100, 20)))
    await answer(house, GuestAsk(said(), max_tokens=50))
    assert house.cloud is not None
    assert [request.max_tokens for request in house.cloud.requests] == [50, 30]


async def test_when_they_are_spent_the_turn_is_over() -> None:
    house = guest_house(costs(call("set_timer", minutes=5), spent=Spent(100, 20)))
    parts = await answer(house, GuestAsk(said(), max_tokens=20))
    assert house.ran == ["set_timer 5"]
    assert parts[-1] == GuestReply("max_tokens", Spent(100, 20, cut=True))
    assert len(parts) == 4


@pytest.mark.parametrize("tools", [(), CALLERS])
async def test_calls_of_a_step_that_was_cut_are_not_made(tools: tuple[ToolSpec, ...]) -> None:
    spent = Spent(10, 5, cut=True)
    house = guest_house(costs(TextDelta("I w"), call("set_timer", minutes=5), spent=spent))
    parts = await answer(house, GuestAsk(said(), tools=tools, max_tokens=5))
    assert parts == [GuestStart(Tier.FAST), TextDelta("I w"), GuestReply("max_tokens", spent)]
    assert not house.ran


async def test_the_offline_mind_is_cut_where_it_would_have_gone_on() -> None:
    house = guest_house(local=says("Four", " score", " and seven years"))
    ask = GuestAsk(said(), tier=Tier.LOCAL, max_tokens=5)
    start, *deltas, reply = await answer(house, ask)
    assert start == GuestStart(Tier.LOCAL)
    text = "".join(part.text for part in deltas if isinstance(part, TextDelta))
    assert "Four score".startswith(text[:10])
    assert tokens_in(text) <= 5 < tokens_in("Four score and seven years"[: len(text) + 1])
    assert reply == GuestReply("max_tokens", replace(_spent(reply), output_tokens=tokens_in(text)))
    whole = tokens_in("Four score and seven years")
    *_, reply = await answer(house, replace(ask, max_tokens=whole))
    assert reply == GuestReply("end_turn", replace(_spent(reply), output_tokens=whole))


def _spent(reply: GuestPart) -> Spent:
    assert isinstance(reply, GuestReply)
    return reply.spent


async def test_a_request_is_weighed_with_everything_in_it() -> None:
    async def write(_: MindRequest) -> AsyncGenerator[MindPart, None]:
        yield TextDelta("x")

    async def weight(request: MindRequest) -> int:
        *_, spent = [part async for part in Metered(FakeMind(write)).step(request)]
        assert isinstance(spent, Spent)
        return spent.input_tokens

    empty = MindRequest("m", "", (), ())
    assert await weight(empty) == 0
    both = replace(empty, system="Be brief.", context="It is noon.")
    assert await weight(both) == tokens_in("Be brief.") + tokens_in("It is noon.")
    parts = (Text("Hello"), ToolCall("c1", "f", {}), ToolResult("c1", "f", "It is open."))
    said_so = replace(empty, messages=(Message("user", parts),))
    assert await weight(said_so) == sum(map(tokens_in, ("Hello", "f", "{}", "It is open.")))
    assert await weight(replace(empty, tools=CALLERS)) > tokens_in("Open the door.")


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("brain", [None, ASTRA])
async def test_a_cloud_tier_needs_a_key(brain: Any) -> None:
    house = guest_house(**({"brain": brain} if brain else {}), offline_fallback=True)
    variable = "REN_API_KEY" if brain else "ANTHROPIC_API_KEY"
    with pytest.raises(CloudKeyMissing, match=variable):
        house.guest.begin(GuestAsk(said()))
    parts = await answer(house, GuestAsk(said(), tier=Tier.LOCAL))
    assert parts[:2] == [GuestStart(Tier.LOCAL), TextDelta("Locally.")]


async def test_a_local_default_needs_none() -> None:
    house = guest_house(default_tier=Tier.LOCAL)
    assert (await answer(house, GuestAsk(said("plan it"))))[0] == GuestStart(Tier.LOCAL)


async def test_offline_it_falls_back_only_where_the_setting_says_so() -> None:
    gone = CloudUnreachable("No connection.")
    parts, error = await read(guest_house(says(gone)).guest.begin(GuestAsk(said())))
    assert (parts, error) == ([], gone)
    house = guest_house(says(gone), offline_fallback=True)
    parts = await answer(house, GuestAsk(said()))
    assert parts[:2] == [GuestStart(Tier.LOCAL), TextDelta("Locally.")]
    for broken in (says("Well", gone), says(CloudError("Overloaded."))):
        house = guest_house(broken, offline_fallback=True)
        parts, error = await read(house.guest.begin(GuestAsk(said())))
        assert isinstance(error, CloudError)
        assert TextDelta("Locally.") not in parts


@pytest.mark.parametrize("tools", [(), CALLERS])
async def test_a_turn_takes_no_longer_than_it_may(tools: tuple[ToolSpec, ...]) -> None:
    house = guest_house(never, timeout_s=0.01)
    parts, error = await read(house.guest.begin(GuestAsk(said(), tools=tools)))
    assert not parts
    assert isinstance(error, TurnTimeout)


async def test_closing_the_turn_closes_the_mind() -> None:
    closed = asyncio.Event()

    async def write(_: MindRequest) -> AsyncGenerator[MindPart, None]:
        try:
            yield TextDelta("Well")
            await asyncio.Event().wait()
        finally:
            closed.set()

    for tools in ((), CALLERS):
        closed.clear()
        async with aclosing(guest_house(write).guest.begin(GuestAsk(said(), tools=tools))) as turn:
            assert await anext(turn) == GuestStart(Tier.FAST)
            assert not closed.is_set()
        assert closed.is_set()


async def test_a_mind_that_never_ends_is_ended() -> None:
    async def write(_: MindRequest) -> AsyncGenerator[MindPart, None]:
        yield call("set_timer", minutes=1)

    house = guest_house(write)
    await answer(house, GuestAsk(said()))
    assert len(house.ran) == MAX_STEPS - 1
