"""Simulated parts for the sound ports: a laptop is a speaker without a soldering iron.

Simulated speech is sound that carries its own text: each letter is 60 ms of PCM whose amplitude
says which letter it is. Whoever "says" something makes such sound (`speech`), and the simulated
recogniser and wake word read it back (`words`), so the whole voice path can be run, in virtual
time, without a model. Anything that is not silence counts as speech.
"""

import asyncio
from array import array
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal

from ren_device.errors import DeviceError, EngineError
from ren_device.model import (
    FRAME_BYTES,
    FRAME_S,
    FRAME_SAMPLES,
    SAMPLE_BYTES,
    SAMPLE_RATE_HZ,
    SILENT_FRAME,
    Wake,
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

    name = form = "simulated microphone"
    dropped = 0
    hardware = False
    block_frames = 1

    def __init__(self) -> None:
        """Nobody speaks yet."""
        self._heard: deque[bytes] = deque()
        self._gone: str | None = None
        self.hangs = False
        """While it does it gives neither sound nor an error."""
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

    async def blocks(self) -> AsyncGenerator[bytes, None]:
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
                count = self.block_frames
                due += FRAME_S * count
                await asyncio.sleep(due - loop.time())
                while self.hangs:  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(FRAME_S)
                yield b"".join(
                    self._heard.popleft() if self._heard else SILENT_FRAME for _ in range(count)
                )
        finally:
            self.open = False


class SimSpeaker:
    """A loudspeaker that remembers what was heard, and when. Strict about the order of calls."""

    name = form = "simulated loudspeaker"
    underruns = 0
    latency_s = 0.05

    def __init__(self) -> None:
        """Closed."""
        self._origin: float | None = None
        self._queued: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self._heard: list[tuple[float, bytes]] = []
        self._taken = 0
        self.opened = 0
        self.broken: str | None = None

    async def start(self) -> None:
        """Open it."""
        if self.broken is not None:
            raise DeviceError(self.broken)
        if self._origin is not None:
            raise AssertionError("the loudspeaker is open already")
        self.opened += 1
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

    async def flush(self) -> int:
        """See ports.Speaker."""
        self._settle()
        dropped = len(self._queued) * FRAME_BYTES
        self._queued.clear()
        self._free_at = 0.0
        return dropped

    def take_played(self) -> bytes:
        """See ports.Speaker."""
        self._settle()
        begin = max(self._taken, len(self._heard) - round(1 / FRAME_S))
        self._taken = len(self._heard)
        return b"".join(frame for _, frame in self._heard[begin:])

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

    def process(self, near: bytes, far: bytes) -> bytes:
        """The same frames."""
        for pcm in (near, far):
            if len(pcm) % FRAME_BYTES:
                raise AssertionError(f"{len(pcm)} bytes are no whole frames")
        return near

    def set_delay(self, delay_s: float) -> None:
        """See ports.EchoCanceller."""


@dataclass(frozen=True, slots=True)
class SimEcho:
    """What SimEchoMeter found; see ports.Echo."""

    heard: bool
    delay_s: float = 0.0
    attenuation_db: float = 0.0
    explained: float = 0.0


class SimEchoMeter:
    """Finds its chime where it is to be found bit by bit."""

    sound = speech("la")

    def measure(self, near: bytes, far: bytes) -> SimEcho:
        """See ports.EchoMeter."""
        played, heard = far.find(self.sound), near.find(self.sound)
        if played < 0 or heard < played:
            return SimEcho(heard=False)
        delay_s = (heard - played) / (SAMPLE_RATE_HZ * SAMPLE_BYTES)
        return SimEcho(heard=True, delay_s=delay_s, explained=1.0)


class SimWakeWord:
    """Notices its phrase a moment after its end, as real ones do."""

    _LATE_FRAMES = 20
    _THINKS_LATER_FRAMES = 10  # than it was

    def __init__(self, phrase: str = "hey jarvis") -> None:
        """Listens for `phrase`, said by `speech`."""
        self.phrases: tuple[str, ...] = (phrase,)
        self.awake = True
        self.certainty: Literal["sure", "doubtful", "near_miss"] = "sure"
        self.score = 1.0
        self._scores = dict.fromkeys(self.phrases, 0.0)
        self.reset()

    def process(self, frames: bytes) -> Wake | None:
        """See ports.WakeWord."""
        for at in range(0, len(frames), FRAME_BYTES):
            self._reader.read(frames[at : at + FRAME_BYTES])
            if self._reader.text.lower().endswith(self.phrases[0]):
                self._reader.text = ""
                self._wait_frames = self._LATE_FRAMES
            elif self._wait_frames > 0:
                self._wait_frames -= 1
                if self._wait_frames == 0:
                    late_frames = self._LATE_FRAMES + (len(frames) - at) // FRAME_BYTES
                    late_s = (late_frames - self._THINKS_LATER_FRAMES) * FRAME_S
                    self._scores = {self.phrases[0]: self.score}
                    return Wake(self.phrases[0], self.score, self.certainty, late_s)
        return None

    def scores(self) -> Mapping[str, float]:
        """See ports.WakeWord."""
        scores, self._scores = self._scores, dict.fromkeys(self.phrases, 0.0)
        return scores

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


class SimTurnDetector:
    """Finds that whoever ended in a full stop, a question mark or an exclamation has finished."""

    def __init__(self) -> None:
        """Ready."""
        self.asked = 0
        self.broken: str | None = None

    async def probability(self, pcm: bytes) -> float:
        """See ports.TurnDetector."""
        self.asked += 1
        if self.broken is not None:
            raise EngineError(self.broken)
        await asyncio.sleep(0.03)
        said = words(pcm[len(pcm) % FRAME_BYTES :]).rstrip()
        return 0.95 if said.endswith((".", "?", "!")) else 0.05

    async def close(self) -> None:
        """See ports.TurnDetector."""


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

    @property
    def partial(self) -> str:
        """See ports.Recognition."""
        return words(bytes(self._pcm))

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
