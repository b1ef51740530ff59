"""The real clock."""

import time
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo


class SystemClock:
    """Implements ports.Clock over the machine's clocks."""

    def __init__(self, timezone: str = "") -> None:
        """`timezone` is a name such as Europe/London; empty means the machine's own."""
        self._zone: tzinfo | None = ZoneInfo(timezone) if timezone else None

    def now(self) -> datetime:
        """Local wall clock, naive."""
        return datetime.now(self._zone).replace(tzinfo=None)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()
