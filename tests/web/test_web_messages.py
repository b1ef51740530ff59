import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiohttp import ClientSession

from ren_device.assistant.guest import GuestAsk, GuestPart, GuestReply, GuestStart
from ren_device.errors import (
    CloudError,
    CloudKeyMissing,
    CloudUnreachable,
    RenError,
    StoreError,
    TurnTimeout,
)
from ren_device.model import (
    Message,
    Spent,
    Text,
    TextDelta,
    Tier,
    ToolCall,
    ToolResult,
    ToolRun,
    ToolSpec,
)
from ren_device.web.doorkeeper import TRIES
from ren_device.web.limits import Limits
from tests.web.messages_house import (
    MessagesHouse,
    assistant,
    body,
    fails,
    messages_house,
    user,
)
from tests.web.web_house import frames

START = GuestStart(Tier.FAST)
RUNNING = ToolRun("set_timer", "running")
SCHEMA = {"type": "object", "properties": {"minutes": {"type": "integer"}}}
TIMER = {"name": "set_timer", "description": "Set a timer.", "input_schema": SCHEMA}
USE = {"type": "tool_use", "id": "toolu_1", "name": "set_timer", "input": {"minutes": 5}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Set."}


def text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def error(kind: str, message: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": message}}


async def never(_: GuestAsk) -> AsyncGenerator[GuestPart, None]:
    yield START
    yield TextDelta("wait")
    await asyncio.Event().wait()


async def asks_for_tools(_: GuestAsk) -> AsyncGenerator[GuestPart, None]:
    yield START
    yield TextDelta("One moment.")
    yield ToolCall("toolu_a", "set_timer", {"minutes": 5})
    yield ToolCall("toolu_b", "set_timer", {})
    yield GuestReply("tool_use", Spent(40, 9))


async def stream(house: MessagesHouse, sent: dict[str, object]) -> list[tuple[str, Any]]:
    headers = {"Authorization": f"Bearer {house.key}"}
    async with house.client.post("/v1/messages", json=sent, headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        return await frames(response)


# --- an answer ---------------------------------------------------------------------------------


async def test_one_message() -> None:
    async with messages_house() as house:
        status, answer = await house.post(body(user("hi"), max_tokens=50))
    assert status == 200
    assert answer.pop("id").startswith("msg_")
    assert answer == {
        "type": "message",
        "role": "assistant",
        "model": "astra",
        "content": [text("Hello wörld")],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 3},
    }
    assert house.guest.asked == [GuestAsk((Message("user", (Text("hi"),)),), max_tokens=50)]
    assert house.guest.closed.is_set()


async def test_the_same_as_events() -> None:
    async with messages_house() as house:
        events = await stream(house, body(stream=True))
    assert all(name == data["type"] for name, data in events)
    assert [data for name, data in events if name != "message_start"] == [
        {"type": "ping"},
        {"type": "content_block_start", "index": 0, "content_block": text("")},
        {"type": "content_block_delta", "index": 0, "delta": _piece("Hello ")},
        {"type": "ping"},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": _piece("wörld")},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"input_tokens": 7, "output_tokens": 3},
        },
        {"type": "message_stop"},
    ]
    started = events[0][1]["message"]
    assert (started["content"], started["stop_reason"], started["model"]) == ([], None, "astra")


async def test_the_callers_tools_are_handed_back() -> None:
    async with messages_house(asks_for_tools) as house:
        _, whole = await house.post(body(tools=[TIMER]))
        events = await stream(house, body(tools=[TIMER], stream=True))
    assert whole["stop_reason"] == "tool_use"
    assert whole["content"] == [
        text("One moment."),
        {"type": "tool_use", "id": "toolu_a", "name": "set_timer", "input": {"minutes": 5}},
        {"type": "tool_use", "id": "toolu_b", "name": "set_timer", "input": {}},
    ]
    blocks = [data for name, data in events if name.startswith("content_block")]
    assert [(data["type"][14:], data["index"]) for data in blocks] == [
        (kind, index) for index in range(3) for kind in ("start", "delta", "stop")
    ]
    assert blocks[3]["content_block"]["input"] == {}
    assert json.loads(blocks[4]["delta"]["partial_json"]) == {"minutes": 5}
    assert house.guest.asked[0].tools == (ToolSpec("set_timer", "Set a timer.", SCHEMA),)


async def test_who_answered_instead_of_the_cloud() -> None:
    async def locally(_: GuestAsk) -> AsyncGenerator[GuestPart, None]:
        yield GuestStart(Tier.LOCAL)
        yield GuestReply("max_tokens", Spent(1, 0))

    async with messages_house(locally) as house:
        _, answer = await house.post(body())
        events = await stream(house, body(stream=True))
    assert (answer["model"], answer["content"]) == ("astra-local", [])
    assert answer["stop_reason"] == "max_tokens"
    assert events[0][1]["message"]["model"] == "astra-local"


# --- what a body may be ------------------------------------------------------------------------


async def test_a_dialogue_of_strings_and_blocks() -> None:
    async with messages_house() as house:
        status, _ = await house.post(
            body(
                user("one"),
                user([text("two"), {**text("three"), "cache_control": {"type": "ephemeral"}}]),
                assistant([]),
                assistant([text("four"), USE]),
                user([{**RESULT, "is_error": True}, text("five")]),
                assistant([{**USE, "id": "toolu_2"}]),
                user([{"type": "tool_result", "tool_use_id": "toolu_2"}]),
                system=[text("Be"), text("brief.")],
                model="astra-hard",
                tools=[{**TIMER, "type": "custom", "strict": True}],
                tool_choice={"type": "none", "disable_parallel_tool_use": False},
                temperature=0.3,
                metadata={"user_id": "u"},
                thinking={"type": "adaptive"},
                stop_sequences=[],
                output_config={"effort": "low"},
                something_new=True,
            )
        )
    assert status == 200
    (asked,) = house.guest.asked
    assert asked.messages == (
        Message("user", (Text("one"), Text("two"), Text("three"))),
        Message("assistant", (Text("four"), ToolCall("toolu_1", "set_timer", {"minutes": 5}))),
        Message("user", (ToolResult("toolu_1", "set_timer", "Set.", is_error=True), Text("five"))),
        Message("assistant", (ToolCall("toolu_2", "set_timer", {"minutes": 5}),)),
        Message("user", (ToolResult("toolu_2", "set_timer", ""),)),
    )
    assert (asked.system, asked.tier, asked.may_call_tools) == ("Be\n\nbrief.", Tier.HARD, False)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"messages": []}, "messages: List should have at least 1 item"),
        ({"messages": "hi"}, "messages: Input should be a valid list"),
        ({"messages": [user(5)]}, "messages.0.content: Input should be a valid list"),
        ({"messages": [user(" ")]}, "messages.0.content.0.text.text: must not be blank"),
        ({"messages": [user([])]}, "messages: the first must be the user's"),
        ({"messages": [assistant("hi")]}, "messages: the first must be the user's"),
        ({"messages": [user(), assistant("I")]}, "messages: the last must be the user's"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role: Input should be"),
        (
            {"messages": [user([{"type": "image", "source": {}}])]},
            "messages.0.content.0: Input tag 'image' found",
        ),
        ({"messages": [user([RESULT])]}, "messages: each tool_use needs its tool_result"),
        ({"messages": [user(), assistant([USE]), user("and?")]}, "messages: each tool_use needs"),
        ({"messages": [user([USE])]}, "messages: tool_use is for the assistant"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
        ({"max_tokens": True}, "max_tokens: Input should be a valid integer"),
        ({"stream": "yes"}, "stream: Input should be a valid boolean"),
        ({"model": None}, "model: Input should be a valid string"),
        ({"system": 5}, "system: Input should be a valid list"),
        ({"stop_sequences": ["."]}, "stop_sequences: is not supported by Ren"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format: is not"),
        ({"mcp_servers": [{}]}, "mcp_servers: is not supported"),
        ({"tools": [{"type": "web_search_20250305", "name": "web"}]}, "tools.0.type: Input should"),
        ({"tools": [{**TIMER, "name": "set timer"}]}, "tools.0.name: String should match"),
        ({"tools": [TIMER, TIMER]}, "tools: no two may have the same name"),
        ({"tool_choice": {"type": "any"}}, "tool_choice.type: Input should be 'auto' or 'none'"),
        ({"tool_choice": {"type": "none"}}, "tool_choice: there are no tools"),
    ],
)
async def test_a_body_that_does_not_fit(fields: dict[str, object], message: str) -> None:
    async with messages_house() as house:
        status, answer = await house.post({**body(), **fields})
    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["message"].startswith(message)
    assert not house.guest.asked


async def test_a_body_that_is_none() -> None:
    async with messages_house() as house:
        key = {"Authorization": f"Bearer {house.key}"}
        json_type = {"Content-Type": "application/json"}
        for sent, headers, status, kind in (
            (b"{", json_type, 400, "invalid_request_error"),
            (b"", json_type, 400, "invalid_request_error"),
            (b"{}", {"Content-Type": "text/plain"}, 415, "invalid_request_error"),
            (b"{}", {**json_type, "Origin": "https://evil.example"}, 403, "permission_error"),
            (b"{}", {**json_type, "Host": "evil.example"}, 403, "permission_error"),
            (b"x" * 300_000, json_type, 413, "request_too_large"),
        ):
            async with house.client.post(
                "/v1/messages", data=sent, headers={**key, **headers}
            ) as response:
                answer = await response.json()
                assert (response.status, answer["error"]["type"]) == (status, kind)


async def test_other_models_and_other_paths_are_not_found() -> None:
    async with messages_house() as house:
        status, answer = await house.post(body(model="claude-sonnet-4-6"))
        assert (status, answer["error"]["type"]) == (404, "not_found_error")
        assert "astra-local" in answer["error"]["message"]
        async with house.client.post("/v1/messages/batches", json={}) as response:
            assert response.status == 404
            assert await response.json() == error("not_found_error", "Not Found")
        async with house.client.put("/v1/messages", json={}) as response:
            assert (response.status, response.headers["Allow"]) == (405, "POST")
            assert (await response.json())["error"]["type"] == "invalid_request_error"


# --- keys --------------------------------------------------------------------------------------


async def test_a_key_opens_in_either_header() -> None:
    async with messages_house() as house:
        for headers in (
            {"Authorization": f"Bearer {house.key}"},
            {"authorization": f"bearer  {house.key} "},
            {"X-Api-Key": house.key},
            {"X-Api-Key": house.key, "Authorization": "Basic cHJveHk6c2VjcmV0"},
            {"X-Api-Key": "old", "Authorization": f"Bearer {house.key}"},
        ):
            status, _ = await house.post(body(), **headers)
            assert status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Other": "x"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer ren_wrong"},
        {"Authorization": "Basic ren_wrong"},
        {"X-Api-Key": "ren_wrong"},
    ],
)
async def test_without_a_good_key_nothing_is_read(headers: dict[str, str]) -> None:
    async with messages_house() as house:
        for path, method in (("messages", "POST"), ("models", "GET"), ("models/astra", "GET")):
            content = {**headers, "Content-Type": "application/json"}
            async with house.client.request(
                method, f"/v1/{path}", data=b"{" if method == "POST" else None, headers=content
            ) as response:
                assert response.status == 401
                answer = await response.json()
        assert answer["error"]["type"] == "authentication_error"
        assert "ren-device keys new" in answer["error"]["message"]
        assert not house.guest.asked


