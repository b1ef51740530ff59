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

from ren_device.engines.microphone_channels import check_channels, form_words
from ren_device.engines.silent import Playhead
from ren_device.engines.wav_file import NoWav, WavForm, WavReader, read_form
from ren_device.errors import DeviceError
from ren_device.model import FRAME_S, SAMPLE_BYTES, SAMPLE_RATE_HZ

logger = logging.getLogger(__name__)

BACKLOG_FRAMES = 200
"""How much a slow consumer can catch up, 2 s; beyond that the oldest frames are lost."""

MOST_FRAMES = 32
"""The largest block for a consumer that catches up."""

GROW_EVERY_S = 0.5
"""How often a recording in which nothing is said is made longer."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_MOST_BYTES = 2**32 - 1 - _HEADER.size  # what a WAV header can say: 37 hours


class WavMicrophone:
    """Plays a WAV file once, in real time from the first look at `blocks()`, then silence."""

    hardware = False  # its silence means nothing

    def __init__(self, path: str | Path, channels: tuple[int, ...] = ()) -> None:
        """Look at the file. Raises DeviceError when it is no PCM WAV file.

        The mean of `channels` is heard, counted from 1; of all where none is named.
        """
        self._path = Path(path).expanduser()
        self._channels = channels
        self.name = f"wav:{path}"
        self.form = ""
        self.dropped = 0
        self.block_frames = 1
        self._zero_s: float | None = None
        self._next = 0
        self._look()

    async def blocks(self) -> AsyncGenerator[bytes]:
        """Yield blocks of frames. Looked at again, it goes on where its time line is by then."""
        clock = asyncio.get_running_loop().time
        form = self._look()
        if self._zero_s is None:
            self._zero_s = clock()
        with self._path.open("rb") as file:
            reader = WavReader(file, form, self._channels)
            while True:
                # Rounded, because sums of hundredths are not whole to the last bit.
                late = int((clock() - self._zero_s) / FRAME_S + 1e-6) - self._next
                if (lost := late - BACKLOG_FRAMES) > 0:
                    self.dropped += lost
                    self._next += lost
                begin, count = self._next, max(self.block_frames, min(late, MOST_FRAMES))
                self._next += count
                # Slept also when late: others get a turn between two blocks.
                await asyncio.sleep(max(0.0, self._zero_s + self._next * FRAME_S - clock()))
                yield reader.read(begin, count)

    def _look(self) -> WavForm:
        try:
            form = read_form(self._path)
        except NoWav as error:
            raise DeviceError(
                f"REN_MICROPHONE={self.name}: the file {error}; one that will do is made by: "
                "ffmpeg -i INPUT -ar 16000 -ac 1 -c:a pcm_s16le OUTPUT.wav"
            ) from None
        except OSError as error:
            raise DeviceError(f"REN_MICROPHONE={self.name}: {error.strerror}") from None
        check_channels(self._channels, form.channels, self.name)
        self.form = f"{self.name}: {form_words(form.rate_hz, form.channels, self._channels)}"
        return form


class WavSpeaker:
    """Records what would have been heard, silence included, in real time from `start()`.

    The file ends where the sound queued so far ends, at most `AHEAD_S` after now, and is a valid
    WAV at every moment: it is always right about its own length, whenever the process dies.
    """

    latency_s = 0.0  # a first frame counts as heard from the moment it is written

    def __init__(self, path: str | Path) -> None:
        """Try to write there. Raises DeviceError."""
        self._path = Path(path).expanduser()
        self.name = self.form = f"wav:{path}"
        self.underruns = 0
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
        self.underruns += self._playhead.stutters()
        position = self._playhead.append(len(frame))
        with self._explained():
            # Sound first, then the header. What lies between the old end and here reads as zeros.
            os.pwrite(self._file.fileno(), frame, _HEADER.size + position)
        self._set_length(self._playhead.end)
        await self._playhead.wait_for_room(len(frame))

    def take_played(self) -> bytes:
        """Nothing: no microphone hears a file."""
        return b""

    async def drain(self) -> None:
        """Return when everything written has been heard."""
        if self._playhead is not None:
            await self._playhead.wait_until_heard()
            self._playhead.pause()

    async def flush(self) -> int:
        """Take what is not yet heard out of the file. Raises DeviceError."""
        if self._playhead is None:
            return 0
        dropped = self._playhead.drop()
        self._set_length(max(self._playhead.end, self._playhead.heard()))
        return dropped

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
