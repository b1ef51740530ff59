"""The limits of connections, as clients on bare sockets meet them.

Much here leans on the inside of aiohttp (see ren_device/web/connections.py): what fails after an
upgrade of it says which part has changed.
"""

import asyncio
import gc
import json
import logging
import socket
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.web_protocol import RequestHandler

from ren_device.model import ReplyPart, TextDelta
from ren_device.web.limits import Limits
from ren_device.web.server import serving
from tests.web.web_house import client_of, house, says_nothing

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
HEALTH = GET + b"\r\n"
POST = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def server(**limits: Any) -> AsyncIterator[int]:
    """The port of a server with these limits."""
    services, _ = house(limits=Limits(**limits))
    async with asyncio.timeout(20), serving(services, "127.0.0.1", 0) as port:
        yield port


class Inside:
    """Lets a test look at the server from within."""

    def __init__(self) -> None:
        self.server: web.Server | None = None

    def routes(self) -> web.RouteTableDef:
        routes = web.RouteTableDef()
        routes.get("/inside")(self._answer)
        return routes

    async def _answer(self, request: web.Request) -> web.Response:
        self.server = request.protocol._manager
        return web.json_response(None)

    async def no_connections(self) -> None:
        """Wait until the server has let go of every connection."""
        assert self.server is not None
        while self.server.connections:  # noqa: ASYNC110  nobody signals it
            await asyncio.sleep(0.01)

    async def look(self, port: int) -> None:
        """Needed once, before the others."""
        async with line(port) as caller:
            caller.send(b"GET /inside HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await caller.answer())[0] == 200


class Line:
    """A bare connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers in lower case and JSON of the next answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *others = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in others)}
        body = await self.reader.readexactly(int(headers["content-length"]))
        return int(first.split()[1]), headers, json.loads(body)

    async def refused(self, status: int) -> str:
        """The sentence of an answer with this status, after which the connection is closed."""
        found, headers, body = await self.answer()
        assert found == status
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert headers.get("connection", "close") == "close"
        # Cut in the middle of sending, a line may end with a reset: Python 3.13 reads it as one.
        with suppress(ConnectionResetError):
            assert await self.reader.read() == b""
        detail = body["detail"]
        assert isinstance(detail, str)
        return detail

    async def closed(self) -> bool:
        """Wait until the other side ends it without a word."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True


@asynccontextmanager
async def line(port: int) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


@contextmanager
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is logged, and nothing at all below debug."""
    caplog.set_level(logging.INFO)
    yield
    assert [each.getMessage() for each in caplog.records] == []


# --- what is not HTTP -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello?\r\n\r\n",
        b"GET /health HTTP/9.9\r\n\r\n",
        GET + b"Host: evil.example\r\n\r\n",
        GET + b"bad header\r\n\r\n",
        GET + b"Content-Length: -1\r\n\r\n",
        GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\0" * 100,
    ],
)
async def test_what_is_not_http_is_400_in_json(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with quiet(caplog):
        async with server() as port, line(port) as caller:
            caller.send(sent)
            assert "not HTTP" in await caller.refused(400)


async def test_an_expectation_that_is_unknown_is_told_in_json() -> None:
    async with server() as port, line(port) as caller:
        caller.send(GET + b"Expect: miracles\r\n\r\n")
        status, headers, body = await caller.answer()
        assert status == 417
        assert headers["content-type"].startswith("application/json")
        assert isinstance(body["detail"], str)


# --- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /health?" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (GET + b"X-Long: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (GET + b"".join(b"X-%d: y\r\n" % each for each in range(200)) + b"\r\n", 431),
        (
            GET + b"".join(b"X-%d: %b\r\n" % (each, b"y" * 4000) for each in range(10)) + b"\r\n",
            431,
        ),
    ],
    ids=["address", "one header", "number of headers", "all headers"],
)
@pytest.mark.parametrize("step", [1_000_000, 3_000])
async def test_a_head_that_is_too_large_is_refused(
    sent: bytes, status: int, step: int, caplog: pytest.LogCaptureFixture
) -> None:
    with quiet(caplog):
        async with server() as port, line(port) as caller:
            for start in range(0, len(sent), step):
                caller.send(sent[start : start + step])
                await caller.writer.drain()
                await asyncio.sleep(0)
            assert "too l" in await caller.refused(status)


async def test_a_head_just_within_the_limits_is_answered() -> None:
    async with server() as port, line(port) as caller:
        headers = b"".join(b"X-%d: %b\r\n" % (each, b"y" * 4000) for each in range(7))
        caller.send(GET + headers + b"\r\n")
        assert (await caller.answer())[0] == 200


async def test_a_head_that_grows_behind_a_running_turn_cuts_the_line() -> None:
    services, assistant = house(says_nothing)
    body = b'{"message": "hi"}'
    async with serving(services, "127.0.0.1", 0) as port, line(port) as caller, asyncio.timeout(20):
        caller.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await assistant.running.wait()
        caller.send(GET)
        for each in range(20):
            caller.send(b"X-%d: %b\r\n" % (each, b"y" * 4000))
        await assistant.closed.wait()
        assert await caller.closed()


# --- slow senders -------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [b"", HEALTH])
async def test_a_head_that_trickles_in_is_408(
    first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with quiet(caplog):
        async with server(head_s=0.2) as port, line(port) as caller:
            if first:
                caller.send(first)
                assert (await caller.answer())[0] == 200
            trickle = asyncio.create_task(drip(caller, GET))
            assert "too long" in await caller.refused(408)
            trickle.cancel()


async def drip(caller: Line, start: bytes) -> None:
    """A byte now and then, for ever."""
    caller.send(start)
    while True:
        await asyncio.sleep(0.01)
        caller.send(b"x")


async def test_who_says_nothing_at_all_is_let_go_without_a_word() -> None:
    async with server(head_s=0.1) as port, line(port) as caller:
        assert await caller.closed()


async def test_a_connection_that_idles_after_its_answer_is_closed() -> None:
    async with server(idle_s=0.1) as port, line(port) as caller:
        caller.send(HEALTH)
        assert (await caller.answer())[0] == 200
        assert await caller.closed()


async def test_between_two_requests_there_is_more_time_than_for_a_head() -> None:
    async with server(head_s=0.05, idle_s=60) as port, line(port) as caller:
        for _ in range(3):
            caller.send(HEALTH)
            assert (await caller.answer())[0] == 200
            await asyncio.sleep(0.1)


async def test_a_body_that_trickles_in_is_408(caplog: pytest.LogCaptureFixture) -> None:
    with quiet(caplog):
        async with server(body_s=0.2, head_s=0.05) as port, line(port) as caller:
            trickle = asyncio.create_task(drip(caller, POST + b"Content-Length: 9000\r\n\r\n{"))
            status, headers, body = await caller.answer()
            trickle.cancel()
            assert (status, headers["connection"]) == (408, "close")
            assert "too long" in body["detail"]


# --- slow readers -------------------------------------------------------------------------------


async def test_a_client_that_never_reads_a_long_answer_is_dropped() -> None:
    routes = web.RouteTableDef()

    @routes.get("/long")
    async def long(request: web.Request) -> web.Response:
        return web.Response(body=bytes(20_000_000))

    inside = Inside()
    services, _ = house(extra_routes=[routes, inside.routes()], stalled_s=0.2)
    async with serving(services, "127.0.0.1", 0) as port, asyncio.timeout(20):
        await inside.look(port)
        with deaf(port) as caller:
            caller.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await inside.no_connections()


async def test_a_client_that_reads_slowly_gets_all_of_it() -> None:
    routes = web.RouteTableDef()

    @routes.get("/long")
    async def long(request: web.Request) -> web.Response:
        return web.Response(body=bytes(8_000_000))

    services, _ = house(extra_routes=[routes], stalled_s=0.4)
    async with serving(services, "127.0.0.1", 0) as port, line(port) as caller, asyncio.timeout(20):
        caller.send(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await caller.reader.readuntil(b"\r\n\r\n")
        got = 0
        while got < 8_000_000:
            got += len(await caller.reader.read(400_000))
            await asyncio.sleep(0.05)


async def test_a_socket_whose_client_stops_reading_is_dropped() -> None:
    ended = asyncio.Event()
    routes = web.RouteTableDef()

    @routes.get("/ws")
    async def pour(request: web.Request) -> web.WebSocketResponse:
        talk = web.WebSocketResponse()
        await talk.prepare(request)
        try:
            while True:
                await talk.send_str("x" * 65_536)
        finally:
            ended.set()

    inside = Inside()
    services, _ = house(extra_routes=[routes, inside.routes()], stalled_s=0.2)
    async with serving(services, "127.0.0.1", 0) as port, asyncio.timeout(20):
        await inside.look(port)
        with deaf(port) as caller:
            caller.sendall(
                b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            await ended.wait()
            await inside.no_connections()


@contextmanager
def deaf(port: int) -> Iterator[socket.socket]:
    """A client that will not read."""
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.connect(("127.0.0.1", port))
        yield caller


# --- how many -----------------------------------------------------------------------------------


async def test_a_connection_too_many_is_503_and_may_come_again() -> None:
    async with server(connections=3) as port:
        async with line(port) as first, line(port) as second, line(port) as third:
            for each in (first, second, third):
                each.send(HEALTH)
                assert (await each.answer())[0] == 200
            async with line(port) as fourth:
                fourth.send(HEALTH)
                status, headers, body = await fourth.answer()
                assert (status, headers["retry-after"]) == (503, "10")
                assert headers["connection"] == "close"
                assert "connections" in body["detail"]
                assert await fourth.closed()
            first.send(HEALTH)
            assert (await first.answer())[0] == 200
        status = 503
        while status == 503:  # until the server has noticed that the others left
            async with line(port) as fifth:
                fifth.send(HEALTH)
                status, _, _ = await fifth.answer()
        assert status == 200


async def test_event_streams_count_as_connections() -> None:
    services, assistant = house(says_nothing, limits=Limits(connections=1))
    async with client_of(services) as client, asyncio.timeout(20):
        async with client.post("/chat/stream", json={"message": "hi"}) as first:
            assert first.status == 200
            async with client.get("/health") as second:
                assert second.status == 503
                assert second.headers["Retry-After"] == "10"
        await assistant.closed.wait()


def living_connections() -> int:
    return sum(isinstance(each, RequestHandler) for each in gc.get_objects())


@pytest.mark.parametrize("sent", [b"", GET, HEALTH])
async def test_a_thousand_connections_leave_nothing_behind(sent: bytes) -> None:
    """Half of a wave finds no room; then all leave, politely or not."""

    async def wave() -> None:
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
        for _, writer in lines:
            writer.write(sent)
        async with ClientSession() as client:
            while True:  # the server has now met all of them
                try:
                    async with client.get(f"http://127.0.0.1:{port}/health") as answer:
                        assert answer.status == 503
                        break
                except ConnectionError:
                    continue  # too many are being refused: cut off without a word
        for index, (_, writer) in enumerate(lines):
            if index % 2:
                writer.transport.abort()
            else:
                writer.close()
        await inside.no_connections()

    inside = Inside()
    limits = Limits(connections=50, head_s=60)
    services, _ = house(extra_routes=[inside.routes()], limits=limits)
    async with serving(services, "127.0.0.1", 0) as port, asyncio.timeout(60):
        await inside.look(port)
        await wave()
        gc.collect()
        living = living_connections()  # other tests may have left some in their tracebacks
        tasks = len(asyncio.all_tasks())
        tracemalloc.start()
        try:
            await wave()
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(10):
                await wave()
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(asyncio.all_tasks()) == tasks
        assert after - before < 100_000
        assert living_connections() <= living
        async with line(port) as caller:
            caller.send(HEALTH)
            assert (await caller.answer())[0] == 200


async def test_refused_connections_do_not_hold_up_the_stop() -> None:
    async with server(connections=1) as port:
        _, first = await asyncio.open_connection("127.0.0.1", port)
        _, second = await asyncio.open_connection("127.0.0.1", port)
        second.write(b"GET")
        async with line(port) as third:
            third.send(HEALTH)
            assert (await third.answer())[0] == 503
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 1.5
    first.close()
    second.close()


async def test_a_stream_with_much_to_say_is_no_slow_reader() -> None:
    async def talks() -> AsyncGenerator[ReplyPart, None]:
        while True:
            yield TextDelta("x" * 2000)
            await asyncio.sleep(0)

    services, _ = house(talks, stalled_s=0.2)
    async with (
        asyncio.timeout(20),
        client_of(services) as client,
        client.post("/chat/stream", json={"message": "hi"}) as response,
    ):
        for _ in range(50):
            assert await response.content.read(4000)
            await asyncio.sleep(0.01)
