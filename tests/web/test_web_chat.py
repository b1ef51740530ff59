import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from ren_device.errors import (
    CloudError,
    CloudKeyMissing,
    CloudUnreachable,
    StoreError,
    ThreadNotFound,
    TurnTimeout,
)
from ren_device.model import Reply, ReplyPart, TextDelta, Tier, ToolRun
from ren_device.web.errors import BUG
from ren_device.web.server import serving
from tests.web.web_house import client_of, house, raw_request, says_nothing

HELLO = {"reply": "Hello wörld\n", "model": "local", "tier": "local", "thread_id": 1}
BOTH = pytest.mark.parametrize("path", ["/chat", "/chat/stream"])


async def test_a_turn_is_answered_whole() -> None:
    services, assistant = house()
    async with (
        client_of(services) as client,
        client.post("/chat", json={"message": "  hi there \n"}) as response,
    ):
        assert response.status == 200
        assert response.content_type == "application/json"
        assert await response.json() == HELLO
    assert assistant.asked == [("hi there", None, None)]
    assert assistant.closed.is_set()


@BOTH
async def test_tier_and_thread_are_passed_on(path: str) -> None:
    services, assistant = house()
    body = {"message": "hi", "tier": "hard", "thread_id": "1", "mood": "sunny"}
    async with client_of(services) as client, client.post(path, json=body) as response:
        assert response.status == 200
    assert assistant.asked == [("hi", 1, Tier.HARD)]


@BOTH
@pytest.mark.parametrize(
    ("body", "field", "kind"),
    [
        ({}, ["message"], "missing"),
        ({"message": ""}, ["message"], "string_too_short"),
        ({"message": " \n\t "}, ["message"], "string_too_short"),
        ({"message": 7}, ["message"], "string_type"),
        ({"message": None}, ["message"], "string_type"),
        ({"message": "hi", "tier": "huge"}, ["tier"], "enum"),
        ({"message": "hi", "thread_id": True}, ["thread_id"], "int_type"),
        ({"message": "hi", "thread_id": "one"}, ["thread_id"], "int_parsing"),
        ({"message": "hi", "thread_id": 1.5}, ["thread_id"], "int_from_float"),
        (["hi"], [], "model_attributes_type"),
        ("hi", [], "model_attributes_type"),
    ],
)
async def test_a_wrong_body_is_422_in_the_list_form(
    path: str, body: Any, field: list[str], kind: str
) -> None:
    services, assistant = house()
    async with client_of(services) as client, client.post(path, json=body) as response:
        assert response.status == 422
        assert response.content_type == "application/json"
        [detail] = (await response.json())["detail"]
        assert detail["type"] == kind
        assert detail["loc"] == ["body", *field]
        assert isinstance(detail["msg"], str)
        assert "input" in detail
        assert "url" not in detail
    assert assistant.asked == []


@BOTH
async def test_no_body_at_all_is_422(path: str) -> None:
    services, _ = house()
    async with client_of(services) as client, client.post(path) as response:
        assert response.status == 422
        assert await response.json() == {
            "detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]
        }


async def test_null_is_no_body_of_a_chat() -> None:
    services, _ = house()
    headers = {"Content-Type": "application/json"}
    async with (
        client_of(services) as client,
        client.post("/chat", data=b"null", headers=headers) as response,
    ):
        assert response.status == 422
        assert (await response.json())["detail"][0]["loc"] == ["body"]


@BOTH
@pytest.mark.parametrize(
    "body",
    [b"{", b"{'message': 'hi'}", b'{"message": "\xff"}', b'{"message": NaN}', b"[" * 5000,
     b'{"message": "\\ud800"}', b"\xef\xbb\xbf{}"],
)  # fmt: skip
async def test_what_is_not_json_is_400(path: str, body: bytes) -> None:
    services, _ = house()
    headers = {"Content-Type": "application/json"}
    async with (
        client_of(services) as client,
        client.post(path, data=body, headers=headers) as response,
    ):
        assert response.status == 400
        assert (await response.json())["detail"].startswith("The body is not JSON")


@BOTH
@pytest.mark.parametrize(
    ("error", "status"),
    [(ThreadNotFound("No such thread."), 404), (CloudKeyMissing("No key."), 503)],
)
async def test_what_is_known_before_the_turn_is_a_status(
    path: str, error: Exception, status: int
) -> None:
    services, assistant = house()
    assistant.refuse_with = error
    async with client_of(services) as client, client.post(path, json={"message": "hi"}) as response:
        assert response.status == status
        assert await response.json() == {"detail": str(error)}


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (CloudError("The model is overloaded."), 502, "The model is overloaded."),
        (CloudUnreachable("No way there."), 502, "No way there."),
        (TurnTimeout("It took too long."), 504, "It took too long."),
        (StoreError("The disk is full."), 500, "The disk is full."),
        (RuntimeError("secret inner thing"), 500, BUG),
    ],
)
async def test_a_turn_that_fails_on_the_way_is_a_status(
    error: Exception, status: int, detail: str
) -> None:
    async def fails() -> AsyncGenerator[ReplyPart, None]:
        yield TextDelta("half a ")
        raise error

    services, _ = house(fails)
    async with (
        client_of(services) as client,
        client.post("/chat", json={"message": "hi"}) as response,
    ):
        assert response.status == status
        assert await response.json() == {"detail": detail}


async def test_a_turn_without_a_reply_is_a_bug() -> None:
    async def forgets() -> AsyncGenerator[ReplyPart, None]:
        yield TextDelta("half a ")

    services, _ = house(forgets)
    async with (
        client_of(services) as client,
        client.post("/chat", json={"message": "hi"}) as response,
    ):
        assert response.status == 500
        assert await response.json() == {"detail": BUG}


async def test_a_client_that_leaves_cancels_its_turn() -> None:
    services, assistant = house(says_nothing)
    async with serving(services, "127.0.0.1", 0) as port:
        async with raw_request(port, "/chat", {"message": "hi"}):
            async with asyncio.timeout(1):
                await assistant.running.wait()
            assert not assistant.closed.is_set()
        async with asyncio.timeout(1):
            await assistant.closed.wait()


async def test_the_reply_is_only_given_when_the_turn_has_ended() -> None:
    ending = asyncio.Event()

    async def stores_late() -> AsyncGenerator[ReplyPart, None]:
        yield ToolRun("list_timers", "running")
        yield Reply("Done.", "local", Tier.LOCAL, 1)
        ending.set()

    services, _ = house(stores_late)
    async with (
        client_of(services) as client,
        client.post("/chat", json={"message": "hi"}) as response,
    ):
        assert response.status == 200
        assert ending.is_set()


@BOTH
async def test_what_was_said_is_not_logged(path: str, caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> AsyncGenerator[ReplyPart, None]:
        yield TextDelta("pomegranate")
        raise CloudError("pomegranate is not a word")

    caplog.set_level(logging.DEBUG)
    services, _ = house(fails)
    async with client_of(services) as client:
        async with client.post(path, json={"message": "pomegranate"}) as response:
            await response.read()
        async with client.post(path, json={"message": "pomegranate", "tier": 1}) as response:
            await response.read()
    assert "pomegranate" not in caplog.text
    assert f"POST {path} 422" in caplog.text
    assert "CloudError" in caplog.text
