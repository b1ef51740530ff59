"""Numbers with what stands around them, as they are said: 5–10 km, $3.50, 14:30, 555-0123.

A plain number stays as it is, in digits: every voice can read it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from unicodedata import normalize

from ren_device.voice.patterns import ALONE, DASH, ENDS, Rule, any_of, stop_of
from ren_device.voice.spoken_dates import SpokenDates

_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_NUMBER = re.compile(rf"[\d{_VULGAR}]")
_PHONE = re.compile(
    r"(?<![\w.,-])(?:\+\d{1,3}[ .-]?|1[ .-])?(?:\(\d{1,5}\)[ .-]?)?"
    r"\d{2,7}(?:[ .-]\d{2,7}){1,4}(?!\w)"
)
_LOCAL_NUMBER = re.compile(r"(?<!\d)\d{3}[.-]\d{4}$")
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
        self._halves = {
            way: half for half, written in words["time"]["written"].items() for way in written
        }

        decimal, thousands = re.escape(words["decimal"]), re.escape(words["thousands"])
        whole = rf"(?:\d{{1,3}}(?:{thousands}\d{{3}}){{1,6}}+|\d{{1,15}}+)(?!\d)"
        self._number = rf"{whole}(?:{decimal}\d{{1,9}}+)?"
        self._rules = list(self._number_rules())
        self._bare_units = self._bare_unit_pattern()

    def in_words(self, text: str) -> str:
        """The text, with everything around its numbers said in words."""
        if _NUMBER.search(text):
            for pattern, say in self._rules:
                text = pattern.sub(say, text)
        return self._bare_units.sub(self._bare_unit, text)

    def _number_rules(self) -> Iterator[Rule]:
        dates = SpokenDates(self._words)
        yield from dates.date_rules()
        yield from self._time_rules()
        spelled = any_of(self._words["spelled_after"])
        yield re.compile(rf"(?<!\w)({spelled})\s(\d{{3,6}}){ENDS}"), self._spelled_after
        yield from dates.year_rules()
        yield _PHONE, self._phone
        yield re.compile(rf"{ALONE}\d{{1,5}}(?:\.\d{{1,5}}){{2,6}}(?!\w)"), self._dotted
        yield from self._minus_rules()
        yield from self._amount_rules()

    # --- times of day ---------------------------------------------------------------------------

    def _time_rules(self) -> Iterator[Rule]:
        half = rf"\s?(?P<half>{any_of(self._halves)})(?!\w)"
        suffix = rf"\s?(?:{any_of(self._words['time']['suffixes'])})(?!\w)"
        clock = r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?![\d:])"
        to = f" {self._words['to']} "
        minute = r"\.[0-5]\d"
        until = rf"(?:(?:{DASH}|{to})\d{{1,2}}{minute})?"
        yield (
            re.compile(rf"(?<![\w:.,])(\d{{1,2}})\.(?=[0-5]\d{until}(?:{half}|{suffix}))"),
            lambda match: f"{match[1]}:",
        )
        after = any_of(self._words["time"]["hour_after"])
        yield (
            re.compile(rf"(?<!\w)({after}) (\d{{1,2}})\s?h(?!\w)"),
            lambda match: f"{match[1]} {match[2]}:00",
        )
        yield re.compile(rf"(?<=:\d\d){DASH}(?=\d{{1,2}}:\d\d(?!\d))"), lambda _: to
        if self._halves:
            ahead = rf"(?=\d{{1,2}}(?::\d\d)?{half})"
            yield re.compile(rf"(?<=\d){DASH}{ahead}"), lambda _: to
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

    # --- calculations and ranges ------------------------------------------------------------------

    def _minus_rules(self) -> Iterator[Rule]:
        minus = f" {self._words['minus']} "
        yield re.compile(r"(?<=[\d%])\s?-\s?(?=[\d.,%+*/\u00d7() -]{1,40}=)"), lambda _: minus
        yield (
            re.compile(
                rf"(?<![\w.,])(?P<sign>-?)(?P<one>{self._number}) - (?=(?P<two>{self._number})"
                rf"(?P<result>\s(?:{any_of(self._words['results'])})(?!\w))?)"
            ),
            self._minus,
        )
        unit = any_of(self._units)
        yield (  # 50%-60%
            re.compile(rf"(?<=\d)\s?(?P<unit>{unit}){DASH}(?=\d[\d.,]{{0,12}}\s?(?P=unit)(?!\w))"),
            lambda _: "–",
        )

    def _minus(self, match: re.Match[str]) -> str:
        """A range goes up; what goes down, or has a result, is a calculation."""
        up = self._value(match["one"]) < self._value(match["two"])
        if up and not match["sign"] and not match["result"]:
            return match[0]
        return f"{match['sign']}{match['one']} {self._words['minus']} "

    def _value(self, number: str) -> float:
        whole = number.replace(self._words["thousands"], "")
        return float(whole.replace(self._words["decimal"], "."))

    # --- amounts --------------------------------------------------------------------------------

    def _amount_rules(self) -> Iterator[Rule]:
        fraction = r"\d{1,2}/\d{1,2}(?!\d)"
        amount = rf"{fraction}|{self._number}(?:\s?[{_VULGAR}]|\s{fraction})?|[{_VULGAR}]"
        sign = rf"{ALONE}(?P<about>[~≈]\s?)?(?P<sign>[-+±]?)"
        unit = any_of(self._units)
        per = rf"(?:\s?/\s?(?P<per>(?:{unit}|[a-zäöüß]{{2,12}})(?!\w)))?"
        coin, scale = any_of(self._coins), any_of(self._scales)
        scaled = rf"(?:\s?(?P<scale>{scale})(?!\w))?"
        both = rf"(?P<one>{amount})(?:{DASH}(?:{coin})?(?P<two>{amount}))?"
        yield re.compile(rf"{sign}(?P<coin>{coin})\s?{both}{scaled}{per}{ENDS}"), self._money
        begins = rf"(?=[~≈+±\d{_VULGAR}-])"  # quick to see; the rest is not
        yield (
            re.compile(rf"{begins}{sign}{both}{scaled}\s?(?P<coin>{coin})(?!\w){per}"),
            self._money,
        )
        units = rf"(?:(?P<gap>[\s-]?)(?P<unit>{unit})(?!\w))?"
        yield re.compile(rf"{begins}{sign}{both}{units}{per}{ENDS}"), self._quantity

    def _bare_unit_pattern(self) -> re.Pattern[str]:
        bare = (name for name in self._units if len(name) > 1 and not name.strip(".").isalpha())
        unit = any_of(self._units)
        either = rf"(?P<unit>{any_of(bare)})|(?P<whole>{unit})/(?P<per>{unit})"
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)")

    def _money(self, match: re.Match[str]) -> str:
        one, many, cent, cents = self._coins[match["coin"]]
        whole, point, hundredths = match["one"].partition(self._words["decimal"])
        exact = hundredths.isdecimal() and len(hundredths) == 2
        if match["two"] or match["scale"]:
            scale = self._scales.get(match["scale"] or "", "")
            said = " ".join(filter(None, (self._between(match), scale, many)))
        elif point and exact:
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


def _spelled(digits: str) -> str:
    return " ".join(digits)


def _is_a_code(digits: str) -> bool:
    if len(digits) >= _LONG_NUMBER:
        return not digits.endswith("000")
    return len(digits) > 1 and digits[0] == "0"


def _is_one(match: re.Match[str]) -> bool:
    one = match["one"]
    return not match["two"] and (one in "1" + _VULGAR or ("/" in one and " " not in one))
