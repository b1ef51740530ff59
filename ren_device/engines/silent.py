"""A device without ears or without a voice: REN_MICROPHONE=none and REN_SPEAKER=none."""

import asyncio
from collections.abc import AsyncGenerator

from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, FRAME_S, SAMPLE_BYTES, SAMPLE_RATE_HZ, SILENT_FRAME

AHEAD_S = 0.1
"""How far ahead of real time a loudspeaker without hardware lets itself be filled."""

STUTTER_S = 0.25
"""A shorter silence within what is said is a stutter; a longer one is somebody who thinks."""

_BYTES_PER_S = SAMPLE_RATE_HZ * SAMPLE_BYTES


class Playhead:
    """Where a loudspeaker without hardware is on its time line; positions are in bytes of PCM.

    Everything before `heard()` has been heard; from there to `end` is queued. The clock is the
    event loop's, from the moment this was made.
    """

    def __init__(self) -> None:
        """Start the time line now; needs a running loop."""
        self._clock = asyncio.get_running_loop().time
        self._zero = self._clock()
        self.end = 0
        self._sounds = False

    def heard(self) -> int:
        """What has been heard by now, whole samples."""
        return round((self._clock() - self._zero) * SAMPLE_RATE_HZ) * SAMPLE_BYTES

    def append(self, size: int) -> int:
        """Queue `size` bytes behind what is queued, or from now on; returns where they begin."""
        begin = max(self.end, self.heard())
        self.end = begin + size
        self._sounds = True
        return begin

    def stutters(self) -> bool:
        """Whether what would be queued now comes a moment too late for what was queued before."""
        return self._sounds and 0 < self.heard() - self.end < STUTTER_S * _BYTES_PER_S

    def pause(self) -> None:
        """What is queued next begins something new."""
        self._sounds = False

    def cut(self) -> int:
        """Drop what is queued, at once; returns where the time line now ends."""
        self.end = min(self.end, self.heard())
        return self.heard()

    def drop(self) -> int:
        """Drop what is queued; how many bytes. A frame that has begun is heard to its end."""
        dropped = max(0, self.end - self.heard()) // FRAME_BYTES * FRAME_BYTES
        self.end -= dropped
        self.pause()
        return dropped

    async def wait_for_room(self, size: int) -> None:
        """Return when `size` more bytes fit into `AHEAD_S`."""
        await self._wait_until(self.end + size - round(AHEAD_S * _BYTES_PER_S))

    async def wait_until_heard(self) -> None:
        """Return when nothing is queued any more."""
        while self.end > self.heard():
            # In small steps, because `cut` may make the wait shorter.
            await self._wait_until(min(self.end, self.heard() + round(FRAME_S * _BYTES_PER_S)))

    async def _wait_until(self, position: int) -> None:
        if (missing := position - self.heard()) > 0:
            await asyncio.sleep(missing / _BYTES_PER_S)


class NoMicrophone:
    """Hears nothing, for ever, at no cost."""

    name = form = "none"
    block_frames = 1
    dropped = 0
    hardware = False

    def __init__(self, why: str = "") -> None:
        """`why` it stands in for a microphone that cannot be; empty if none was wanted."""
        self.why = why

    async def blocks(self) -> AsyncGenerator[bytes]:
        """Yield nothing until cancelled or closed. Raises DeviceError if there should be one."""
        if self.why:
            raise DeviceError(self.why)
        await asyncio.Event().wait()
        yield SILENT_FRAME  # never reached: makes this a generator


class NoSpeaker:
    """Swallows sound at the pace of a real loudspeaker, so that everything takes as long."""

    name = form = "none"
    latency_s = 0.0  # a first frame counts as heard from the moment it is written

    def __init__(self, why: str = "") -> None:
        """`why` it stands in for a loudspeaker that cannot be; empty if none was wanted."""
        self.why = why
        self.underruns = 0
        self._playhead: Playhead | None = None

    async def start(self) -> None:
        """Begin the time line. Raises DeviceError if there should be a loudspeaker."""
        if self.why:
            raise DeviceError(self.why)
        self._playhead = Playhead()

    async def write(self, frame: bytes) -> None:
        """Take a frame; returns when there is room for the next."""
        if self._playhead is None:
            raise RuntimeError("write before start")
        self.underruns += self._playhead.stutters()
        self._playhead.append(len(frame))
        await self._playhead.wait_for_room(len(frame))

    async def drain(self) -> None:
        """Return when everything would have been heard."""
        if self._playhead is not None:
            await self._playhead.wait_until_heard()
            self._playhead.pause()

    async def flush(self) -> int:
        """Forget what would not have been heard yet."""
        return self._playhead.drop() if self._playhead is not None else 0

    def take_played(self) -> bytes:
        """Nothing is ever heard of it."""
        return b""

    async def close(self) -> None:
        """End the time line."""
        self._playhead = None
