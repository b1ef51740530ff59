"""A ClaudeMind in front of a scripted server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ren_device.engines.claude import ClaudeMind
from ren_device.model import Message, MindPart, MindRequest, Text, ToolSpec
from tests.messages_server import MessagesServer, Script

TIMER = ToolSpec(
    "set_timer", "Set a timer.", {"type": "object", "properties": {"minutes": {"type": "integer"}}}
)
CLOCK = ToolSpec("get_time", "The time.", {"type": "object", "properties": {}})
REQUEST = MindRequest(
    model="claude-haiku-4-5-20251001",
    system="You are Ren.",
    messages=(Message("user", (Text("hello"),)),),
    tools=(CLOCK, TIMER),
    context="It is noon.",
)


@asynccontextmanager
async def claude(
    script: Script, *, path: str = "", first_token_s: float = 0.0
) -> AsyncGenerator[tuple[ClaudeMind, MessagesServer], None]:
    async with MessagesServer(script, first_token_s=first_token_s) as server:
        mind = ClaudeMind(server.key, server.url + path)
        try:
            yield mind, server
        finally:
            await mind.close()


async def read(mind: ClaudeMind, request: MindRequest = REQUEST) -> list[MindPart]:
    return [part async for part in mind.step(request)]
