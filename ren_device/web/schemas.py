"""JSON in and out: what a body or a query must look like, and how Ren's nouns are written.

Values are read leniently, as the desktop service does ("1" is a number), with two exceptions:
true is not the number 1, and `allow_dangerous` is a permission and must be a real true or false.
`null` is the same as leaving an optional field out; fields that are not known are ignored.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError, from_json

from ren_device.model import Remark, Reply, Thread, Tier
from ren_device.web.errors import ApiError

NEW_THREAD = "New thread"
MOST_ROWS = 1000
"""A larger `limit` is answered as if it were this."""

Model = TypeVar("Model", bound=BaseModel)


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


WholeNumber = Annotated[int, BeforeValidator(_no_bool)]
Limit = Annotated[WholeNumber, Field(ge=1)]
Trimmed = Annotated[str, StringConstraints(strip_whitespace=True)]


class ChatBody(BaseModel):
    """What is said to Ren."""

    message: Annotated[Trimmed, Field(min_length=1)]
    tier: Tier | None = None
    thread_id: WholeNumber | None = None


class NewThreadBody(BaseModel):
    """A thread to be made."""

    name: Annotated[Trimmed, Field(max_length=200)] | None = None


class ThreadPatch(BaseModel):
    """What may be changed about a thread."""

    allow_dangerous: StrictBool


class ThreadsQuery(BaseModel):
    """Which threads to list."""

    limit: Limit = 20

    @property
    def rows(self) -> int:
        """How many to read."""
        return min(self.limit, MOST_ROWS)


class MemoryQuery(ThreadsQuery):
    """Which remarks to list."""

    thread_id: WholeNumber = 1


_path_number: TypeAdapter[int] = TypeAdapter(int)


async def read_body(request: web.Request, model: type[Model], *, optional: bool = False) -> Model:
    """The validated body; nothing at all counts as `{}` where it is optional.

    Raises ApiError: 400 for what is not JSON, 422 for what is not this model.
    """
    try:
        raw = await request.read()
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


def path_number(request: web.Request, name: str) -> int:
    """A number in the path. Raises ApiError 422."""
    try:
        return _path_number.validate_python(request.match_info[name])
    except ValidationError as error:
        raise ApiError(422, _details(error, "path", name)) from None


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


def dumps(value: object) -> str:
    """JSON on one line, in readable UTF-8."""
    return json.dumps(value, ensure_ascii=False)


def thread_json(thread: Thread) -> Mapping[str, object]:
    """THREAD of the API."""
    return {
        "id": thread.id,
        "name": thread.name,
        "allow_dangerous": thread.allow_dangerous,
        "created_at": time_json(thread.created_at),
        "last_active_at": time_json(thread.last_active_at),
    }


def remark_json(remark: Remark) -> Mapping[str, object]:
    """One entry of `turns`."""
    return {
        "id": remark.id,
        "role": remark.role,
        "content": remark.content,
        "thread_id": remark.thread_id,
        "created_at": time_json(remark.created_at),
    }


def reply_json(reply: Reply) -> Mapping[str, object]:
    """What /chat answers, and the `done` frame."""
    return {
        "reply": reply.reply,
        "model": reply.model,
        "tier": reply.tier.value,
        "thread_id": reply.thread_id,
    }


def time_json(at: datetime) -> str:
    """Local wall clock to the second, without offset."""
    return at.isoformat(timespec="seconds")
