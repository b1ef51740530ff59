"""An assistant with fake minds, stores in memory and a few tools; for the tests of turns."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

from ren_device.assistant.turn import Assistant, TurnConfig
from ren_device.bus import Bus, Subscription
from ren_device.errors import DeviceError, RenError, ToolError
from ren_device.model import (
    Event,
    MindPart,
    MindRequest,
    Reply,
    ReplyPart,
    Text,
    TextDelta,
    ToolCall,
    ToolResult,
    ToolRun,
)
from ren_device.ports import Mind
from ren_device.skills.tool import Tool, Toolbox, tool
from tests.fakes import (
    FakeMind,
    FixedClock,
    MemoryFacts,
    MemoryRemarks,
    MemorySummaries,
    MemoryThreads,
)

Write = Callable[[MindRequest], AsyncGenerator[MindPart, None]]


def call(name: str, call_id: str = "c1", **arguments: object) -> ToolCall:
    return ToolCall(call_id, name, arguments)


def says(*parts: str | ToolCall | Exception) -> Write:
    """A mind that writes this in its first step, and "Done." once tools have run."""

    async def write(request: MindRequest) -> AsyncGenerator[MindPart, None]:
        if results(request):
            yield TextDelta("Done.")
            return
        for part in parts:
            if isinstance(part, Exception):
                raise part
            yield TextDelta(part) if isinstance(part, str) else part

    return write


def results(request: MindRequest) -> list[ToolResult]:
    """What the tools of the step before answered."""
    return [part for part in request.messages[-1].content if isinstance(part, ToolResult)]


def texts_of(request: MindRequest) -> list[str]:
    """All texts of the dialogue, in order."""
    parts = (part for message in request.messages for part in message.content)
    return [part.text for part in parts if isinstance(part, Text)]


async def never(_: MindRequest) -> AsyncGenerator[MindPart, None]:
    """A mind that does not begin to write."""
    await asyncio.Event().wait()
    yield TextDelta("too late")


def then_never(*texts: str) -> Write:
    """A mind that writes this and then hangs."""

    async def write(_: MindRequest) -> AsyncGenerator[MindPart, None]:
        for text in texts:
            yield TextDelta(text)
        await asyncio.Event().wait()

    return write


@dataclass
class TurnHouse:
    cloud: FakeMind | None
    local: FakeMind
    config: TurnConfig
    mind: Mind | None = None
    """Takes the place of `cloud`."""
    clock: FixedClock = field(default_factory=FixedClock)
    bus: Bus = field(default_factory=Bus)
    ran: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.threads = MemoryThreads()
        self.remarks = MemoryRemarks(self.threads)
        self.summaries = MemorySummaries()
        self.facts = MemoryFacts()
        self.assistant = Assistant(
            cloud=self.mind or self.cloud,
            local=self.local,
            toolbox=Toolbox(self._tools()),
            threads=self.threads,
            remarks=self.remarks,
            clock=self.clock,
            bus=self.bus,
            config=self.config,
            summaries=self.summaries,
            facts=self.facts,
        )

    def _tools(self) -> list[Tool]:
        async def set_timer(minutes: int) -> str:
            """Set a timer."""
            self.ran.append(f"set_timer {minutes}")
            return f"Timer set for {minutes} minutes."

        async def set_power(device: str) -> str:
            """Switch a device on."""
            self.ran.append(f"set_power {device}")
            return f"The {device} is on."

        async def look() -> str:
            """Look, and touch nothing."""
            self.ran.append("look")
            return "All is well."

        async def cancel_timer() -> str:
            """Cancel the timer."""
            raise ToolError("There is no timer.")

        async def play() -> str:
            """Play a sound."""
            raise DeviceError("REN_SPEAKER: the loudspeaker is gone.")

        async def wait() -> str:
            """Wait for something that never comes."""
            await asyncio.Event().wait()
            return "never"

        return [
            tool(set_timer),
            tool(set_power, dangerous=True),
            tool(look, read_only=True),
            tool(cancel_timer),
            tool(play),
            tool(wait),
        ]


def turn_house(
    cloud: Write | None = None,
    local: Write | None = None,
    mind: Mind | None = None,
    **config: Any,
) -> TurnHouse:
    """A house whose local mind says "Locally."; `config` goes to TurnConfig."""
    return TurnHouse(
        cloud=None if cloud is None else FakeMind(cloud),
        local=FakeMind(local or says("Locally.")),
        config=TurnConfig(**config),
        mind=mind,
    )


@dataclass
class Heard:
    """All that came out of a turn."""

    parts: list[ReplyPart]
    error: RenError | None = None

    @property
    def text(self) -> str:
        """What the text parts add up to."""
        return "".join(part.text for part in self.parts if isinstance(part, TextDelta))

    @property
    def runs(self) -> list[tuple[str, str]]:
        """Tools and what became of them."""
        return [(part.tool, part.status) for part in self.parts if isinstance(part, ToolRun)]

    @property
    def reply(self) -> Reply:
        """The last part."""
        last = self.parts[-1]
        assert isinstance(last, Reply)
        return last


async def read(turn: AsyncGenerator[ReplyPart, None]) -> Heard:
    """Everything up to the end or the error."""
    heard = Heard([])
    try:
        async for part in turn:
            heard.parts.append(part)
    except RenError as error:
        heard.error = error
    return heard


async def events(subscription: Subscription, count: int) -> list[Event]:
    """The next `count` events."""
    queue = aiter(subscription)
    return [await anext(queue) for _ in range(count)]
