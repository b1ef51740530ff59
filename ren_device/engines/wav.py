"""Files in place of a microphone and a loudspeaker: REN_MICROPHONE=wav:PATH, REN_SPEAKER=wav:PATH.

Both keep real time by the event loop's clock and absolute deadlines, so that nothing drifts.
"""

import asyncio
import contextlib
import io
import logging
import os
import struct
import wave
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from ren_device.engines.silent import Playhead
from ren_device.errors import DeviceError
from ren_device.model import (
    FRAME_BYTES,
    FRAME_S,
    SAMPLE_BYTES,
    SAMPLE_RATE_HZ,
    SILENT_FRAME,
)

logger = logging.getLogger(__name__)

BACKLOG_FRAMES = 200
"""How much a slow consumer can catch up, 2 s; beyond that the oldest frames are lost."""

GROW_EVERY_S = 0.5
"""How often a recording in which nothing is said is made longer."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_MOST_BYTES = 2**32 - 1 - _HEADER.size  # what a WAV header can say: 37 hours


class WavMicrophone:
    """Plays a WAV file once, in real time from the first look at `frames()`, then silence."""

    def __init__(self, path: str | Path) -> None:
        """Look at the file. Raises DeviceError when it is not 16-bit mono PCM at 16 kHz."""
        self._path = Path(path).expanduser()
        self.name = f"wav:{path}"
        self.dropped = 0
        self._zero_s: float | None = None
        self._next = 0
        self._look()

    async def frames(self) -> AsyncGenerator[bytes]:
        """Yield 10 ms frames. Looked at again, it goes on where its time line is by then."""
        clock = asyncio.get_running_loop().time
        data_at, end = self._look()
        if self._zero_s is None:
            self._zero_s = clock()
        with self._path.open("rb") as file:
            while True:
                arrived = int((clock() - self._zero_s) / FRAME_S)
                if (late := arrived - self._next - BACKLOG_FRAMES) > 0:
                    self.dropped += late
                    self._next += late
                position = data_at + self._next * FRAME_BYTES
                self._next += 1
                # Slept also when late: others get a turn between two frames.
                await asyncio.sleep(max(0.0, self._zero_s + self._next * FRAME_S - clock()))
                if position < end:
                    file.seek(position)
                    yield file.read(min(FRAME_BYTES, end - position)).ljust(FRAME_BYTES, b"\0")
                else:
                    yield SILENT_FRAME

    def _look(self) -> tuple[int, int]:
        """Where the samples begin and end in the file, in bytes."""
        try:
            with self._path.open("rb") as file:
                with wave.open(file) as wav:
                    begin = file.tell()
                    found = (8 * wav.getsampwidth(), wav.getnchannels(), wav.getframerate())
                    samples = wav.getnframes()
                held = (os.fstat(file.fileno()).st_size - begin) // SAMPLE_BYTES
        except (wave.Error, EOFError) as error:
            raise self._refusal(f"is not a PCM WAV file ({str(error) or 'too short'})") from None
        except OSError as error:
            raise DeviceError(f"REN_MICROPHONE={self.name}: {error.strerror}") from None
        if found != (8 * SAMPLE_BYTES, 1, SAMPLE_RATE_HZ):
            raise self._refusal("has {} bits, {} channel(s), {} Hz".format(*found))
        if held < samples:
            raise self._refusal(f"is cut short: it holds {held} of {samples} samples")
        return begin, begin + samples * SAMPLE_BYTES

    def _refusal(self, found: str) -> DeviceError:
        return DeviceError(
            f"REN_MICROPHONE={self.name}: the file {found}; wanted is PCM of 16 bits, 1 channel, "
            "16000 Hz, as made by: ffmpeg -i INPUT -ar 16000 -ac 1 -c:a pcm_s16le OUTPUT.wav"
        )


class WavSpeaker:
    """Records what would have been heard, silence included, in real time from `start()`.

    The file ends where the sound queued so far ends, at most `AHEAD_S` after now, and is a valid
    WAV at every moment: it is always right about its own length, whenever the process dies.
    """

    latency_s = 0.0  # a first frame counts as heard from the moment it is written

    def __init__(self, path: str | Path) -> None:
        """Try to write there. Raises DeviceError."""
        self._path = Path(path).expanduser()
        self.name = f"wav:{path}"
        self._playhead: Playhead | None = None
        self._file: io.FileIO | None = None
        self._growing: asyncio.Task[None] | None = None
        with self._explained():
            self._path.open("ab").close()

    async def start(self) -> None:
        """Begin a new recording and its time line. Raises DeviceError."""
        await self.close()
        with self._explained():
            self._file = io.FileIO(self._path, "wb")  # unbuffered: what is written is in the file
        self._playhead = Playhead()
        self._set_length(0)
        self._growing = asyncio.create_task(self._grow(), name="wav speaker grows")

    async def write(self, frame: bytes) -> None:
        """Queue a frame; returns when there is room for the next. Raises DeviceError."""
        if self._playhead is None or self._file is None:
            raise RuntimeError("write before start")
        position = self._playhead.append(len(frame))
        with self._explained():
            # Sound first, then the header. What lies between the old end and here reads as zeros.
            os.pwrite(self._file.fileno(), frame, _HEADER.size + position)
        self._set_length(self._playhead.end)
        await self._playhead.wait_for_room(len(frame))

    async def drain(self) -> None:
        """Return when everything written has been heard."""
        if self._playhead is not None:
            await self._playhead.wait_until_heard()

    async def flush(self) -> None:
        """Take what is not yet heard out of the file. Raises DeviceError."""
        if self._playhead is not None:
            self._set_length(self._playhead.cut())

    async def close(self) -> None:
        """Drop what is not yet heard, fill up with silence to now and close the file."""
        if self._growing is not None:
            self._growing.cancel()
            await asyncio.wait({self._growing})
            self._growing = None
        if self._file is not None and self._playhead is not None:
            try:
                self._set_length(self._playhead.cut())
            except DeviceError as error:
                logger.warning("%s", error)
            self._file.close()
        self._file = self._playhead = None

    async def _grow(self) -> None:
        while self._playhead is not None:
            await asyncio.sleep(GROW_EVERY_S)
            try:
                self._set_length(max(self._playhead.end, self._playhead.heard()))
            except DeviceError as error:
                logger.warning("%s", error)  # the next write raises it

    def _set_length(self, length: int) -> None:
        if self._file is None:
            return
        length = min(length, _MOST_BYTES)
        header = _HEADER.pack(
            b"RIFF", _HEADER.size - 8 + length, b"WAVE",
            b"fmt ", 16, wave.WAVE_FORMAT_PCM, 1, SAMPLE_RATE_HZ,
            SAMPLE_RATE_HZ * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES,
            b"data", length,
        )  # fmt: skip
        with self._explained():
            file = self._file.fileno()
            grows = os.fstat(file).st_size <= _HEADER.size + length
            # Longer: the space first, then the promise. Shorter: the other way round.
            for step in ("space", "header") if grows else ("header", "space"):
                if step == "space":
                    os.truncate(file, _HEADER.size + length)
                else:
                    os.pwrite(file, header, 0)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DeviceError(f"REN_SPEAKER={self.name}: {error.strerror}") from None