async def test_the_key_itself_is_no_query_and_is_never_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with messages_house(fails(error=CloudError("down"))) as house:
            await house.post(body())
            await house.post(body(), **{"X-Api-Key": "ren_wrong"})
            async with house.client.get(f"/v1/models?key={house.key}") as response:
                assert response.status == 401
            assert house.key not in caplog.text
    assert "ren_wrong" not in caplog.text


async def test_whoever_tries_many_keys_is_told_to_stop_and_the_right_one_still_opens() -> None:
    async with messages_house() as house:
        for _ in range(TRIES):
            status, _ = await house.post(body(), **{"X-Api-Key": "ren_wrong"})
            assert status == 401
        async with house.client.get("/v1/models", headers={"X-Api-Key": "x"}) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "60")
            assert (await response.json())["error"]["type"] == "rate_limit_error"
        assert (await house.post(body()))[0] == 200


async def test_a_revoked_key_opens_nothing() -> None:
    async with messages_house() as house:
        await house.keyring.revoke(1)
        assert (await house.post(body()))[0] == 401


# --- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raised", "status", "kind"),
    [
        (CloudUnreachable("No connection."), 502, "api_error"),
        (StoreError("The disk is full."), 500, "api_error"),
        (TurnTimeout("Too slow."), 504, "timeout_error"),
    ],
)
async def test_what_fails_before_the_first_word_has_a_status(
    raised: RenError, status: int, kind: str
) -> None:
    async with messages_house(fails(error=raised)) as house:
        for streamed in (False, True):
            assert await house.post(body(stream=streamed)) == (status, error(kind, str(raised)))


