"""What was said of a moment, piece by piece, and how two pieces make one."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from ren_device.assistant.moment_words import Frequency, Part


@dataclass(frozen=True, slots=True)
class Recurring:
    """What was said of a recurrence, with RFC 5545's words. Falsy is what was not said.

    `freq` "" is a part that means nothing alone: "until friday", "the second tuesday".
    """

    freq: Frequency = ""
    interval: int = 1
    days: tuple[int, ...] = ()  # from Monday, 0
    nth: int = 0  # such day of the month; -1 is the last
    month_day: int = 0
    of_month: bool = False  # of the one that comes: "the last friday of the month"
    month: int = 0
    without: tuple[int, ...] = ()  # days on which it does not happen
    starts: date | None = None
    until: date | None = None  # the last day
    count: int = 0
    lasts_days: int = 0

    def meets(self, other: "Recurring") -> "Recurring | None":
        """Both together, or None when they do not go together."""
        together: dict[str, object] = {}
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            unsaid = 1 if name == "interval" else None
            said = [each for each in (mine, theirs) if each and each != unsaid]
            if len(said) == 2 and (name != "freq" or mine != theirs):
                return None
            if said:
                together[name] = said[0]
        found = Recurring(**together)  # type: ignore[arg-type]
        twice = self.freq == other.freq and self.is_whole == other.is_whole
        return None if twice and found.interval == 1 else found

    @property
    def is_whole(self) -> bool:
        """Whether it says on which days it happens."""
        if self.freq == "WEEKLY":
            return bool(self.days)
        if self.freq == "MONTHLY":
            return bool(self.month_day or (self.nth and len(self.days) == 1))
        return bool(self.month and self.month_day) if self.freq == "YEARLY" else bool(self.freq)

    @property
    def is_limit(self) -> bool:
        """Whether it only says from when, until when or how often."""
        return not (self.freq or self.days or self.month_day)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said of a moment; falsy is what was not said."""

    day: date | None = None
    again: date | None = None  # the next such day: a weekday, a day of the month
    weekday: int | None = None  # of `day`, when it was called so
    day_said: tuple[int | None, int] | None = None  # month and day, when it was called so
    ahead: int = 0  # days from now, said as a number
    stretch: tuple[date, date] | None = None  # somewhere from the first to the last: "next week"
    hour: int | None = None  # 0 to 23
    minute: int = 0
    certain: bool = False  # the hour is on the 24-hour clock already
    written: bool = False  # as it is written on the 24-hour clock: "sechs Uhr dreißig"
    midnight: bool = False
    part: Part | None = None
    offset_s: float | None = None
    rule: Recurring | None = None
    either: "Spoken | None" = None  # "at seven or eight"
    vague: bool = False  # "later"
    trouble: Literal["", "ambiguous", "rule"] = ""  # nothing to be used, whatever else is said

    @property
    def has_time(self) -> bool:
        """Whether it says more than a day."""
        exact = self.hour is not None or self.offset_s is not None or bool(self.trouble)
        recurs = self.rule is not None and bool(self.rule.freq)
        return exact or recurs or (self.ahead > 0 and self.part is None)

    @property
    def is_limit(self) -> bool:
        """Whether it means nothing without a recurrence."""
        return self.rule is not None and self.rule.is_limit

    def meets(self, other: "Spoken") -> "Spoken | None":
        """Both together, or None when they do not go together, such as two hours."""
        if self.trouble or other.trouble:
            trouble = "rule" if "rule" in (self.trouble, other.trouble) else "ambiguous"
            return Spoken(trouble=trouble, rule=self.rule or other.rule)  # type: ignore[arg-type]
        if self.offset_s is not None or other.offset_s is not None or self.either or other.either:
            return None
        if (self.part and other.part) or (self.hour is not None and other.hour is not None):
            return None
        days = _together(self, other)
        if days is None:
            return None
        clock = self if self.hour is not None else other
        return replace(
            days,
            hour=clock.hour,
            minute=clock.minute,
            certain=clock.certain,
            written=clock.written,
            midnight=clock.midnight,
            part=self.part or other.part,
            vague=self.vague or other.vague,
        )


def _together(first: Spoken, second: Spoken) -> Spoken | None:
    """The days of both, without a time of day."""
    if first.rule and second.rule:
        rule = first.rule.meets(second.rule)
        return Spoken(rule=rule) if rule and not (first.day or second.day) else None
    if first.rule or second.rule:
        rule, other = (first.rule, second) if first.rule else (second.rule, first)
        return _on_day(rule, other) if rule else None
    if first.stretch or second.stretch:
        stretch, other = (first, second) if first.stretch else (second, first)
        if other.stretch or (other.day and other.weekday is None and other.day_said is None):
            return None
        if other.day is None:
            return stretch
        return replace(other, stretch=stretch.stretch)
    if not first.day or not second.day:
        return first if first.day else second
    if first.ahead or second.ahead:
        near, further = (second, first) if first.ahead else (first, second)
        if near.weekday is None and near.day_said is None and not near.ahead:
            gap = further.ahead + (near.day - further.day).days if near.day and further.day else 0
            return Spoken(day=further.day and date.fromordinal(further.day.toordinal() + gap))
        return Spoken(trouble="ambiguous")
    if first.weekday is not None and second.day_said:
        first, second = second, first
    if first.day_said and second.weekday is not None:  # "friday the third"
        fits = first.day is not None and first.day.weekday() == second.weekday
        return replace(first, again=None) if fits else Spoken(trouble="ambiguous")
    return first if first.day == second.day else None


def _on_day(rule: Recurring, other: Spoken) -> Spoken | None:
    """A recurrence with what else was said of the day: "every month" and "on the 15th"."""
    if other.stretch:
        first, last = other.stretch
        limited = rule.meets(Recurring(starts=first, until=last)) if not other.day else None
        return Spoken(rule=limited) if limited else None
    if other.day is None:
        return Spoken(rule=rule)
    if rule.is_whole:
        return None
    if rule.freq == "WEEKLY" and other.weekday is not None:
        return Spoken(rule=replace(rule, days=(other.weekday,)))
    if rule.freq == "MONTHLY" and other.day_said and other.day_said[0] is None:
        return Spoken(rule=replace(rule, month_day=other.day_said[1]))
    if rule.freq == "YEARLY" and other.day_said and other.day_said[0]:
        return Spoken(rule=replace(rule, month=other.day_said[0], month_day=other.day_said[1]))
    return None
