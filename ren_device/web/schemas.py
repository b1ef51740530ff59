"""JSON in and out: what a body or a query must look like, and how Ren's nouns are written.

Values are read leniently, as the desktop service does ("1" is a number), with two exceptions:
true is not the number 1, and `allow_dangerous` is a permission and must be a real true or false.
`null` is the same as leaving an optional field out; fields that are not known are ignored. Those of
alerts, routines and the device are in `alert_body`, `routines` and `device_body`, and stricter.
"""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any, TypeVar

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError, PydanticSerializationError, from_json, to_json

from ren_device.model import Alert, Remark, Reply, Thread, Tier
from ren_device.skills.tool import UNREADABLE, readable
from ren_device.web import answers
from ren_device.web.errors import ApiError
from ren_device.web.keys import SERVICES

NEW_THREAD = "New thread"
MOST_ROWS = 1000
"""A larger `limit` is answered as if it were this."""
LONGEST_MESSAGE = 32_000
"""Characters of one message: as much as an hour of talking."""

Model = TypeVar("Model", bound=BaseModel)


def no_bool(value: object) -> object:
    """For numbers: true is not 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


WholeNumber = Annotated[int, BeforeValidator(no_bool)]
Positive = Annotated[int, Field(ge=1), BeforeValidator(no_bool)]
Limit = Annotated[
    int,
    Field(ge=1, description=f"How many at most; above {MOST_ROWS} it counts as {MOST_ROWS}."),
    BeforeValidator(no_bool),
]
Trimmed = Annotated[str, StringConstraints(strip_whitespace=True)]
READABLE = (Field(json_schema_extra={"pattern": rf"^[^{UNREADABLE}]*$"}), AfterValidator(readable))
"""Written last: without control characters and signs that change the direction of writing."""


class ChatBody(BaseModel):
    """What is said to Ren."""

    message: Annotated[
        Trimmed,
        Field(
            min_length=1,
            max_length=LONGEST_MESSAGE,
            description="Ren gets it trimmed.",
            json_schema_extra={"pattern": r"\S"},
        ),
    ]
    tier: Annotated[
        Tier | None, Field(description="How much mind it gets; without it Ren routes by intent.")
    ] = None
    thread_id: Annotated[
        WholeNumber | None,
        Field(description="Which conversation; without it the most recently active one."),
    ] = None


class NewThreadBody(BaseModel):
    """A thread to be made."""

    name: Annotated[
        Annotated[Trimmed, Field(max_length=200)] | None,
        Field(description=f"Trimmed; without one, or with a blank one, it is “{NEW_THREAD}”."),
    ] = None


class ThreadPatch(BaseModel):
    """What may be changed about a thread."""

    allow_dangerous: Annotated[
        StrictBool,
        Field(description="Whether tools that act on the house or on accounts may run here."),
    ]


class ThreadsQuery(BaseModel):
    """Which threads to list."""

    limit: Limit = 20

    @property
    def rows(self) -> int:
        """How many to read."""
        return min(self.limit, MOST_ROWS)


class MemoryQuery(ThreadsQuery):
    """Which remarks to list."""

    thread_id: Annotated[WholeNumber, Field(description="Which conversation.")] = 1


class NotificationsQuery(BaseModel):
    """How a client wants to be told."""

    interval: Annotated[
        Annotated[float, Field(gt=0, le=3600)] | None,
        Field(
            description="In seconds, how often Ren looks again for what was missed, and how long "
            "the stream may be silent; without it `REN_NOTIFICATIONS_INTERVAL_S` (15). Due alerts "
            "are sent at once, whatever this is."
        ),
    ] = None


class HomeEventsQuery(BaseModel):
    """How a client wants to be told of the home."""

    interval: Annotated[
        float,
        Field(
            gt=0,
            le=3600,
            description="In seconds, how often Ren looks what has changed by itself; below 0.25 it "
            "counts as 0.25, above 30 as 30. What Ren switches is sent at once.",
        ),
    ] = 5.0


class NoBody(BaseModel):
    """Nothing."""

    model_config = ConfigDict(extra="forbid")


class ThreadPath(BaseModel):
    """Which thread."""

    id: Annotated[int, Field(description="The number of a conversation.")]


async def read_body(request: web.Request, model: type[Model], *, optional: bool = False) -> Model:
    """The validated body; nothing at all counts as `{}` where it is optional.

    Raises ApiError: 400 for what is not JSON, 408 for what takes too long, 422 for what is not this
    model.
    """
    try:
        async with asyncio.timeout(request.app[SERVICES].limits.body_s):
            raw = await request.read()
    except TimeoutError:
        raise ApiError(408, "The body took too long to arrive.") from None
    except RequestPayloadError:
        raise ApiError(400, "The body cannot be read: its encoding is broken.") from None
    if not raw.strip():
        if not optional:
            raise ApiError(422, [_MISSING_BODY])
        raw = b"{}"
    try:
        value = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(400, f"The body is not JSON: {error}.") from None
    return _validated(model, value, "body")


def read_query(request: web.Request, model: type[Model]) -> Model:
    """The validated query. Raises ApiError 422."""
    return _validated(model, dict(request.query.items()), "query")


def read_path(request: web.Request, model: type[Model]) -> Model:
    """The validated path. Raises ApiError 422."""
    return _validated(model, dict(request.match_info), "path")


def _validated(model: type[Model], value: object, where: str) -> Model:
    try:
        return model.model_validate(value, from_attributes=True)
    except ValidationError as error:
        raise ApiError(422, _details(error, where)) from None


def _details(error: ValidationError, *where: str) -> list[dict[str, Any]]:
    # The error's own JSON has already left out whatever JSON cannot hold.
    details: list[dict[str, Any]] = json.loads(error.json(include_url=False))
    for each in details:
        each["loc"] = [*where, *each["loc"]]
    return details


_MISSING_BODY = {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}


_JSON = {"Content-Type": "application/json; charset=utf-8"}


def answer_json(value: object) -> web.Response:
    """The answer 200 with this as JSON; knows times, too."""
    try:
        body = to_json(value)
    except PydanticSerializationError:  # half a surrogate pair, should a mind ever write one
        body = json.dumps(value, default=time_json).encode()
    return web.Response(body=body, headers=_JSON)


def dumps(value: object) -> str:
    """JSON on one line, in readable UTF-8."""
    return json.dumps(value, ensure_ascii=False)


def thread_json(thread: Thread) -> answers.Thread:
    """THREAD of the API."""
    return {
        "id": thread.id,
        "name": thread.name,
        "allow_dangerous": thread.allow_dangerous,
        "created_at": _to_the_second(thread.created_at),
        "last_active_at": _to_the_second(thread.last_active_at),
    }


def remark_json(remark: Remark) -> answers.Turn:
    """One entry of `turns`."""
    return {
        "id": remark.id,
        "role": remark.role,
        "content": remark.content,
        "thread_id": remark.thread_id,
        "created_at": _to_the_second(remark.created_at),
    }


def reply_json(reply: Reply) -> answers.Reply:
    """What /chat answers, and the `done` frame."""
    return {
        "reply": reply.reply,
        "model": reply.model,
        "tier": reply.tier,
        "thread_id": reply.thread_id,
    }


def reminder_json(alert: Alert) -> answers.Reminder:
    """The `reminder` frame. Only what is due, or was, is told."""
    return {
        "id": alert.id,
        "text": alert.text,
        "kind": alert.kind,
        "due_at": time_json(alert.due_at),
        "state": "due" if alert.state == "due" else "done",
    }


def _to_the_second(at: datetime) -> datetime:
    return at.replace(microsecond=0) if at.microsecond else at


def time_json(at: datetime) -> str:
    """Local wall clock to the second, without offset."""
    return at.isoformat(timespec="seconds")
