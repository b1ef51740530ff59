"""Simulated parts for the sound ports: a laptop is a speaker without a soldering iron.

Simulated speech is sound that carries its own text: each letter is 60 ms of PCM whose amplitude
says which letter it is. Whoever "says" something makes such sound (`speech`), and the simulated
recogniser and wake word read it back (`words`), so the whole voice path can be run, in virtual
time, without a model. Anything that is not silence counts as speech.
"""

import asyncio
from array import array
from collections import deque
from collections.abc import AsyncGenerator

from ren_device.errors import DeviceError, EngineError
from ren_device.model import (
    FRAME_BYTES,
    FRAME_S,
    FRAME_SAMPLES,
    SAMPLE_BYTES,
    SAMPLE_RATE_HZ,
    SILENT_FRAME,
)

_LETTER_FRAMES = 6
_MARK = 30_000  # begins each letter
_STEP = 50  # amplitude = letter code * step


def speech(text: str) -> bytes:
    """PCM that says this text, at 60 ms a letter. Letters are those of ASCII."""
    pcm = bytearray()
    for letter in text:
        pcm += _tone(_MARK) + _tone(ord(letter) * _STEP) * (_LETTER_FRAMES - 1)
    return bytes(pcm)


def silence(duration_s: float) -> bytes:
    """PCM without a sound, in whole frames."""
    return SILENT_FRAME * round(duration_s / FRAME_S)


def words(pcm: bytes) -> str:
    """What this PCM says; frames must be whole."""
    reader = _Reader()
    for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        reader.read(pcm[start : start + FRAME_BYTES])
    return reader.text


class _Reader:
    """Reads simulated speech frame by frame."""

    def __init__(self) -> None:
        self.text = ""
        self._marked = False

    def read(self, frame: bytes) -> None:
        level = int.from_bytes(frame[:SAMPLE_BYTES], "little", signed=True)
        if self._marked and 0 < level < _MARK:
            self.text += chr(round(level / _STEP))
        self._marked = level == _MARK


