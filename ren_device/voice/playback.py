"""The one owner of the loudspeaker: volume, echo reference, and who may sound at the moment."""

import asyncio
import logging
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ren_device.bus import Bus
from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, FRAME_S, VolumeChanged
from ren_device.ports import Clock, EchoCanceller, PreferenceStore, Speaker

_log = logging.getLogger(__name__)
_RETRY_S = 5.0  # how long a broken loudspeaker is left alone before it is tried again


class Volume:
    """The voice volume; implements ports.VolumeControl."""

    _KEY = "volume_percent"

    def __init__(self, preferences: PreferenceStore, bus: Bus, percent: int = 80) -> None:
        """`percent` holds until `load` finds a kept one."""
        self._preferences = preferences
        self._bus = bus
        self.percent = percent

    async def load(self) -> None:
        """Take up the volume of before the restart."""
        kept = await self._preferences.get(self._KEY)
        if kept is not None and kept.isdigit():
            self.percent = min(100, int(kept))

    async def set(self, percent: int) -> None:
        """See ports.VolumeControl."""
        self.percent = max(0, min(100, percent))
        self._bus.publish(VolumeChanged(self.percent))
        await self._preferences.put(self._KEY, str(self.percent))

    def apply(self, pcm: bytes) -> bytes:
        """PCM at this volume. Loudness is heard in ratios, hence the square."""
        if self.percent >= 100:
            return pcm
        gain = int(65536 * (self.percent / 100) ** 2)
        return array("h", [sample * gain >> 16 for sample in array("h", pcm)]).tobytes()


class Playback:
    """Everything that sounds goes through here, one `Voice` at a time."""

    def __init__(self, speaker: Speaker, echo: EchoCanceller, volume: Volume, clock: Clock) -> None:
        """The speaker is opened by `start`."""
        self._speaker = speaker
        self._echo = echo
        self._volume = volume
        self._clock = clock
        self._turn = asyncio.Lock()
        self.started = False
        """Whether the loudspeaker is open."""
        self._silent_until = 0.0
        self.trouble: str | None = None
        """Why nothing is heard at present, or None."""

    @property
    def latency_s(self) -> float:
        """From writing to sound."""
        return self._speaker.latency_s

    async def start(self) -> None:
        """Open the loudspeaker; without one, sound is dropped and `trouble` says why."""
        try:
            await self._speaker.start()
        except DeviceError as error:
            self._give_up(error)
        else:
            self.started = True
            self.trouble = None

    async def close(self) -> None:
        """Release the loudspeaker."""
        self.started = False
        await self._speaker.close()

    @asynccontextmanager
    async def claim(self) -> AsyncIterator["Voice"]:
        """Wait until nobody else sounds, then have the loudspeaker. Leaving early stops it."""
        async with self._turn:
            voice = Voice(self)
            try:
                yield voice
            except BaseException:
                await self.flush()
                raise

    async def write(self, frame: bytes) -> None:
        """Play a 10 ms frame, in real time whether there is a loudspeaker or not."""
        if not self.started and self._clock.monotonic() >= self._silent_until:
            await self.start()
        if not self.started:
            await asyncio.sleep(FRAME_S)
            return
        frame = self._volume.apply(frame)
        self._echo.reference(frame)
        try:
            await self._speaker.write(frame)
        except DeviceError as error:
            self.started = False
            await self._speaker.close()
            self._give_up(error)

    async def drain(self) -> None:
        """Wait until all of it was heard."""
        if self.started:
            await self._speaker.drain()

    async def flush(self) -> None:
        """Silence, now."""
        if self.started:
            await self._speaker.flush()

    def _give_up(self, error: DeviceError) -> None:
        if self.trouble is None:
            _log.warning("no sound: %s", error)
        self.trouble = str(error)
        self._silent_until = self._clock.monotonic() + _RETRY_S


class Voice:
    """The right to sound, for a while; cuts PCM of any length into frames."""

    def __init__(self, playback: Playback) -> None:
        """Made by `Playback.claim` only."""
        self._playback = playback
        self._rest = b""

    async def play(self, pcm: bytes) -> None:
        """Queue sound; returns when about all of it is with the device."""
        data = self._rest + pcm
        whole = len(data) - len(data) % FRAME_BYTES
        for start in range(0, whole, FRAME_BYTES):
            await self._playback.write(data[start : start + FRAME_BYTES])
        self._rest = data[whole:]

    async def finish(self) -> None:
        """Return when everything was heard."""
        if self._rest:
            await self._playback.write(self._rest.ljust(FRAME_BYTES, b"\0"))
            self._rest = b""
        await self._playback.drain()
