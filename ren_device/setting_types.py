"""The kinds of value that settings have: how each is read, and what may be written there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import AfterValidator, BeforeValidator, SecretStr


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be written, where type and bounds do not say it: "must be …"."""

    words: str


def _lower_case(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _phrases(value: object) -> object:
    if isinstance(value, str):
        parts = (part.strip() for part in value.split(","))
        return tuple(part if "/" in part else part.lower() for part in parts if part)
    return value


def _hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for each in values:
        if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", each):
            raise ValueError(f"{each} is not a host name; write ren.example, with no port")
    return values


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for each in values:
        if not re.fullmatch(r"https?://[^/\s]+", each):
            raise ValueError(f"{each} is not an origin; write https://app.example, with no path")
    return tuple(_without_default_port(each.lower()) for each in values)


def _without_default_port(origin: str) -> str:
    """As browsers write it."""
    return origin.removesuffix(":443" if origin.startswith("https:") else ":80")


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        raise ValueError("not a time zone; use a name such as Europe/London") from None
    return name


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("has characters that cannot be shown")
    return value


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("~ means nothing here; write the whole path") from None


def _audio_source(value: str) -> str:
    if value == "wav:":
        raise ValueError("names no file; write wav:PATH")
    return value


def _key(value: SecretStr) -> SecretStr:
    plain = value.get_secret_value().strip()
    if not (plain.isascii() and plain.isprintable()):
        raise ValueError("has characters that a key cannot have")
    return SecretStr(plain)


def _url(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if value and not usable:
        raise ValueError("not an http or https URL")
    return value.strip()


AnyCase = BeforeValidator(_lower_case)
"""Beside a choice: capital letters do not matter."""
AudioSource = Annotated[
    str,
    AfterValidator(_audio_source),
    Allowed("auto, none, wav:PATH or part of a device's name"),
]
Hosts = Annotated[
    tuple[str, ...],
    BeforeValidator(_phrases),
    AfterValidator(_hosts),
    Allowed("host names without a port, with commas between them"),
]
Location = Annotated[Path, AfterValidator(_expanded), Allowed("a path; ~ is the home directory")]
Name = Annotated[str, AfterValidator(_printable)]
Origins = Annotated[
    tuple[str, ...],
    BeforeValidator(_phrases),
    AfterValidator(_origins),
    Allowed("origins such as https://app.example, with commas between them"),
]
Phrases = Annotated[
    tuple[str, ...], BeforeValidator(_phrases), Allowed("phrases or paths, with commas between")
]
Secret = Annotated[SecretStr, AfterValidator(_key), Allowed("a key: printable ASCII characters")]
Timezone = Annotated[
    str, AfterValidator(_known_timezone), Allowed("a name such as Europe/London, or empty")
]
Url = Annotated[str, AfterValidator(_url), Allowed("an http or https URL")]


def allowed_words(annotation: Any, metadata: Sequence[object]) -> str:
    """What may be written for a field of this type, to be read after "must be"."""
    for each in metadata:
        if isinstance(each, Allowed):
            return each.words
    if get_origin(annotation) is Annotated:
        return allowed_words(annotation.__origin__, annotation.__metadata__)
    if get_origin(annotation) in (Union, UnionType):  # X | None: unset is None
        return allowed_words(get_args(annotation)[0], ())
    if annotation is bool:
        return "true or false"
    if choices := _choices(annotation):
        return _either(choices)
    if annotation in (int, float):
        return f"a {'whole ' if annotation is int else ''}number{_bounds(metadata)}"
    return f"a text{_length(metadata)}"


def _choices(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [each.value for each in annotation]
    return [str(each) for each in get_args(annotation)] if get_origin(annotation) is Literal else []


def _either(choices: list[str]) -> str:
    *first, last = choices
    return f"{', '.join(first)} or {last}" if first else last


def _bounds(metadata: Sequence[object]) -> str:
    low = next((f" from {each.ge:g}" for each in metadata if isinstance(each, Ge)), "")
    above = next((f" above {each.gt:g}" for each in metadata if isinstance(each, Gt)), "")
    most = next((each.le for each in metadata if isinstance(each, Le)), None)
    if most is None:
        return low + above
    return f"{low} to {most:g}" if low else f"{above}{' and' if above else ''} up to {most:g}"


def _length(metadata: Sequence[object]) -> str:
    least = next((each.min_length for each in metadata if isinstance(each, MinLen)), 0)
    most = next((each.max_length for each in metadata if isinstance(each, MaxLen)), None)
    return f" of {least} to {most} characters" if most else ""
