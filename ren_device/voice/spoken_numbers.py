"""Numbers with what stands around them, as they are said: 5–10 km, $3.50, 14:30, 6/25, 555-0123.

A plain number stays as it is, in digits: every voice can read it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from unicodedata import normalize

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_NUMBER = re.compile(rf"[\d{_VULGAR}]")
_ALONE = r"(?<![\w.,:/–-])"  # nothing before that would make it a part of something longer
_ENDS = r"(?!\w|[.,:/-]\d)"
_DASH = r"\s?[–-]\s?"
_YEAR = r"1[1-9]\d\d"
_PHONE = re.compile(
    r"(?<![\w.,])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{2,7}(?:[ .-]\d{2,7}){1,4}(?!\w)"
)
_LOCAL_NUMBER = re.compile(r"\d{3}[.-]\d{4}$")
_LONG_NUMBER = 8  # digits; written without separators it is nobody's amount


class SpokenNumbers:
    """For one language; its words are those of speakable.toml."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """Raises KeyError when the data lacks something."""
        self._words = words
        self._units: Mapping[str, tuple[str, str]] = words["units"]
        self._coins: Mapping[str, tuple[str, str, str, str]] = words["money"]["coins"]
        self._scales: Mapping[str, str] = words["money"]["scales"]
        self._fractions: Mapping[str, str] = words["fractions"]["said"]
        self._months = {
            name: number
            for names in (words["date"]["months"], words["date"]["short_months"])
            for number, name in enumerate(names)
            if name
        }
        self._halves = {
            way: half for half, written in words["time"]["written"].items() for way in written
        }

        self._rules = list(self._number_rules())
        self._bare_units = self._bare_unit_pattern()

    def in_words(self, text: str) -> str:
        """The text, with everything around its numbers said in words."""
        if _NUMBER.search(text):
            for pattern, say in self._rules:
                text = pattern.sub(say, text)
        return self._bare_units.sub(self._bare_unit, text)

    def _number_rules(self) -> Iterator[Rule]:
        yield from self._date_rules()
        yield from self._time_rules()
        spelled = any_of(self._words["spelled_after"])
        yield re.compile(rf"(?<!\w)({spelled})\s(\d{{3,6}}){_ENDS}"), self._spelled_after
        yield _PHONE, self._phone
        yield re.compile(rf"{_ALONE}\d{{1,5}}(?:\.\d{{1,5}}){{2,6}}(?!\w)"), self._dotted
        yield from self._year_rules()
        yield from self._amount_rules()

    # --- dates and years ------------------------------------------------------------------------

    def _date_rules(self) -> Iterator[Rule]:
        for pattern in self._words["date"]["patterns"]:
            date = pattern.replace("{month}", any_of(self._months))
            yield re.compile(rf"(?<![\w/.,-])(?<!\d\s){date}(?!\w|[/-]\d)"), self._date

    def _date(self, match: re.Match[str]) -> str:
        words, found = self._words["date"], match.groupdict()
        month = self._months.get(found["month"], -1)
        if month < 0:
            month = int(found["month"]) - 1 if found["month"].isdigit() else -1
        day = int(found["day"]) - 1
        if not (0 <= month < 12 and 0 <= day < 31):
            return match[0]
        said = words["days"][day]
        before = match.string[max(0, match.start() - 12) : match.start()].split()
        if before and before[-1] in words["inflected_after"]:
            said += words["inflection"]
        year = found.get("year")
        way: str = words["with_year" if year else "month_day"]
        return way.format(month=words["months"][month], day=said, year=self._year(year or ""))

    def _year_rules(self) -> Iterator[Rule]:
        words = self._words["year"]
        after = any_of(words["after"])
        until = rf"{_DASH}|\s(?P<word>{any_of(words['until'])})\s"
        either, later = rf"(?P<year>{_YEAR})", rf"(?P<until>{_YEAR}|20\d\d)"
        unit = rf"(?!\s?(?:{any_of(self._units)})(?!\w))"
        yield re.compile(rf"{_ALONE}{either}(?:{until}){later}{_ENDS}"), self._years
        yield (
            re.compile(rf"(?:(?<=\()|(?<!\w)(?P<after>{after})\s){either}{_ENDS}{unit}"),
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
        return " ".join(filter(None, (match["after"], match["century"], decade)))

    # --- times of day ---------------------------------------------------------------------------

    def _time_rules(self) -> Iterator[Rule]:
        half = rf"\s?(?P<half>{any_of(self._halves)})(?!\w)"
        suffix = rf"\s?(?:{any_of(self._words['time']['suffixes'])})(?!\w)"
        clock = r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?![\d:])"
        to = f" {self._words['to']} "
        yield re.compile(rf"(?<=:\d\d){_DASH}(?=\d{{1,2}}:\d\d(?!\d))"), lambda _: to
        if self._halves:
            ahead = rf"(?=\d{{1,2}}(?::\d\d)?{half})"
            yield re.compile(rf"(?<=\d){_DASH}{ahead}"), lambda _: to
        yield re.compile(rf"(?<![\w:.,]){clock}(?:{half}|{suffix})?"), self._time
        if self._halves:
            yield re.compile(rf"(?<![\w:.,])(?P<hour>1[0-2]|0?[1-9]){half}"), self._time

    def _time(self, match: re.Match[str]) -> str:
        words, found = self._words["time"], match.groupdict()
        hour, minute = int(found["hour"]), int(found.get("minute") or 0)
        half = self._halves.get(found["half"] or "", "")
        if words["twelve_hours"]:
            if not half and (hour > 12 or hour == 0):
                half = words["halves"][hour % 24 // 12]
            hour = hour % 12 or 12
        way = "minutes" if minute > 9 else "few_minutes" if minute else "full"
        if half and not minute:
            way = "full_half"
        said: str = words[way].format(hour=hour, minute=minute, half=half)
        if half and minute:
            said += f" {half}"
        return said + stop_of(match)

    # --- digits one by one ----------------------------------------------------------------------

    def _spelled_after(self, match: re.Match[str]) -> str:
        return f"{match[1]} {_spelled(match[2])}"

    def _phone(self, match: re.Match[str]) -> str:
        number = match[0]
        digits = sum(character.isdigit() for character in number)
        likely = number[0] in "+(0" or _LOCAL_NUMBER.search(number)
        if digits < 7 or not likely or re.fullmatch(r"0\.\d+(?: [\d.]+)*", number):
            return number
        groups = ", ".join(_spelled(group) for group in re.findall(r"\d+", number))
        return f"{self._words['plus']} {groups}" if number[0] == "+" else groups

    def _dotted(self, match: re.Match[str]) -> str:
        first, *rest = match[0].split(".")
        if self._words["thousands"] == "." and all(len(group) == 3 for group in rest):
            return match[0]
        return f" {self._words['dot']} ".join([first, *rest])

    # --- amounts --------------------------------------------------------------------------------

    def _amount_rules(self) -> Iterator[Rule]:
        decimal, thousands = re.escape(self._words["decimal"]), re.escape(self._words["thousands"])
        whole = rf"(?:\d{{1,3}}(?:{thousands}\d{{3}}){{1,6}}+|\d{{1,15}}+)(?!\d)"
        number = rf"{whole}(?:{decimal}\d{{1,9}}+)?"
        fraction = r"\d{1,2}/\d{1,2}(?!\d)"
        amount = rf"{fraction}|{number}(?:\s?[{_VULGAR}]|\s{fraction})?|[{_VULGAR}]"
        sign = rf"{_ALONE}(?P<about>[~≈]\s?)?(?P<sign>[-+±]?)"
        unit = any_of(self._units)
        per = rf"(?:\s?/\s?(?P<per>(?:{unit}|[a-zäöüß]{{2,12}})(?!\w)))?"
        coin, scale = any_of(self._coins), any_of(self._scales)
        scaled = rf"(?:\s?(?P<scale>{scale})(?!\w))?"
        both = rf"(?P<one>{amount})(?:{_DASH}(?:{coin})?(?P<two>{amount}))?"
        yield re.compile(rf"{sign}(?P<coin>{coin})\s?{both}{scaled}{per}{_ENDS}"), self._money
        begins = rf"(?=[~≈+±\d{_VULGAR}-])"  # quick to see; the rest is not
        yield (
            re.compile(rf"{begins}{sign}{both}{scaled}\s?(?P<coin>{coin})(?!\w){per}"),
            self._money,
        )
        units = rf"(?:(?P<gap>[\s-]?)(?P<unit>{unit})(?!\w))?"
        yield re.compile(rf"{begins}{sign}{both}{units}{per}{_ENDS}"), self._quantity

    def _bare_unit_pattern(self) -> re.Pattern[str]:
        bare = (name for name in self._units if len(name) > 1 and not name.strip(".").isalpha())
        unit = any_of(self._units)
        either = rf"(?P<unit>{any_of(bare)})|(?P<whole>{unit})/(?P<per>{unit})"
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)")

    def _money(self, match: re.Match[str]) -> str:
        one, many, cent, cents = self._coins[match["coin"]]
        whole, point, hundredths = match["one"].partition(self._words["decimal"])
        if match["two"] or match["scale"]:
            scale = self._scales.get(match["scale"] or "", "")
            said = " ".join(filter(None, (self._between(match), scale, many)))
        elif point and len(hundredths) == 2:
            count, rest = int(re.sub(r"\D", "", whole)), int(hundredths)
            parts = [f"{count} {one if count == 1 else many}"] if count or not rest else []
            parts += [f"{rest} {cent if rest == 1 else cents}"] if rest else []
            way: str = self._words["money"]["with_cents"]
            said = way.format(whole=parts[0], cents=parts[-1]) if len(parts) > 1 else parts[0]
        else:
            said = f"{self._between(match)} {one if _is_one(match) else many}"
        return self._with_sign(match, said)

    def _quantity(self, match: re.Match[str]) -> str:
        digits, unit = match["one"], match["unit"]
        alone = not (unit or match["per"] or match["two"])
        if alone and digits.isdecimal():
            return self._with_sign(match, _spelled(digits) if _is_a_code(digits) else digits)
        said = self._between(match)
        if unit:
            said += f" {self._units[unit][0 if _is_one(match) or match['gap'] == '-' else 1]}"
        said = self._with_sign(match, said)
        return said + (stop_of(match) if unit else "")

    def _bare_unit(self, match: re.Match[str]) -> str:
        if match["per"]:
            return f"{self._units[match['whole']][1]} {self._per(match['per'])}"
        return self._units[match["unit"]][1]

    def _between(self, match: re.Match[str]) -> str:
        one = self._amount(match["one"])
        return f"{one} {self._words['to']} {self._amount(match['two'])}" if match["two"] else one

    def _with_sign(self, match: re.Match[str], said: str) -> str:
        if not (match["sign"] or match["about"] or match["per"]):
            return said
        words = self._words
        signs = {"-": words["minus"], "+": words["plus"]}
        sign = signs.get(match["sign"], words["plus_minus"] if match["sign"] else "")
        about = words["about"] if match["about"] else ""
        per = self._per(match["per"]) if match["per"] else ""
        return " ".join(filter(None, (about, sign, said, per)))

    def _per(self, unit: str) -> str:
        return f"{self._words['per']} {self._units.get(unit, (unit,))[0]}"

    def _amount(self, written: str) -> str:
        """`1,000`, `2½`, `5 1/2` or `1/2` in words."""
        if written.isdecimal():
            return written
        plain = normalize("NFKC", re.sub(rf"\s?([{_VULGAR}])", r" \1", written)).replace(
            "\u2044", "/"
        )
        whole, _, fraction = plain.strip().rpartition(" ")
        if "/" not in fraction:
            return plain.strip().replace(self._words["thousands"], "")
        above, _, below = fraction.partition("/")
        said = self._fractions.get(fraction)
        if said is None:
            between = f" {self._words['out_of']} " if int(above) <= int(below) else " "
            said = f"{above}{between}{below}"
        way: str = self._words["fractions"]["mixed"]
        return way.format(whole=whole, fraction=said) if whole else said


def any_of(literals: Iterable[str]) -> str:
    """A pattern for these, the longest first; for none of them, one that never matches."""
    return "|".join(map(re.escape, sorted(literals, key=len, reverse=True))) or r"(?!)"


def stop_of(match: re.Match[str]) -> str:
    """The full stop of the sentence, where what was matched ends in a full stop of its own."""
    return "." if match[0].endswith(".") and not match.string[match.end() :].strip() else ""


def _spelled(digits: str) -> str:
    return " ".join(digits)


def _is_a_code(digits: str) -> bool:
    if len(digits) >= _LONG_NUMBER:
        return not digits.endswith("000")
    return len(digits) > 1 and digits[0] == "0"


def _is_one(match: re.Match[str]) -> bool:
    one = match["one"]
    return not match["two"] and (one in "1" + _VULGAR or ("/" in one and " " not in one))
