"""What comes in at /alerts: checked field by field, and then as a whole.

Unlike elsewhere a field that is not known is refused: an alarm whose `repeat` was misspelt would
ring once and never again.
"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ren_device.model import AlertKind
from ren_device.web.errors import ApiError
from ren_device.web.schemas import READABLE, Trimmed, no_bool

DAY_S: Final = 86_400.0
LONGEST_TIMER_S: Final = 7 * DAY_S
LONGEST_WAIT_S: Final = 366 * DAY_S
LONGEST_NAME: Final = 100
LONGEST_TEXT: Final = 500
FURTHEST: Final = timedelta(days=3660)
"""How far ahead an `at` may be."""

_AT = re.compile(
    r"(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d(?::\d\d)?(?P<zone>Z|[+-]\d\d:?\d\d)?", re.A | re.I
)


def _time(at: str) -> str:
    match = _AT.fullmatch(at)
    if match is not None and match["zone"]:
        raise PydanticCustomError(
            "time_zone", "Times are the speaker's wall clock: send it without a time zone"
        )
    if match is None or not _is_real(at):
        raise PydanticCustomError(
            "time", "Input should be “HH:MM”, or a date and time such as “2026-06-25T18:00”"
        )
    return at


def _is_real(at: str) -> bool:
    try:
        datetime.fromisoformat(at if "T" in at.upper() else f"2026-01-01T{at}")
    except ValueError:
        return False
    return True


At = Annotated[
    Trimmed,
    AfterValidator(_time),
    Field(
        max_length=30,
        description="On the speaker's wall clock: `HH:MM` is the next such time, or a local date "
        "and time such as `2026-06-25T18:00`.",
        json_schema_extra={
            "pattern": r"^(\d{4}-(0\d|1[012])-([012]\d|3[01])T)?([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"
        },
    ),
]
InS = Annotated[
    float,
    Field(
        ge=1,
        le=LONGEST_WAIT_S,
        description="So many seconds from now, whatever the clock is set to meanwhile; for a timer "
        "at most 7 days.",
    ),
    BeforeValidator(no_bool),
]
BY_S = Field(ge=-LONGEST_TIMER_S, le=LONGEST_TIMER_S)
Text = Annotated[
    Trimmed,
    Field(
        max_length=LONGEST_TEXT,
        description=f"Its name, at most {LONGEST_NAME} characters; of a reminder, what to be "
        f"reminded of, at most {LONGEST_TEXT}.",
    ),
    *READABLE,
]


def _not_blank(rule: object) -> object:
    if isinstance(rule, str) and rule and not rule.strip():
        raise PydanticCustomError("blank", "`repeat` is blank: send a rule, or leave it empty")
    return rule


Repeat = Annotated[
    Trimmed,
    BeforeValidator(_not_blank),
    Field(
        max_length=LONGEST_TEXT,
        description="A recurrence rule (RFC 5545 RRULE) such as `FREQ=WEEKLY;BYDAY=MO,TU`; empty "
        "for once.",
    ),
    *READABLE,
]
RoutineName = Annotated[
    Trimmed,
    Field(
        max_length=LONGEST_NAME,
        description="Which routine runs then (kind `routine`), or once it was stopped; empty for "
        "none.",
    ),
    *READABLE,
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _refuse(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("alert", "{sentence}", {"sentence": sentence})


class NewAlertBody(_Strict):
    """An alert to be set: a timer by `in_s`, the others by `at` or `in_s`."""

    kind: AlertKind
    text: Text | None = None
    in_s: InS | None = None
    at: At | None = None
    repeat: Repeat | None = None
    routine: RoutineName | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.in_s is None) == (self.at is None):
            raise _refuse("Give either `at` or `in_s`")
        if self.kind == "timer" and self.in_s is None:
            raise _refuse("A timer takes `in_s`; for a time of day set an alarm")
        if self.repeat and self.at is None:
            raise _refuse("What repeats takes `at`")
        if self.kind == "reminder" and not self.text:
            raise _refuse("A reminder needs a `text`")
        if self.kind == "routine" and not self.routine:
            raise _refuse("Say which `routine` is to run")
        if sentence := misfit(self.kind, self.text, self.in_s):
            raise _refuse(sentence)
        return self


class AlertPatch(_Strict):
    """What may be changed about an alert; what is left out stays."""

    text: Text | None = None
    at: At | None = None
    in_s: InS | None = None
    by_s: Annotated[
        Annotated[float, BY_S, BeforeValidator(no_bool)] | None,
        Field(description="Gives a timer so many seconds more, or less; comes alone."),
    ] = None
    repeat: Repeat | None = None
    routine: RoutineName | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if not given:
            raise _refuse("Say what to change: `text`, `at`, `in_s`, `by_s`, `repeat`, `routine`")
        if "by_s" in given and len(given) > 1:
            raise _refuse("`by_s` comes alone")
        if {"at", "in_s"} <= given:
            raise _refuse("Give either `at` or `in_s`")
        if self.repeat and self.in_s is not None:
            raise _refuse("What repeats takes `at`")
        return self


def misfit(kind: AlertKind, text: str | None, in_s: float | None) -> str | None:
    """What is too long for an alert of this kind, if anything: a sentence without its full stop."""
    if kind != "reminder" and text is not None and len(text) > LONGEST_NAME:
        return f"A name has at most {LONGEST_NAME} characters"
    if kind == "timer" and in_s is not None and in_s > LONGEST_TIMER_S:
        return "A timer runs for at most 7 days"
    return None


class SnoozeBody(_Strict):
    """For how long it is to be silent."""

    for_s: Annotated[
        Annotated[float, Field(ge=1, le=DAY_S), BeforeValidator(no_bool)] | None,
        Field(description="In seconds; 540 (9 minutes) unless given."),
    ] = None


class AlertsQuery(BaseModel):
    """Which alerts to list."""

    kind: Annotated[AlertKind | None, Field(description="Only these.")] = None
    state: Annotated[
        Literal["pending", "paused", "due", "missed"] | None, Field(description="Only these.")
    ] = None


class AlertPath(BaseModel):
    """Which alert."""

    id: Annotated[int, Field(description="The number of an alert.")]


def moment_of(at: str, now: datetime) -> datetime:
    """The local time that an `At` means. Raises ApiError 400 when it is over, or too far ahead."""
    if "T" in at.upper():
        moment = datetime.fromisoformat(at)
        if moment <= now:
            shown = now.isoformat(" ", "minutes")
            raise ApiError(400, f"That time is over: it is {shown} here. Send a later `at`.")
        if moment > now + FURTHEST:
            raise ApiError(400, "That is too far ahead: send an `at` within ten years.")
        return moment
    time_of_day = datetime.fromisoformat(f"2026-01-01T{at}").time()
    moment = datetime.combine(now.date(), time_of_day)
    return moment if moment > now else moment + timedelta(days=1)