async def test_what_fails_later_is_the_last_event() -> None:
    script = fails(START, TextDelta("Well"), error=CloudError("Overloaded."))
    async with messages_house(script) as house:
        events = await stream(house, body(stream=True))
    assert events[-1] == ("error", error("api_error", "Overloaded."))
    assert events[-2][0] == "content_block_delta"


async def test_a_bug_is_no_drop(caplog: pytest.LogCaptureFixture) -> None:
    async with messages_house(fails(START, error=RuntimeError("secret"))) as house:
        events = await stream(house, body(stream=True))
        status, answer = await house.post(body())
    assert (events[-1][0], events[-1][1]["error"]["type"]) == ("error", "api_error")
    assert (status, answer) == (500, events[-1][1])
    assert "secret" not in str(answer)
    assert "secret" in caplog.text


async def test_sdks_are_told_not_to_repeat_what_has_been_done() -> None:
    """They ask again by themselves after most errors: that would set the timer twice."""
    failed = CloudError("Overloaded.")
    async with messages_house(fails(START, TextDelta("x"), error=failed)) as house:
        assert await _should_retry(house) is None
        house.guest.script = fails(START, RUNNING, error=failed)
        assert await _should_retry(house) == "false"


async def test_without_a_cloud_key_asking_again_is_in_vain() -> None:
    missing = CloudKeyMissing("ANTHROPIC_API_KEY is not set.")
    async with messages_house(refuse_with=missing) as house:
        for streamed in (False, True):
            status, answer = await house.post(body(stream=streamed))
            assert (status, answer) == (503, error("api_error", str(missing)))
        assert await _should_retry(house) == "false"


