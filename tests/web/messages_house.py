"""/v1 in front of a scripted guest, with a key that opens it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from aiohttp import ClientSession

from ren_device.assistant.guest import GuestAsk, GuestPart, GuestReply, GuestStart
from ren_device.errors import StoreError
from ren_device.model import ApiKey, Spent, TextDelta, Tier, ToolRun
from ren_device.web.doorkeeper import Doorkeeper
from ren_device.web.keyring import Keyring
from ren_device.web.messages import MessagesApi
from ren_device.web.server import serving
from tests.web.web_house import FixedClock, house

GuestScript = Callable[[GuestAsk], AsyncGenerator[GuestPart, None]]


class MemoryKeys:
    """An ApiKeyStore. A `broken` one takes no notes."""

    def __init__(self) -> None:
        self.kept: list[ApiKey] = []
        self.notes = 0
        self.broken = False

    async def add(self, name: str, digest: str, at: datetime) -> ApiKey:
        self.kept.append(ApiKey(len(self.kept) + 1, name, digest, at))
        return self.kept[-1]

    async def all(self) -> list[ApiKey]:
        return list(self.kept)

    async def mark_used(self, key_id: int, day: date) -> None:
        if self.broken:
            raise StoreError("The disk is full.")
        self.notes += 1
        self.kept = [replace(k, last_used=day) if k.id == key_id else k for k in self.kept]

    async def remove(self, key_id: int) -> ApiKey | None:
        found = next((key for key in self.kept if key.id == key_id), None)
        self.kept = [key for key in self.kept if key is not found]
        return found


async def says_hello(_: GuestAsk) -> AsyncGenerator[GuestPart, None]:
    yield GuestStart(Tier.FAST)
    yield TextDelta("Hello ")
    yield ToolRun("get_time", "running")
    yield ToolRun("get_time", "done")
    yield TextDelta("wörld")
    yield GuestReply("end_turn", Spent(7, 3))


def fails(*before: GuestPart, error: Exception) -> GuestScript:
    """A turn that ends in an error after these parts."""

    async def turn(_: GuestAsk) -> AsyncGenerator[GuestPart, None]:
        for part in before:
            yield part
        raise error

    return turn


@dataclass
class ScriptedGuest:
    """Plays one script for every turn and keeps what it was asked."""

    script: GuestScript = says_hello
    refuse_with: Exception | None = None
    asked: list[GuestAsk] = field(default_factory=list)
    running: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, ask: GuestAsk) -> AsyncGenerator[GuestPart, None]:
        self.asked.append(ask)
        if self.refuse_with is not None:
            raise self.refuse_with
        return self._turn(ask)

    async def _turn(self, ask: GuestAsk) -> AsyncGenerator[GuestPart, None]:
        self.running.set()
        inner = self.script(ask)
        try:
            async for part in inner:
                yield part
        finally:
            await inner.aclose()
            self.closed.set()


@dataclass
class MessagesHouse:
    guest: ScriptedGuest
    keys: MemoryKeys
    keyring: Keyring
    clock: FixedClock
    key: str
    url: str
    client: ClientSession
    server: AsyncExitStack

    async def stop(self) -> None:
        """The server stops."""
        await self.server.aclose()

    async def post(self, body: object, **headers: str) -> tuple[int, Any]:
        """Status and JSON of a POST with the key, unless other headers are given."""
        sent = headers or {"Authorization": f"Bearer {self.key}"}
        async with self.client.post("/v1/messages", json=body, headers=sent) as response:
            return response.status, await response.json()


@asynccontextmanager
async def messages_house(
    script: GuestScript = says_hello,
    *,
    refuse_with: Exception | None = None,
    **changes: Any,
) -> AsyncIterator[MessagesHouse]:
    guest = ScriptedGuest(script, refuse_with)
    keys, clock = MemoryKeys(), FixedClock()
    keyring = Keyring(keys, clock)
    _, key = await keyring.new("test")
    api = MessagesApi(guest, Doorkeeper(keyring, clock))
    services, _ = house(extra_routes=(api.routes(),), **changes)
    async with AsyncExitStack() as server:
        port = await server.enter_async_context(serving(services, "127.0.0.1", 0))
        url = f"http://127.0.0.1:{port}"
        async with ClientSession(url) as client:
            yield MessagesHouse(guest, keys, keyring, clock, key, url, client, server)


def user(content: object = "hello") -> dict[str, object]:
    return {"role": "user", "content": content}


def assistant(content: object) -> dict[str, object]:
    return {"role": "assistant", "content": content}


def body(*messages: dict[str, object], **fields: object) -> dict[str, object]:
    return {"model": "astra", "messages": list(messages or (user(),)), **fields}
