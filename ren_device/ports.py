"""One Protocol for each part of Ren that can be replaced, and nothing else.

The real parts are in `engines/`, the simulated ones in `sim.py`; `app.py` chooses. PCM is as in
`model`: 16-bit little-endian mono, 16 kHz; a frame is 10 ms.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from ren_device.model import (
    Accessory,
    Alert,
    AlertState,
    ApiKey,
    Fact,
    HomeValue,
    Intent,
    ListItem,
    MindPart,
    MindRequest,
    Remark,
    Role,
    Summary,
    Thread,
)


class Clock(Protocol):
    """Time, injected so that tests can own it."""

    def now(self) -> datetime:
        """Local wall clock, naive, with microseconds: for people."""

    def monotonic(self) -> float:
        """Seconds that never jump: for durations. The event loop's own clock."""


# --- sound ------------------------------------------------------------------------------------


class Microphone(Protocol):
    """Where the person is heard."""

    name: str

    def frames(self) -> AsyncGenerator[bytes, None]:
        """Open the device and yield 10 ms frames in real time, until closed with `aclose()`.

        A consumer that is slow loses the oldest frames, never the newest. Raises DeviceError when
        the device is missing or goes away.
        """


class Speaker(Protocol):
    """The loudspeaker. One task writes to it at a time."""

    name: str
    latency_s: float
    """From `write` returning to the sound in the air, about."""

    async def start(self) -> None:
        """Open the device; the time line of a recording begins. Raises DeviceError."""

    async def write(self, frame: bytes) -> None:
        """Queue one 10 ms frame; returns when there is room for the next. Raises DeviceError."""

    async def drain(self) -> None:
        """Return when everything written has been heard."""

    async def flush(self) -> None:
        """Drop at once what was written and is not yet heard."""

    async def close(self) -> None:
        """Release the device. Harmless when never started."""


class EchoCanceller(Protocol):
    """Takes Ren's own voice, and steady noise, out of what the microphone hears."""

    def reference(self, frame: bytes) -> None:
        """A frame that the loudspeaker is about to play. Under 1 ms."""

    def process(self, frame: bytes) -> bytes:
        """A microphone frame in, the same without echo out. Under 1 ms."""


class WakeWord(Protocol):
    """Listens for one or more phrases all day; cheap enough for the event loop."""

    phrases: tuple[str, ...]
    """As a person says them: "hey jarvis"."""

    def process(self, frame: bytes) -> str | None:
        """The phrase that ended in this 10 ms frame, else None. A phrase is reported once."""

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


class Recognition(Protocol):
    """One utterance being recognised. Work happens in the background while sound comes in."""

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


# --- mind --------------------------------------------------------------------------------------


class Mind(Protocol):
    """Writes the next piece of a reply."""

    def step(self, request: MindRequest) -> AsyncGenerator[MindPart, None]:
        """Stream text and tool calls until the mind has nothing to add or wants tool results.

        Closing the iterator cancels the work upstream. Raises CloudKeyMissing, CloudError and
        CloudUnreachable (a cloud mind only).
        """


class IntentMatcher(Protocol):
    """Understands a fixed set of sentences, offline."""

    def match(self, text: str) -> Intent | None:
        """The intent of this sentence, or None when nothing fits well enough. Milliseconds."""


# --- what is kept ------------------------------------------------------------------------------


class ThreadStore(Protocol):
    """Conversations. Every write is on disk when the call returns. All raise StoreError."""

    async def create(self, name: str, at: datetime) -> Thread:
        """A new thread, with the next free id."""

    async def get(self, thread_id: int) -> Thread:
        """Raises ThreadNotFound."""

    async def recent(self, limit: int) -> list[Thread]:
        """Most recently active first; "General", id 1, always exists."""

    async def set_allow_dangerous(self, thread_id: int, allow: bool) -> Thread:
        """Raises ThreadNotFound."""


class RemarkStore(Protocol):
    """What was said. Every write is on disk when the call returns. All raise StoreError."""

    async def add(self, thread_id: int, said: Sequence[tuple[Role, str]], at: datetime) -> None:
        """Append these in order, all or none, and mark the thread active at `at`."""

    async def latest(self, thread_id: int, limit: int) -> list[Remark]:
        """The latest `limit`, oldest first; empty for an unknown thread."""

    async def after(self, thread_id: int, remark_id: int) -> list[Remark]:
        """All that came after this remark (0 is before the first), oldest first."""


