"""A kernel that lives and dies in virtual time, and what was heard of it."""

import asyncio
from datetime import datetime, timedelta
from typing import Self

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.model import Alert, AlertChange, AlertChanged, AlertKind
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.virtual_clock import VirtualClock


class House:
    """Use as an async context; `heard` is every alert that changed in this life, in order."""

    def __init__(
        self, store: MemoryAlerts | None = None, clock: VirtualClock | None = None
    ) -> None:
        self.store = store or MemoryAlerts()
        self.clock = clock or VirtualClock(asyncio.get_running_loop())
        self.bus = Bus()
        self.kernel = AlertKernel(self.store, self.clock, self.bus)
        self.heard: list[Alert] = []
        self.changes: list[tuple[int, AlertChange]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self.kernel.run())]
        await settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended

    async def _listen(self) -> None:
        with self.bus.subscribe(limit=1000) as subscription:
            async for event in subscription:
                assert isinstance(event, AlertChanged)
                self.heard.append(event.alert)
                self.changes.append((event.alert.id, event.change))

    async def timer(self, seconds: float, text: str = "") -> Alert:
        return await self.kernel.set("timer", text, in_s=seconds)

    async def at(self, seconds: float, kind: AlertKind = "alarm", text: str = "") -> Alert:
        return await self.kernel.set(kind, text, at=self.in_s(seconds))

    def in_s(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

    @property
    def alive(self) -> bool:
        """Whether the kernel still runs."""
        return not any(task.done() for task in self._tasks)

    @property
    def rung(self) -> list[int]:
        """The ids that rang in this life, in order."""
        return [number for number, change in self.changes if change == "due"]


async def settle() -> None:
    """Let everybody who can go on do so; no time passes."""
    for _ in range(20):
        await asyncio.sleep(0)
