"""From what was said of a moment to the moment, or to what has to be asked.

Everything is naive local time, and what comes out is after `now`. Whether "at seven" is morning or
evening is decided by what it is for; what may really be meant in two ways is not decided here.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from ren_device.assistant.rules import first_day, period, rule_text
from ren_device.assistant.spoken import Recurring, Spoken

Purpose = Literal["alarm", "wake", "reminder"]
Problem = Literal["", "no time", "past", "ambiguous", "rule"]
_MOST_CHOICES = 3
_ENDS = {"morning": 12, "afternoon": 18}
"""When a part of the day is over, in hours."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is meant: `at`, or the problem with it; see `when.Found`."""

    at: datetime | None = None
    problem: Problem = ""
    rule: str = ""
    offset_s: float | None = None
    choices: tuple[datetime, ...] = ()
    day: date | None = None


def resolve(spoken: Spoken, now: datetime, purpose: Purpose) -> Outcome:
    """The moment that was said, after `now`."""
    if spoken.trouble:
        recurs = spoken.rule is not None and spoken.rule.freq
        return Outcome(problem="rule" if recurs else spoken.trouble)
    if spoken.rule and spoken.rule.of_month and not spoken.rule.freq:
        return _of_the_month(spoken, spoken.rule, now, purpose)
    if spoken.rule:
        return _recurring(spoken, spoken.rule, now, purpose)
    if spoken.offset_s is not None:
        if spoken.offset_s <= 0:
            return Outcome(problem="past")
        return Outcome(now + timedelta(seconds=spoken.offset_s), offset_s=spoken.offset_s)
    if spoken.either:
        both = (
            resolve(each, now, purpose) for each in (replace(spoken, either=None), spoken.either)
        )
        found = {at for each in both for at in (each.at, *each.choices) if at}
        return _ask(found)
    if spoken.stretch:
        return _within(spoken, spoken.stretch, now, purpose)
    if spoken.day and spoken.day < now.date():
        if spoken.again:
            return _next_time(spoken, now, purpose)
        return Outcome(problem="past")
    if spoken.hour is None:
        return _without_time(spoken, now)
    return _at_an_hour(spoken, now, purpose)


def _ask(choices: set[datetime]) -> Outcome:
    return Outcome(problem="ambiguous", choices=tuple(sorted(choices)[:_MOST_CHOICES]))


def _without_time(spoken: Spoken, now: datetime) -> Outcome:
    today = now.date()
    if spoken.day is None:
        return Outcome(problem="ambiguous" if spoken.vague else "no time")
    if spoken.ahead and spoken.part is None:
        return Outcome(datetime.combine(spoken.day, now.time()))
    if spoken.day == today and now.hour >= _ENDS.get(spoken.part or "", 24):
        return Outcome(problem="past")
    return Outcome(problem="no time", day=spoken.day)


def _within(spoken: Spoken, stretch: tuple[date, date], now: datetime, purpose: Purpose) -> Outcome:
    """On the day of a stretch that was said, if it is one."""
    first, last = stretch
    if last < now.date():
        return Outcome(problem="past")
    days = [first + timedelta(ahead) for ahead in range((last - first).days + 1)]
    if spoken.weekday is not None:
        days = [day for day in days if day.weekday() == spoken.weekday]
    if spoken.day_said:
        month, number = spoken.day_said
        days = [day for day in days if day.day == number and month in (None, day.month)]
    spoken = replace(spoken, stretch=None, again=None)
    if len(days) == 1:
        return resolve(replace(spoken, day=days[0]), now, purpose)
    if spoken.hour is None or len(days) > _MOST_CHOICES:
        return Outcome(problem="ambiguous")
    each = (resolve(replace(spoken, day=day), now, purpose).at for day in days)
    return _ask({at for at in each if at})


def _at_an_hour(spoken: Spoken, now: datetime, purpose: Purpose) -> Outcome:
    today = now.date()
    if choices := _either_way(spoken, now):
        return _ask(choices)
    days = [spoken.day] if spoken.day else [today, today + timedelta(1)]
    coming = [
        moment
        for day in days
        for hour in _hours(spoken, now, purpose)
        if (moment := _moment(day, hour, spoken.minute)) > now
    ]
    if spoken.day == today and _has_begun(spoken, now):  # "today at nine", at noon
        tomorrow = spoken.again or today + timedelta(1)
        return _ask({*coming, _moment(tomorrow, (spoken.hour or 0) % 12, spoken.minute)})
    if coming and _at_night_by_day(spoken, min(coming), now):
        return _ask(set(coming))
    if coming:
        return Outcome(min(coming))
    return _next_time(spoken, now, purpose) if spoken.again else Outcome(problem="past")


def _next_time(spoken: Spoken, now: datetime, purpose: Purpose) -> Outcome:
    """Today's, or this year's, has passed: is the next one meant?"""
    again = resolve(replace(spoken, day=spoken.again, again=None), now, purpose)
    return _ask({at for at in (again.at, *again.choices) if at})


