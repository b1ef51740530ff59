"""How people name their timers, alarms and reminders, and the moments for them."""

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from ren_device.errors import ToolError
from ren_device.model import Alert, AlertKind
from ren_device.skills import speakable

HALF_HOUR_S = 1800
_ALL = frozenset({"all", "all of them", "both", "both of them", "every", "everything", "them all"})
_ARTICLES = re.compile(r"^(?:(?:my|the|your|our|a|an|for|at|on|to|about|called|named)\s+)+")
_UNITS = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBERS = {word: number for number, word in enumerate([*_UNITS, *_TEENS], 1)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
_TENS_AND_UNITS = re.compile(
    rf"\b(?:(?:{'|'.join(_TENS)})(?: (?:{'|'.join(_UNITS)}))?|{'|'.join([*_TEENS, *_UNITS])})\b"
)
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1} | {
    "1st": 0,
    "2nd": 1,
    "3rd": 2,
}
_PLACE = re.compile(rf"({'|'.join(_PLACES)})(?: 1)?(?:\s+(.+))?")
_HOURS_BY_NAME = {0: ("midnight",), 12: ("noon", "midday")}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_CALENDAR = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_at(at: str, now: datetime) -> datetime:
    """The local moment that `at` means: `HH:MM` is the next such time, else an ISO date and time.

    Raises ToolError for anything else, and for what is not after `now`.
    """
    text = at.strip()
    try:
        if clock := _CLOCK.fullmatch(text):
            due = datetime.combine(now, time(int(clock[1]), int(clock[2])))
            return due if due > now else due + timedelta(days=1)
        if _CALENDAR.fullmatch(text):
            raise ToolError(f"{text} is a day. Give the time of day as well, such as {text}T18:00.")
        due = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ToolError(
            f"{text[:40]!r} is not a time. Use HH:MM, or local date and time: 2026-06-25T18:00."
        ) from None
    if due.tzinfo is not None:
        raise ToolError(f"{text} has a time zone. Give the local time, such as 2026-06-25T18:00.")
    if due <= now:
        passed = speakable.capitalised(speakable.moment(due, now))
        raise ToolError(f"{passed} has already passed. It is {speakable.moment(now, now)}.")
    return due


def clean_name(said: str, kind: AlertKind) -> str:
    """`the pasta timer` is called `pasta`; `timer` has no name."""
    name = re.sub(r"^(?:my|the|your|a|an)\s+", "", " ".join(said.split()), flags=re.IGNORECASE)
    return re.sub(rf"\s*\b{kind}$", "", name, flags=re.IGNORECASE)


def clean_task(said: str) -> str:
    """`to call mom.` is `call mom`."""
    return re.sub(r"^to\s+", "", " ".join(said.split()).rstrip(" .!?,"), flags=re.IGNORECASE)


def to_do(text: str) -> str:
    """As it stands after `remind you`: `to call your mom`, `about the dentist`."""
    told = speakable.to_listener(text)
    if re.match(r"(?:about|that|of)\s", told, flags=re.IGNORECASE):
        return told[0].lower() + told[1:]
    return f"to {told}"


def label(alert: Alert, now: datetime) -> str:
    """As it stands in a sentence: `your pasta timer`."""
    if alert.kind == "reminder":
        return f"your reminder {to_do(alert.text)}"
    if alert.text:
        return f"your {alert.text} {alert.kind}"
    if alert.kind == "alarm":
        return f"your alarm for {speakable.moment(alert.due_at, now)}"
    return f"your {speakable.duration_before_noun(alert.duration_s or 0)} timer"


def means_all(which: str, kind: AlertKind) -> bool:
    """Whether `which` asks for every one: `all`, `all my timers`."""
    return _key(re.sub(r"\b(?:of )?(?:my|the|your)\b", "", which), kind) in _ALL


def matching(alerts: Iterable[Alert], which: str, kind: AlertKind, now: datetime) -> list[Alert]:
    """Those that `which` may mean: by name, by duration, by time or day, or by words of its text.

    What fits exactly goes before what fits by some of its words. `first`, `second pasta` and `last`
    count in the order given.
    """
    key = _key(which, kind)
    candidates = list(alerts)
    exact = [alert for alert in candidates if key in _keys(alert, now)]
    words = set(key.split())
    found = exact or [
        alert for alert in candidates if words and words <= set(_key(alert.text, kind).split())
    ]
    place = None if found else _PLACE.fullmatch(key)
    if place is None:
        return found
    among = matching(candidates, place[2], kind, now) if place[2] else candidates
    return among[_PLACES[place[1]] :][:1]


def _keys(alert: Alert, now: datetime) -> set[str]:
    kind = alert.kind
    if kind == "timer":
        length_s = alert.duration_s or 0
        said = {speakable.duration(length_s), speakable.duration_before_noun(length_s)}
        said |= {each.removeprefix("1 ") for each in said}  # "the hour timer"
        if length_s == HALF_HOUR_S:
            said |= {"half hour", "half an hour"}
    else:
        due = alert.due_at
        on_the_clock = speakable.time_of_day(due)
        said = {
            on_the_clock,
            on_the_clock.split()[0],
            on_the_clock.replace(":00", ""),
            on_the_clock.split()[0].replace(":00", ""),
            f"{due:%H:%M}",
            due.isoformat(timespec="minutes"),
            due.isoformat(timespec="seconds"),
            speakable.moment(due, now),
            speakable.day_from(due.date(), now.date()),
        }
        if due.minute == 0:
            said.update(_HOURS_BY_NAME.get(due.hour, ()))
    return {_key(each, kind) for each in (*said, alert.text) if each}


def _key(said: str, kind: AlertKind) -> str:
    """The same for all ways to say it: `The twenty-five minute timer.` is `25 minute`."""
    key = re.sub(r"[-:]", " ", said.casefold())
    key = re.sub(r"[.,!?'\"]", "", key)
    key = re.sub(r"\b([ap]) m\b", r"\1m", _ARTICLES.sub("", " ".join(key.split())))
    key = re.sub(r"(?<=\w) oclock\b", "", _TENS_AND_UNITS.sub(_digits, key))
    key = re.sub(r"(?<=\d)([ap]m)\b", r" \1", key)
    key = re.sub(r" (?:am )?in the morning\b", " am", key)
    key = re.sub(r" (?:pm )?in the (?:afternoon|evening)\b", " pm", key)
    return re.sub(rf"\s*\b{kind}s?$", "", key)


def _digits(words: re.Match[str]) -> str:
    return str(sum(_NUMBERS[word] for word in words[0].split()))
