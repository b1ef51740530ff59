"""Programs that talk to Ren with the real SDK of the Messages API."""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic.types import (
    CacheControlEphemeralParam,
    MessageParam,
    ToolParam,
    ToolResultBlockParam,
)

from ren_device.assistant.guest import Guest
from ren_device.assistant.turn import TurnConfig
from ren_device.engines.claude import ClaudeMind
from ren_device.model import MindPart, MindRequest, Text, TextDelta
from ren_device.skills.tool import Toolbox, tool
from ren_device.web.doorkeeper import Doorkeeper
from ren_device.web.keyring import Keyring
from ren_device.web.messages import MessagesApi
from tests.assistant.turn_house import Write, call, says
from tests.engines.claude_house import REQUEST, read
from tests.fakes import FakeMind
from tests.messages_server import Answer, Json, MessagesServer, Use
from tests.peers.clients import node_asks
from tests.ren import Ren, running
from tests.web.messages_house import MemoryKeys
from tests.web.web_house import FixedClock, client_of, frames, house

pytestmark = pytest.mark.peer

HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]
CACHED: CacheControlEphemeralParam = {"type": "ephemeral"}
DOOR: ToolParam = {
    "name": "open_door",
    "description": "Open a door.",
    "input_schema": {"type": "object", "properties": {"which": {"type": "string"}}},
}


async def set_timer(minutes: int) -> str:
    """Set a timer."""
    return f"Timer set for {minutes} minutes."


@dataclass
class Desk:
    """A server with a real guest in front of a fake mind."""

    url: str
    key: str
    mind: FakeMind

    def client(self, key: str = "", **options: Any) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(
            **{"api_key": key or self.key, "base_url": self.url, "max_retries": 0, **options}
        )


@asynccontextmanager
async def desk(write: Write, **config: Any) -> AsyncIterator[Desk]:
    clock = FixedClock()
    keyring = Keyring(MemoryKeys(), clock)
    _, key = await keyring.new("sdk")
    mind = FakeMind(write)
    guest = Guest(
        cloud=mind,
        local=FakeMind(says("Locally.")),
        toolbox=Toolbox([tool(set_timer)]),
        clock=clock,
        config=TurnConfig(**config),
    )
    api = MessagesApi(guest, Doorkeeper(keyring, clock))
    services, _ = house(extra_routes=(api.routes(),))
    async with client_of(services) as client:
        yield Desk(str(client._base_url).rstrip("/"), key, mind)


# --- the SDK -----------------------------------------------------------------------------------


async def test_one_message() -> None:
    async with desk(says("Hi ", "there.")) as ren, ren.client() as client:
        message = await client.messages.create(model="astra", max_tokens=100, messages=HELLO)
    assert message.content[0].type == "text"
    assert message.content[0].text == "Hi there."
    assert (message.model, message.role, message.stop_reason) == ("astra", "assistant", "end_turn")
    assert message.usage.output_tokens > 0
    assert message.usage.input_tokens > 100
    assert ren.mind.requests[0].max_tokens == 100


async def test_the_stream_helper_hears_the_same_and_rens_tools_run_inside() -> None:
    write = says("One moment.", call("set_timer", minutes=5))
    async with (
        desk(write) as ren,
        ren.client() as client,
        client.messages.stream(
            model="astra", max_tokens=100, messages=HELLO, system="Be brief."
        ) as stream,
    ):
        words = [text async for text in stream.text_stream]
        message = await stream.get_final_message()
    assert words == ["One moment.", "\n\nDone."]
    assert message.content[0].type == "text"
    assert message.content[0].text == "One moment.\n\nDone."
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 100
    assert ren.mind.requests[0].system.endswith("Be brief.")


