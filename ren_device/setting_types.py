"""The kinds of value that settings have: how each is read, and what may be written there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import AfterValidator, BeforeValidator, SecretStr

from ren_device import languages


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be written, where type and bounds do not say it: "must be …"."""

    words: str


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How readily Ren wakes, 0 to 1; 0.5 is as the engines were tuned."""

    general: float = 0.5
    by_phrase: Mapping[str, float] = field(default_factory=dict)

    def of(self, *names: str) -> float:
        """For the phrase that is known by any of these names."""
        known = (self.by_phrase[each] for each in names if each in self.by_phrase)
        return next(known, self.general)

    def __str__(self) -> str:
        """As it would be written in the environment."""
        words = [f"{self.general:g}"] if self.general != 0.5 or not self.by_phrase else []
        return ", ".join(words + [f"{name}={each:g}" for name, each in self.by_phrase.items()])


def _sensitivity(value: object) -> object:
    if not isinstance(value, str):
        return value
    given: dict[str, float] = {}
    for part in filter(str.strip, value.split(",")):
        phrase, equals, number = part.rpartition("=")
        phrase = phrase.strip()
        if bool(equals) != bool(phrase):
            raise ValueError("write 0.5, or a phrase and a number: hey jarvis=0.7")
        try:
            level = float(number)
        except ValueError:
            level = -1.0
        if not 0 <= level <= 1:
            raise ValueError(f"{number.strip()!r} is not a number from 0 to 1")
        given[phrase if "/" in phrase else phrase.lower()] = level
    return Sensitivity(given.pop("", 0.5), given)


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


def _channels(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.lower().split(",")]
    if parts in (["mix"], [""]):
        return ()
    if not all(part.isdecimal() and int(part) for part in parts):
        raise ValueError("must be mix, or numbers from 1 such as 1,3")
    return tuple(dict.fromkeys(map(int, parts)))


def _quiet_hours(value: str) -> str:
    hours = re.sub(r"\s", "", value)
    if hours and not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d", hours):
        raise ValueError("not two times of day; write 22:00-07:00")
    return hours


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


def _known_language(code: str) -> str:
    if code not in languages.codes():
        raise ValueError(f"must be {_either(languages.codes())}")
    return code


def _either(choices: Sequence[str]) -> str:
    *first, last = choices
    return f"{', '.join(first)} or {last}" if first else last


AnyCase = BeforeValidator(_lower_case)
"""Beside a choice: capital letters do not matter."""
AudioSource = Annotated[
    str,
    AfterValidator(_audio_source),
    Allowed("auto, none, wav:PATH or part of a device's name"),
]
Channels = Annotated[
    tuple[int, ...],
    BeforeValidator(_channels),
    Allowed("mix, or numbers from 1 with commas between them"),
]
Hosts = Annotated[
    tuple[str, ...],
    BeforeValidator(_phrases),
    AfterValidator(_hosts),
    Allowed("host names without a port, with commas between them"),
]
Location = Annotated[Path, AfterValidator(_expanded), Allowed("a path; ~ is the home directory")]
ModelChoice = Annotated[Path, AfterValidator(_expanded), Allowed("a model's name, or a path")]
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
QuietTimes = Annotated[
    str, AfterValidator(_quiet_hours), Allowed("two times such as 22:00-07:00, or empty")
]
Secret = Annotated[SecretStr, AfterValidator(_key), Allowed("a key: printable ASCII characters")]
Sensitivities = Annotated[
    Sensitivity,
    BeforeValidator(_sensitivity),
    Allowed("a number from 0 to 1, or such as: hey jarvis=0.7, alexa=0.3"),
]
Timezone = Annotated[
    str, AfterValidator(_known_timezone), Allowed("a name such as Europe/London, or empty")
]
Url = Annotated[str, AfterValidator(_url), Allowed("an http or https URL")]


Language = Annotated[
    str, AnyCase, AfterValidator(_known_language), Allowed(_either(languages.codes()))
]


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
