"""The web room on a real socket, with simulated parts behind it."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from aiohttp import ClientResponse, ClientSession

from ren_device.errors import ThreadNotFound
from ren_device.model import Remark, Reply, ReplyPart, Role, TextDelta, Thread, Tier
from ren_device.web.keys import Services
from ren_device.web.server import serving

NOW = datetime.fromisoformat("2026-06-25T14:02:11.999999")

Script = Callable[[], AsyncGenerator[ReplyPart, None]]


class FixedClock:
    """Stands still until told otherwise."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.seconds


class MemoryThreads:
    """Threads in a dict."""

    def __init__(self) -> None:
        early = datetime.fromisoformat("2026-06-01T09:00")
        self.kept = {1: Thread(1, "General", False, early, early)}

    async def create(self, name: str, at: datetime) -> Thread:
        thread = Thread(max(self.kept) + 1, name, False, at, at)
        self.kept[thread.id] = thread
        return thread

    async def get(self, thread_id: int) -> Thread:
        if thread_id not in self.kept:
            raise ThreadNotFound(f"There is no thread {thread_id}.")
        return self.kept[thread_id]

    async def recent(self, limit: int) -> list[Thread]:
        by_activity = sorted(self.kept.values(), key=lambda each: each.last_active_at)
        return by_activity[::-1][:limit]

    async def set_allow_dangerous(self, thread_id: int, allow: bool) -> Thread:
        self.kept[thread_id] = replace(await self.get(thread_id), allow_dangerous=allow)
        return self.kept[thread_id]


class MemoryRemarks:
    """Remarks in a list."""

    def __init__(self) -> None:
        self.kept: list[Remark] = []

    async def add(self, thread_id: int, said: Sequence[tuple[Role, str]], at: datetime) -> None:
        for role, content in said:
            self.kept.append(Remark(len(self.kept) + 1, role, content, thread_id, at))

    async def latest(self, thread_id: int, limit: int) -> list[Remark]:
        return [each for each in self.kept if each.thread_id == thread_id][-limit:]

    async def after(self, thread_id: int, remark_id: int) -> list[Remark]:
        return [each for each in self.kept if each.thread_id == thread_id and each.id > remark_id]


class FakeIdentity:
    """Signs by repeating itself."""

    public_key_hex = "ab" * 32

    def sign(self, message: bytes) -> bytes:
        return message[:1] * 64


@dataclass
class ScriptedAssistant:
    """Plays one script for every turn and keeps what it was asked."""

    script: Script
    refuse_with: Exception | None = None
    asked: list[tuple[str, int | None, Tier | None]] = field(default_factory=list)
    running: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(
        self,
        message: str,
        *,
        thread_id: int | None = None,
        tier: Tier | None = None,
        spoken: bool = False,
    ) -> AsyncGenerator[ReplyPart, None]:
        assert not spoken
        self.asked.append((message, thread_id, tier))
        if self.refuse_with is not None:
            raise self.refuse_with
        if thread_id not in (None, 1):
            raise ThreadNotFound(f"There is no thread {thread_id}.")
        return self._turn()

    async def _turn(self) -> AsyncGenerator[ReplyPart, None]:
        self.running.set()
        inner = self.script()
        try:
            async for part in inner:
                yield part
        finally:
            await inner.aclose()
            self.closed.set()


async def says_hello() -> AsyncGenerator[ReplyPart, None]:
    yield TextDelta("Hello ")
    yield TextDelta("wörld\n")
    yield Reply("Hello wörld\n", "local", Tier.LOCAL, 1)


async def says_nothing() -> AsyncGenerator[ReplyPart, None]:
    """A mind that never begins to write."""
    await asyncio.Event().wait()
    yield TextDelta("never")


def house(script: Script = says_hello, **changes: Any) -> tuple[Services, ScriptedAssistant]:
    """The services, and the assistant among them."""
    assistant = ScriptedAssistant(script)
    services = Services(
        name="Ren",
        has_api_key=False,
        assistant=assistant,
        threads=MemoryThreads(),
        remarks=MemoryRemarks(),
        identity=FakeIdentity(),
        clock=FixedClock(),
        started_at=40.0,
        voice_enabled=lambda: False,
    )
    return replace(services, **changes), assistant


@asynccontextmanager
async def client_of(services: Services) -> AsyncIterator[ClientSession]:
    """A client of a server that runs until the block ends."""
    async with (
        serving(services, "127.0.0.1", 0) as port,
        ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        yield client


@asynccontextmanager
async def raw_request(
    port: int, path: str, body: Mapping[str, object], *, receive_buffer: int = 65_536
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A POST over a bare socket, so that a test can leave as it likes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=receive_buffer)
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await writer.wait_closed()


async def frames(response: ClientResponse) -> list[tuple[str, Any]]:
    """Every event of a stream that ends."""
    return parse_frames(await response.text())


def parse_frames(text: str) -> list[tuple[str, Any]]:
    assert text.endswith("\n\n")
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        if not block.startswith(":"):
            first, second = block.split("\n")
            assert first.startswith("event: ")
            assert second.startswith("data: ")
            found.append((first.removeprefix("event: "), json.loads(second.removeprefix("data: "))))
    return found
