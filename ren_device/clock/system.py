"""Implements ports.Timekeeper over the machine's clocks."""

import os
import struct
import time
from datetime import UTC, datetime, tzinfo
from io import BytesIO
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from ren_device.clock.machine import Machine
from ren_device.clock.trust import keeper

_LOOK_AGAIN_S = 2.0  # at the time zone, and for somebody who has set the clock
_NO_ZONE = (ValueError, IndexError, AssertionError, struct.error)  # zoneinfo's, for half a file


class SystemClock:
    """The wall clock in one time zone, and the clock that never jumps."""

    def __init__(self, timezone: str = "", machine: Machine | None = None) -> None:
        """`timezone` is a name such as Europe/London; empty means the machine's own.

        The machine's own is followed when it is changed, unless TZ in the environment names one.
        """
        self._machine = machine or Machine()
        self.boot_id = _boot_id(self._machine.boot_id)
        self._follows = not (timezone or os.environ.get("TZ"))
        self._zone: tzinfo | None = ZoneInfo(timezone) if timezone else None  # None: as TZ says
        self._zone_file: tuple[int, ...] | None = None  # which one `_zone` was read from
        self._zone_seen_s = float("-inf")
        self._trusted = False
        self._trust_asked_s = float("-inf")

    def now(self) -> datetime:
        """Local wall clock, naive."""
        return self.local(time.time())

    def local(self, timestamp: float) -> datetime:
        """What `now` shows at that moment, in the time zone of today."""
        if self._follows and (at_s := self.monotonic()) - self._zone_seen_s >= _LOOK_AGAIN_S:
            self._zone_seen_s = at_s
            self._look_at_zone()
        return datetime.fromtimestamp(timestamp, self._zone).replace(tzinfo=None)

    def timestamp(self) -> float:
        """POSIX seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return self._machine.monotonic()

    def synchronised(self) -> bool:
        """Whether somebody has set the clock right since the machine started; see trust.keeper.

        Once so, always so: without a network it goes wrong by a few seconds a day at most.
        """
        if not self._trusted and (at_s := self.monotonic()) - self._trust_asked_s >= _LOOK_AGAIN_S:
            self._trust_asked_s = at_s
            self._trusted = keeper(self._machine, time.time()) is not None
        return self._trusted

    def _look_at_zone(self) -> None:
        """Take up the machine's time zone where it is another file than before."""
        try:
            status = self._machine.zone.stat()
            found = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            if found != self._zone_file:
                self._zone = _zone(self._machine.zone.read_bytes())
                self._zone_file = found
        except FileNotFoundError:
            self._zone, self._zone_file = UTC, None  # as everything else on such a machine
        except (OSError, *_NO_ZONE):
            self._zone = self._zone or UTC  # half written: it stays as it was, until the next look


def _zone(content: bytes) -> tzinfo:
    if not content.endswith(b"\n"):
        raise ValueError("the rest of the time zone is missing")
    return ZoneInfo.from_file(BytesIO(content + b"\n"))  # which would read beyond the end for ever


def _boot_id(path: Path) -> str:
    """Of the kernel; else of this process, after which only the wall clock is left to go by."""
    try:
        return path.read_text().strip()
    except OSError:
        return uuid4().hex
