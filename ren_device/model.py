"""The nouns of the house: frozen values with no behaviour beyond their own data.

Sound inside Ren is always PCM: 16-bit little-endian, mono, 16 kHz, as `bytes`. A *frame* is
10 ms of it (160 samples, 320 bytes), the unit that echo cancellers and wake words work in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

SAMPLE_RATE_HZ = 16_000
SAMPLE_BYTES = 2
FRAME_SAMPLES = 160
FRAME_BYTES = FRAME_SAMPLES * SAMPLE_BYTES
FRAME_S = FRAME_SAMPLES / SAMPLE_RATE_HZ
SILENT_FRAME = bytes(FRAME_BYTES)


def duration_s(pcm: bytes) -> float:
    """How long this PCM lasts, in seconds."""
    return len(pcm) / (SAMPLE_RATE_HZ * SAMPLE_BYTES)


class Tier(StrEnum):
    """How much mind a turn gets; `local` never leaves the device."""

    FAST = "fast"
    DEFAULT = "default"
    HARD = "hard"
    LOCAL = "local"


Role = Literal["user", "assistant"]


GENERAL_THREAD = 1
"""The thread that always exists."""

# --- what is remembered ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation. Times are local wall clock, naive, to the second."""

    id: int
    name: str
    allow_dangerous: bool
    created_at: datetime
    last_active_at: datetime


@dataclass(frozen=True, slots=True)
class Remark:
    """One stored thing that was said in a thread, by the person or by Ren."""

    id: int
    role: Role
    content: str
    thread_id: int
    created_at: datetime


