"""GET /notifications over real sockets: who has been told, and who only seemed to be."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession

from ren_device.alerts.notices import Notices
from ren_device.bus import Bus
from ren_device.web.keys import Services
from ren_device.web.notifications import Notifications
from ren_device.web.server import serving
from tests.alerts.memory_alerts import MemoryAlerts
from tests.virtual_time import until
from tests.web.porch import Porch, open_streams
from tests.web.web_house import house

LONG = "x" * 10_000  # more than the window of a client with a tiny buffer


class Phone:
    """A client on a bare socket, past the head of its stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def frame(self) -> tuple[str, Any]:
        """The next event."""
        while True:
            block = (await self.reader.readuntil(b"\n\n")).decode()
            lines = [each for each in block.splitlines() if each.startswith(("event:", "data:"))]
            if lines:
                event, data = lines
                return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def told(self) -> int:
        """The id of the next alert."""
        name, data = await self.frame()
        assert name == "reminder"
        alert_id: int = data["id"]
        return alert_id

    async def nothing(self, for_s: float = 0.2) -> None:
        """Fail when there is another event within this time."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(for_s):
                await self.frame()

    def leave(self) -> None:
        self.writer.close()


@asynccontextmanager
async def porch(store: MemoryAlerts | None = None, **changes: Any) -> AsyncIterator[Porch]:
    store = store or MemoryAlerts()
    bus = Bus()
    notices = Notices(store, bus)
    async with (
        serving(services_with(notices, **changes), "127.0.0.1", 0) as port,
        asyncio.TaskGroup() as group,
    ):
        running = group.create_task(notices.run())
        yield Porch(notices, store, bus, port)
        running.cancel()


def services_with(notices: Notices, **changes: Any) -> Services:
    notifications = Notifications(notices, 15.0, changes.pop("doubt_after_s", 5.0))
    services, _ = house(**changes)
    return replace(services, extra_routes=(notifications.routes(),))


@asynccontextmanager
async def phone(port: int, query: str = "", buffer_bytes: int = 0) -> AsyncIterator[Phone]:
    """One that listens; with a tiny buffer, it takes next to nothing that it does not read."""
    sock = socket.socket()
    sock.setblocking(False)
    if buffer_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=buffer_bytes or 2**16)
    try:
        writer.write(f"GET /notifications{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        yield Phone(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):  # the server may have been quicker
            await writer.wait_closed()


async def test_a_due_alert_is_one_frame_for_everybody() -> None:
    async with porch() as it, phone(it.port) as one, phone(it.port) as other:
        alert_id = await it.due("call möm")
        reminder = {
            "id": alert_id,
            "text": "call möm",
            "kind": "reminder",
            "due_at": "2026-06-25T18:00:00",
            "state": "due",
        }
        assert await one.frame() == await other.frame() == ("reminder", reminder)
        await it.until_marked(alert_id)
        async with phone(it.port) as late:
            await late.nothing()
            await one.nothing()


async def test_what_was_missed_goes_to_the_first() -> None:
    async with porch() as it:
        missed = [await it.due(), await it.due()]
        async with phone(it.port) as first, phone(it.port) as second:
            assert [await first.told(), await first.told()] == missed
            await second.nothing()
        await it.until_marked(*missed)


async def test_who_reads_and_leaves_at_once_has_been_told() -> None:
    async with porch() as it:
        for _ in range(50):
            alert_id = await it.due()
            async with phone(it.port) as one:
                assert await one.told() == alert_id
                one.leave()
            await until(lambda: len(it.store.notified) == len(it.store.rows), within_s=5)


async def test_who_leaves_without_reading_has_not() -> None:
    async with porch() as it:
        for _ in range(10):
            async with phone(it.port, buffer_bytes=2048):
                alert_id = await it.due(LONG)
                await asyncio.sleep(0.02)
            assert it.store.notified == []
            assert alert_id in it.store.rows
        async with phone(it.port) as honest:
            told = [await honest.told() for _ in range(10)]
        assert told == list(it.store.rows)
        await it.until_marked(*told)


async def test_a_stuck_client_is_doubted_and_then_dropped() -> None:
    async with (
        porch(doubt_after_s=0.3, stalled_s=1.5) as it,
        phone(it.port, buffer_bytes=2048),
    ):
        alert_id = await it.due(LONG)
        async with phone(it.port) as honest:
            await honest.nothing(0.1)  # it may still arrive at the other
            assert await honest.told() == alert_id
            await it.until_marked(alert_id)
            next_id = await it.due()
            assert await honest.told() == next_id
            assert open_streams() == 2
        assert await until(lambda: open_streams() == 0, within_s=8) > 0.5


async def test_head_is_answered_and_takes_nothing() -> None:
    async with porch() as it, ClientSession(f"http://127.0.0.1:{it.port}") as client:
        alert_id = await it.due()
        async with asyncio.timeout(2), client.head("/notifications") as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/event-stream"
            assert await response.read() == b""
        async with phone(it.port) as one:
            assert await one.told() == alert_id


async def test_a_picture_on_a_foreign_page_takes_nothing() -> None:
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    async with porch() as it, ClientSession(f"http://127.0.0.1:{it.port}") as client:
        alert_id = await it.due()
        picture = browser | {"Accept": "image/avif,image/webp,*/*"}
        async with client.get("/notifications", headers=picture) as response:
            assert response.status == 406
            assert "text/event-stream" in (await response.json())["detail"]
        source = browser | {"Accept": "text/event-stream"}
        async with client.head("/notifications", headers=source) as response:
            assert response.status == 200
        async with phone(it.port) as one:
            assert await one.told() == alert_id


@pytest.mark.parametrize("interval", ["0", "-1", "3600.5", "nan", "inf", "soon", "", "true"])
async def test_an_interval_that_is_none_is_refused(interval: str) -> None:
    async with porch() as it, ClientSession(f"http://127.0.0.1:{it.port}") as client:
        response = await client.get("/notifications", params={"interval": interval})
        assert response.status == 422
        (problem,) = (await response.json())["detail"]
        assert problem["loc"] == ["query", "interval"]


@pytest.mark.parametrize("interval", ["0.001", "1", "15.0", "3600"])
async def test_an_interval_changes_nothing_about_when_it_is_told(interval: str) -> None:
    async with porch() as it, phone(it.port, f"?interval={interval}") as one:
        alert_id = await it.due()
        async with asyncio.timeout(0.9):
            assert await one.told() == alert_id


@pytest.mark.parametrize(("query", "keep_alive_s"), [("?interval=1", 15.0), ("", 1.0)])
async def test_silence_is_bounded_by_the_interval_and_by_the_server(
    query: str, keep_alive_s: float
) -> None:
    loop = asyncio.get_running_loop()
    async with porch(keep_alive_s=keep_alive_s) as it, phone(it.port, query) as one:
        began = loop.time()
        for _ in range(2):
            block = await one.reader.readuntil(b": still here\n\n")
            assert b"event" not in block
        assert 1.5 < loop.time() - began < 4


async def test_what_nobody_announced_is_found_within_the_interval() -> None:
    async with porch() as it, phone(it.port, "?interval=1") as one:
        alert = await it.left_behind()
        async with asyncio.timeout(3):
            assert await one.told() == alert.id


async def test_a_server_that_stops_ends_the_streams_in_good_order() -> None:
    store, bus = MemoryAlerts(), Bus()
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as server, ClientSession() as client, asyncio.timeout(10):
        services = services_with(Notices(store, bus))
        port = await server.enter_async_context(serving(services, "127.0.0.1", 0))
        streams = [await client.get(f"http://127.0.0.1:{port}/notifications") for _ in range(20)]
        began = loop.time()
        await server.aclose()
        assert loop.time() - began < 2
        for stream in streams:
            assert await stream.read() == b""  # an end, where a cut connection would raise


async def test_hundreds_listen_and_some_of_them_are_stuck() -> None:
    everybody, stuck = 300, 25
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        it = await stack.enter_async_context(porch(doubt_after_s=0.5))
        dead = [
            await stack.enter_async_context(phone(it.port, buffer_bytes=2048)) for _ in range(stuck)
        ]
        phones = [await stack.enter_async_context(phone(it.port)) for _ in range(everybody - stuck)]
        assert len(dead) + len(phones) == everybody
        ids = []
        for text in (LONG, LONG, "tea"):
            ids.append(await it.due(text))
            async with asyncio.timeout(5):
                assert {await each.told() for each in phones} == {ids[-1]}
            await it.until_marked(*ids)
        late = await stack.enter_async_context(phone(it.port))
        await late.nothing()


async def test_when_all_are_stuck_nobody_was_told() -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(30):
        it = await stack.enter_async_context(porch(doubt_after_s=0.3))
        for _ in range(20):
            await stack.enter_async_context(phone(it.port, buffer_bytes=2048))
        alert_id = await it.due(LONG)
        await asyncio.sleep(1)
        assert it.store.notified == []
        assert await (await stack.enter_async_context(phone(it.port))).told() == alert_id
        await it.until_marked(alert_id)


async def test_a_store_that_cannot_mark_costs_nobody_a_second_frame() -> None:
    async with porch() as it, phone(it.port) as one:
        alert_id = await it.due()
        it.store.broken = True
        assert await one.told() == alert_id
        async with phone(it.port) as late:
            await late.nothing()
        it.store.broken = False
        await it.until_marked(alert_id)
        await one.nothing()
