"""`ren-device settings`: every setting, its value, where that came from, and what is allowed."""

import json
import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.errors import SettingError

if TYPE_CHECKING:
    from ren_device.settings import Given, Settings

SUMMARY = "list all settings with their values, sources and meanings"

_WIDTH = 79


@dataclass(frozen=True, slots=True)
class Listed:
    """One setting. `value` is None where it is a secret, or unset without a default."""

    name: str
    value: str | None
    is_set: bool
    secret: bool
    variable: str | None
    """Which of its names was found: REN_X, or the older WREN_X."""
    source: str
    """`default`, `environment`, or the path of the file."""
    meaning: str
    allowed: str
    problem: str | None


def add_arguments(parser: ArgumentParser) -> None:
    """Define --json."""
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: Namespace) -> int:
    """Print the list; 1 when a setting is wrong."""
    from ren_device import settings

    given = settings.read()
    loaded, wrong = settings.check(given)
    if (problem := _board_problem(loaded)) is not None:
        wrong["hardware"] = problem
    rows = [_listed(field, loaded, wrong.get(field), given) for field in type(loaded).model_fields]
    unknown = settings.unknown(given)
    if arguments.json:
        print(_as_json(rows, unknown, given))
    else:
        print(_as_text(rows, list(unknown.values())))
    return 1 if wrong else 0


def _board_problem(loaded: "Settings") -> str | None:
    """What is wrong with the profile that REN_HARDWARE names. Blocks."""
    if loaded.hardware in ("auto", "none"):
        return None
    from ren_device.boards import reading

    try:
        reading.read(reading.find(loaded.hardware))
    except SettingError as error:
        return f"REN_HARDWARE={loaded.hardware}: {error}"
    return None


def _listed(
    field: str, loaded: "Settings", problem: str | None, given: "Mapping[str, Given]"
) -> Listed:
    from ren_device import settings

    names = settings.variables(field)
    variable = next((name for name in names if name in given), None)
    if problem is not None and variable is not None:
        value = settings.shown(field, given[variable].value)
    else:
        value = settings.shown(field, _written(getattr(loaded, field)))
    secret = settings.is_secret(field)
    return Listed(
        name=names[0],
        value=None if secret or not value else value,
        is_set=variable is not None,
        secret=secret,
        variable=variable,
        source=given[variable].source if variable else "default",
        meaning=type(loaded).model_fields[field].description or "",
        allowed=settings.allowed(field),
        problem=problem,
    )


def _written(value: object) -> str:
    """As it would be written in the environment."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(map(str, value))
        case Path() | str() | int():
            return str(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _as_text(rows: list[Listed], unknown: list[str]) -> str:
    blocks = ["\n".join(_block(row)) for row in rows]
    remarks = [f"WRONG: {row.problem}" for row in rows if row.problem] + unknown
    lines = [line for each in remarks for line in textwrap.wrap(each, _WIDTH)]
    return "\n\n".join(blocks + ["\n".join(lines)] * bool(lines))


def _block(row: Listed) -> list[str]:
    hidden = "(set)" if row.is_set else "(not set)"
    lines = [f"{row.name} = {hidden if row.secret else row.value or '(empty)'}"]
    if row.problem:
        lines += _indented(f"WRONG: {row.problem}")
    if row.is_set:
        alias = f", as {row.variable}" if row.variable != row.name else ""
        lines += _indented(f"From {_place(row.source)}{alias}.")
    lines += _indented(row.meaning.replace("`", ""))
    lines += _indented(f"Allowed: {row.allowed}.")
    return lines


def _place(source: str) -> str:
    return "the environment" if source == "environment" else source


def _indented(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _as_json(rows: list[Listed], unknown: Mapping[str, str], given: "Mapping[str, Given]") -> str:
    others = [
        {"name": name, "source": given[name].source, "problem": line}
        for name, line in unknown.items()
    ]
    valid = not any(row.problem for row in rows)
    return json.dumps(
        {"valid": valid, "settings": [asdict(row) for row in rows], "unknown": others}, indent=2
    )