async def test_raw_events_and_blocks_and_many_turns() -> None:
    dialogue: list[MessageParam] = [
        {"role": "user", "content": [{"type": "text", "text": "I am Ada."}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello Ada."}]},
        {"role": "user", "content": "Who am I?"},
    ]
    async with desk(says("Ada.")) as ren, ren.client() as client:
        kinds = [
            event.type
            async for event in await client.messages.create(
                model="astra",
                max_tokens=100,
                messages=dialogue,
                system=[{"type": "text", "text": "Be brief.", "cache_control": CACHED}],
                stream=True,
            )
        ]
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    said = [
        (m.role, [p.text for p in m.content if isinstance(p, Text)])
        for m in ren.mind.requests[0].messages
    ]
    assert said == [
        ("user", ["I am Ada."]),
        ("assistant", ["Hello Ada."]),
        ("user", ["Who am I?"]),
    ]


async def test_the_callers_own_tools_through_a_whole_round() -> None:
    write = says("I'll see.", call("open_door", which="front"))
    async with desk(write) as ren, ren.client() as client:
        asked: list[MessageParam] = list(HELLO)
        first = await client.messages.create(
            model="astra", max_tokens=100, messages=asked, tools=[DOOR]
        )
        assert first.stop_reason == "tool_use"
        text, use = first.content
        assert text.type == "text"
        assert use.type == "tool_use"
        assert (use.name, use.input) == ("open_door", {"which": "front"})
        asked.append({"role": "assistant", "content": first.content})
        result: ToolResultBlockParam = {
            "type": "tool_result",
            "tool_use_id": use.id,
            "content": "It is open.",
        }
        asked.append({"role": "user", "content": [result]})
        async with client.messages.stream(
            model="astra", max_tokens=100, messages=asked, tools=[DOOR]
        ) as stream:
            second = await stream.get_final_message()
    assert second.content[0].type == "text"
    assert second.content[0].text == "Done."
    assert second.stop_reason == "end_turn"


async def test_the_synchronous_client() -> None:
    def ask(ren: Desk) -> tuple[str, list[str]]:
        with anthropic.Anthropic(auth_token=ren.key, base_url=ren.url, max_retries=0) as client:
            message = client.messages.create(model="astra-hard", max_tokens=9, messages=HELLO)
            with client.messages.stream(model="astra", max_tokens=9, messages=HELLO) as stream:
                words = list(stream.text_stream)
        assert message.content[0].type == "text"
        return message.content[0].text, words

    async with desk(says("Hi ", "there.")) as ren:
        assert await asyncio.to_thread(ask, ren) == ("Hi there.", ["Hi ", "there."])
    assert ren.mind.requests[0].model == "claude-opus-4-8"


async def test_the_models() -> None:
    async with desk(says()) as ren, ren.client() as client:
        listed = [model.id async for model in client.models.list()]
        assert listed[0] == "astra"
        assert len(listed) == 5
        assert (await client.models.retrieve("astra")).display_name == "Astra"
        with pytest.raises(anthropic.NotFoundError):
            await client.models.retrieve("claude-sonnet-4-6")


async def test_a_wrong_key_a_wrong_model_and_a_wrong_body() -> None:
    async with desk(says("Hi.")) as ren:
        ask: Any = {"model": "astra", "max_tokens": 5, "messages": HELLO}
        async with ren.client("ren_wrong") as stranger:
            with pytest.raises(anthropic.AuthenticationError) as refused:
                await stranger.messages.create(**ask)
            assert refused.value.type == "authentication_error"
            assert "ren_wrong" not in str(refused.value)
        both = {"X-Api-Key": ren.key, "Authorization": "x"}
        async with ren.client(default_headers=both) as other:
            await other.messages.create(**ask)
        async with ren.client() as client:
            with pytest.raises(anthropic.NotFoundError, match="astra-local"):
                await client.messages.create(**{**ask, "model": "claude-opus-4-8"})
            with pytest.raises(anthropic.BadRequestError, match="messages: the last must be"):
                await client.messages.create(
                    **{**ask, "messages": [*HELLO, {"role": "assistant", "content": "I"}]}
                )
            with pytest.raises(anthropic.BadRequestError, match="stop_sequences"):
                await client.messages.create(**ask, stop_sequences=["."])
            with pytest.raises(anthropic.ContentTooLargeError):
                await client.messages.create(
                    **{**ask, "messages": [{"role": "user", "content": "x" * 300_000}]}
                )


async def test_an_error_in_the_middle_reaches_the_reader() -> None:
    async def write(_: MindRequest) -> AsyncGenerator[MindPart, None]:
        yield TextDelta("Well")
        await asyncio.Event().wait()

    async with (
        desk(write, timeout_s=0.2) as ren,
        ren.client() as client,
        client.messages.stream(model="astra", max_tokens=5, messages=HELLO) as stream,
    ):
        words = aiter(stream.text_stream)
        assert await anext(words) == "Well"
        with pytest.raises(anthropic.APIStatusError, match="longer than"):
            await anext(words)


async def test_leaving_in_the_middle_cancels_the_turn() -> None:
    closed = asyncio.Event()

    async def write(_: MindRequest) -> AsyncGenerator[MindPart, None]:
        try:
            yield TextDelta("Well")
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with desk(write) as ren, ren.client() as client:
        async with client.messages.stream(model="astra", max_tokens=5, messages=HELLO) as stream:
            assert await anext(aiter(stream.text_stream)) == "Well"
        await asyncio.wait_for(closed.wait(), 5)


async def test_the_sdk_of_node() -> None:
    async with desk(says("Hi ", "there.")) as ren:
        told = await node_asks(ren.url, ren.key, "astra")
        refused = await node_asks(ren.url, "ren_wrong", "astra")
        unknown = await node_asks(ren.url, ren.key, "claude")
    (first, whole), *events, (last, streamed) = told
    assert (first, last) == ("whole", "streamed")
    for message in (whole, streamed):
        assert message["content"] == [{"type": "text", "text": "Hi there."}]
        assert message["stop_reason"] == "end_turn"
        assert message["usage"] == whole["usage"]
    assert [kind for _, kind in events if kind != "content_block_delta"] == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert refused == [("error", {"status": 401, "type": "authentication_error"})]
    assert unknown == [("error", {"status": 404, "type": "not_found_error"})]


async def test_max_tokens_is_what_the_sdk_hears() -> None:
    async with desk(says("x"), default_tier="local") as ren, ren.client() as client:
        message = await client.messages.create(model="astra-local", max_tokens=1, messages=HELLO)
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens <= 1
    assert message.model == "astra-local"


async def test_rens_own_client_of_the_api_is_content_with_it() -> None:
    """ClaudeMind with the key of another Ren: that one's tools stay out, its mind answers."""
    async with desk(says("I'll see.", call("set_timer", minutes=5))) as ren:
        mind = ClaudeMind(ren.key, ren.url)
        text, use = await read(mind, replace(REQUEST, model="astra"))
        await mind.close()
    assert text == TextDelta("I'll see.")
    assert getattr(use, "name", "") == "set_timer"
    assert ren.mind.requests[0].tools == REQUEST.tools


# --- Ren on both ends --------------------------------------------------------------------------


async def command(folder: Path, *arguments: str) -> str:
    """What `ren-device` with these arguments writes, for the Ren whose data is in `folder`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ren_device", *arguments),
        env={"REN_DATA_DIR": str(folder / "data"), "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    written, _ = await process.communicate()
    assert process.returncode == 0
    return written.decode().strip()


def cloud(body: Json) -> Answer:
    """The model behind the second Ren: it sets a timer with whichever tool it has for that."""
    last = body["messages"][-1]["content"][-1]
    if last["type"] == "tool_result":
        return Answer(f"Done: {last['content']}")
    return Answer("One moment.", (Use("set_timer", {"duration_s": 300}),))


@asynccontextmanager
async def two_rens(folder: Path) -> AsyncIterator[tuple[Ren, Ren, MessagesServer, str]]:
    """One whose brain is the other, and that one's cloud; and a key of the other."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(MessagesServer(cloud))
        for name in ("near", "far"):
            (folder / name).mkdir()
        far = await stack.enter_async_context(
            running(folder / "far", ANTHROPIC_API_KEY=server.key, ANTHROPIC_BASE_URL=server.url)
        )
        await far.until_up()
        key = await command(folder / "far", "keys", "new", "near")
        near = await stack.enter_async_context(
            running(folder / "near", REN_BRAIN="astra", REN_API_KEY=key, REN_API_URL=far.url)
        )
        await near.until_up()
        yield near, far, server, key


async def test_a_ren_is_the_brain_of_another(tmp_path: Path) -> None:
    async with two_rens(tmp_path) as (near, far, server, key):
        assert (await near.get("/health"))["has_api_key"] is True
        async with near.http.post("/chat/stream", json={"message": "time my egg"}) as response:
            events = await frames(response)
        words = [data["text"] for name, data in events if name == "token"]
        assert words[:2] == ["One", " moment."]
        runs = [data["status"] for name, data in events if name == "tool_run"]
        assert runs == ["running", "done"]
        done = dict(events)["done"]
        assert (done["model"], done["tier"]) == ("astra", "fast")
        assert "Done:" in done["reply"]
        # Whose speaker it is, is who sets the timer.
        assert "5 minutes" in await near.chat("how long is left on my timer")
        assert "no timer" in (await far.chat("how long is left on my timer")).lower()
        assert not server.mistakes
        # Without tools of its own, a program has the far Ren's.
        async with (
            anthropic.AsyncAnthropic(api_key=key, base_url=far.url) as client,
            client.messages.stream(model="astra", max_tokens=99, messages=HELLO) as stream,
        ):
            message = await stream.get_final_message()
        assert message.content[0].type == "text"
        assert message.content[0].text.startswith("One moment.\n\nDone: ")
        assert message.usage.output_tokens == len("One moment.") + len(message.content[0].text) - 13
        assert "5 minutes" in await far.chat("how long is left on my timer")
        # A key that is taken back is good for nothing, at once.
        assert "near" in await command(tmp_path / "far", "keys", "list")
        await command(tmp_path / "far", "keys", "revoke", "1")
        async with near.http.post("/chat", json={"message": "hello"}) as response:
            assert response.status == 502
            detail = (await response.json())["detail"]
        assert "401" in detail
        assert key not in detail + near.log() + far.log()
