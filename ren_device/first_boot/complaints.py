"""What is wrong with a file on the card, in words for the person who wrote it.

No value of a file is ever repeated: it might be a password in the wrong place.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from zoneinfo import available_timezones

from pydantic import ValidationError

from ren_device import languages
from ren_device.first_boot.person_file import Statement, statements
from ren_device.first_boot.wishes import TOP_KEYS, WIFI_KEYS
from ren_device.languages.tables import table


@dataclass(frozen=True, slots=True)
class Words:
    """`first_boot.toml` of a language."""

    title: str
    kept: str
    at: str
    meant: str
    above: str
    below: str
    taken: str
    taken_over: str
    no_login: str
    problems: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong."""

    problem: str
    """Its name in `[problems]` of a language."""
    line: int | None = None
    """Counted from 1; None where there is none to point at."""
    places: Mapping[str, str] = field(default_factory=dict)
    """What fills the sentence's {places}; never a value of the file."""
    nearest: str = ""
    """What was meant, perhaps: a key of another part as `wifi.KEY` or `above.KEY`."""


class Wrong(Exception):
    """A file cannot be used."""

    def __init__(self, *complaints: Complaint) -> None:
        """With all that is wrong with it, as far as could be read."""
        super().__init__(", ".join(each.problem for each in complaints))
        self.complaints = complaints


def words(code: str) -> Words:
    """What is written on the card in a language."""
    return table(code, "first_boot", Words)


def page(wrong: Mapping[str, Sequence[Complaint]], codes: Sequence[str]) -> str:
    """The text for `ren-errors.txt`: for each file what is wrong, in each of the languages."""
    return "\n".join(_of_file(words(code), *each) for code in codes for each in wrong.items())


def _of_file(said: Words, file: str, complaints: Sequence[Complaint]) -> str:
    lines = [said.title.format(file=file), said.kept, ""]
    for each in complaints:
        text = said.problems[each.problem].format(**each.places)
        if each.nearest:
            part, _, key = each.nearest.rpartition(".")
            form = {"wifi": said.below, "above": said.above}.get(part, "{key}")
            text += " " + said.meant.format(nearest=form.format(key=key))
        lines.append("- " + (said.at.format(line=each.line, text=text) if each.line else text))
    return "\n".join(lines) + "\n"


def of_toml(text: str, error: tomllib.TOMLDecodeError) -> Complaint:
    """Why the text is no TOML; the usual slips are named."""
    found = re.search(r"at line (\d+)", str(error))
    lines = text.split("\n")
    number = int(found[1]) if found else len(lines)
    line = lines[min(number, len(lines)) - 1]
    if re.search("[\u2018\u2019\u201c-\u201e\u00ab\u00bb]", line):
        return Complaint("curly", number)
    if "overwrite" in str(error) or "twice" in str(error):
        return Complaint("twice", number)
    if '"' in line and "\\" in line:
        return Complaint("backslash", number)
    if re.fullmatch(r"\s*[\w.-]+\s*=\s*[^\"'\[\s].*", line):
        return Complaint("quotes", number)
    return Complaint("syntax", number)


def of_values(error: ValidationError, given: Mapping[str, object], text: str = "") -> Wrong:
    """What is wrong with the values of a file; `text` is its TOML, to find the lines."""
    pieces = tuple(statements(text))
    seen: dict[str, Complaint] = {}
    for each in error.errors(include_url=False, include_input=False):
        path = tuple(str(part) for part in each["loc"])
        known = path[: 2 if path[0] == "wifi" else 1]
        unknown = each["type"] == "extra_forbidden"
        key = ".".join(known)
        seen.setdefault(key, _of_value(known, given, _line(pieces, known), unknown=unknown))
    return Wrong(*sorted(seen.values(), key=lambda complaint: complaint.line or 0))


def _of_value(
    path: tuple[str, ...], given: Mapping[str, object], line: int | None, *, unknown: bool
) -> Complaint:
    key = path[-1]
    if unknown:
        shown = key if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", key) else "…"
        return Complaint("unknown", line, {"key": shown}, _nearest_key(path))
    if path == ("wifi", "ssid") and line is None:
        return Complaint("ssid_missing")
    value: object = given
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    problem = "_".join(path).replace("ssh_keys", "ssh_key")
    return Complaint(problem, line, _places(key), _nearest_value(key, value))


def _places(key: str) -> dict[str, str]:
    return {"codes": ", ".join(languages.codes())} if key == "language" else {}


def _nearest_key(path: tuple[str, ...]) -> str:
    """A key of the same part first, then one that belongs into the other."""
    word = path[-1].lower().replace("-", "_")
    in_wifi = len(path) > 1
    own, others = (WIFI_KEYS, TOP_KEYS[:-1]) if in_wifi else (TOP_KEYS, WIFI_KEYS)
    if near := get_close_matches(word, own, 1):
        return near[0]
    if near := get_close_matches(word, others, 1):
        return f"{'above' if in_wifi else 'wifi'}.{near[0]}"
    return ""


def _nearest_value(key: str, value: object) -> str:
    """Only out of a list of names that everybody knows."""
    if not isinstance(value, str):
        return ""
    if key == "timezone":
        zones = {each.lower(): each for each in available_timezones()}
        cities = {name.rpartition("/")[2]: zone for name, zone in zones.items()}
        word = re.sub(r"\s+", "_", value.strip().lower())
        near = get_close_matches(word, zones, 1, 0.7) or get_close_matches(word, cities, 1, 0.8)
        return zones.get(near[0], cities.get(near[0], "")) if near else ""
    if key == "country":
        usual = {"UK": "GB", "EN": "GB", "USA": "US", "GER": "DE", "AUT": "AT", "SUI": "CH"}
        return usual.get(value.upper(), "")
    return ""


def _line(pieces: Sequence[Statement], path: tuple[str, ...]) -> int | None:
    """The line that sets it, else the one of what it is part of."""
    for each in pieces:
        if each.path[: len(path)] == path:
            return each.first_line
    if path != ("wifi", "ssid"):
        return next((each.first_line for each in pieces if each.path[:1] == path[:1]), None)
    return None
