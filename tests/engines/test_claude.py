import asyncio
import json
import subprocess
import sys
from contextlib import aclosing

import pytest

from ren_device.engines.claude import REFUSED, UNREADABLE_ARGUMENTS, ClaudeMind
from ren_device.errors import CloudError, CloudKeyMissing, SettingError
from ren_device.model import Message, MindRequest, Text, TextDelta, ToolCall, ToolResult
from tests.engines.claude_house import REQUEST, TIMER, claude, read
from tests.messages_server import Answer, MessagesServer, Stall, Use

pytestmark = pytest.mark.engine


async def test_text_comes_as_it_is_written() -> None:
    async with claude([Answer("Hello there, cook.")]) as (mind, server):
        parts = await read(mind)
    assert parts == [TextDelta("Hello"), TextDelta(" there,"), TextDelta(" cook.")]
    assert not server.mistakes


async def test_the_request_says_everything_once_and_marks_what_never_changes() -> None:
    async with claude([Answer("Hi.")]) as (mind, server):
        await read(mind)
    [body] = server.requests
    assert body["model"] == "claude-haiku-4-5-20251001"
    assert body["system"] == [
        {"type": "text", "text": "You are Ren.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "It is noon."},
    ]
    assert body["tools"] == [
        {
            "name": "get_time",
            "description": "The time.",
            "input_schema": {"type": "object", "properties": {}},
        },
        {
            "name": "set_timer",
            "description": "Set a timer.",
            "input_schema": {"type": "object", "properties": {"minutes": {"type": "integer"}}},
            "cache_control": {"type": "ephemeral"},
        },
    ]
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    assert "tool_choice" not in body


async def test_tool_calls_come_with_their_arguments() -> None:
    uses = (Use("set_timer", {"minutes": 5}, "toolu_a"), Use("get_time", id="toolu_b"))
    async with claude([Answer("Sure.", uses)]) as (mind, server):
        parts = await read(mind)
    assert parts == [
        TextDelta("Sure."),
        ToolCall("toolu_a", "set_timer", {"minutes": 5}),
        ToolCall("toolu_b", "get_time", {}),
    ]
    assert not server.mistakes


async def test_results_go_back_beside_the_calls_they_answer() -> None:
    messages = (
        *REQUEST.messages,
        Message("assistant", (Text("Sure."), ToolCall("toolu_a", "set_timer", {"minutes": 5}))),
        Message("user", (ToolResult("toolu_a", "set_timer", "No.", is_error=True),)),
    )
    request = MindRequest("m", "You are Ren.", messages, (TIMER,), may_call_tools=False)
    async with claude([Answer("Sorry.")]) as (mind, server):
        await read(mind, request)
    assert not server.mistakes
    [body] = server.requests
    assert body["messages"][1]["content"][1] == {
        "type": "tool_use",
        "id": "toolu_a",
        "name": "set_timer",
        "input": {"minutes": 5},
    }
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_a", "content": "No.", "is_error": True}
    ]
    assert body["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize("raw", ['{"minutes": ', "[5]"])
async def test_arguments_that_are_no_object_are_passed_on_to_be_refused(raw: str) -> None:
    async with claude([Answer(uses=(Use("set_timer", raw=raw),))]) as (mind, _):
        assert await read(mind) == [
            ToolCall("toolu_1", "set_timer", {UNREADABLE_ARGUMENTS: raw}),
        ]


async def test_a_refusal_is_said() -> None:
    script = [Answer(stop_reason="refusal"), Answer("Well,", stop_reason="refusal")]
    async with claude(script) as (mind, _):
        assert await read(mind) == [TextDelta(REFUSED)]
        assert await read(mind) == [TextDelta("Well,"), TextDelta(f" {REFUSED}")]


async def test_a_reply_that_grew_too_long_is_kept_as_far_as_it_goes() -> None:
    async with claude([Answer("And then", stop_reason="max_tokens")]) as (mind, _):
        assert await read(mind) == [TextDelta("And"), TextDelta(" then")]


async def test_one_connection_serves_many_turns() -> None:
    async with claude(lambda _: Answer("Hi.")) as (mind, server):
        for _ in range(3):
            await read(mind)
        assert len(server.connections) == 1


# --- where and with what -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
async def test_the_servers_url_may_end_in_v1(path: str) -> None:
    async with claude([Answer("Hi.")], path=path) as (mind, _):
        assert await read(mind) == [TextDelta("Hi.")]


@pytest.mark.parametrize("url", ["localhost:9", "ftp://host", "http://", "http://host:x"])
def test_a_base_url_that_is_none_is_a_setting_error(url: str) -> None:
    with pytest.raises(SettingError, match="ANTHROPIC_BASE_URL"):
        ClaudeMind("key", url)


def test_a_key_that_no_header_can_carry_is_a_setting_error() -> None:
    with pytest.raises(SettingError, match="ANTHROPIC_API_KEY") as caught:
        ClaudeMind("sk-ant\nsecret")
    assert "secret" not in str(caught.value)


async def test_without_a_key_nothing_is_asked() -> None:
    async with MessagesServer([Answer("Hi.")]) as server:
        with pytest.raises(CloudKeyMissing, match="ANTHROPIC_API_KEY"):
            await read(ClaudeMind(" ", server.url))
        assert server.headers == []


async def test_a_named_server_gets_the_key_in_both_headers() -> None:
    async with claude([Answer("Hi.")]) as (mind, server):
        await read(mind)
    assert server.headers[0]["Authorization"] == "Bearer test-key"
    assert server.headers[0]["X-Api-Key"] == "test-key"


async def test_the_environment_cannot_redirect_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another-key")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another-token")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with claude([Answer("Hi.")]) as (mind, server):
        assert await read(mind) == [TextDelta("Hi.")]
    assert server.headers[0]["Authorization"] == "Bearer test-key"


async def test_a_proxy_that_cannot_be_used_is_a_cloud_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:secret@proxy")
    async with claude([]) as (mind, _):
        await mind.prewarm()
        with pytest.raises(CloudError, match="proxy") as caught:
            await read(mind)
        assert "secret" not in str(caught.value)


# --- leaving ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scripted", [Answer("It is", then="stall"), Stall()])
async def test_a_cancelled_step_hangs_up_upstream(scripted: Answer | Stall) -> None:
    async with claude([scripted]) as (mind, server):
        reader = asyncio.create_task(read(mind))
        await server.arrived.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        async with asyncio.timeout(2):
            await server.left.wait()


async def test_a_closed_step_hangs_up_upstream() -> None:
    async with claude([Answer("It is", then="stall"), Answer("Hi.")]) as (mind, server):
        async with aclosing(mind.step(REQUEST)) as parts:
            assert await anext(parts) == TextDelta("It")
        async with asyncio.timeout(2):
            await server.left.wait()
        assert await read(mind) == [TextDelta("Hi.")]


async def test_a_first_turn_that_is_cancelled_leaves_the_client_to_the_next() -> None:
    async with claude([Answer("Hi.")]) as (mind, _):
        warming = asyncio.create_task(mind.prewarm())
        await asyncio.sleep(0)
        warming.cancel()
        assert await read(mind) == [TextDelta("Hi.")]


def test_making_a_mind_imports_nothing_heavy() -> None:
    program = (
        "import sys, json; from ren_device.engines.claude import ClaudeMind; ClaudeMind('key');"
        "print(json.dumps([name for name in ('anthropic', 'httpx2') if name in sys.modules]))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert json.loads(out.stdout) == []
