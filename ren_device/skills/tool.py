"""Turns a typed async function with a docstring into a tool that every mind can call."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    validate_call,
)
from pydantic_core import PydanticCustomError

from ren_device.errors import ToolError
from ren_device.model import ToolSpec

_OTHER_THING = ("missing", "unexpected_keyword_argument")
UNREADABLE = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
"""Within the brackets of a pattern: control characters, and those that turn the direction of
writing."""
_UNREADABLE = re.compile(f"[{UNREADABLE}]")
ToolFunction = Callable[..., Awaitable[str]]
Danger = Callable[..., Awaitable[bool]]
"""Whether a call is dangerous: takes the same arguments, by those parameters that matter."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, and what it does: `dangerous` ones act on the world beyond Ren's own notes,
    `read_only` ones change nothing at all.

    Where that depends on the arguments there is `danger`, and `dangerous` does not count.
    """

    spec: ToolSpec
    function: ToolFunction
    checker: Callable[..., None]
    dangerous: bool
    read_only: bool = False
    danger: Danger | None = None

    async def run(self, arguments: Mapping[str, object]) -> str:
        """The tool's answer, fit to be said aloud. Raises ToolError, also for bad arguments."""
        try:
            return await self.function(**arguments)
        except ValidationError as error:
            raise self._bad(error) from None

    def check(self, arguments: Mapping[str, object]) -> None:
        """Raises ToolError when the tool would not take these."""
        try:
            self.checker(**arguments)
        except ValidationError as error:
            raise self._bad(error) from None

    async def is_dangerous(self, arguments: Mapping[str, object]) -> bool:
        """Whether a call with these arguments acts on the world beyond Ren's own notes."""
        if self.danger is None:
            return self.dangerous
        try:
            return await self.danger(**arguments)
        except ValidationError:
            return False  # the tool will not take them either

    def _bad(self, error: ValidationError) -> ToolError:
        # Of something that may be one of several things, the best error is of the likeliest.
        errors = error.errors(include_url=False)
        first = min(errors, key=lambda each: each["type"] in _OTHER_THING)
        where = ".".join(str(part) for part in first["loc"])
        return ToolError(f"{self.spec.name}: {where}: {first['msg']}")


def tool(
    function: ToolFunction,
    *,
    dangerous: bool = False,
    read_only: bool = False,
    danger: Danger | None = None,
) -> Tool:
    """Describe `function` by its name, docstring and annotated parameters.

    The schema comes from the same annotations that check the arguments of each call.
    """

    @wraps(function)
    def nothing(*_args: object, **_arguments: object) -> None: ...

    strict = validate_call(config=ConfigDict(extra="forbid"))
    checked = strict(function)
    schema = TypeAdapter(cast(Any, checked)).json_schema()
    schema.setdefault("properties", {})
    spec = ToolSpec(
        name=function.__name__,
        description=inspect.cleandoc(function.__doc__ or ""),
        schema=schema,
    )
    return Tool(spec, checked, strict(nothing), dangerous, read_only, danger and strict(danger))


def between(low: float, high: float) -> object:
    """Bounds of a number parameter, both allowed.

    Written in its annotation: `Annotated[int, between(0, 100)]`.
    """
    return Field(ge=low, le=high)


def length(least: int, most: int) -> object:
    """Bounds of how many characters a text has, or how many items a list.

    Written in its annotation: `Annotated[str, length(1, 200)]`.
    """
    return Field(min_length=least, max_length=most)


def readable(text: str) -> str:
    """The text, for pydantic, which refuses one with signs that are UNREADABLE."""
    if _UNREADABLE.search(text):
        raise PydanticCustomError(
            "unreadable", "Text has no control characters and no signs that change its direction"
        )
    return text


TRIMMED = StringConstraints(strip_whitespace=True)
"""In an annotation: without blanks around it."""
READABLE = AfterValidator(readable)
"""Written last in an annotation: see `readable`."""


class Toolbox:
    """All tools by name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        """Raises ValueError when two tools share a name."""
        self._tools: dict[str, Tool] = {}
        for each in tools:
            if each.spec.name in self._tools:
                raise ValueError(f"two tools are called {each.spec.name}")
            self._tools[each.spec.name] = each

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the minds see, in a fixed order so that prompt caches hold."""
        return tuple(self._tools[name].spec for name in sorted(self._tools))

    def get(self, name: str) -> Tool | None:
        """The tool, or None."""
        return self._tools.get(name)
