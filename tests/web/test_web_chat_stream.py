import asyncio
import gc
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession

from ren_device.errors import CloudError, TurnTimeout
from ren_device.model import Reply, ReplyPart, TextDelta, Tier, ToolRun
from ren_device.web.errors import BUG
from ren_device.web.server import serving
from tests.web.web_house import client_of, frames, house, parse_frames, raw_request, says_nothing

ASK = {"message": "hi"}


async def test_a_turn_is_streamed_part_by_part() -> None:
    async def with_tools() -> AsyncGenerator[ReplyPart, None]:
        yield TextDelta("Here\u2028\r\n")
        yield ToolRun("list_reminders", "running")
        yield ToolRun("list_reminders", "done")
        yield ToolRun("set_power", "running")
        yield ToolRun("set_power", "error")
        yield TextDelta("’s: \ud83d half")
        yield Reply("Here’s", "claude-opus-4-8", Tier.HARD, 3)

    services, _ = house(with_tools)
    async with (
        client_of(services) as client,
        client.post("/chat/stream", json=ASK) as response,
    ):
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert await frames(response) == [
            ("token", {"text": "Here\u2028\r\n"}),
            ("tool_run", {"tool": "list_reminders", "status": "running"}),
            ("tool_run", {"tool": "list_reminders", "status": "done"}),
            ("tool_run", {"tool": "set_power", "status": "running"}),
            ("tool_run", {"tool": "set_power", "status": "error"}),
            ("token", {"text": "’s: ? half"}),
            (
                "done",
                {"reply": "Here’s", "model": "claude-opus-4-8", "tier": "hard", "thread_id": 3},
            ),
        ]


async def test_each_part_arrives_while_the_rest_is_not_yet_written() -> None:
    more = asyncio.Event()

    async def waits() -> AsyncGenerator[ReplyPart, None]:
        yield TextDelta("one")
        await more.wait()
        yield Reply("one", "local", Tier.LOCAL, 1)

    services, _ = house(waits)
    async with (
        client_of(services) as client,
        client.post("/chat/stream", json=ASK) as response,
    ):
        first = await response.content.readuntil(b"\n\n")
        assert parse_frames(first.decode()) == [("token", {"text": "one"})]
        more.set()
        assert [name for name, _ in await frames(response)] == ["done"]


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (CloudError("The model is overloaded."), "The model is overloaded."),
        (TurnTimeout("It took too long."), "It took too long."),
        (RuntimeError("secret inner thing"), BUG),
        (ConnectionResetError("from the other side of the house"), BUG),
        (TimeoutError(), BUG),
    ],
)
async def test_a_failure_on_the_way_is_one_error_frame(error: Exception, detail: str) -> None:
    async def fails() -> AsyncGenerator[ReplyPart, None]:
        yield TextDelta("half a ")
        raise error

    services, assistant = house(fails)
    async with (
        client_of(services) as client,
        client.post("/chat/stream", json=ASK) as response,
    ):
        assert response.status == 200
        assert await frames(response) == [
            ("token", {"text": "half a "}),
            ("error", {"detail": detail}),
        ]
    assert assistant.closed.is_set()


async def test_a_failure_after_the_reply_replaces_done() -> None:
    async def cannot_store() -> AsyncGenerator[ReplyPart, None]:
        yield Reply("one", "local", Tier.LOCAL, 1)
        raise CloudError("Too late.")

    services, _ = house(cannot_store)
    async with (
        client_of(services) as client,
        client.post("/chat/stream", json=ASK) as response,
    ):
        assert await frames(response) == [("error", {"detail": "Too late."})]


async def test_a_turn_without_a_reply_ends_in_an_error_frame() -> None:
    async def forgets() -> AsyncGenerator[ReplyPart, None]:
        yield TextDelta("half")

    services, _ = house(forgets)
    async with (
        client_of(services) as client,
        client.post("/chat/stream", json=ASK) as response,
    ):
        assert (await frames(response))[-1] == ("error", {"detail": BUG})


async def test_comments_keep_a_silent_stream_alive_and_leave_the_turn_alone() -> None:
    heard = asyncio.Event()

    async def thinks() -> AsyncGenerator[ReplyPart, None]:
        await heard.wait()
        yield Reply("At last.", "local", Tier.LOCAL, 1)

    services, _ = house(thinks, keep_alive_s=0.01)
    async with (
        client_of(services) as client,
        client.post("/chat/stream", json=ASK) as response,
    ):
        for _ in range(3):
            assert (await response.content.readuntil(b"\n\n")).startswith(b":")
        heard.set()
        assert [name for name, _ in await frames(response)] == ["done"]


async def test_a_client_that_leaves_a_silent_stream_cancels_its_turn() -> None:
    services, assistant = house(says_nothing)
    async with serving(services, "127.0.0.1", 0) as port:
        async with raw_request(port, "/chat/stream", ASK) as (reader, _), asyncio.timeout(1):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            await assistant.running.wait()
            assert not assistant.closed.is_set()
        async with asyncio.timeout(1):
            await assistant.closed.wait()


async def test_a_client_that_closes_politely_cancels_its_turn_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    services, assistant = house(says_nothing, keep_alive_s=0.01)
    async with serving(services, "127.0.0.1", 0) as port:
        async with ClientSession() as client, asyncio.timeout(1):
            response = await client.post(f"http://127.0.0.1:{port}/chat/stream", json=ASK)
            await response.content.readuntil(b"\n\n")
            response.close()
            await assistant.closed.wait()
        assert len(assistant.asked) == 1
    gc.collect()
    assert [each for each in caplog.records if each.levelname in ("ERROR", "WARNING")] == []


async def test_a_client_that_leaves_while_the_turn_is_written_cancels_it() -> None:
    async def rambles() -> AsyncGenerator[ReplyPart, None]:
        while True:
            yield TextDelta("and ")
            await asyncio.sleep(0)

    services, assistant = house(rambles)
    async with serving(services, "127.0.0.1", 0) as port:
        async with raw_request(port, "/chat/stream", ASK) as (reader, _), asyncio.timeout(1):
            await reader.readuntil(b"event: token")
        async with asyncio.timeout(1):
            await assistant.closed.wait()


async def test_a_client_that_stops_reading_is_dropped() -> None:
    async def pours() -> AsyncGenerator[ReplyPart, None]:
        while True:
            yield TextDelta("x" * 65_536)

    services, assistant = house(pours, stalled_s=0.05)
    async with (
        serving(services, "127.0.0.1", 0) as port,
        raw_request(port, "/chat/stream", ASK, receive_buffer=1) as (_, writer),
        asyncio.timeout(5),
    ):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await assistant.closed.wait()


async def test_a_server_that_stops_says_so_in_every_open_turn() -> None:
    services, assistant = house(says_nothing)
    async with AsyncExitStack() as server, ClientSession() as client, asyncio.timeout(5):
        port = await server.enter_async_context(serving(services, "127.0.0.1", 0))
        streamed = await client.post(f"http://127.0.0.1:{port}/chat/stream", json=ASK)
        assistant.running.clear()
        whole = asyncio.create_task(client.post(f"http://127.0.0.1:{port}/chat", json=ASK))
        await assistant.running.wait()
        began = asyncio.get_running_loop().time()
        await server.aclose()
        assert asyncio.get_running_loop().time() - began < 2
        assert await frames(streamed) == [("error", {"detail": "Ren is stopping."})]
        answer = await whole
        assert answer.status == 503
        assert await answer.json() == {"detail": "Ren is stopping."}