def _of_the_month(spoken: Spoken, rule: Recurring, now: datetime, purpose: Purpose) -> Outcome:
    """Once, on the next such day: "the last friday of the month"."""
    day = first_day(rule, now.date())
    again = day and first_day(rule, day + timedelta(1))
    if rule.until or rule.starts or rule.without or day is None:
        return Outcome(problem="ambiguous")
    return resolve(replace(spoken, rule=None, day=day, again=again), now, purpose)


def _either_way(spoken: Spoken, now: datetime) -> set[datetime]:
    """What is meant by a twelve that may be noon or midnight, or a midnight of two days."""
    today, tomorrow = now.date(), now.date() + timedelta(1)
    if spoken.midnight:
        later = spoken.day is not None and spoken.day > today
        day = spoken.day or today
        return {_moment(day, 0, 0), _moment(day, 24, 0)} if later and not spoken.part else set()
    unsure = spoken.hour == 12 and not spoken.certain and not spoken.part
    noon = _moment(today, 12, spoken.minute)
    if not unsure or now < noon or spoken.day not in (None, today):
        return set()
    return {_moment(today, 24, spoken.minute), _moment(tomorrow, 12, spoken.minute)}


def _has_begun(spoken: Spoken, now: datetime) -> bool:
    """Whether a morning's hour of today was named when it had passed."""
    hour = spoken.hour or 0
    unsure = not spoken.certain and spoken.part is None and 8 <= hour < 12
    return unsure and _moment(now.date(), hour, spoken.minute) <= now


def _at_night_by_day(spoken: Spoken, at: datetime, now: datetime) -> bool:
    """Whether an alarm "at two", asked for by day, would ring in the middle of the night."""
    unsure = not spoken.certain and spoken.part is None and spoken.day is None
    return unsure and 0 < at.hour < 4 and 6 <= now.hour < 21


def _hours(spoken: Spoken, now: datetime, purpose: Purpose) -> tuple[int, ...]:
    """Hours of the day that may be meant (24: the next midnight); the first to come is taken."""
    hour = spoken.hour or 0
    another_day = spoken.rule is not None or spoken.day not in (None, now.date())
    if spoken.part == "night" and hour % 12 < 5 and now.hour < 5 and spoken.day == now.date():
        return (hour % 12, 24 + hour % 12)  # "tonight at three", said after midnight
    if spoken.certain and spoken.part == "night" and hour < 5 and (spoken.day or spoken.rule):
        return (24 + hour,)
    if spoken.certain:
        return (24,) if spoken.midnight and spoken.rule is None else (hour,)
    morning, evening = hour % 12, hour % 12 + 12
    if spoken.part == "night":
        day_said = spoken.day or spoken.rule
        return (evening,) if 5 <= hour < 12 else (24 + morning if day_said else morning,)
    if spoken.part:
        return (morning,) if spoken.part == "morning" else (evening,)
    if purpose != "reminder":
        waking = purpose == "wake" or now.hour >= 17 or another_day or spoken.written
        if waking and 4 <= hour < 12:
            return (morning,)
    if another_day:
        return (morning,) if 7 <= hour < 12 else (evening,)
    if hour == 12 and now < _moment(now.date(), 12, spoken.minute):
        return (12,)
    # nobody wants to be reminded at three in the morning, unless it is night already
    asleep = purpose == "reminder" and morning < 6 <= now.hour
    return (evening,) if asleep else (morning, evening)


def _recurring(spoken: Spoken, rule: Recurring, now: datetime, purpose: Purpose) -> Outcome:
    if rule.lasts_days < 0:
        return Outcome(problem="rule")
    if not rule.is_whole or rule.month_day > 28:
        return Outcome(problem="ambiguous")  # not every month has a 31st
    if step := period(rule):
        if spoken.hour is not None or spoken.part or rule.starts or rule.without:
            return Outcome(problem="rule")
        return _first(rule, now + step)
    if rule.without and (rule.freq not in ("DAILY", "WEEKLY") or rule.interval > 1):
        return Outcome(problem="rule")
    if spoken.hour is None:
        first = first_day(rule, now.date())
        problem: Problem = "no time" if first else "past"
        return Outcome(problem=problem, rule=rule_text(rule, first) if first else "")
    hour = _hours(spoken, now, purpose)[0]
    if rule.freq != "DAILY" and (hour >= 24 or spoken.midnight):
        return Outcome(problem="ambiguous")  # the night before or after that day?
    day = first_day(rule, now.date())
    if day and _moment(day, hour % 24, spoken.minute) <= now:
        day = first_day(rule, now.date() + timedelta(1))
    return _first(rule, _moment(day, hour % 24, spoken.minute)) if day else Outcome(problem="past")


def _first(rule: Recurring, at: datetime) -> Outcome:
    if rule.until and at.date() > rule.until:
        return Outcome(problem="past")
    return Outcome(at, rule=rule_text(rule, at.date()))


def _moment(day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(0)) + timedelta(hours=hour, minutes=minute)