AlertKind = Literal["timer", "alarm", "reminder", "routine"]
AlertState = Literal["pending", "paused", "due", "missed", "done"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """An end that no setting of the clock, time zone or daylight saving moves.

    `monotonic_s` is exact for as long as the machine of this `boot_id` runs; after that
    `timestamp`, in POSIX seconds, is the best that is known.
    """

    timestamp: float
    monotonic_s: float
    boot_id: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A timer, an alarm, a reminder, or a time at which a routine runs.

    `due_at` is local wall clock, naive. `text` is its name or what to be reminded of, and may be
    empty; `duration_s` is what a timer was set for. It is `pending` until its time comes, `due`
    while it rings, `missed` when nobody stopped it or Ren was not there, until that was told; then
    `done`, which is not kept. A timer can be `paused`, with `left_s` to go.

    With a `deadline` it follows the clock that cannot be set, and `due_at` only says so in words;
    else it follows the wall clock: 07:30 is when the clock in the kitchen shows 07:30.

    With a `rule` (RFC 5545 RRULE) it is a series, which is never due itself: each occurrence is an
    alert of its own, with an id of its own and this one's as `series_id`. `starts_at` is the
    series' DTSTART, `due_at` its next occurrence, `last_at` the latest one, and none happens up to
    `skip_until`.

    `routine` is the name of a routine that runs when it is due (kind `routine`) or was
    acknowledged (the others).
    """

    id: int
    kind: AlertKind
    text: str
    due_at: datetime
    created_at: datetime
    duration_s: float | None = None
    state: AlertState = "pending"
    deadline: Deadline | None = None
    left_s: float | None = None
    rule: str = ""
    starts_at: datetime | None = None
    last_at: datetime | None = None
    skip_until: datetime | None = None
    series_id: int | None = None
    routine: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """That an alert was acknowledged; one that comes due then must not ring again.

    An occurrence of a series is known by `series_id` and `due_at`, whatever its own id is then.
    """

    alert_id: int
    series_id: int | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Say:
    """A step of a routine: words that are said aloud."""

    text: str


@dataclass(frozen=True, slots=True)
class RunTool:
    """A step of a routine: a tool is called, and what it answers is said aloud."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Pause:
    """A step of a routine: nothing happens for a while."""

    seconds: float


Step = Say | RunTool | Pause


@dataclass(frozen=True, slots=True)
class Routine:
    """A named list of steps. Names are unique, whatever their letter case."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ListItem:
    """One line of a named list, such as the shopping list."""

    id: int
    list_name: str
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the person asked Ren to remember, in one sentence."""

    id: int
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """What the beginning of a long thread was about: everything up to the remark `up_to`."""

    thread_id: int
    up_to: int
    text: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key with which a program may use /v1; of the key itself only its SHA-256 is kept.

    `digest` is 64 hex digits. `created_at` is local wall clock, `last_used` a local day.
    """

    id: int
    name: str
    digest: str = field(repr=False)
    created_at: datetime
    last_used: date | None = None


# --- the home -------------------------------------------------------------------------------

HomeValue = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One thing that an accessory tells, or can be told. Temperatures are in degrees Celsius.

    `minimum` and `maximum` bound a number, `choices` are all the words that are allowed; None and
    empty mean that anything of the value's type is.
    """

    value: HomeValue
    writable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accessory:
    """A device of the home in HomeKit's words, such as a `lightbulb` with `on` and `brightness`.

    `id` is unique in the house: it begins with the name of the driver (`virtual-3`). `room` may be
    empty. `characteristics` are by `char_key`.
    """

    id: str
    name: str
    room: str
    service_type: str
    characteristics: Mapping[str, Characteristic]


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """One characteristic of an accessory has another value now, whoever changed it."""

    accessory_id: str
    name: str
    service_type: str
    char_key: str
    value: HomeValue
    previous: HomeValue


# --- what is heard ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wake:
    """A wake phrase was heard, or something like it.

    `score` is the engine's own, 0 to 1. `sure` wakes Ren; `doubtful` wakes it if a second look
    agrees; a `near_miss` is only worth a number in the log. The phrase ended `ended_s` before the
    end of the sound that the engine was given, about.
    """

    phrase: str
    score: float
    certainty: Literal["sure", "doubtful", "near_miss"] = "sure"
    ended_s: float = 0.2


# --- what a mind reads and writes -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text within a message."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A mind asks for a tool. `id` ties the result to it."""

    id: str
    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered: one or more plain sentences that could be said aloud as they stand."""

    call_id: str
    name: str
    content: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the dialogue that a mind is given."""

    role: Role
    content: tuple[Text | ToolCall | ToolResult, ...]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a mind sees it. `schema` is JSON Schema of the arguments object."""

    name: str
    description: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MindRequest:
    """One step of a turn: everything a mind needs to write the next piece of the reply.

    The last message is the person's, or the results of the tools that the mind just asked for.
    """

    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    spoken: bool = False  # the reply will be heard, not read
    context: str = ""  # what changes from turn to turn (the time), kept apart so that caches hold
    may_call_tools: bool = True  # False in a turn's last step: now it must be put into words
    facts: tuple[str, ...] = ()  # what Ren was asked to remember; told in `system` as well
    max_tokens: int | None = None  # how long the step may get; None is the mind's own limit
    accounts: bool = False  # the mind ends the step with a Spent, if it can


# --- what a turn yields ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Text, as the mind writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A tool begins (`running`) or has ended (`done`, `error`)."""

    tool: str
    status: Literal["running", "done", "error"]


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer; the last part of a turn."""

    reply: str
    model: str
    tier: Tier
    thread_id: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What a step of a mind cost, in tokens; its last part, if the request asks for it.

    `cut` means that the step hit its limit of tokens before it was at its end.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cut: bool = False


ReplyPart = TextDelta | ToolRun | Reply
MindPart = TextDelta | ToolCall | Spent


# --- the panel ------------------------------------------------------------------------------

Control = Literal["talk", "mute", "volume_up", "volume_down"]
Colour = tuple[float, float, float]
"""Red, green, blue, each 0 (dark) to 1, as bright as they look to the eye halfway at 0.5."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A button, or a switch, is now pressed or no more. Contacts bounce: several may come at once.

    `at` is on the monotonic clock.
    """

    control: Control
    down: bool
    at: float


@dataclass(frozen=True, slots=True)
class Turned:
    """The knob was turned by one step: +1 is clockwise, -1 against it."""

    step: int
    at: float


ControlEvent = Edge | Turned


# --- intents --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intent:
    """What a sentence was understood to mean by the offline matcher.

    `score` is 100 for an exact match of a sentence template, lower for a near miss that was
    accepted. `matched` is the sentence that was matched in the end.
    """

    name: str
    slots: Mapping[str, str | int | float]
    score: float
    matched: str


# --- what happens, for whoever listens on the bus --------------------------------------------

Outcome = Literal["replied", "cancelled", "failed", "dropped"]
"""`dropped`: it was begun while the person seemed to have finished, and they went on."""
VoicePhase = Literal["off", "starting", "idle", "listening", "thinking", "speaking", "fault"]
NOT_OPENED = "not opened yet"
"""How a microphone or a loudspeaker is that nobody has tried to use so far."""


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A turn has begun in this thread."""

    thread_id: int
    tier: Tier


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A turn has ended: with a reply, cancelled, or with an error."""

    thread_id: int
    outcome: Outcome
    tier: Tier = Tier.DEFAULT  # that answered in the end
    duration_s: float = 0.0  # since it was asked for
    first_text_s: float | None = None  # from then to the first text; None when there was none


@dataclass(frozen=True, slots=True)
class VoicePhaseChanged:
    """The voice loop does something else now."""

    phase: VoicePhase


AlertChange = Literal[
    "set", "changed", "due", "snoozed", "acknowledged", "cancelled", "missed", "unanswered", "told"
]
"""`missed`: its time came while Ren could not ring. `unanswered`: it rang, and nobody stopped it.
`told`: that it was missed has been said. `changed` is everything else, also pausing."""


@dataclass(frozen=True, slots=True)
class AlertChanged:
    """Something happened to an alert, which is now like this; see AlertChange."""

    alert: Alert
    change: AlertChange


@dataclass(frozen=True, slots=True)
class RingingHeard:
    """Whether what rings can be heard in the room; `trouble` says why not, and is for people."""

    trouble: str | None


@dataclass(frozen=True, slots=True)
class VolumeChanged:
    """A volume was set; this is the voice's now, in percent, also where it was the alarms'."""

    percent: int


@dataclass(frozen=True, slots=True)
class MuteChanged:
    """Whether the microphone is off now."""

    muted: bool


@dataclass(frozen=True, slots=True)
class PanelChanged:
    """Something that only the lights show has changed: a warning, a refusal, the network."""


@dataclass(frozen=True, slots=True)
class TurnTimed:
    """A spoken turn in numbers, without a word of it.

    `total_ms` is from the person's last word to Ren's first sound, `stages_ms` what of it each
    stage took. `at` is the local time of the last word. `before_ms` has `wake`, from the wake word
    to the first word, and `speech`, from there to the last, as far as they are known.
    """

    total_ms: int
    stages_ms: Mapping[str, int]
    at: datetime
    before_ms: Mapping[str, int]
    tier: Tier | None = None  # that answered; None when Ren spoke without a turn
    outcome: Outcome = "replied"
    head_start: bool = False  # the answer was begun before the turn was certain, and kept


Event = (
    TurnStarted
    | TurnEnded
    | TurnTimed
    | VoicePhaseChanged
    | AlertChanged
    | RingingHeard
    | VolumeChanged
    | MuteChanged
    | PanelChanged
    | DeviceChange
)
