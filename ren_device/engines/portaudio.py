"""The sound card, through PortAudio and `pyaudio`: REN_MICROPHONE and REN_SPEAKER by name.

PortAudio calls back from a thread of its own. Sound crosses over to the event loop in one place on
each side: `call_soon_threadsafe` into a bounded queue, and a ring of bytes under a lock. A device
that goes away shows as a DeviceError; whoever iterates or writes opens it again.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from ren_device.engines.portaudio_stream import Stream, load_pyaudio
from ren_device.errors import DeviceError
from ren_device.model import (
    FRAME_BYTES,
    SAMPLE_BYTES,
    SAMPLE_RATE_HZ,
    SILENT_FRAME,
)

BACKLOG_CHUNKS = 200
"""What a slow listener can catch up, 2 s; beyond that the oldest is lost."""

AHEAD_S = 0.1
"""How much sound waits for the loudspeaker at most."""

LOOK_EVERY_S = 0.25
"""How often a silent device is asked whether it is still there."""


class PortAudioMicrophone:
    """Implements ports.Microphone. `device`: `auto`, or a part of a device's name."""

    def __init__(self, device: str = "auto", load: Callable[[], Any] = load_pyaudio) -> None:
        """Nothing is opened yet. `load` gives the pyaudio module."""
        self.name = device
        self.dropped = 0
        self._device = device
        self._load = load

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Open the device and yield 10 ms frames. Raises DeviceError."""
        loop = asyncio.get_running_loop()
        waiting: deque[bytes] = deque()
        more = asyncio.Event()

        def arrived(chunk: bytes) -> None:
            if len(waiting) >= BACKLOG_CHUNKS:
                waiting.popleft()
                self.dropped += 1
            waiting.append(chunk)
            more.set()

        def heard(chunk: bytes | None, _size: int) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(arrived, chunk or b"")

        stream = Stream("input", self._device, self._load, heard)
        try:
            await asyncio.to_thread(stream.open)
            self.name = stream.name
            cut = _Cutter(stream.rate_hz, stream.channels)
            while True:
                while not waiting:
                    more.clear()
                    await _wait_or_look(more, stream)
                for frame in cut.frames(waiting.popleft()):
                    yield frame
        finally:
            await asyncio.to_thread(stream.close)


class PortAudioSpeaker:
    """Implements ports.Speaker. `device`: `auto`, or a part of a device's name."""

    def __init__(self, device: str = "auto", load: Callable[[], Any] = load_pyaudio) -> None:
        """Nothing is opened yet. `load` gives the pyaudio module."""
        self.name = device
        self.latency_s = AHEAD_S / 2  # until the device says better
        self._device = device
        self._load = load
        self._stream: Stream | None = None
        self._ring = bytearray()
        self._ring_lock = threading.Lock()
        self._taken = asyncio.Event()

    async def start(self) -> None:
        """Open the device. Raises DeviceError."""
        await self.close()
        self._loop = asyncio.get_running_loop()
        stream = Stream("output", self._device, self._load, self._play)
        try:
            await asyncio.to_thread(stream.open)
        except BaseException:
            await asyncio.to_thread(stream.close)
            raise
        self.name = stream.name
        self.latency_s = stream.latency_s
        self._spread = _Spreader(stream.rate_hz, stream.channels)
        self._most = round(AHEAD_S * stream.rate_hz) * SAMPLE_BYTES * stream.channels
        self._stream = stream

    async def write(self, frame: bytes) -> None:
        """Queue a frame; returns when there is room for the next. Raises DeviceError."""
        if self._stream is None:
            raise RuntimeError("write before start")
        self._stream.look()
        with self._ring_lock:
            self._ring += self._spread.out(frame)
        await self._until_at_most(self._most, self._stream)

    async def drain(self) -> None:
        """Return when everything was heard, or never will be."""
        if self._stream is None:
            return
        with self._ring_lock:
            self._ring += self._spread.out(SILENT_FRAME)  # pushes out what the resampler holds
        # When the device is gone, the next write says so.
        with contextlib.suppress(DeviceError):
            await self._until_at_most(0, self._stream)
            await asyncio.sleep(self.latency_s)

    async def flush(self) -> None:
        """Drop what the device has not taken yet."""
        with self._ring_lock:
            self._ring.clear()
        if self._stream is not None:
            self._spread = _Spreader(self._stream.rate_hz, self._stream.channels)
        self._taken.set()

    async def close(self) -> None:
        """Release the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(stream.close)
        self._ring.clear()

    async def _until_at_most(self, size: int, stream: Stream) -> None:
        while len(self._ring) > size:
            self._taken.clear()
            await _wait_or_look(self._taken, stream)

    def _play(self, _heard: bytes | None, size: int) -> bytes:
        """In PortAudio's thread. What is missing is silence."""
        with self._ring_lock:
            sound = bytes(self._ring[:size])
            del self._ring[:size]
        if sound:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._taken.set)
        return sound.ljust(size, b"\0")


async def _wait_or_look(event: asyncio.Event, stream: Stream) -> None:
    try:
        async with asyncio.timeout(LOOK_EVERY_S):
            await event.wait()
    except TimeoutError:
        stream.look()


class _Cutter:
    """Makes frames of what a device hears."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._channels = channels
        self._resampler = _resampler(rate_hz, SAMPLE_RATE_HZ)
        self._rest = b""

    def frames(self, chunk: bytes) -> Iterator[bytes]:
        import numpy as np

        samples = np.frombuffer(chunk, np.int16)
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(axis=1).astype(np.int16)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        pcm = self._rest + samples.tobytes()
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._rest = pcm[whole:]
        for at in range(0, whole, FRAME_BYTES):
            yield pcm[at : at + FRAME_BYTES]


class _Spreader:
    """Makes what a device plays of frames."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._channels = channels
        self._resampler = _resampler(SAMPLE_RATE_HZ, rate_hz)

    def out(self, frame: bytes) -> bytes:
        import numpy as np

        samples = np.frombuffer(frame, np.int16)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return samples.repeat(self._channels).tobytes()


def _resampler(from_hz: int, to_hz: int) -> Any:
    if from_hz == to_hz:
        return None
    import soxr

    return soxr.ResampleStream(from_hz, to_hz, 1, "int16", "HQ")
