"""Days and years as they are said: 6/25, 3. Mai, 1939-1945, the 1990s."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from ren_device.voice.patterns import ALONE, DASH, ENDS, Rule, any_of

_YEAR = r"1[1-9]\d\d"


class SpokenDates:
    """For one language; its words are those of speakable.toml."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """Raises KeyError when the data lacks something."""
        self._words = words
        self._months = {
            name: number
            for names in (words["date"]["months"], words["date"]["short_months"])
            for number, name in enumerate(names)
            if name
        }

    def date_rules(self) -> Iterator[Rule]:
        """For days: 6 June, 2026-06-25."""
        units = self._words["units"]
        either = any_of({*units, *chain.from_iterable(units.values())})
        for pattern in self._words["date"]["patterns"]:
            date = pattern.replace("{month}", any_of(self._months)).replace("{unit}", either)
            yield re.compile(rf"(?<![\w/.,-])(?<!\d\s){date}(?!\w|[/-]\d)"), self._date

    def _date(self, match: re.Match[str]) -> str:
        words, found = self._words["date"], match.groupdict()
        month = self._months.get(found["month"], -1)
        if month < 0:
            month = int(found["month"]) - 1 if found["month"].isdigit() else -1
        days = [int(found.get("first") or found["day"]), int(found["day"])]
        if not (0 <= month < 12 and min(days) > 0 and max(days) <= 31):
            return match[0]
        before = match.string[max(0, match.start() - 12) : match.start()].split() or [""]
        inflected = before[-1] in words["inflected_after"]
        ending = words["inflection" if inflected else "alone"]
        ending = "" if before[-1] in words["plain_after"] else ending
        first, said = (words["days"][day - 1] + ending for day in days)
        if found.get("first"):
            said = f"{first} {found['word'] or self._words['to']} {said}"
        year = found.get("year")
        way: str = words["with_year" if year else "month_day"]
        date = way.format(month=words["months"][month], day=said, year=self._year(year or ""))
        return (found.get("after") or "") + date

    def year_rules(self) -> Iterator[Rule]:
        """For years, decades and centuries: in 1984, 1939-1945, the 1990s."""
        words = self._words["year"]
        after = any_of(words["after"])
        until = rf"{DASH}|\s(?P<word>{any_of(words['until'])})\s"
        either, later = rf"(?P<year>{_YEAR})", rf"(?P<until>{_YEAR}|20\d\d)"
        unit = rf"(?!\s?(?:{any_of(self._words['units'])})(?!\w))"
        either_now = rf"(?P<year>{_YEAR}|20\d\d)"
        yield re.compile(rf"{ALONE}{either_now}(?:{until}){later}{ENDS}"), self._years
        yield (
            re.compile(rf"(?:(?<=\()|(?<!\w)(?P<after>{after})\s){either}{ENDS}{unit}"),
            self._years,
        )
        ending = re.escape(words["decade_ending"])
        soon = any_of(words["decade_after"])
        yield (
            re.compile(
                rf"(?<!\w)(?:(?P<century>1[1-9]|20)|(?P<after>{soon})[ -]'?|')"
                rf"(?P<ten>[1-9])0'?{ending}(?!\w)"
            ),
            self._decade,
        )
        yield (
            re.compile(rf"(?<!\w)(?P<after>{soon}) (?P<century>1\d|20)00'?{ending}(?!\w)"),
            self._hundreds,
        )

    def _years(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        said = " ".join(filter(None, (found.get("after"), self._year(found["year"]))))
        if until := found.get("until"):
            said += f" {found['word'] or self._words['to']} {self._year(until)}"
        return said

    def _year(self, year: str) -> str:
        words = self._words["year"]
        if not year or not words["from"] <= int(year) < words["before"]:
            return year
        century, rest = divmod(int(year), 100)
        way: str = words["said" if rest > 9 else "few" if rest else "full"]
        return way.format(century=century, rest=rest)

    def _decade(self, match: re.Match[str]) -> str:
        decade = self._words["year"]["decades"][int(match["ten"])]
        if match["century"]:
            decade = self._words["year"]["decade"].format(century=match["century"], decade=decade)
        return " ".join(filter(None, (match["after"], decade)))

    def _hundreds(self, match: re.Match[str]) -> str:
        way = self._words["year"]["thousands" if match["century"] == "20" else "hundreds"]
        return f"{match['after']} {way.format(century=match['century'])}"
