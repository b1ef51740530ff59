"""The sound card, through PortAudio and `pyaudio`: REN_MICROPHONE and REN_SPEAKER by name.

PortAudio calls back from a thread of its own. Sound crosses over to the event loop in one place on
each side: a bounded queue, and a ring of bytes under a lock; the loop is woken only when there is
enough of it. A device that goes away shows as a DeviceError; whoever iterates or writes opens it
again.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any

from ren_device.engines.played_ring import PlayedRing
from ren_device.engines.portaudio_library import load_pyaudio
from ren_device.engines.portaudio_stream import Rescans, Stream
from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, SAMPLE_BYTES

if TYPE_CHECKING:
    from ren_device.engines.sound_form import FromPcm, ToPcm

_log = logging.getLogger(__name__)

BACKLOG_CHUNKS = 200
"""What a slow listener can catch up, 2 s; beyond that the oldest is lost."""

MOST_FRAMES = 32
"""The largest block for a listener that catches up."""

AHEAD_S = 0.1
"""How much sound waits for the loudspeaker at most."""

LOOK_EVERY_S = 0.25
"""How often a silent device is asked whether it is still there."""

_INPUT_OVERFLOW, _OUTPUT_UNDERFLOW = 2, 4  # PortAudio's flags


class PortAudioMicrophone:
    """Implements ports.Microphone. `device`: `auto`, or a part of a device's name."""

    hardware = True  # never silent to the last bit

    def __init__(
        self,
        device: str = "auto",
        channels: tuple[int, ...] = (),
        gain_db: float = 0.0,
        load: Callable[[], Any] = load_pyaudio,
    ) -> None:
        """Nothing is opened yet. `load` gives the pyaudio module.

        The mean of `channels` is heard, counted from 1; of all where none is named. A quiet one
        is made `gain_db` louder.
        """
        self._gain_db = gain_db
        self.name = device
        self.form = ""
        self.dropped = 0
        self.block_frames = 1
        self._device = device
        self._channels = channels
        self._load = load
        self._rescans = Rescans()

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Open the device and yield blocks of frames. Raises DeviceError."""
        loop = asyncio.get_running_loop()
        waiting: deque[bytes] = deque(maxlen=BACKLOG_CHUNKS)
        enough = asyncio.Event()
        wanted = 1  # chunks

        def heard(chunk: bytes | None, _size: int, flags: int) -> None:
            self.dropped += (len(waiting) == BACKLOG_CHUNKS) + bool(flags & _INPUT_OVERFLOW)
            waiting.append(chunk or b"")
            if len(waiting) >= wanted and not enough.is_set():
                with contextlib.suppress(RuntimeError):  # the loop is closed already
                    loop.call_soon_threadsafe(enough.set)

        stream = Stream(
            "input", self._device, self._load, heard, self._channels, rescans=self._rescans
        )
        try:
            to_pcm = await asyncio.to_thread(self._open, stream)
            ready = bytearray()
            while True:
                while (missing := self.block_frames * FRAME_BYTES - len(ready)) > 0:
                    wanted = -(-missing // FRAME_BYTES)
                    enough.clear()
                    if len(waiting) < wanted:
                        await _wait_or_look(enough, stream)
                        continue
                    count = max(wanted, min(len(waiting), MOST_FRAMES))
                    ready += to_pcm.convert(b"".join(waiting.popleft() for _ in range(count)))
                size = min(MOST_FRAMES * FRAME_BYTES, len(ready) - len(ready) % FRAME_BYTES)
                yield bytes(ready[:size])
                del ready[:size]
        finally:
            await asyncio.to_thread(stream.close)

    def _open(self, stream: Stream) -> "ToPcm":
        stream.open()
        self.name, self.form = stream.name, stream.form
        _log.info("microphone: %s", self.form)
        from ren_device.engines.sound_form import ToPcm  # takes its time

        return ToPcm(stream.rate_hz, stream.channels, self._channels, gain_db=self._gain_db)


class PortAudioSpeaker:
    """Implements ports.Speaker. `device`: `auto`, or a part of a device's name."""

    def __init__(self, device: str = "auto", load: Callable[[], Any] = load_pyaudio) -> None:
        """Nothing is opened yet. `load` gives the pyaudio module."""
        self.name = device
        self.form = ""
        self.latency_s = AHEAD_S / 2  # until the device says better
        self.underruns = 0
        self._device = device
        self._load = load
        self._rescans = Rescans()
        # Whether the owner has called `start`; `write` may find no stream nevertheless.
        self._started = False
        self._stream: Stream | None = None
        self._room = asyncio.Event()
        self._ring = PlayedRing(1)

    @property
    def resting(self) -> bool:
        """Whether the device is stopped because there is nothing to play."""
        return self._ring.resting

    async def start(self) -> None:
        """Open the device. Raises DeviceError."""
        await self.close()
        await self._reopen()
        self._started = True

    async def _reopen(self) -> None:
        await self._release()
        self._loop = asyncio.get_running_loop()
        stream = Stream(
            "output",
            self._device,
            self._load,
            self._play,
            idle=lambda: not len(self._ring),
            rescans=self._rescans,
        )
        try:
            self._from_pcm = await asyncio.to_thread(self._open, stream)
        except BaseException:
            await asyncio.to_thread(stream.close)
            raise
        self._stream = stream

    def _open(self, stream: Stream) -> "FromPcm":
        stream.open()
        self.name, self.form = stream.name, stream.form
        self.latency_s = self._device_s = stream.latency_s
        self._bytes_per_s = stream.rate_hz * stream.channels * SAMPLE_BYTES
        self._ring = PlayedRing(self._bytes_per_s)
        _log.info("loudspeaker: %s", self.form)
        return _converter(stream)

    async def write(self, frame: bytes) -> None:
        """Queue a frame; returns when there is room for the next. Raises DeviceError."""
        if not self._started:
            raise RuntimeError("write before start")
        if self._stream is None:
            await self._reopen()  # the last try failed, or whoever wrote was cancelled in it
        try:
            if self._stream is not None and not self.resting:
                self._stream.look()
        except DeviceError:
            if self._ring:
                raise
            await self._reopen()  # it went while nothing sounded: what sounds now need not be lost
        self.underruns += self._ring.stutters()
        if not self._ring.put(self._from_pcm.convert(frame), frame):
            await self._reopen()
            self._ring.put(self._from_pcm.convert(frame), frame)
        await self._until_at_most(round(AHEAD_S * self._bytes_per_s))
        self.latency_s = self._device_s + len(self._ring) / self._bytes_per_s

    async def drain(self) -> None:
        """Return when everything was heard, or never will be."""
        if self._stream is None:
            return
        self._ring.finish(self._from_pcm.rest())
        # When the device is gone, the next write says so.
        with contextlib.suppress(DeviceError):
            await self._until_at_most(0)
            await asyncio.sleep(self._device_s)

    async def flush(self) -> int:
        """Drop what the device has not taken yet; how many bytes of frames that were."""
        dropped = self._ring.drop()
        if self._stream is not None:
            self._from_pcm = _converter(self._stream)
        self._room.set()
        return dropped

    def take_played(self) -> bytes:
        """What the device took since the last call; see ports.Speaker."""
        return self._ring.take_played()

    async def close(self) -> None:
        """Release the device."""
        self._started = False
        await self._release()

    async def _release(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(stream.close)
        self._ring = PlayedRing(1)

    async def _until_at_most(self, size: int) -> None:
        while self._stream is not None:
            self._room.clear()
            if len(self._ring) <= size:
                return
            await _wait_or_look(self._room, self._stream)

    def _play(self, _heard: bytes | None, size: int, flags: int) -> bytes:
        """In PortAudio's thread. What is missing is silence."""
        sound = self._ring.take(size)
        if not sound:
            return b"" if self._ring.rests() else bytes(size)
        self.underruns += bool(flags & _OUTPUT_UNDERFLOW)
        if not self._room.is_set():
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._room.set)
        return sound.ljust(size, b"\0")


def _converter(stream: Stream) -> "FromPcm":
    from ren_device.engines.sound_form import FromPcm  # takes its time

    return FromPcm(stream.rate_hz, stream.channels)


async def _wait_or_look(event: asyncio.Event, stream: Stream) -> None:
    try:
        async with asyncio.timeout(LOOK_EVERY_S):
            await event.wait()
    except TimeoutError:
        stream.look()
