"""When a recurrence rule comes next. Pure: local wall clock, naive, and nothing is remembered.

A rule is looked at one period at a time, beginning with the one that `after` lies in: however old
a series is, its next occurrence costs the same. Which periods count is arithmetic (INTERVAL);
what is in a month or a year, python-dateutil knows. Left to itself it would count from the start,
and look for 30 February until the year 9999.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import MAXYEAR, date, datetime, time
from itertools import islice, product
from math import gcd
from typing import Literal

from dateutil.rrule import MONTHLY, YEARLY, rrule, weekday

from ren_device.alerts.recurrence_rule import Rule, parsed
from ren_device.errors import AlertError

_LEAP_YEAR = datetime(2000, 1, 1)  # noqa: DTZ001  local
_YEARS = 41
"""What does not come in so many years (or periods) never comes: a 29 February that is a Friday
comes after 40 at the latest."""
_PATIENCE = {"YEARLY": _YEARS, "MONTHLY": _YEARS * 12}
_PATIENCE_DAYS = _YEARS * 366
_DAY = 24 * 60  # minutes
_ONLY_ONE = MAXYEAR * 12  # an INTERVAL that leaves the calendar: dateutil stops after one period
_NEVER = "This recurrence never comes."


def checked(rule: str) -> str:
    """The rule in normal form. Raises AlertError, one sentence, for what cannot be used.

    What never comes, as 30 February, is refused. Whether it comes from a certain start on (every
    four years on 29 February, from 2027) only `next_after` can tell.
    """
    read = parsed(rule)
    whenever = replace(read, interval=1, count=None, until=None)
    if next(_occurrences(whenever, _LEAP_YEAR), None) is None:
        raise AlertError(_NEVER)
    return str(read)


def next_after(rule: str, starts_at: datetime, after: datetime) -> datetime | None:
    """The first occurrence later than `after`, and not before `starts_at`; None when it is over.

    `starts_at` (DTSTART, to the second) is an occurrence only if the rule says so; it gives what
    the rule leaves open: the time of day, the day of the week, month or year. COUNT counts from
    it: exact, but better replaced by `without_count` once. Raises AlertError for no rule.
    """
    read = _until_its_count(parsed(rule), starts_at)
    return next(_occurrences(read, starts_at, after), None)


def without_count(rule: str, starts_at: datetime) -> str:
    """The same occurrences by UNTIL in place of COUNT, which would have to be counted every time.

    Raises AlertError for no rule, and for one with a COUNT that never comes.
    """
    return str(_until_its_count(parsed(rule), starts_at))


def ending_by(rule: str, at: time) -> str:
    """The same rule for occurrences at another time of day: its last day has one, too.

    Raises AlertError for no rule.
    """
    read = parsed(rule)
    if read.until is None:
        return rule
    return str(replace(read, until=datetime.combine(read.until, max(read.until.time(), at))))


def _until_its_count(rule: Rule, starts_at: datetime) -> Rule:
    if rule.count is None:
        return rule
    endless = replace(rule, count=None)
    counted = list(islice(_occurrences(endless, starts_at), rule.count))
    if not counted:
        raise AlertError(_NEVER)
    return replace(endless, until=counted[-1])


def _occurrences(
    rule: Rule, starts_at: datetime, after: datetime | None = None
) -> Iterator[datetime]:
    starts_at = starts_at.replace(microsecond=0)
    rule = _complete(rule, starts_at)
    if not _ever_in_step(rule, starts_at):
        return
    periods = {"YEARLY": _years, "MONTHLY": _months}.get(rule.frequency, _days)
    patience = _PATIENCE.get(rule.frequency, _PATIENCE_DAYS)
    waited = 0
    for moments in periods(rule, starts_at, max(starts_at, after or starts_at)):
        waited += 1
        for moment in moments:
            if rule.until is not None and moment > rule.until:
                return
            if moment >= starts_at and (after is None or moment > after):
                waited = 0
                yield moment
        if waited >= patience:
            return


def _complete(rule: Rule, starts_at: datetime) -> Rule:
    """With what the start says where the rule says nothing."""
    frequency = rule.frequency
    if not (rule.weeks or rule.year_days or rule.month_days or rule.weekdays):
        if frequency == "YEARLY":
            rule = replace(rule, months=rule.months or (starts_at.month,))
        if frequency in ("YEARLY", "MONTHLY"):
            rule = replace(rule, month_days=(starts_at.day,))
        elif frequency == "WEEKLY":
            rule = replace(rule, weekdays=((starts_at.weekday(), 0),))
    if frequency not in ("HOURLY", "MINUTELY"):
        rule = replace(rule, hours=rule.hours or (starts_at.hour,))
    if frequency != "MINUTELY":
        rule = replace(rule, minutes=rule.minutes or (starts_at.minute,))
    return replace(rule, seconds=rule.seconds or (starts_at.second,))


def _ever_in_step(rule: Rule, starts_at: datetime) -> bool:
    """Whether INTERVAL meets BYHOUR and BYMINUTE at all: every 2 hours from 7:00 never is 8:00."""
    hours, minutes = rule.hours or range(24), rule.minutes or range(60)
    if rule.frequency == "HOURLY":
        step = gcd(rule.interval, 24)
        return any((hour - starts_at.hour) % step == 0 for hour in hours)
    if rule.frequency == "MINUTELY":
        step = gcd(rule.interval, _DAY)
        since = starts_at.hour * 60 + starts_at.minute
        return any((h * 60 + m - since) % step == 0 for h, m in product(hours, minutes))
    return True


# --- the periods of a rule from the one around `at` on, each with its moments in order ------------


def _years(rule: Rule, starts_at: datetime, at: datetime) -> Iterator[Iterable[datetime]]:
    first = at.year + (starts_at.year - at.year) % rule.interval
    for year in range(first, MAXYEAR + 1, rule.interval):
        yield _by_dateutil(rule, YEARLY, datetime(year, 1, 1))  # noqa: DTZ001  local


def _months(rule: Rule, starts_at: datetime, at: datetime) -> Iterator[Iterable[datetime]]:
    number, begun = (each.year * 12 + each.month - 1 for each in (at, starts_at))
    first = number + (begun - number) % rule.interval
    for year, month in (
        divmod(each, 12) for each in range(first, (MAXYEAR + 1) * 12, rule.interval)
    ):
        begins = datetime(year, month + 1, 1)  # noqa: DTZ001  local
        fits = not rule.months or begins.month in rule.months
        yield _by_dateutil(rule, MONTHLY, begins) if fits else ()


def _by_dateutil(rule: Rule, frequency: Literal[0, 1], begins: datetime) -> Iterable[datetime]:
    """What the rule has in the one year or month that begins then."""
    return rrule(
        frequency,
        dtstart=begins,
        interval=_ONLY_ONE,
        wkst=rule.week_start,
        bysetpos=rule.positions or None,
        bymonth=rule.months or None,
        byweekno=rule.weeks or None,
        byyearday=rule.year_days or None,
        bymonthday=rule.month_days or None,
        byweekday=[weekday(day, nth or None) for day, nth in rule.weekdays] or None,
        byhour=rule.hours,
        byminute=rule.minutes,
        bysecond=rule.seconds,
    )


def _days(rule: Rule, starts_at: datetime, at: datetime) -> Iterator[Iterable[datetime]]:
    """Every day; one that does not count has no moments."""
    begun = starts_at.toordinal()
    if rule.frequency == "WEEKLY":
        begun -= (starts_at.weekday() - rule.week_start) % 7
    length = {"DAILY": 1, "WEEKLY": 7}.get(rule.frequency)
    weekdays = {day for day, _ in rule.weekdays}
    for number in range(at.toordinal(), date.max.toordinal() + 1):
        if length and (number - begun) // length % rule.interval:
            yield ()
            continue
        day = date.fromordinal(number)
        fits = (
            (not weekdays or day.weekday() in weekdays)
            and (not rule.months or day.month in rule.months)
            and (not rule.month_days or _is_of_month(day, rule.month_days))
        )
        yield _times(rule, starts_at, day) if fits else ()


def _is_of_month(day: date, numbers: tuple[int, ...]) -> bool:
    length = monthrange(day.year, day.month)[1]
    return day.day in numbers or day.day - length - 1 in numbers


def _times(rule: Rule, starts_at: datetime, day: date) -> Iterator[datetime]:
    days = day.toordinal() - starts_at.toordinal()
    clock: Iterable[tuple[int, int]]
    if rule.frequency == "HOURLY":
        in_step = range((starts_at.hour - days * 24) % rule.interval, 24, rule.interval)
        clock = product(in_step, rule.minutes)
    elif rule.frequency == "MINUTELY":
        since = starts_at.hour * 60 + starts_at.minute - days * _DAY
        clock = (divmod(each, 60) for each in range(since % rule.interval, _DAY, rule.interval))
    else:
        clock = product(rule.hours, rule.minutes)
    for hour, minute in clock:
        if (not rule.hours or hour in rule.hours) and (not rule.minutes or minute in rule.minutes):
            yield datetime.combine(day, time(hour, minute, rule.seconds[0]))
