"""Each file of the card is read for itself: what it wishes, and what is left of it afterwards."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from ren_device.first_boot import cloud_init, environment, firstrun, person_file
from ren_device.first_boot.complaints import Complaint, Words, Wrong, of_toml, of_values, words
from ren_device.first_boot.wishes import Wishes

_LARGEST = 16 * 1024
"""Bytes; a file for a speaker is short."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one file."""

    wishes: Wishes
    after: bytes
    """What the file is to be, without secrets."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """Lines for ren.env as they are."""


def read(name: str, content: bytes, default_country: str) -> Reading:
    """One of `job.SOURCES`; raises Wrong. The country is for files that name none."""
    if len(content) > _LARGEST:
        raise Wrong(Complaint("large"))
    try:
        text = person_file.decoded(content)
    except UnicodeDecodeError as error:
        raise Wrong(Complaint("encoding", content[: error.start].count(b"\n") + 1)) from None
    if name == "ren.toml":
        return _toml(text, content)
    if name == "ren.env":
        lines = environment.assignments(text)
        return Reading(Wishes(), _taken(words("en"), "#") if lines else content, lines)
    readers: dict[str, Callable[[str], dict[str, object]]] = {
        "user-data": cloud_init.user_data,
        "network-config": cloud_init.network_config,
        "firstrun.sh": firstrun.wishes,
    }
    return _imager(name, text, content, readers[name](text), default_country)


def language(content: bytes) -> str:
    """What a `ren.toml` with errors says of its language, as far as that can be made out."""
    try:
        found = tomllib.loads(person_file.decoded(content)).get("language")
        return Wishes(language=found).language or ""
    except (UnicodeError, RecursionError, tomllib.TOMLDecodeError, ValidationError):
        return ""


def _toml(text: str, content: bytes) -> Reading:
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Wrong(of_toml(text, error)) from None
    except RecursionError:
        raise Wrong(Complaint("syntax")) from None
    wishes = _validated(given, text)
    secrets = wishes.secrets()
    if not secrets:
        return Reading(wishes, content)
    note = words(wishes.language or "en").taken
    return Reading(wishes, person_file.without_secrets(text, secrets, note).encode())


def _imager(
    name: str, text: str, content: bytes, given: dict[str, object], default_country: str
) -> Reading:
    wifi = given.get("wifi")
    if isinstance(wifi, dict) and default_country:
        given["wifi"] = {"country": default_country, **wifi}
    login = firstrun.has_login(text) if name == "firstrun.sh" else cloud_init.has_login(text)
    if not given and not login:
        return Reading(Wishes(), content)
    head = {"firstrun.sh": "#!/bin/sh", "user-data": "#cloud-config"}.get(name, "#")
    return Reading(_validated(given), _taken(words("en"), head, login=login))


def _validated(given: Mapping[str, object], text: str = "") -> Wishes:
    try:
        return Wishes.model_validate(given)
    except ValidationError as error:
        raise of_values(error, given, text) from None


def _taken(said: Words, head: str, *, login: bool = False) -> bytes:
    """A file that says that there is nothing left in it."""
    lines = [head, f"# {said.taken_over}", *([f"# {said.no_login}"] if login else [])]
    return "".join(f"{line}\n" for line in lines).encode()
