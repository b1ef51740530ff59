"""A speaker in a world with physical time: power cuts, a clock that is set, zones, two switches.

Physical time, `at_s`, only goes on. What the wall clock makes of it is another matter.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PhysicalClock:
    """ports.Timekeeper. `wrong_s` is by how much the wall clock is ahead of the truth."""

    def __init__(self, start: datetime, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.at_s = start.replace(tzinfo=self.zone).timestamp()
        self.wrong_s = 0.0
        self.right = True
        self._boots = 0
        self._booted_s = 0.0
        self.boot()

    def boot(self) -> None:
        """The monotonic clock begins anew."""
        self._boots += 1
        self.boot_id = f"boot {self._boots}"
        self._booted_s = self.at_s - 5.0

    def now(self) -> datetime:
        return self.local(self.timestamp())

    def monotonic(self) -> float:
        return self.at_s - self._booted_s

    def timestamp(self) -> float:
        return self.at_s + self.wrong_s

    def local(self, timestamp: float) -> datetime:
        return (EPOCH + timedelta(seconds=timestamp)).astimezone(self.zone).replace(tzinfo=None)

    def synchronised(self) -> bool:
        return self.right

    def until_switch_s(self, within_s: float) -> float:
        """Until what the clock shows jumps by itself (daylight saving), or `within_s`."""
        hour_s = 3600.0
        begin = self.timestamp()
        ahead_s = hour_s - begin % hour_s  # switches happen at whole hours of UTC, nearly
        while ahead_s < within_s:
            before, after = self.local(begin + ahead_s - 1.0), self.local(begin + ahead_s)
            if after - before != timedelta(seconds=1):
                return ahead_s
            ahead_s += hour_s
        return within_s
