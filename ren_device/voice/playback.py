"""The one owner of the loudspeaker: who may sound at the moment, and how loud.

One `Voice` sounds at a time. What rings sounds over it, and over the silence between.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, FRAME_S, NOT_OPENED, SILENT_FRAME
from ren_device.ports import Clock, Speaker
from ren_device.voice.mixing import mixed
from ren_device.voice.volume import Level

_log = logging.getLogger(__name__)
_RECENT_FRAMES = round(2.0 / FRAME_S)  # no device takes more in advance
_RETRY_S = 5.0  # how long a broken loudspeaker is left alone before it is tried again
_AHEAD_S = 0.1  # what waits for a loudspeaker, about
HUNG_S = 15.0
"""A loudspeaker that has worked, and then takes nothing for so long, hangs."""

_GAP_S = 0.02  # a voice that has written nothing for so long leaves a gap to what rings


class Playback:
    """Everything that sounds goes through here."""

    def __init__(self, speaker: Speaker, volume: Level, clock: Clock) -> None:
        """The speaker is opened by `start`. `volume` is that of all that names no other."""
        self._speaker = speaker
        self._volume = volume
        self._clock = clock
        self._turn = asyncio.Lock()
        self._opening = asyncio.Lock()
        self.writing = asyncio.Lock()
        """Held while a frame is written: voices and what rings take turns."""
        self._sent: deque[tuple[Voice | None, bytes]] = deque(maxlen=_RECENT_FRAMES)
        self._ring: Iterator[bytes] | None = None
        self._ring_began = asyncio.Event()
        self._voice_wrote_s = -math.inf
        self.started = False
        """Whether the loudspeaker is open."""
        self._silent_until = 0.0
        self._writing_at: float | None = None
        self._worked = False
        self.trouble: str | None = None
        """Why nothing is heard at present, or None."""

    @property
    def latency_s(self) -> float:
        """From writing to sound."""
        return self._speaker.latency_s

    @property
    def busy(self) -> bool:
        """Whether somebody has claimed it."""
        return self._turn.locked()

    @property
    def rings(self) -> bool:
        """Whether something is mixed into all that sounds."""
        return self._ring is not None

    def hangs(self) -> bool:
        """Whether a loudspeaker that has worked takes nothing any more, and no error comes."""
        since = self._writing_at
        owes = self._worked and since is not None
        return owes and self._clock.monotonic() - (since or 0.0) > HUNG_S

    @property
    def health(self) -> str:
        """How it is: `ok`, or what is the matter."""
        return self.trouble or ("ok" if self.started or self._worked else NOT_OPENED)

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

    async def reopen(self) -> None:
        """Open it anew if it is open; what it had not played yet is lost."""
        async with self.writing:
            if not self.started:
                return
            self.started = False
            self._sent.clear()
            await self._speaker.close()
            await self.start()

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

    async def ring(self, frames: Iterator[bytes]) -> None:
        """Mix these 10 ms frames into all that sounds, until they end or this is cancelled.

        Then it is silent at once, unless somebody speaks. One at a time.
        """
        self._ring = frames
        self._ring_began.set()
        try:
            while self._ring is frames:
                async with self.writing:
                    gap = self._clock.monotonic() - self._voice_wrote_s >= _GAP_S
                    if gap:
                        await self._send(SILENT_FRAME, None, SILENT_FRAME)
                if not gap:
                    await asyncio.sleep(FRAME_S)
        except asyncio.CancelledError:
            if not self.busy:
                await self.flush()
            raise
        finally:
            self._ring = None
            self._ring_began.clear()

    async def write(self, frame: bytes, voice: "Voice", original: bytes) -> None:
        """Play a 10 ms frame of a voice that holds `writing`, in real time in any case.

        `original` is what `flush` gives back where it was not heard.
        """
        try:
            self._voice_wrote_s = self._clock.monotonic()
            await self._send(frame, voice, original)
        finally:
            self._voice_wrote_s = self._clock.monotonic()

    def take_played(self) -> bytes:
        """The echo canceller's reference; see ports.Speaker."""
        return self._speaker.take_played() if self.started else b""

    async def drain(self) -> None:
        """Wait until all of it was heard, but for what rings."""
        if not self.started:
            return
        # What rings leaves no moment in which the device has nothing to play.
        drained = asyncio.create_task(self._speaker.drain(), name="drain")
        began = asyncio.create_task(self._ring_began.wait(), name="ring began")
        try:
            await asyncio.wait({drained, began}, return_when=asyncio.FIRST_COMPLETED)
            if drained.done():
                drained.result()
            else:
                await asyncio.sleep(max(self.latency_s, _AHEAD_S))
        finally:
            drained.cancel()
            began.cancel()
            await asyncio.wait({drained, began})

    async def flush(self, voice: "Voice | None" = None) -> list[bytes]:
        """Silence, now; what `voice` has written that was not heard, in order."""
        if not self.started:
            return []
        dropped = await self._speaker.flush() // FRAME_BYTES
        unheard = [self._sent.pop() for _ in range(min(dropped, len(self._sent)))]
        self._voice_wrote_s = -math.inf  # what rings goes on at once
        return [original for whose, original in reversed(unheard) if whose is voice]

    async def _send(self, frame: bytes, voice: "Voice | None", original: bytes) -> None:
        if not self.started and self._clock.monotonic() >= self._silent_until:
            await self.start()
        if not self.started:
            await asyncio.sleep(FRAME_S)
            return
        self._sent.append((voice, original))
        self._writing_at = self._clock.monotonic()
        try:
            await self._speaker.write(self._with_ring(frame))
            self._worked = True
        except DeviceError as error:
            self.started = False
            self._sent.clear()
            await self._speaker.close()
            self._give_up(error)
        finally:
            self._writing_at = None

    def _with_ring(self, frame: bytes) -> bytes:
        if self._ring is None:
            return frame
        over = next(self._ring, None)
        if over is None:
            self._ring = None
            return frame
        return over if frame is SILENT_FRAME else mixed(frame, over)

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
        """Silence, now, but for what rings; what was not heard is played again after `resume`."""
        if not self._going.is_set():
            return
        self._going.clear()
        unheard = await self._playback.flush(self)
        self._pending.extendleft(reversed(unheard))
        self._written -= len(unheard)

    def resume(self) -> None:
        """Go on where it was paused."""
        self._going.set()

    async def _write(self) -> None:
        while self._pending:
            await self._going.wait()
            async with self._playback.writing:
                if self._going.is_set():  # else it was paused while it waited
                    frame = self._pending.popleft()
                    self._written += 1
                    await self._playback.write(self._volume.apply(frame), self, frame)
