"""The tables of mind.toml that tell what sentences mean. languages/en/mind.toml explains each key.

The tables for numbers, durations, moments, hearing and recurrence are described where they are
used.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ren_device.assistant.corrections import CorrectionWords
from ren_device.assistant.durations import DurationWords
from ren_device.assistant.heard import HearingWords
from ren_device.assistant.misheard import MisheardWords
from ren_device.assistant.moment_words import MomentWords, RecurrenceWords
from ren_device.languages.numbers import NumberWords
from ren_device.languages.tables import Pattern, WordSet


@dataclass(frozen=True, slots=True)
class MeaningWords:
    """The table [meaning]: what the words of a command say."""

    articles: Pattern
    no_name: Pattern
    often: tuple[tuple[str, str], ...]
    names_day: Pattern
    of_a_day: Pattern
    half_of_day: Pattern
    before_task: Pattern
    before_new_task: Pattern
    after_task: Pattern
    no_task: Pattern
    items_in_one: Pattern
    between_items: Pattern
    before_item: Pattern
    no_item: Pattern
    lists: tuple[tuple[str, str], ...]
    known_lists: tuple[str, ...]
    half: Pattern
    percent: Pattern
    volume_steps: tuple[tuple[Pattern, int], ...]


@dataclass(frozen=True, slots=True)
class RequestWords:
    """The table [requests]: templates of what was asked for, to be completed by an answer."""

    timer: str
    named_timer: str
    alarm: str
    named_alarm: str
    wake: str
    reminder: str
    reminder_at: str
    reminder_of: str
    list: str
    remember: str
    remember_that: str
    reminder_and: str
    reminder_led: str
    led_task: Pattern
    recurring: str
    before_moment: Pattern
    change_timer: Mapping[str, str]
    change: Mapping[str, str]
    by_duration: str
    to_moment: str
    add: str
    before_added: Pattern
    also: Pattern
    add_bare: str
    bare_add: Pattern
    for_duration: str
    in_duration: str
    at_moment: str
    in_led: str
    led_moment: WordSet
    no_at_after: Pattern
    routine: str
    new_routine: str
    routine_steps: str
    before_duration: Pattern


@dataclass(frozen=True, slots=True)
class DialogueWords:
    """The table [dialogue]: answers to what Ren asked."""

    yes: Pattern
    no: Pattern
    none: Pattern
    which_one: Pattern
    one_of_them: Pattern
    what_to_do: Pattern
    cancel_instead: Pattern
    only_one: Pattern
    whole: Pattern
    ordinal: Pattern
    places: tuple[tuple[Pattern, int], ...]
    hours: tuple[tuple[Pattern, int, int], ...]
    later: Pattern
    earlier: Pattern
    shifted: Pattern
    not_wanted: Pattern
    negative: Pattern


@dataclass(frozen=True, slots=True)
class HomeWords:
    """The table [home]: what the words of a wish about the home say."""

    articles: Pattern
    little: Pattern
    much: Pattern
    shade: Pattern
    heat: Pattern
    fan: Pattern
    at_a_level: Pattern
    level: str
    climate: str


@dataclass(frozen=True, slots=True)
class MemoryWords:
    """The table [memory]: what the words about Ren's memory say."""

    something: Pattern
    not_a_fact: Pattern
    states: Pattern
    verb_last: bool
    us: Pattern
    all_of: str


@dataclass(frozen=True, slots=True)
class FactWords:
    """The table [facts]: how facts are read."""

    determiners: WordSet
    yours: WordSet
    kept: Pattern
    places: WordSet
    times: WordSet
    where: str
    when: str
    question: Pattern
    know: Pattern
    wrong: Pattern
    change: Pattern
    states: WordSet


@dataclass(frozen=True, slots=True)
class RoutineWords:
    """The table [routines]: how a new routine is told."""

    create: Pattern
    when_said: Pattern
    link: Pattern
    links: Pattern
    between_steps: Pattern
    wait: tuple[Pattern, ...]
    say: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class MindWords:
    """All of mind.toml."""

    numbers: NumberWords
    durations: DurationWords
    moments: MomentWords
    hearing: HearingWords
    misheard: MisheardWords
    recurrences: RecurrenceWords
    corrections: CorrectionWords
    meaning: MeaningWords
    requests: RequestWords
    dialogue: DialogueWords
    home: HomeWords
    memory: MemoryWords
    facts: FactWords
    routines: RoutineWords
