"""The words of moments: the table [moments] of mind.toml."""

from dataclasses import dataclass
from typing import Literal

from ren_device.languages.tables import Words, WordSet

Part = Literal["morning", "afternoon", "evening", "night"]


@dataclass(frozen=True, slots=True)
class DayWords:
    """A day or a part of one: what is said, how many days ahead that is, and the part."""

    say: Words
    ahead: int | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class MomentWords:
    """The table [moments]; see languages/en/mind.toml for what each is."""

    openers: WordSet
    at: WordSet
    on: WordSet
    days: tuple[DayWords, ...]
    next: WordSet
    weekdays: tuple[WordSet, ...]
    months: tuple[WordSet, ...]
    ordinals: tuple[WordSet, ...]
    ordinal_tens: tuple[tuple[str, int], ...]
    ordinal_endings: WordSet
    bare_ordinals: bool
    of: str
    offset: WordSet
    from_now: tuple[Words, ...]
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
