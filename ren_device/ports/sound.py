"""What hears, and what is heard.

PCM is as in `model`: 16-bit little-endian mono, 16 kHz; a frame is 10 ms.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from ren_device.model import Wake


class Microphone(Protocol):
    """Where the person is heard."""

    name: str
    form: str
    """Which device is open and in which form, for people; empty before the first time."""
    dropped: int
    """How many blocks were lost so far, because nobody took them in time."""
    hardware: bool
    """Whether it hears a real room, which is never silent to the last bit."""
    block_frames: int
    """How many frames to yield at a time, 1 to 16; may be changed while listening, and holds from
    the next block on. Larger blocks wake the processor less often."""

    def blocks(self) -> AsyncGenerator[bytes, None]:
        """Open the device and yield blocks of whole 10 ms frames in real time, until `aclose()`.

        A consumer that is slow gets more frames in a block (32 at most) until it has caught up,
        and loses the oldest beyond two seconds, never the newest. Raises DeviceError when the
        device is missing or goes away.
        """


class Speaker(Protocol):
    """The loudspeaker. One task writes to it at a time."""

    name: str
    form: str
    """Which device is open and in which form, for people; empty before the first time."""
    underruns: int
    """How often the sound broke off so far, because more of it came too late."""
    latency_s: float
    """From `write` returning to the sound in the air, about."""

    async def start(self) -> None:
        """Open the device; the time line of a recording begins. Raises DeviceError."""

    async def write(self, frame: bytes) -> None:
        """Queue one 10 ms frame; returns when there is room for the next. Raises DeviceError."""

    async def drain(self) -> None:
        """Return when everything written has been heard."""

    async def flush(self) -> int:
        """Drop at once what was written and is not yet heard; how many bytes of it there were.

        Whole frames, so that they can be written again.
        """

    def take_played(self) -> bytes:
        """What the device has really taken since the last call, as it was written: whole frames.

        It is heard `latency_s` later at most. Flushed sound is never among it; of what nobody
        asks for, the latest second is kept. Silence between two sounds is left out.
        """

    async def close(self) -> None:
        """Release the device. Harmless when never started."""


class EchoCanceller(Protocol):
    """Takes Ren's own voice, and steady noise, out of what the microphone hears."""

    def process(self, near: bytes, far: bytes) -> bytes:
        """What the microphone heard, without the echo of what the loudspeaker played.

        `near` is a block of whole frames; `far` is what `Speaker.take_played` gave at that moment,
        of any length. Under 0.2 ms a frame.
        """

    def set_delay(self, delay_s: float) -> None:
        """How long after being played a sound is heard, where that was measured: a hint."""


class Echo(Protocol):
    """What was found of a chime in the microphone's sound."""

    @property
    def heard(self) -> bool:
        """Whether it was found at all; else the rest means nothing."""

    @property
    def delay_s(self) -> float:
        """From being played to being heard."""

    @property
    def attenuation_db(self) -> float:
        """How much quieter it is at the microphone."""

    @property
    def explained(self) -> float:
        """How much of what was heard, beyond steady noise, was the chime: 0 to 1."""


class EchoMeter(Protocol):
    """Finds a chime in the microphone's sound."""

    sound: bytes
    """The chime: whole frames, at most a second."""

    def measure(self, near: bytes, far: bytes) -> Echo:
        """Both of one length and on one time line; both begin before the chime. Under 0.1 s."""


class WakeWord(Protocol):
    """Listens for one or more phrases all day; cheap enough for the event loop."""

    phrases: tuple[str, ...]
    """As a person says them: "hey jarvis"."""

    @property
    def awake(self) -> bool:
        """Whether there is sound that is worth small blocks; in a quiet room larger ones do."""

    def process(self, frames: bytes) -> Wake | None:
        """What was found in this block of whole 10 ms frames. A phrase is reported once."""

    def scores(self) -> Mapping[str, float]:
        """For each phrase, how likely it was at most since the last call, 0 to 1."""

    def reset(self) -> None:
        """Forget what was heard so far."""


class VoiceActivity(Protocol):
    """Voice activity detection (VAD), cheap enough for the event loop."""

    chunk_bytes: int
    """How much PCM `process` takes."""

    def process(self, chunk: bytes) -> float:
        """Probability, 0 to 1, that somebody speaks in this chunk."""

    def reset(self) -> None:
        """Forget the past: what follows is a new recording."""


class TurnDetector(Protocol):
    """Tells by the sound of it whether a person has finished speaking (end-of-turn detection)."""

    async def probability(self, pcm: bytes) -> float:
        """How likely it is, 0 to 1, that the turn is over.

        `pcm` is the utterance so far, of any length, with the silence behind it; the last 8 s
        count. Raises EngineError.
        """

    async def close(self) -> None:
        """End the engine's thread."""


class Recognition(Protocol):
    """One utterance being recognised. Work happens in the background while sound comes in."""

    @property
    def partial(self) -> str:
        """The words so far, for nothing; empty where it does not work while it listens."""

    def feed(self, pcm: bytes) -> None:
        """More of the utterance; never blocks."""

    async def interim(self) -> str:
        """The transcript of all that was fed so far, as good as the final one."""

    async def close(self) -> None:
        """Stop work and release what is held; a pending `interim` raises CancelledError."""


class SpeechToText(Protocol):
    """Speech to text (STT)."""

    def start(self) -> Recognition:
        """Begin an utterance. Raises EngineError."""

    async def close(self) -> None:
        """End the engine's thread; no utterance may be open."""


class TextToSpeech(Protocol):
    """Text to speech (TTS)."""

    def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Speech for a clause or a sentence as PCM of any length, first part as soon as it is made.

        Closing the iterator stops the work. Raises EngineError.
        """

    async def close(self) -> None:
        """End the engine's thread."""


class Announcer(Protocol):
    """Says something aloud that nobody has asked for at this moment."""

    async def say(self, text: str) -> bool | None:
        """Wait until nobody else speaks, then say it.

        Whether it was said to its end: False when somebody broke in, None when there is no voice.
        """


class VolumeControl(Protocol):
    """How loud the voice is, or what rings."""

    percent: int
    """0 to 100."""

    @property
    def heard_percent(self) -> int:
        """How loud it is now, which may be less in quiet hours."""

    async def set(self, percent: int) -> None:
        """Clamped to 0 to 100; kept over a restart. Raises StoreError."""

    async def step(self, by: int) -> None:
        """Louder or quieter by percent points, as far as steps lead. Raises StoreError."""
