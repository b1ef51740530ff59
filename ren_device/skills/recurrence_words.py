"""Recurrence rules as people say them."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product

from ren_device.alerts.recurrence import without_count
from ren_device.alerts.recurrence_rule import Rule, parsed
from ren_device.languages.tables import Words, table
from ren_device.skills.speakable import Speech

_WEEKDAYS = {0, 1, 2, 3, 4}
_WEEKEND = {5, 6}
_MOST = 4  # dates or times that are said one by one
_LEAP_YEAR = 2000
_Forms = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Words:
    """recurrence.toml; see languages/en/recurrence.toml for what each is."""

    minute: _Forms
    hour: _Forms
    day: _Forms
    week: _Forms
    month: _Forms
    year: _Forms
    weekdays: str
    weekend: str
    on_date: str
    on_days: str
    last_day: str
    on_weekday: str
    on_weekday_of: str
    places: Words
    last: str
    times: str
    until: str
    until_time: str
    next: str
    general: str


class RecurrenceWords:
    """Says when something recurs, in one language."""

    def __init__(self, speech: Speech) -> None:
        """In the language of `speech`, by its recurrence.toml."""
        self._speech = speech
        self._words = table(speech.language, "recurrence", _Words)

    def said(self, rule: str, at: datetime) -> str:
        """`every weekday`, as it stands before the time of day of `at`, its next occurrence.

        What cannot be said in a few words is said by its next day alone. Raises AlertError for no
        rule.
        """
        read = parsed(without_count(rule, at))
        said = self._days(read, at)
        times = list(product(read.hours or (at.hour,), read.minutes or (at.minute,)))
        short = read.frequency in ("MINUTELY", "HOURLY")
        if not said or len(times) > _MOST or (short and (read.hours or read.minutes)):
            return self._words.general.format(date=self._speech.calendar_day(at, date.min))
        if len(times) > 1:
            clock = [
                self._speech.time_of_day(at.replace(hour=hour, minute=minute))
                for hour, minute in times
            ]
            said = self._words.times.format(said=said, times=self._speech.listing(clock))
        if read.until is not None:
            said = self._until(said, read.until, at)
        return self._words.next.format(said=said) if short or len(times) > 1 else said

    def _until(self, said: str, end: datetime, at: datetime) -> str:
        if end.date() == at.date():
            return self._words.until_time.format(said=said, time=self._speech.time_of_day(end))
        return self._words.until.format(said=said, date=self._speech.calendar_day(end, at))

    def _days(self, rule: Rule, at: datetime) -> str:
        """Without the times of the day; empty for what takes too many words."""
        if rule.weeks or rule.year_days or (rule.months and rule.frequency != "YEARLY"):
            return ""
        match rule.frequency:
            case "YEARLY":
                return self._every(self._words.year, rule, day=self._in_year(rule, at))
            case "MONTHLY":
                return self._every(self._words.month, rule, day=self._in_month(rule, at))
            case "WEEKLY":
                return self._weekly(rule, at)
            case "DAILY" if rule.weekdays and rule.interval == 1 and not rule.month_days:
                return self._weekly(rule, at)
        if rule.weekdays or rule.month_days:
            return ""
        units = {
            "DAILY": self._words.day,
            "HOURLY": self._words.hour,
            "MINUTELY": self._words.minute,
        }
        return self._every(units[rule.frequency], rule)

    def _every(self, forms: _Forms, rule: Rule, **places: str) -> str:
        if not all(places.values()):
            return ""
        return forms[min(rule.interval, 3) - 1].format(number=rule.interval, **places)

    def _weekly(self, rule: Rule, at: datetime) -> str:
        days = {day for day, _ in rule.weekdays} or {at.weekday()}
        if rule.interval == 1:
            if len(days) == 7:
                return self._words.day[0]
            if days == _WEEKDAYS:
                return self._words.weekdays
            if days == _WEEKEND:
                return self._words.weekend
        named = self._speech.listing([self._speech.weekday(day) for day in sorted(days)])
        return self._every(self._words.week, rule, days=named)

    def _in_month(self, rule: Rule, at: datetime) -> str:
        if rule.weekdays:
            return self._nth_weekday(self._words.on_weekday, rule)
        days = rule.month_days or (at.day,)
        if rule.positions or len(days) > _MOST or min(days) < -1:
            return ""
        told = [self._speech.ordinal(day) for day in days if day > 0]
        if -1 in days:
            told.append(self._words.last_day)
        return self._words.on_days.format(days=self._speech.listing(told))

    def _in_year(self, rule: Rule, at: datetime) -> str:
        if rule.weekdays:
            if len(rule.months) != 1:
                return ""
            month = self._speech.month(rule.months[0])
            return self._nth_weekday(self._words.on_weekday_of, rule, month=month)
        if rule.positions or (rule.month_days and (not rule.months or min(rule.month_days) < 0)):
            return ""
        days = [
            date(_LEAP_YEAR, month, day)
            for month, day in product(rule.months or (at.month,), rule.month_days or (at.day,))
            if day <= monthrange(_LEAP_YEAR, month)[1]
        ]
        if len(days) > _MOST:
            return ""
        named = self._speech.listing([self._speech.calendar_day(day, day) for day in days])
        return self._words.on_date.format(date=named)

    def _nth_weekday(self, template: str, rule: Rule, **places: str) -> str:
        """One weekday of a month, as `1MO`, or `MO` with BYSETPOS=1."""
        (day, nth), *others = rule.weekdays
        if not nth and len(rule.positions) == 1:
            nth = rule.positions[0]
        elif rule.positions:
            return ""
        if others or rule.month_days or not (nth == -1 or 1 <= nth <= len(self._words.places)):
            return ""
        place = self._words.last if nth < 0 else self._words.places[nth - 1]
        return template.format(place=place, weekday=self._speech.weekday(day), **places)
