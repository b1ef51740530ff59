"""Turns a file of a language into frozen dataclasses, and says what is missing in it."""

import re
from functools import cache
from typing import Annotated, Any, TypeVar, cast

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from ren_device.languages import read

T = TypeVar("T")


def _pattern(text: str) -> re.Pattern[str]:
    """A line break in a long pattern, with the spaces around it, is none of it."""
    return re.compile(re.sub(r"\s*\n\s*", "", text))


Words = Annotated[tuple[str, ...], BeforeValidator(str.split)]
"""Written with spaces between them."""
WordSet = Annotated[frozenset[str], BeforeValidator(lambda text: frozenset(text.split()))]
"""Words whose order does not matter."""
Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]
"""A regular expression, met in plain form: lower case."""
Rewrites = tuple[tuple[Pattern, str], ...]
"""Each a pattern and what takes the place of what it finds, as for `re.sub`."""


def table(code: str, name: str, shape: type[T]) -> T:
    """The file `name`.toml of a language as a `shape`, read once.

    Raises ValueError that names what is missing or wrong.
    """
    found: T = _table(code, name, cast("Any", shape))
    return found


@cache
def _table(code: str, name: str, shape: Any) -> Any:
    tables: dict[str, Any] = dict(read(code, name))
    try:
        return TypeAdapter(shape).validate_python(tables)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{code}/{name}.toml: {where}: {first['msg']}") from None


def rewritten(text: str, rewrites: Rewrites) -> str:
    """`text` after all of them, in their order."""
    for pattern, replacement in rewrites:
        text = pattern.sub(replacement, text)
    return text
