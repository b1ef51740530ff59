"""Recurrence ("every day", "on mondays"), which alerts do not have: found, to say so honestly.

Whoever asks for every day and gets one day only has been misled, so nothing is set unasked.
"""

import re
from dataclasses import dataclass

ALERTS = ("timer", "alarm", "reminder")
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_PART = r"morning|afternoon|evening|night"
_UNIT = (
    rf"(?:second|sec|minute|min|hour|hr|day|weekday|workday|week|weekend|month|year|{_PART}|{_DAY}|noon|"
    r"midnight|birthday)s?"
)
_HOW_OFTEN = (
    r"(?:(?:other|second|third|single|few|half|work|working|school|week|two|three|four|five|six|"
    r"ten|twelve|fifteen|twenty|thirty|\d+)\s+)*"
)
_REPEATED = re.compile(
    rf"(?:\b(?:on|at)\s+)?\b(?:every|each)\s+{_HOW_OFTEN}(?P<unit>{_UNIT})\b(?:\s+at (?=night))?"
    r"|\bevery time\b|\bwhenever\b"
    rf"|\b(?:on |at |for |all )?(?P<days>{_DAY}s(?:(?: and|,)? {_DAY}s)*|weekdays|weekends)\b"
    rf"|\b(?:from )?{_DAY} (?:through|to|till|until) {_DAY}\b"
    r"|\b(?:daily|weekly|monthly|yearly|hourly|nightly)\b(?=$| (?:at|to|for|in|on|alarm|reminder))"
    r"|(?<=\bremind me )(?:daily|weekly|monthly|yearly|hourly|nightly)\b"
    r"|\b(?:once|twice|(?:two|three|four) times) (?:a|per|every) (?:day|week|month|year|hour)\b"
    r"|\b(?:recurring|repeating)\b"
)
_ASKS_FOR_ALERT = re.compile(
    r"(?:remind|wake|get me|set|start|create|make|begin|put|give me|i need|i want|do |schedule|"
    r"add (?!.* list$)|repeat|new |alarm|reminder|timer|an? |every|each|daily|weekly|"
    r"(?:in|at|on|from) .*remind)"
)
_ALERT = re.compile(r"\b(?:(remind me|reminders?)|(wake|get me up|alarms?)|timers?)\b")


@dataclass(frozen=True, slots=True)
class Repeated:
    """A wish for a recurring alert: its kind in the plural, and the same wish for just once."""

    kinds: str
    once: str


def find_repeated(said: str, kind: str = "") -> Repeated | None:
    """Whether `said`, in plain form, asks for an alert that recurs.

    `kind` is what is known to be asked for; without it, the words have to say so.
    """
    found = _REPEATED.search(said)
    if found is None:
        return None
    if not kind:
        alert = _ALERT.search(said)
        if alert is None or not _ASKS_FOR_ALERT.match(said):
            return None
        kind = "reminder" if alert[1] else "alarm" if alert[2] else "timer"
    kinds = f"{kind}s"
    once = f"{said[: found.start()]} {_next(found)} {said[found.end() :]}"
    return Repeated(kinds, " ".join(once.split()))


def _next(found: re.Match[str]) -> str:
    """The next such day or part of a day, where there is a short word for it."""
    unit = (found["unit"] or found["days"] or "").removesuffix("s")
    if re.fullmatch(_DAY, unit):
        return f"on {unit}"
    if unit in ("night", "evening"):
        return "tonight"
    return {"morning": "tomorrow morning", "noon": "at noon", "midnight": "at midnight"}.get(
        unit, ""
    )
