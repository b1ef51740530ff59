"""How loud Ren is: its voice and its alarms, each with a level of its own, and the quiet hours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time

from ren_device.bus import Bus
from ren_device.model import VolumeChanged
from ren_device.ports import Clock, PreferenceStore
from ren_device.voice.mixing import scaled

ALARM_FLOOR = 30
"""Percent; steps take alarms no lower, because an alarm that is not heard is none."""

_VOICE_KEY, _VOICE_PERCENT = "volume_percent", 80
_ALARM_KEY, _ALARM_PERCENT = "alarm_volume_percent", 80


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Every day from `begin` to `end` on the wall clock, over midnight where `end` is earlier.

    The voice is then at most `percent` loud. With `begin` the same as `end` there are none.
    """

    begin: time = time()
    end: time = time()
    percent: int = 30

    @classmethod
    def parse(cls, hours: str, percent: int) -> "QuietHours":
        """From "22:00-07:00", or an empty text for none. Raises ValueError."""
        if not hours:
            return cls()
        begin, _, end = hours.partition("-")
        return cls(time.fromisoformat(begin), time.fromisoformat(end), percent)

    def holds(self, at: time) -> bool:
        """Whether it is quiet at this time of day."""
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


class Level:
    """One knob; implements ports.VolumeControl."""

    def __init__(
        self,
        preferences: PreferenceStore,
        key: str,
        percent: int,
        *,
        floor: int = 0,
        cap: Callable[[], int] = lambda: 100,
        changed: Callable[[int], None] | None = None,
        loudest: float = 1.0,
    ) -> None:
        """`percent` holds until `load` finds a kept one.

        Steps end at `floor`; `cap` is the most that is heard now; `changed` is told each new level.
        At 100 percent it is `loudest`, a part of what the card can do.
        """
        self._loudest = loudest
        self.percent = percent
        self.floor = floor
        self._preferences = preferences
        self._key = key
        self._cap = cap
        self._changed = changed

    @property
    def heard_percent(self) -> int:
        """How loud it is now: less than `percent` in quiet hours."""
        return min(self.percent, self._cap())

    async def load(self) -> None:
        """Take up the level of before the restart. Raises StoreError."""
        kept = await self._preferences.get(self._key)
        if kept is not None and kept.isdecimal():
            self.percent = min(100, int(kept))

    async def set(self, percent: int) -> None:
        """See ports.VolumeControl."""
        self.percent = max(0, min(100, percent))
        if self._changed is not None:
            self._changed(self.percent)
        await self._preferences.put(self._key, str(self.percent))

    async def step(self, by: int) -> None:
        """Louder or quieter than it is heard now; not below the floor, where it may stay."""
        now = self.heard_percent
        await self.set(max(now + by, min(now, self.floor)))

    @property
    def gain(self) -> float:
        """What samples are multiplied by, 0 to 1. Loudness is heard in ratios, hence the square."""
        return (self._loudest * self.heard_percent / 100) ** 2

    def apply(self, pcm: bytes) -> bytes:
        """PCM at this level."""
        return scaled(pcm, self.gain)


class Volume:
    """Both knobs. Quiet hours hold for the voice and the cues, never for alarms."""

    def __init__(
        self,
        preferences: PreferenceStore,
        bus: Bus,
        clock: Clock,
        quiet: QuietHours | None = None,
        loudest: float = 1.0,
    ) -> None:
        """As loud as ever until `load`. `loudest`: what the loudspeaker stands, 0 to 1."""
        self._clock = clock
        self._bus = bus
        self.turned: Level | None = None
        """The knob that was turned last."""
        self.turned_at = float("-inf")
        """When that was, on the monotonic clock."""
        self._quiet = quiet or QuietHours()
        self.voice = Level(
            preferences,
            _VOICE_KEY,
            _VOICE_PERCENT,
            cap=self._cap,
            changed=lambda _: self._turned(self.voice),
            loudest=loudest,
        )
        """Of all that Ren says, and of its cues."""
        self.alarms = Level(
            preferences,
            _ALARM_KEY,
            _ALARM_PERCENT,
            floor=ALARM_FLOOR,
            changed=lambda _: self._turned(self.alarms),
            loudest=loudest,
        )
        """Of timers, alarms and reminders that ring."""

    async def load(self) -> None:
        """Take up the levels of before the restart. Raises StoreError."""
        await self.voice.load()
        await self.alarms.load()

    def _turned(self, level: Level) -> None:
        self.turned, self.turned_at = level, self._clock.monotonic()
        self._bus.publish(VolumeChanged(self.voice.percent))

    def _cap(self) -> int:
        return self._quiet.percent if self._quiet.holds(self._clock.now().time()) else 100
