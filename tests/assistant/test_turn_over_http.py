"""Turns with the real cloud mind, against a scripted and strict Messages API."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ren_device.engines.claude import ClaudeMind
from ren_device.errors import CloudError, CloudUnreachable, TurnTimeout
from ren_device.model import TextDelta, Tier
from tests.assistant.turn_house import TurnHouse, read, turn_house
from tests.messages_server import Answer, Fail, MessagesServer, Script, Scripted, Stall, Use

pytestmark = pytest.mark.engine


@asynccontextmanager
async def served(
    script: Script, **config: Any
) -> AsyncGenerator[tuple[TurnHouse, MessagesServer], None]:
    async with MessagesServer(script) as server:
        mind = ClaudeMind(server.key, server.url)
        await mind.prewarm()
        try:
            yield turn_house(mind=mind, **config), server
        finally:
            await mind.close()


async def test_a_turn_with_several_tools_breaks_no_rule() -> None:
    script: list[Scripted] = [
        Answer("Sure.", (Use("set_timer", {"minutes": 5}, "a"), Use("cancel_timer", id="b"))),
        Answer(uses=(Use("set_timer", raw='{"min', id="c"),)),
        Answer("It is set."),
        Answer("You are welcome."),
    ]
    async with served(script) as (house, server):
        heard = await read(await house.assistant.begin("a timer please"))
        assert heard.runs == [
            ("set_timer", "running"),
            ("set_timer", "done"),
            ("cancel_timer", "running"),
            ("cancel_timer", "error"),
            ("set_timer", "running"),
            ("set_timer", "error"),
        ]
        assert heard.reply.reply == "Sure.\n\nIt is set."
        await read(await house.assistant.begin("thank you"))
        assert server.mistakes == []
        assert house.ran == ["set_timer 5"]
        assert [each["role"] for each in server.requests[-1]["messages"]] == [
            "user",
            "assistant",
            "user",
        ]


async def test_a_turn_after_failed_turns_breaks_no_rule() -> None:
    script: list[Scripted] = [Fail(529), Answer("It is", then="drop"), Fail(500), Answer("Hello.")]
    async with served(script) as (house, server):
        for _ in range(3):
            heard = await read(await house.assistant.begin("hello"))
            assert isinstance(heard.error, CloudError)
        assert (await read(await house.assistant.begin("hello"))).reply.reply == "Hello."
        assert server.mistakes == []


@pytest.mark.parametrize("scripted", [Stall(), Answer("It is", then="stall")])
async def test_a_stalled_service_ends_in_a_timeout_and_is_hung_up_on(
    scripted: Stall | Answer,
) -> None:
    async with served([scripted], timeout_s=0.2) as (house, server):
        heard = await read(await house.assistant.begin("hello"))
        assert isinstance(heard.error, TurnTimeout)
        await server.left.wait()


async def test_a_reader_that_leaves_is_felt_upstream() -> None:
    async with served([Answer("It is", then="stall")]) as (house, server):
        turn = await house.assistant.begin("hello")
        assert await anext(turn) == TextDelta("It")
        await turn.aclose()
        await server.left.wait()
        assert house.remarks.said() == [("user", "hello"), ("assistant", "It")]


@pytest.mark.parametrize(("spoken", "fallback"), [(True, False), (False, True), (False, False)])
async def test_without_a_connection_the_local_tier_steps_in(spoken: bool, fallback: bool) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mind = ClaudeMind("key", f"http://127.0.0.1:{closed.getsockname()[1]}")
        house = turn_house(mind=mind, offline_fallback=fallback)
        heard = await read(await house.assistant.begin("hello", spoken=spoken))
        await mind.close()
    if spoken or fallback:
        assert heard.reply.tier is Tier.LOCAL
    else:
        assert isinstance(heard.error, CloudUnreachable)


async def test_a_stalled_service_does_not_silence_the_speaker() -> None:
    async with served([Stall()], patience_s=0.1) as (house, _):
        heard = await read(await house.assistant.begin("hello", spoken=True))
        assert heard.reply.reply == "Locally."