def _tone(level: int) -> bytes:
    return array("h", [level, -level] * (FRAME_SAMPLES // 2)).tobytes()


class SimMicrophone:
    """A microphone that hears what the test says, in real time; silence otherwise."""

    name = "simulated microphone"

    def __init__(self) -> None:
        """Nobody speaks yet."""
        self._heard: deque[bytes] = deque()
        self._gone: str | None = None
        self.opened = 0
        self.open = False

    def hear(self, pcm: bytes) -> None:
        """Somebody says this, after what was said before."""
        for start in range(0, len(pcm), FRAME_BYTES):
            self._heard.append(pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))

    def unplug(self, why: str = "REN_MICROPHONE=sim: unplugged") -> None:
        """The next frame, and every attempt to open, fails."""
        self._gone = why

    def plug_in(self) -> None:
        """It can be opened again."""
        self._gone = None

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """See ports.Microphone; strict: it can be open only once."""
        if self.open:
            raise DeviceError("REN_MICROPHONE=sim: busy")
        self.open = True
        self.opened += 1
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while True:
                if self._gone is not None:
                    raise DeviceError(self._gone)
                due += FRAME_S
                await asyncio.sleep(due - loop.time())
                yield self._heard.popleft() if self._heard else SILENT_FRAME
        finally:
            self.open = False


class SimSpeaker:
    """A loudspeaker that remembers what was heard, and when. Strict about the order of calls."""

    name = "simulated loudspeaker"
    latency_s = 0.05

    def __init__(self) -> None:
        """Closed."""
        self._origin: float | None = None
        self._queued: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self._heard: list[tuple[float, bytes]] = []
        self.broken: str | None = None

    async def start(self) -> None:
        """Open it."""
        if self.broken is not None:
            raise DeviceError(self.broken)
        if self._origin is not None:
            raise AssertionError("the loudspeaker is open already")
        self._origin = asyncio.get_running_loop().time()

    async def write(self, frame: bytes) -> None:
        """See ports.Speaker."""
        self._check_open()
        if self.broken is not None:
            raise DeviceError(self.broken)
        if len(frame) != FRAME_BYTES:
            raise AssertionError(f"a frame of {len(frame)} bytes")
        now = asyncio.get_running_loop().time()
        begins = max(self._free_at, now)
        self._queued.append((begins, frame))
        self._free_at = begins + FRAME_S
        if (ahead_s := self._free_at - now - self.latency_s) > 0:
            await asyncio.sleep(ahead_s)

    async def drain(self) -> None:
        """See ports.Speaker."""
        self._check_open()
        await asyncio.sleep(max(0.0, self._free_at - asyncio.get_running_loop().time()))

    async def flush(self) -> None:
        """See ports.Speaker."""
        self._settle()
        self._queued.clear()
        self._free_at = 0.0

    async def close(self) -> None:
        """See ports.Speaker."""
        if self._origin is not None:
            await self.flush()
            self._origin = None

    def heard(self) -> str:
        """The words that were heard so far."""
        self._settle()
        return words(b"".join(frame for _, frame in self._heard))

    def sound(self) -> bytes:
        """The sound that was heard so far, without the silence between."""
        self._settle()
        return b"".join(frame for _, frame in self._heard)

    def _settle(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._queued and self._queued[0][0] <= now:
            self._heard.append(self._queued.popleft())

    def _check_open(self) -> None:
        if self._origin is None:
            raise AssertionError("the loudspeaker is not open")


class SimEchoCanceller:
    """A room without an echo."""

    def reference(self, frame: bytes) -> None:
        """Checks the frame's size."""
        if len(frame) != FRAME_BYTES:
            raise AssertionError(f"a frame of {len(frame)} bytes")

    def process(self, frame: bytes) -> bytes:
        """The same frame."""
        return frame


class SimWakeWord:
    """Notices its phrase a moment after its end, as real ones do."""

    _LATE_FRAMES = 20

    def __init__(self, phrase: str = "hey jarvis") -> None:
        """Listens for `phrase`, said by `speech`."""
        self.phrases: tuple[str, ...] = (phrase,)
        self.reset()

    def process(self, frame: bytes) -> str | None:
        """See ports.WakeWord."""
        self._reader.read(frame)
        if self._reader.text.lower().endswith(self.phrases[0]):
            self._reader.text = ""
            self._wait_frames = self._LATE_FRAMES
        elif self._wait_frames > 0:
            self._wait_frames -= 1
            if self._wait_frames == 0:
                return self.phrases[0]
        return None

    def reset(self) -> None:
        """See ports.WakeWord."""
        self._reader = _Reader()
        self._wait_frames = 0


class SimVoiceActivity:
    """Everything that is not silence is speech."""

    chunk_bytes = 2 * FRAME_BYTES

    def process(self, chunk: bytes) -> float:
        """See ports.VoiceActivity."""
        if len(chunk) != self.chunk_bytes:
            raise AssertionError(f"a chunk of {len(chunk)} bytes")
        return 1.0 if any(chunk) else 0.0

    def reset(self) -> None:
        """See ports.VoiceActivity."""


class SimSpeechToText:
    """Reads simulated speech, and takes a moment for it, as a real recogniser does."""

    def __init__(self, takes_s: float = 0.1) -> None:
        """Each transcript takes `takes_s`."""
        self._takes_s = takes_s
        self.broken: str | None = None
        self.open = 0

    def start(self) -> "SimRecognition":
        """See ports.SpeechToText."""
        if self.broken is not None:
            raise EngineError(self.broken)
        return SimRecognition(self, self._takes_s)

    async def close(self) -> None:
        """See ports.SpeechToText."""
        if self.open:
            raise AssertionError("closed with an utterance open")


class SimRecognition:
    """One utterance."""

    def __init__(self, engine: SimSpeechToText, takes_s: float) -> None:
        """Made by SimSpeechToText.start."""
        self._engine = engine
        self._takes_s = takes_s
        self._pcm = bytearray()
        self._closed = False
        engine.open += 1

    def feed(self, pcm: bytes) -> None:
        """See ports.Recognition."""
        if self._closed:
            raise AssertionError("fed after it was closed")
        self._pcm += pcm

    async def interim(self) -> str:
        """See ports.Recognition."""
        if self._closed:
            raise AssertionError("asked after it was closed")
        text = words(bytes(self._pcm))
        await asyncio.sleep(self._takes_s)
        return text

    async def close(self) -> None:
        """See ports.Recognition."""
        if not self._closed:
            self._closed = True
            self._engine.open -= 1


class SimTextToSpeech:
    """Speaks simulated speech, a piece at a time, faster than real time."""

    def __init__(self, takes_s: float = 0.05) -> None:
        """Each piece of at most a second of sound takes `takes_s`."""
        self._takes_s = takes_s
        self.spoken: list[str] = []
        self.broken: str | None = None

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """See ports.TextToSpeech."""
        if self.broken is not None:
            raise EngineError(self.broken)
        self.spoken.append(text)
        pcm = speech(text)
        second = SAMPLE_RATE_HZ * SAMPLE_BYTES
        for start in range(0, len(pcm), second):
            await asyncio.sleep(self._takes_s)
            yield pcm[start : start + second]

    async def close(self) -> None:
        """See ports.TextToSpeech."""
