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
    ApiKey,
    Colour,
    Control,
    ControlEvent,
    Ended,
    Fact,
    HomeValue,
    Intent,
    ListItem,
    MindPart,
    MindRequest,
    Remark,
    Role,
    Routine,
    Summary,
    Thread,
    Wake,
)


class Clock(Protocol):
    """Time, injected so that tests can own it."""

    def now(self) -> datetime:
        """Local wall clock, naive, with microseconds: for people."""

    def monotonic(self) -> float:
        """Seconds that never jump: for durations. The event loop's own clock."""


class Timekeeper(Clock, Protocol):
    """A clock that knows how far it can be trusted."""

    boot_id: str
    """Another one after each start of the machine; `monotonic` goes on while it is the same."""

    def timestamp(self) -> float:
        """POSIX seconds: the wall clock without zones. Jumps when the clock is set."""

    def local(self, timestamp: float) -> datetime:
        """What `now` shows at that moment: local wall clock, naive."""

    def synchronised(self) -> bool:
        """Whether the wall clock is known to be right: set by the network, or kept by a battery.

        After power-on a Pi knows only when it was switched off. Cheap.
        """


# --- sound ------------------------------------------------------------------------------------


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


# --- the panel ---------------------------------------------------------------------------------


class ControlPanel(Protocol):
    """Buttons, a mute switch, a knob: what people can touch."""

    controls: frozenset[Control]
    """Which there are."""
    mute_is_switch: bool
    """Whether `mute` stays where it is put, so that its line is the truth; else it is a button."""
    trouble: str | None
    """Why none of it works, in one sentence; or None."""

    def is_down(self, control: Control) -> bool:
        """What the line says now; False for one that is not there."""

    def events(self) -> AsyncGenerator[ControlEvent, None]:
        """What happens from now on, in order, until `aclose()`; one reader at a time.

        At most 256 wait for a slow reader; then the oldest go. Contacts bounce, and so may these.
        """

    async def close(self) -> None:
        """Release the pins."""


class Lamp(Protocol):
    """The lights of the panel."""

    pixels: int
    """How many places there are that can differ; 0 without lights."""
    trouble: str | None
    """Why it is dark, in one sentence; or None."""

    def show(self, pixels: Sequence[Colour], for_s: float = 3.0) -> None:
        """Light up so, now; `pixels` has `self.pixels` of them. Under 5 ms; never fails.

        It goes dark by itself after `for_s` unless shown again, even if the event loop hangs: a
        light must not say what is no longer so. With all colours dark that costs nothing.
        """

    async def close(self) -> None:
        """Dark; release the pins."""


class PanelOnScreen(Protocol):
    """The other side of simulated pins: a finger on the buttons, an eye on the lights."""

    controls: frozenset[Control]
    has_knob: bool

    def press(self, control: Control) -> None:
        """Push it down, or put the switch to muted; harmless when it is already."""

    def release(self, control: Control) -> None:
        """Let go, or put the switch back."""

    def turn(self, steps: int) -> None:
        """Turn the knob; positive is clockwise."""

    def is_down(self, control: Control) -> bool:
        """Whether it is pressed."""

    def seen(self) -> tuple[Colour, ...]:
        """What the lights show, read off the very pins that drive them."""


class Host(Protocol):
    """The machine that Ren runs on, as far as its lights tell of it. Cheap; never fails."""

    def online(self) -> bool:
        """Whether there is a way out to some network."""

    def setting_up(self) -> bool:
        """Whether the system waits for its first settings."""

    def updating(self) -> bool:
        """Whether the system is being renewed."""


class Supervisor(Protocol):
    """The service manager that started Ren, such as systemd; or nobody."""

    watchdog_s: float | None
    """It kills a Ren that says nothing for so long; None: it does not."""

    def ready(self) -> None:
        """The start is over."""

    def status(self, text: str) -> None:
        """One line for people."""

    def alive(self) -> None:
        """All is well at this moment."""

    def patience(self, seconds: float) -> None:
        """From now on `alive` is said at least so often."""

    def stopping(self) -> None:
        """The end was asked for."""


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

    vocabulary: frozenset[str]
    """Every word of its sentences, in lower case."""

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
    """Timers, alarms, reminders; and what phones are still to be told. All raise StoreError."""

    async def all(self) -> list[Alert]:
        """Everything that is kept, soonest first."""

    async def last_id(self) -> int:
        """The highest id that was ever given; 0 when none was."""

    async def write(
        self,
        put: Sequence[Alert] = (),
        remove: Sequence[int] = (),
        tell: Sequence[Alert] = (),
        ended: Sequence[Alert] = (),
    ) -> None:
        """Keep each of `put` under its own id, in place of what was there; forget `remove`.

        Phones are to be told of `tell`, each once for its id and due time. `ended` were
        acknowledged, which is remembered for a week, also over a restore. All of it or nothing is
        on disk when the call returns. Unknown ids in `remove` are ignored. The write is in the
        queue before the first `await`: who asks for one later comes later.
        """

    async def ended(self) -> list[Ended]:
        """What was acknowledged in about the last week, soonest first."""

    async def unnotified(self) -> list[Alert]:
        """What no client has been told of, soonest first, as it is now (`done` when it is gone)."""

    async def mark_notified(self, alerts: Sequence[Alert]) -> None:
        """A client has been told of these, by id and due time; unknown ones are ignored."""


class RoutineStore(Protocol):
    """Routines by name, whatever its letter case. All raise StoreError."""

    async def all(self) -> list[Routine]:
        """In alphabetical order."""

    async def get(self, name: str) -> Routine | None:
        """The routine of this name, or None."""

    async def put(self, routine: Routine) -> None:
        """Keep it in place of one of this name; on disk when the call returns."""

    async def remove(self, name: str) -> Routine | None:
        """The removed routine; None when there was none."""


class Announcer(Protocol):
    """Says something aloud that nobody has asked for at this moment."""

    async def say(self, text: str) -> bool | None:
        """Wait until nobody else speaks, then say it.

        Whether it was said to its end: False when somebody broke in, None when there is no voice.
        """


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
