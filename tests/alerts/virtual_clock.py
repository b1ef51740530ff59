"""A wall clock on a virtual loop, which can be set, moved to another zone, and lose its battery."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

START = datetime.fromisoformat("2026-06-25T14:02:11")


class VirtualClock:
    """ports.Timekeeper; it shows START at first, in `zone`.

    `step_s`: by how much it was set; `right`: what `synchronised` says; `looked`: how often it was
    read.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, zone: str = "UTC", start: datetime = START
    ) -> None:
        self._loop = loop
        self.zone = ZoneInfo(zone)
        self._began_s = start.replace(tzinfo=self.zone).timestamp() - loop.time()
        self.step_s = 0.0
        self.looked = 0
        self.right = True
        self.boot_id = "boot 1"
        self._booted_s = 0.0

    def boot(self) -> None:
        """The machine starts anew, without a battery: the clock is not right."""
        self.boot_id += " and another"
        self._booted_s = self._loop.time()
        self.right = False

    def now(self) -> datetime:
        return self.local(self.timestamp())

    def monotonic(self) -> float:
        self.looked += 1
        return self._loop.time() - self._booted_s

    def timestamp(self) -> float:
        self.looked += 1
        return self._began_s + self._loop.time() + self.step_s

    def local(self, timestamp: float) -> datetime:
        utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=timestamp)
        return utc.astimezone(self.zone).replace(tzinfo=None)

    def synchronised(self) -> bool:
        return self.right
