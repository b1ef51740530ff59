"""The words of moments and recurrences: the tables [moments] and [recurrences] of mind.toml."""

from dataclasses import dataclass
from typing import Literal

from ren_device.languages.tables import Pattern, Words, WordSet

Part = Literal["morning", "afternoon", "evening", "night"]
Frequency = Literal["", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]


@dataclass(frozen=True, slots=True)
class DayWords:
    """A day or a part of one: what is said, how many days ahead that is, and the part."""

    say: Words
    ahead: int | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class StretchWords:
    """Some days in a row: what is said, of which length, and how many of these from now."""

    say: str
    unit: Literal["week", "weekend", "month", "year"]
    ahead: int


@dataclass(frozen=True, slots=True)
class MomentWords:
    """The table [moments]; see languages/en/mind.toml for what each is."""

    openers: WordSet
    at: WordSet
    on: WordSet
    days: tuple[DayWords, ...]
    next: WordSet
    last: WordSet
    week_later: WordSet
    stretches: tuple[StretchWords, ...]
    holidays: tuple[tuple[str, tuple[int, int]], ...]
    weekdays: tuple[WordSet, ...]
    months: tuple[WordSet, ...]
    ordinals: tuple[WordSet, ...]
    ordinal_tens: tuple[tuple[str, int], ...]
    ordinal_endings: WordSet
    bare_ordinals: bool
    of: str
    of_the_month: tuple[str, ...]
    offset: WordSet
    roughly: WordSet
    from_now: tuple[str, ...]
    ago: tuple[str, ...]
    ago_before: WordSet
    months_long: tuple[tuple[int, WordSet], ...]
    counted_from: WordSet
    counted_around: WordSet
    noon: WordSet
    midnight: WordSet
    oclock: WordSet
    minutes_after_oclock: bool
    am: WordSet
    pm: WordSet
    before_part: tuple[Words, ...]
    article: WordSet
    fractions: tuple[tuple[str, int], ...]
    minutes: WordSet
    past: WordSet
    to: WordSet
    near_hour: tuple[tuple[str, int], ...]
    zero: WordSet
    closers: tuple[str, ...]
    after_hour: WordSet
    vague: tuple[str, ...]
    doubt: WordSet
    unclear_before: Pattern
    unclear_after: Pattern
    belongs: WordSet
    either: WordSet
    joined: WordSet


@dataclass(frozen=True, slots=True)
class OftenWords:
    """One word for a recurrence, such as "nightly"."""

    say: str
    freq: Frequency
    part: Part | None = None
    interval: int = 1


@dataclass(frozen=True, slots=True)
class RecurrenceWords:
    """The table [recurrences]; see languages/en/mind.toml for what each is."""

    every: tuple[str, ...]
    single: WordSet
    other: WordSet
    last: WordSet
    day: WordSet
    parts: tuple[tuple[str, Part], ...]
    parts_each: tuple[tuple[str, Part], ...]
    weekdays_each: tuple[WordSet, ...]
    sets: tuple[tuple[str, tuple[int, ...]], ...]
    sets_each: tuple[tuple[str, tuple[int, ...]], ...]
    often: tuple[OftenWords, ...]
    after_often: WordSet
    of_every: tuple[str, ...]
    joined: WordSet
    through: WordSet
    until: WordSet
    starting: tuple[str, ...]
    lasting: tuple[str, ...]
    times: WordSet
    excluding: tuple[str, ...]
    limits: Pattern
    no_rule: tuple[str, ...]
    repeated: Pattern
