"""What Ren answers, field by field: the handlers build these, and /openapi.json is made from them.

A TypedDict costs nothing when an answer is written, and mypy holds the handlers to it.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from ren_device.model import AlertChange, AlertKind, AlertState, HomeValue, Role, Tier

_TIME: Final = {
    "type": "string",
    "description": "The speaker's wall clock, to the second, without offset.",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$",
}
Time = Annotated[str, WithJsonSchema(_TIME)]
"""Written already, with `schemas.time_json`."""
Moment = Annotated[datetime, WithJsonSchema(_TIME)]
"""To be written by `schemas.answer_json`, which is faster; has no microseconds."""
ThreadId = Annotated[int, Field(description="The number of a conversation.")]
AlertId = Annotated[int, Field(description="Stays the same while it is snoozed or changed.")]


class Health(TypedDict):
    """Ren is up."""

    status: Literal["ok"]
    version: str
    has_api_key: Annotated[bool, Field(description="Whether a cloud tier can be tried.")]


class Manifest(TypedDict):
    """What a client on the network needs to set itself up."""

    name: Annotated[str, Field(description="REN_NAME")]
    version: str
    ws_audio: Annotated[str, Field(description="Path of the voice socket.")]
    chat: Annotated[str, Field(description="Path of the streamed chat.")]
    voice_enabled: Annotated[bool, Field(description="REN_VOICE_ENABLED")]


class HubHealth(TypedDict):
    """How the parts are. Further fields are those parts; skip what you do not know."""

    status: Literal["ok"]
    version: str
    voice_enabled: Annotated[bool, Field(description="REN_VOICE_ENABLED")]
    uptime_s: Annotated[float, Field(description="Seconds since the process started.", ge=0)]
    voice: NotRequired[
        Annotated[dict[str, Any], Field(description="The state of the voice, and why.")]
    ]
    home: NotRequired[Annotated[dict[str, Any], Field(description="The home's drivers.")]]
    store: NotRequired[Annotated[dict[str, Any], Field(description="What Ren keeps.")]]
    clock: NotRequired[
        Annotated[dict[str, Any], Field(description="Whether the wall clock can be trusted.")]
    ]
    image: NotRequired[
        Annotated[
            dict[str, Any], Field(description="The card's image, its data, and its last update.")
        ]
    ]


class Thread(TypedDict):
    """One conversation."""

    id: ThreadId
    name: str
    allow_dangerous: Annotated[
        bool, Field(description="Whether tools that act on the house or on accounts may run here.")
    ]
    created_at: Moment
    last_active_at: Moment


class ThreadList(TypedDict):
    """Conversations, the most recently active first."""

    threads: list[Thread]


class Turn(TypedDict):
    """One thing that was said, by the person or by Ren."""

    id: int
    role: Role
    content: str
    thread_id: ThreadId
    created_at: Moment


class Memory(TypedDict):
    """What was said last in a thread, oldest first."""

    turns: list[Turn]


class Reply(TypedDict):
    """The whole answer of a turn."""

    reply: str
    model: Annotated[str, Field(description="Who wrote it; `local` for the device itself.")]
    tier: Tier
    thread_id: ThreadId


class Token(TypedDict):
    """A piece of the reply, as the model writes it."""

    text: str


class ToolRun(TypedDict):
    """A tool begins, or has ended."""

    tool: str
    status: Literal["running", "done", "error"]


class Reminder(TypedDict):
    """A timer, an alarm or a reminder has come due; once each."""

    id: int
    text: Annotated[str, Field(description="What it is about; empty for one without a name.")]
    kind: AlertKind
    due_at: Time
    state: Annotated[
        Literal["due", "done"],
        Field(description="Whether it still rings, or has been silenced meanwhile."),
    ]


class Alert(TypedDict):
    """A timer, an alarm, a reminder, or a time at which a routine runs."""

    id: AlertId
    kind: AlertKind
    text: Annotated[str, Field(description="Its name, or what to be reminded of; may be empty.")]
    state: Annotated[
        AlertState,
        Field(description="`due` while it rings, `missed` until that was told, `done` when gone."),
    ]
    due_at: Annotated[Time, Field(description="Of a series, its next occurrence.")]
    duration_s: Annotated[float | None, Field(description="What a timer was set for.")]
    remaining_s: Annotated[
        float | None,
        Field(
            description="Until it is due, while it is `pending` or `paused`. Count down from here: "
            "the speaker's clock may be set, and is not the client's."
        ),
    ]
    repeat: Annotated[str, Field(description="The RRULE of a series; empty for once.")]
    series_id: Annotated[int | None, Field(description="Of which series it is an occurrence.")]
    routine: Annotated[str, Field(description="What runs then, or once it was stopped.")]


class AlertList(TypedDict):
    """What rings, then what is set, soonest first, then what is paused and what was missed."""

    alerts: list[Alert]
    now: Annotated[Time, Field(description="What the speaker's clock shows.")]
    waits_for_clock: Annotated[
        bool,
        Field(description="The clock may be wrong: alarms wait for it, 5 minutes at most."),
    ]
    trouble: Annotated[
        str | None, Field(description="Why what rings cannot be heard; null when it can.")
    ]


class ChangedAlert(Alert):
    """An alert is now like this; `change` says what happened to it."""

    change: AlertChange


class RingingHeard(TypedDict):
    """Whether what rings can be heard in the room has changed."""

    trouble: Annotated[str | None, Field(description="Why not; null when it can be heard.")]


class Routine(TypedDict):
    """A named list of steps, each with `say`, with `tool` and `arguments`, or with `pause_s`."""

    name: str
    steps: list[dict[str, Any]]


class RoutineList(TypedDict):
    """All routines, in alphabetical order."""

    routines: list[Routine]
    running: Annotated[list[str], Field(description="The names of those that run now.")]


class RoutinesStopped(TypedDict):
    """What was ended."""

    stopped: Annotated[list[str], Field(description="Their names; empty when none ran.")]


class RoutineRun(TypedDict):
    """What the speaker does now."""

    name: str
    started: Annotated[bool, Field(description="False when it runs already, or too many do.")]


class Problem(TypedDict):
    """Why it did not work."""

    detail: Annotated[str, Field(description="One sentence for a person.")]


class Invalid(TypedDict):
    """One thing that is wrong with what was sent."""

    type: Annotated[str, Field(description="Which rule was broken, such as `missing`.")]
    loc: Annotated[
        list[str | int],
        Field(description="Where: `body`, `query` or `path`, and the way from there."),
    ]
    msg: Annotated[str, Field(description="One sentence for a person.")]
    input: Annotated[Any, Field(description="What was there instead.")]
    ctx: NotRequired[
        Annotated[dict[str, Any], Field(description="The numbers and names in the message.")]
    ]


class ValidationProblem(TypedDict):
    """Everything that is wrong with what was sent."""

    detail: list[Invalid]


class IdentityCard(TypedDict):
    """Who this Ren is."""

    kind: Literal["ren-identity"]
    version: Literal[1]
    public_key: Annotated[
        str, Field(description="The ed25519 key, in hex.", pattern=r"^[0-9a-f]{64}$")
    ]
    root: Literal["local-file"]


class Attestation(TypedDict):
    """The card, signed with the key that is on it."""

    card: IdentityCard
    signature: Annotated[
        str,
        Field(
            description="Base64 of the 64-byte ed25519 signature over the card's canonical JSON "
            "(UTF-8, keys sorted, no spaces).",
            json_schema_extra={"contentEncoding": "base64"},
        ),
    ]
    verified_by: None
    note: str


class DeviceChange(TypedDict):
    """One characteristic of a device has another value now, whoever changed it."""

    accessory_id: str
    name: str
    service_type: Annotated[str, Field(description="HomeKit's word, such as `lightbulb`.")]
    char_key: Annotated[str, Field(description="HomeKit's word, such as `on`, `brightness`.")]
    value: HomeValue
    previous: Annotated[HomeValue, Field(description="The value that was sent or known before.")]


class Characteristic(TypedDict):
    """What a device tells, or can be told. Temperatures are in degrees Celsius."""

    value: HomeValue
    writable: bool
    minimum: Annotated[float | None, Field(description="The least number that it takes.")]
    maximum: Annotated[float | None, Field(description="The greatest number that it takes.")]
    choices: Annotated[list[str], Field(description="All words that it takes; empty: any.")]


class Device(TypedDict):
    """A device of the home, in HomeKit's words."""

    accessory_id: str
    name: str
    room: Annotated[str, Field(description="May be empty.")]
    service_type: Annotated[str, Field(description="HomeKit's word, such as `lightbulb`.")]
    characteristics: Annotated[
        dict[str, Characteristic], Field(description="By `char_key`, such as `on`.")
    ]


class DeviceList(TypedDict):
    """All devices of the home as they are now."""

    devices: list[Device]


class OpenApi(TypedDict):
    """An OpenAPI 3.1 document; see the specification for the rest of its fields."""

    openapi: Literal["3.1.0"]
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
