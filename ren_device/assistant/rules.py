"""Recurrences as text of RFC 5545, and their first day."""

from datetime import date, timedelta

from ren_device.assistant.spoken import Recurring

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FURTHEST_DAYS = 366 * 2
"""Within these, every recurrence comes, but for the 29th of February, which is not taken."""


def period(rule: Recurring) -> timedelta | None:
    """The time between two occurrences of what does not happen at a time of day."""
    if rule.freq == "HOURLY":
        return timedelta(hours=rule.interval)
    return timedelta(minutes=rule.interval) if rule.freq == "MINUTELY" else None


def first_day(rule: Recurring, earliest: date) -> date | None:
    """The first day from `earliest` on that is one of `rule`; None when there is none."""
    earliest = max(earliest, rule.starts or earliest)
    for ahead in range(_FURTHEST_DAYS):
        day = earliest + timedelta(ahead)
        if rule.until and day > rule.until:
            return None
        if _is_on(rule, day):
            return day
    return None


def rule_text(rule: Recurring, first: date) -> str:
    """The rule that begins on `first`, without its beginning: `FREQ=WEEKLY;BYDAY=MO`."""
    days = _weekdays(rule)
    freq = "WEEKLY" if rule.without else rule.freq
    parts = [f"FREQ={freq}"]
    if rule.interval > 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.month:
        parts.append(f"BYMONTH={rule.month}")
    if rule.month_day:
        parts.append(f"BYMONTHDAY={rule.month_day}")
    if days:
        nth = str(rule.nth or "")
        parts.append("BYDAY=" + ",".join(nth + _DAYS[day] for day in days))
    until = rule.until
    if rule.lasts_days:
        until = min(until or date.max, first + timedelta(rule.lasts_days - 1))
    if until:
        parts.append(f"UNTIL={until:%Y%m%d}T235959")
    if rule.count:
        parts.append(f"COUNT={rule.count}")
    return ";".join(parts)


def _weekdays(rule: Recurring) -> tuple[int, ...]:
    if not rule.without:
        return rule.days
    return tuple(day for day in rule.days or range(7) if day not in rule.without)


def _is_on(rule: Recurring, day: date) -> bool:
    days = _weekdays(rule)
    if (rule.days or rule.without) and day.weekday() not in days:
        return False
    if rule.month and day.month != rule.month:
        return False
    tomorrow = day + timedelta(1)
    if rule.month_day and (tomorrow.day == 1 if rule.month_day < 0 else day.day == rule.month_day):
        return rule.nth == 0
    if rule.month_day:
        return False
    if rule.nth < 0:
        return (day + timedelta(7)).month != day.month
    return rule.nth == 0 or (day.day - 1) // 7 + 1 == rule.nth
