"""What Ren knows of each language: data in a folder a language, read by the rooms that use it.

A language is a folder with TOML (and, for the offline mind, YAML) files of the same names as in
`en/`. Nothing in the code names a language's words, so that a new language needs no code.
"""

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_HERE = Path(__file__).parent


def codes() -> tuple[str, ...]:
    """The languages there are, as in REN_LANGUAGE."""
    return tuple(sorted(each.name for each in _HERE.iterdir() if (each / "voice.toml").is_file()))


def folder(code: str) -> Path:
    """Where a language's files are."""
    return _HERE / code


@cache
def read(code: str, name: str) -> MappingProxyType[str, Any]:
    """The file `name`.toml of a language, read once. Whoever reads it says what must be in it."""
    with (folder(code) / f"{name}.toml").open("rb") as file:
        return MappingProxyType(tomllib.load(file))
