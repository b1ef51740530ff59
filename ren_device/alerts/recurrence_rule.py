"""One recurrence rule of RFC 5545 (RRULE), read strictly: what is accepted can be computed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, cast, get_args

from ren_device.errors import AlertError

Frequency = Literal["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LONGEST = 200  # characters
_MOST_TIMES = 5_000
_LARGEST_INTERVAL = 1_000_000
_WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,7}")

Weekday = tuple[int, int]
"""0 is Monday; and the how manieth of the month or year it is, -1 the last, 0 for every one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule says; an empty tuple where it says nothing. Lists are sorted."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0

    def __str__(self) -> str:
        """As RFC 5545 writes it; what it need not say is left out."""
        default = Rule(self.frequency)
        told = [f"FREQ={self.frequency}"]
        for name, field in zip(_PARTS, fields(self)[1:], strict=True):
            value = getattr(self, field.name)
            if value != getattr(default, field.name):
                told.append(f"{name}={_written(name, value)}")
        return ";".join(told)


def parsed(rule: str) -> Rule:
    """Read one rule; DTSTART is no part of it, and times are local.

    UNTIL is the last moment; as a date it means the whole day. In UTC ("Z") it is refused, as
    nobody could tell whether it was meant so. Raises AlertError, one sentence, for what is no rule
    of RFC 5545, what dateutil is known to read wrongly, and what would come every second or minute.
    """
    if len(rule) > _LONGEST:
        raise AlertError(f"A recurrence rule has at most {_LONGEST} characters.")
    text = rule.strip().upper().removeprefix("RRULE:")
    if not text or re.search(r"[\s:]", text):
        raise AlertError("A recurrence is one RRULE, such as FREQ=WEEKLY;BYDAY=MO,TU.")
    values: dict[str, Any] = {}
    for part in text.rstrip(";").split(";"):
        name, _, value = part.partition("=")
        reader = _PARTS.get(name)
        if name != "FREQ" and reader is None:
            raise AlertError(f"{name[:40]} is no part of a recurrence rule that Ren knows.")
        field = _FIELDS[name]
        if field in values:
            raise AlertError(f"{name} is given twice in the recurrence rule.")
        try:
            values[field] = _frequency(value) if reader is None else reader(value)
        except ValueError:
            raise AlertError(f"{name}={value[:40]} cannot be used in a recurrence rule.") from None
    if "frequency" not in values:
        raise AlertError("A recurrence rule needs FREQ, such as FREQ=DAILY.")
    read = Rule(**values)
    _refuse_what_does_not_fit(read)
    return read


def _frequency(value: str) -> Frequency:
    if value == "SECONDLY":
        raise AlertError("Nothing can recur every second; the shortest is FREQ=MINUTELY.")
    if value not in get_args(Frequency):
        raise ValueError(value)
    return cast("Frequency", value)


def _numbers(low: int, high: int, *, below_zero: bool = False) -> Callable[[str], tuple[int, ...]]:
    """A reader of a list of numbers; those counted from the end are below zero."""

    def read(value: str) -> tuple[int, ...]:
        return tuple(sorted({number(each) for each in value.split(",")}))

    def number(text: str) -> int:
        found = _number(text)
        if not (low <= (abs(found) if below_zero else found) <= high):
            raise ValueError(text)
        return found

    return read


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _one(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        (found,) = _numbers(low, high)(value)
        return found

    return read


def _weekdays(value: str) -> tuple[Weekday, ...]:
    found = set()
    for each in value.split(","):
        match = _WEEKDAY.fullmatch(each)
        if match is None or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            raise ValueError(each)
        found.add((WEEKDAYS.index(match[2]), int(match[1] or 0)))
    return tuple(sorted(found))


def _until(value: str) -> datetime:
    if value.endswith("Z"):
        raise AlertError("UNTIL is local time here: give it without the Z.")
    if len(value) == len("20260701"):
        return datetime.strptime(f"{value}T235959", "%Y%m%dT%H%M%S")  # noqa: DTZ007  local
    if len(value) != len("20260701T073000"):
        raise ValueError(value)
    return datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007  local


def _week_start(value: str) -> int:
    return WEEKDAYS.index(value)


_PARTS: Mapping[str, Callable[[str], object]] = {  # in the order of Rule's fields
    "INTERVAL": _one(1, _LARGEST_INTERVAL),
    "COUNT": _one(1, _MOST_TIMES),
    "UNTIL": _until,
    "BYMONTH": _numbers(1, 12),
    "BYWEEKNO": _numbers(1, 53, below_zero=True),
    "BYYEARDAY": _numbers(1, 366, below_zero=True),
    "BYMONTHDAY": _numbers(1, 31, below_zero=True),
    "BYDAY": _weekdays,
    "BYHOUR": _numbers(0, 23),
    "BYMINUTE": _numbers(0, 59),
    "BYSECOND": _numbers(0, 59),
    "BYSETPOS": _numbers(1, 366, below_zero=True),
    "WKST": _week_start,
}
_FIELDS = dict(zip(("FREQ", *_PARTS), (each.name for each in fields(Rule)), strict=True))


def _written(name: str, value: Any) -> str:
    match name:
        case "UNTIL":
            return f"{value:%Y%m%dT%H%M%S}"
        case "WKST":
            return WEEKDAYS[value]
        case "BYDAY":
            return ",".join(f"{nth or ''}{WEEKDAYS[day]}" for day, nth in value)
        case _:
            return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _refuse_what_does_not_fit(rule: Rule) -> None:
    """By RFC 5545, 3.3.10, and a little stricter where nobody would miss it."""
    frequency = rule.frequency
    numbered = {bool(nth) for _, nth in rule.weekdays}
    highest = 53 if frequency == "YEARLY" and not rule.months else 5
    by_date = (rule.months, rule.weeks, rule.year_days, rule.month_days, rule.weekdays)
    by_time = (rule.hours, rule.minutes, rule.seconds)
    refused = {
        "COUNT and UNTIL exclude each other": rule.count and rule.until,
        "BYSECOND takes one value": len(rule.seconds) > 1,
        "BYYEARDAY needs FREQ=YEARLY": rule.year_days and frequency != "YEARLY",
        "BYWEEKNO needs FREQ=YEARLY": rule.weeks and frequency != "YEARLY",
        "BYMONTHDAY does not go with FREQ=WEEKLY": rule.month_days and frequency == "WEEKLY",
        "BYSETPOS needs FREQ=MONTHLY or FREQ=YEARLY": rule.positions
        and frequency not in ("MONTHLY", "YEARLY"),
        "BYSETPOS needs another part to choose from": rule.positions
        and not any((*by_date, *by_time)),
        "A number before a weekday needs FREQ=MONTHLY or FREQ=YEARLY": True in numbered
        and (frequency not in ("MONTHLY", "YEARLY") or rule.weeks),
        "BYDAY takes weekdays with numbers or without, not both": len(numbered) > 1,
        f"A number before a weekday is {highest} at most": any(
            abs(nth) > highest for _, nth in rule.weekdays
        ),
        "Every minute is too often; give INTERVAL, BYHOUR or BYDAY": frequency == "MINUTELY"
        and rule.interval == 1
        and not any((*by_date, rule.hours, rule.minutes)),
    }
    for sentence, holds in refused.items():
        if holds:
            raise AlertError(f"{sentence}.")