class SummaryStore(Protocol):
    """What long threads began with. Every write is on disk when the call returns."""

    async def get(self, thread_id: int) -> Summary | None:
        """The summary of this thread's beginning, if there is one."""

    async def put(self, summary: Summary) -> None:
        """Keep it in place of the one before."""


class FactStore(Protocol):
    """What the person asked Ren to remember. Every write is on disk when the call returns."""

    async def add(self, text: str, at: datetime) -> Fact:
        """Keep it under the next free id."""

    async def all(self) -> list[Fact]:
        """Oldest first."""

    async def replace(self, fact_id: int, text: str) -> Fact | None:
        """The corrected fact; None when there is none with this id."""

    async def remove(self, fact_ids: Sequence[int]) -> None:
        """Forget these; unknown ids are ignored."""


class AlertStore(Protocol):
    """Timers, alarms and reminders. Every write is on disk when the call returns."""

    async def add(self, alert: Alert) -> Alert:
        """Keep it under the next free id (the given one is ignored) and return it so."""

    async def set_state(self, alert_id: int, state: AlertState) -> Alert | None:
        """The changed alert; None when there is none with this id."""

    async def remove(self, alert_id: int) -> Alert | None:
        """The removed alert; None when there was none."""

    async def all(self) -> list[Alert]:
        """Everything that is pending or due, soonest first."""

    async def unnotified(self) -> list[Alert]:
        """What is due or was due, and no client has been told of, soonest first."""

    async def mark_notified(self, alert_ids: Sequence[int]) -> None:
        """A client has been told of these; unknown ids are ignored."""


class ListStore(Protocol):
    """Named lists. Every write is on disk when the call returns."""

    async def add(self, list_name: str, texts: Sequence[str]) -> list[ListItem]:
        """Append items."""

    async def items(self, list_name: str) -> list[ListItem]:
        """In the order in which they were added."""

    async def names(self) -> list[str]:
        """The lists that have items."""

    async def remove(self, item_ids: Sequence[int]) -> None:
        """Take these out; unknown ids are ignored."""


class PreferenceStore(Protocol):
    """Small things that outlive a restart, such as the volume. Raises StoreError."""

    async def get(self, key: str) -> str | None:
        """What was put, or None."""

    async def put(self, key: str, value: str) -> None:
        """On disk when the call returns."""


class ApiKeyStore(Protocol):
    """Keys of programs. Every write is on disk when the call returns. All raise StoreError."""

    async def add(self, name: str, digest: str, at: datetime) -> ApiKey:
        """Keep it under the next free id."""

    async def all(self) -> list[ApiKey]:
        """Oldest first."""

    async def mark_used(self, key_id: int, day: date) -> None:
        """It was last used on this day; an unknown id is ignored."""

    async def remove(self, key_id: int) -> ApiKey | None:
        """The removed key; None when there was none."""


class VolumeControl(Protocol):
    """How loud the voice is."""

    percent: int
    """0 to 100."""

    async def set(self, percent: int) -> None:
        """Clamped to 0 to 100; kept over a restart."""


# --- the home ----------------------------------------------------------------------------------


class HomeDriver(Protocol):
    """Connects some accessories of the home: one bridge, one cloud, one file."""

    name: str
    """One word, unique among the drivers; every id of an accessory begins with it and a hyphen."""

    async def look(self) -> Sequence[Accessory]:
        """All accessories as they are now, in a steady order; never called twice at once.

        Raises HomeError when it cannot tell. Accessories that are left out are gone.
        """

    async def set(self, accessory_id: str, values: Mapping[str, HomeValue]) -> Accessory:
        """Write these characteristics, all or none, and return the accessory as it then is.

        May be called while a `look` goes on. Raises HomeError when it does not answer or refuses.
        """


# --- the network -------------------------------------------------------------------------------


class Discovery(Protocol):
    """Lets phones find this speaker."""

    async def run(self) -> None:
        """Announce until cancelled, then say goodbye. Raises DeviceError if there is no network."""