async def test_too_many_turns_of_programs_leave_room_for_people() -> None:
    async with messages_house(never, limits=Limits(turns=2)) as house:
        waiting = asyncio.create_task(house.post(body()))
        await house.guest.running.wait()
        status, answer = await house.post(body())
        assert (status, answer["error"]["type"]) == (429, "rate_limit_error")
        async with house.client.post("/chat", json={"message": "hello"}) as response:
            assert response.status == 200
        waiting.cancel()
        await asyncio.wait([waiting])


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_client_that_leaves_cancels_the_turn(*, streamed: bool) -> None:
    async with messages_house(never) as house:
        async with ClientSession(house.url) as other:
            headers = {"X-Api-Key": house.key}
            post = other.post("/v1/messages", json=body(stream=streamed), headers=headers)
            leaving = asyncio.ensure_future(post)
            await house.guest.running.wait()
            if streamed:
                (await leaving).close()
            leaving.cancel()
            await asyncio.wait([leaving])
        await asyncio.wait_for(house.guest.closed.wait(), 5)


async def test_when_ren_stops_a_stream_says_so() -> None:
    async with messages_house(never) as house:
        headers = {"X-Api-Key": house.key}
        response = await house.client.post("/v1/messages", json=body(stream=True), headers=headers)
        await house.guest.running.wait()
        reading = asyncio.create_task(response.text())
        await house.stop()
        assert "Ren is stopping." in (await reading).split("event: error\n")[1]


# --- models ------------------------------------------------------------------------------------


async def test_the_models() -> None:
    async with messages_house() as house:
        headers = {"X-Api-Key": house.key}
        async with house.client.get("/v1/models", headers=headers) as response:
            listed = await response.json()
        async with house.client.get("/v1/models/astra", headers=headers) as response:
            assert await response.json() == listed["data"][0]
        async with house.client.get("/v1/models/other", headers=headers) as response:
            assert response.status == 404
    names = ["astra", "astra-fast", "astra-default", "astra-hard", "astra-local"]
    assert [each["id"] for each in listed["data"]] == names
    assert listed["has_more"] is False


async def _should_retry(house: MessagesHouse) -> str | None:
    headers = {"X-Api-Key": house.key}
    async with house.client.post("/v1/messages", json=body(), headers=headers) as response:
        assert response.status >= 500
        return response.headers.get("X-Should-Retry")


def _piece(words: str) -> dict[str, str]:
    return {"type": "text_delta", "text": words}
