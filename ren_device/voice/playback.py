"""The one owner of the loudspeaker: who may sound at the moment, and how loud."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, FRAME_S
from ren_device.ports import Clock, Speaker
from ren_device.voice.volume import Level

_log = logging.getLogger(__name__)
_RECENT_FRAMES = round(2.0 / FRAME_S)  # no device takes more in advance
_RETRY_S = 5.0  # how long a broken loudspeaker is left alone before it is tried again


class Playback:
    """Everything that sounds goes through here, one `Voice` at a time."""

    def __init__(self, speaker: Speaker, volume: Level, clock: Clock) -> None:
        """The speaker is opened by `start`. `volume` is that of all that names no other."""
        self._speaker = speaker
        self._volume = volume
        self._clock = clock
        self._turn = asyncio.Lock()
        self._opening = asyncio.Lock()
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
        async with self._opening:
            if self.started:
                return
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
    async def claim(self, volume: Level | None = None) -> AsyncIterator["Voice"]:
        """Wait until nobody else sounds, then have the loudspeaker. Leaving early stops it."""
        async with self._turn:
            voice = Voice(self, volume or self._volume)
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
        try:
            await self._speaker.write(frame)
        except DeviceError as error:
            self.started = False
            await self._speaker.close()
            self._give_up(error)

    def take_played(self) -> bytes:
        """The echo canceller's reference; see ports.Speaker."""
        return self._speaker.take_played() if self.started else b""

    async def drain(self) -> None:
        """Wait until all of it was heard."""
        if self.started:
            await self._speaker.drain()

    async def flush(self) -> int:
        """Silence, now; how many bytes of what was written were not heard."""
        return await self._speaker.flush() if self.started else 0

    def _give_up(self, error: DeviceError) -> None:
        if self.trouble is None:
            _log.warning("no sound: %s", error)
        self.trouble = str(error)
        self._silent_until = self._clock.monotonic() + _RETRY_S


class Voice:
    """The right to sound, for a while; cuts PCM of any length into frames."""

    def __init__(self, playback: Playback, volume: Level) -> None:
        """Made by `Playback.claim` only."""
        self._playback = playback
        self._volume = volume
        self._rest = b""
        self._pending: deque[bytes] = deque()
        self._recent: deque[bytes] = deque(maxlen=_RECENT_FRAMES)
        self._written = 0  # frames that were, or will be, heard
        self._going = asyncio.Event()
        self._going.set()

    @property
    def heard_bytes(self) -> int:
        """How much of what was played was heard; exact while paused, else up to 0.1 s more."""
        return self._written * FRAME_BYTES

    async def play(self, pcm: bytes) -> None:
        """Queue sound; returns when about all of it is with the device."""
        data = self._rest + pcm
        whole = len(data) - len(data) % FRAME_BYTES
        for start in range(0, whole, FRAME_BYTES):
            self._pending.append(data[start : start + FRAME_BYTES])
            await self._write()
        self._rest = data[whole:]

    async def finish(self) -> None:
        """Return when everything was heard."""
        if self._rest:
            self._pending.append(self._rest.ljust(FRAME_BYTES, b"\0"))
            self._rest = b""
        while True:
            await self._write()
            await self._playback.drain()
            if self._going.is_set() and not self._pending:
                return
            await self._going.wait()

    async def pause(self) -> None:
        """Silence, now; what was not heard is played again after `resume`."""
        if not self._going.is_set():
            return
        self._going.clear()
        dropped = await self._playback.flush() // FRAME_BYTES
        for _ in range(min(dropped, len(self._recent))):
            self._pending.appendleft(self._recent.pop())
            self._written -= 1

    def resume(self) -> None:
        """Go on where it was paused."""
        self._going.set()

    async def _write(self) -> None:
        while self._pending:
            await self._going.wait()
            frame = self._pending.popleft()
            self._recent.append(frame)
            self._written += 1
            await self._playback.write(self._volume.apply(frame))
