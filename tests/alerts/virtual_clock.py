"""A wall clock on a virtual loop, which can be set."""

import asyncio
from datetime import datetime, timedelta

START = datetime.fromisoformat("2026-06-25T14:02:11")


class VirtualClock:
    """ports.Clock; `step_s`: by how much it was set; `looked`: how often it was read."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._began_s = loop.time()
        self.step_s = 0.0
        self.looked = 0

    def now(self) -> datetime:
        self.looked += 1
        return START + timedelta(seconds=self._loop.time() - self._began_s + self.step_s)

    def monotonic(self) -> float:
        self.looked += 1
        return self._loop.time()
