"""Recurrence ("every day", "on mondays"), which alerts do not have: found, to say so honestly.

Whoever asks for every day and gets one day only has been misled, so nothing is set unasked.
"""

from dataclasses import dataclass

from ren_device.languages.tables import Pattern

ALERTS = ("timer", "alarm", "reminder")


@dataclass(frozen=True, slots=True)
class RepeatWords:
    """The table [repeats]; see languages/en/mind.toml for what each is."""

    repeated: Pattern
    asks_for_alert: Pattern
    reminder: Pattern
    alarm: Pattern
    timer: Pattern
    next: tuple[tuple[Pattern, str], ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A wish for a recurring alert: its kind, and the same wish for just once."""

    kind: str
    once: str


def find_repeated(said: str, words: RepeatWords, kind: str = "") -> Repeated | None:
    """Whether `said`, in plain form, asks for an alert that recurs.

    `kind` is what is known to be asked for; without it, the words have to say so.
    """
    found = words.repeated.search(said)
    if found is None:
        return None
    if not kind:
        kind = _kind(said, words)
        if not kind or not words.asks_for_alert.match(said):
            return None
    unit = next((each for each in found.groups() if each), "")
    once = f"{said[: found.start()]} {_next(unit, words)} {said[found.end() :]}"
    return Repeated(kind, " ".join(once.split()))


def _kind(said: str, words: RepeatWords) -> str:
    """Of which kind of alert the first word is."""
    patterns = {"reminder": words.reminder, "alarm": words.alarm, "timer": words.timer}
    places = {kind: at for kind, each in patterns.items() if (at := each.search(said))}
    return min(places, key=lambda kind: places[kind].start(), default="")


def _next(unit: str, words: RepeatWords) -> str:
    """The next such day or part of a day, where there is a short word for it."""
    for pattern, once in words.next:
        if found := pattern.fullmatch(unit):
            return found.expand(once)
    return ""
