"""The table of phrases for durations, moments and recurrences. Used by tests and the benchmark."""

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from dateutil.rrule import rrulestr

from ren_device.assistant.language import Language
from ren_device.assistant.when import Found

if TYPE_CHECKING:
    from ren_device.assistant.resolving import Purpose

Verdict = Literal["right", "wrong", "asked"]
_LINE = re.compile(r"(?P<text>.+?) => (?P<expected>[^|]+?)(?: \| (?P<rest>.+))?")
_PROBLEMS = ("no time", "past", "ambiguous", "rule")
_OCCURRENCES = 30
"""So many are compared: a rule can be written in several ways."""


@dataclass(frozen=True)
class Phrase:
    """One line of the table; see phrases_en.toml."""

    text: str
    now: datetime
    purpose: str
    expected: str
    rest: str

    @property
    def held_out(self) -> bool:
        """A third, by hash: what came of it was not used to write the parser."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 3 == 0

    def verdict(self, language: Language) -> Verdict:
        """Whether it is understood. Asked: nothing would be set, and the wrong thing is asked."""
        if self.purpose == "duration":
            seconds = language.durations.parse_duration(self.text)
            if seconds is None:
                return "right" if self.expected == "nothing" else "asked"
            return "right" if self.expected == str(int(seconds)) else "wrong"
        plain = language.hearing.plain(self.text)
        found = language.moments.find_when(plain, self.now, cast("Purpose", self.purpose))
        if found is None or found.at is None:
            return "right" if self._is_asked_rightly(found) else "asked"
        return "right" if found.rest == self.rest and self._is_meant(found) else "wrong"

    def _is_asked_rightly(self, found: Found | None) -> bool:
        if found is None:
            return self.expected == "nothing"
        if self.expected.startswith("day only"):
            day = date.fromisoformat(self.expected.removeprefix("day only "))
            return (found.problem, found.day) == ("no time", day)
        return self.expected == found.problem

    def _is_meant(self, found: Found) -> bool:
        expected, _, rule = self.expected.partition(" FREQ")
        if expected in (*_PROBLEMS, "nothing") or expected.startswith("day only"):
            return False
        if expected.startswith("+"):
            seconds = float(expected)
            at = self.now + timedelta(seconds=seconds)
            return (found.at, found.offset_s, found.rule) == (at, seconds, "")
        at = datetime.fromisoformat(expected)
        same = occurrences(found.rule, at) == occurrences(f"FREQ{rule}" if rule else "", at)
        return found.at == at and bool(found.rule) == bool(rule) and same


def occurrences(rule: str, first: datetime) -> list[datetime]:
    """The first occurrences of a rule that begins at `first`; none without a rule."""
    return list(islice(rrulestr(rule, dtstart=first), _OCCURRENCES)) if rule else []


def phrases(language: str = "en") -> Iterator[Phrase]:
    """The whole table of a language."""
    path = Path(__file__).with_name(f"phrases_{language}.toml")
    for group in tomllib.loads(path.read_text(encoding="utf-8"))["group"]:
        for line in group["said"].strip().splitlines():
            read = _LINE.fullmatch(line)
            assert read, f"not understood: {line}"
            rest = read["rest"] or ""
            yield Phrase(read["text"], group["now"], group["purpose"], read["expected"], rest)


def tally(language: Language, code: str, *, held_out: bool) -> Counter[Verdict]:
    """How many are right, wrong and asked, in one part of the table."""
    part = (each for each in phrases(code) if each.held_out is held_out)
    return Counter(each.verdict(language) for each in part)
