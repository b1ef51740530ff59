"""A server of alerts and routines with a real kernel behind it, and a client of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.errors import StoreError
from ren_device.model import Routine
from ren_device.skills.routine_steps import StepRules
from ren_device.skills.tool import Toolbox, tool
from ren_device.web.alerts import AlertRoutes
from ren_device.web.pages import PageRoutes
from ren_device.web.routine_gate import RoutineGate
from ren_device.web.routines import RoutineRoutes
from ren_device.web.server import serving
from tests.alerts.house import settle
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.virtual_clock import VirtualClock
from tests.virtual_time import until
from tests.web.web_house import house

Json = dict[str, Any]


class LeapingClock(VirtualClock):
    """A clock on a real loop: an hour goes by at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s

    def timestamp(self) -> float:
        return super().timestamp() + self.ahead_s


class MemoryRoutines:
    """ports.RoutineStore in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Routine] = {}
        self.broken = False

    async def all(self) -> list[Routine]:
        return [self.kept[key] for key in sorted(self.kept)]

    async def get(self, name: str) -> Routine | None:
        return self.kept.get(name.casefold())

    async def put(self, routine: Routine) -> None:
        if self.broken:
            raise StoreError("no space left on device")
        self.kept[routine.name.casefold()] = routine

    async def remove(self, name: str) -> Routine | None:
        return self.kept.pop(name.casefold(), None)


class Runner:
    """Says what it was asked to run."""

    def __init__(self) -> None:
        self.began: list[str] = []

    def start(self, name: str) -> bool:
        if name in self.began:
            return False
        self.began.append(name)
        return True

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self.began)

    def stop(self, name: str | None = None) -> tuple[str, ...]:
        ended = tuple(each for each in self.began if name in (None, each))
        self.began = [each for each in self.began if each not in ended]
        return ended


async def look(day: str = "") -> str:
    """Look."""
    return day


async def open_door() -> str:
    """Open the door."""
    return "open"


TOOLBOX = Toolbox([tool(look, read_only=True), tool(open_door, dangerous=True)])


class AlertPorch:
    """All parts; `ask` sends a request."""

    def __init__(self, *, allow_dangerous: bool = False, **changes: Any) -> None:
        self.store = MemoryAlerts()
        self.clock = LeapingClock(asyncio.get_running_loop())
        self.bus = Bus()
        self.kernel = AlertKernel(self.store, self.clock, self.bus)
        self.routines = MemoryRoutines()
        self.runner = Runner()
        self.trouble: str | None = None
        rules = StepRules(self.routines, lambda: TOOLBOX)
        gate = RoutineGate(self.routines, rules, allow_dangerous=allow_dangerous)
        tables = (
            AlertRoutes(self.kernel, self.clock, self.bus, gate, lambda: self.trouble).routes(),
            RoutineRoutes(self.routines, self.runner, rules, gate).routes(),
            PageRoutes("Ren", "en").routes(),
        )
        self.services, _ = house(extra_routes=tables, clock=self.clock, **changes)
        self.port = 0
        self.client: ClientSession

    async def ask(
        self, method: str, path: str, body: object = None, *, expect: int = 200, **sent: Any
    ) -> Json:
        """The answer, which has this status."""
        if body is not None:
            sent["json"] = body
        async with self.client.request(method, path, **sent) as response:
            answer: Json = await response.json()
            assert response.status == expect, answer
            return answer

    async def refused(self, method: str, path: str, body: object, status: int) -> str:
        """The sentence, or all sentences, of a refusal."""
        detail = (await self.ask(method, path, body, expect=status))["detail"]
        return detail if isinstance(detail, str) else " ".join(each["msg"] for each in detail)

    async def set(self, kind: str, **fields: object) -> Json:
        return await self.ask("POST", "/alerts", {"kind": kind, **fields})

    async def listed(self, query: str = "") -> list[Json]:
        alerts: list[Json] = (await self.ask("GET", f"/alerts{query}"))["alerts"]
        return alerts

    async def pass_s(self, seconds: float) -> None:
        """Time goes by, and the kernel has seen it."""
        self.clock.ahead_s += seconds
        self.kernel._wake.set()
        await until(lambda: not self.kernel._wake.is_set(), within_s=5)
        await settle()

    async def rings(self, **fields: object) -> Json:
        """An alert that rings: a timer unless `fields` say something else."""
        alert = await self.set(**{"kind": "timer", "in_s": 60, **fields})  # type: ignore[arg-type]
        await self.pass_s(61)
        await until(lambda: bool(self.kernel.ringing()), within_s=5)
        return alert

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[ClientResponse]:
        async with self.client.get("/alerts/events") as response:
            assert response.status == 200, await response.text()
            yield response


@asynccontextmanager
async def alert_porch(**changes: Any) -> AsyncIterator[AlertPorch]:
    """Runs until the block ends."""
    porch = AlertPorch(**changes)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(porch.services, "127.0.0.1", 0))
        porch.port = port
        porch.client = await stack.enter_async_context(
            ClientSession(f"http://127.0.0.1:{port}", timeout=ClientTimeout(total=30))
        )
        group = await stack.enter_async_context(asyncio.TaskGroup())
        running = group.create_task(porch.kernel.run())
        stack.callback(running.cancel)
        yield porch


async def frame(response: ClientResponse) -> tuple[str, Any]:
    """The next event."""
    async with asyncio.timeout(10):
        while True:
            block = (await response.content.readuntil(b"\n\n")).decode()
            if not block.startswith(":"):
                event, data, *_ = block.splitlines()
                return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))
