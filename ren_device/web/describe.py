"""Says, next to a route, what it takes and what it answers; /openapi.json and /docs come from that.

    @routes.get("/threads")
    @Described(
        "List conversations",
        tag="Threads",
        query=ThreadsQuery,                 # the pydantic model that the handler validates with
        answer=answers.ThreadList,          # a TypedDict or a pydantic model; the handler builds it
        example={"threads": [...]},
    )
    async def list_threads(request): ...

It goes below the route's own decorator, on a function or a method. The handler's docstring is the
longer description, so write that for those who call. What follows from the rest is added by itself:
200; 422 with a body, a query or a path; 413 with a body; and what can happen to any request (400,
403, 408, 414, 415, 417, 431, 500, 503). `errors` lists the others, each with the sentence that
says when.

- An event stream has `events={"reminder": Event(answers.Reminder, {"id": 12, ...})}` instead of an
  answer; keep-alive comments need no mention.
- What is neither has `media="text/plain"` (or another type) and no answer.
- A socket has `sends` and `hears`: its frames by their `type`, as Ren sends and hears them.
- `also={304: "…"}` are further answers that have no body.
- `bearer=True` says that a key is needed; `error=TypedDict` is the shape of errors where it is not
  `{"detail": …}`.

Tests walk all routes: one that is not described fails, and an example that its schema refuses too.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TypeVar

from pydantic import BaseModel

Shape = type[object]
"""A pydantic model or a TypedDict: what a JSON Schema is made from."""

_Handler = TypeVar("_Handler", bound=Callable[..., object])
_MARK = "ren_described"


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of frame of a stream or a socket; the shape's docstring says when it comes."""

    shape: Shape
    example: object


@dataclass(frozen=True, slots=True)
class Described:
    """What one method of one path does, in one line and in detail; a decorator, see the module."""

    summary: str
    _: KW_ONLY
    tag: str
    body: type[BaseModel] | None = None
    body_optional: bool = False
    body_example: object = None
    query: type[BaseModel] | None = None
    path: type[BaseModel] | None = None
    answer: Shape | None = None
    example: object = None
    media: str = "application/json"
    events: Mapping[str, Event] = field(default_factory=dict)
    sends: Mapping[str, Event] = field(default_factory=dict)
    hears: Mapping[str, Event] = field(default_factory=dict)
    also: Mapping[int, str] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)
    error: Shape | None = None
    bearer: bool = False

    def __call__(self, handler: _Handler) -> _Handler:
        """Attach this to the handler."""
        setattr(handler, _MARK, self)
        return handler


def description_of(handler: object) -> Described | None:
    """What was said about this handler, if anything."""
    found = getattr(handler, _MARK, None)
    return found if isinstance(found, Described) else None
