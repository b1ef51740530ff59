"""How people name their timers, alarms and reminders, and the moments for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from ren_device.errors import ToolError
from ren_device.languages.numbers import Numbers, NumberWords
from ren_device.languages.tables import Pattern, Rewrites, rewritten, table
from ren_device.model import Alert, AlertKind
from ren_device.skills.speakable import Speech, capitalised

HALF_HOUR_S = 1800
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_CALENDAR = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class _Words:
    """The table [alerts]; see languages/en/skills.toml for what each is."""

    all: tuple[str, ...]
    of_mine: Pattern
    articles: Pattern
    rewrites: Rewrites
    timer: Pattern
    alarm: Pattern
    reminder: Pattern
    before_name: Pattern
    before_task: Pattern
    as_it_is: Pattern
    tasks: tuple[tuple[Pattern, str], ...]
    places: tuple[tuple[str, int], ...]
    place: Pattern
    one: str
    half_hour: tuple[str, ...]
    halves: tuple[str, str]
    times: tuple[tuple[str, str], ...]
    noon: tuple[str, ...]
    midnight: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Skills:
    alerts: _Words


@dataclass(frozen=True, slots=True)
class _Mind:
    numbers: NumberWords


class AlertWords:
    """Understands and says what alerts are called, in one language."""

    def __init__(self, speech: Speech) -> None:
        """In the language of `speech`."""
        self._speech = speech
        self._say = speech.say
        self._words = table(speech.language, "skills", _Skills).alerts
        self._numbers = Numbers(table(speech.language, "mind", _Mind).numbers)
        self._kinds = {
            "timer": self._words.timer,
            "alarm": self._words.alarm,
            "reminder": self._words.reminder,
        }

    def parse_at(self, at: str, now: datetime) -> datetime:
        """The local moment that `at` means: `HH:MM` is the next such time, else ISO date and time.

        Raises ToolError for anything else, and for what is not after `now`.
        """
        text = at.strip()
        try:
            if clock := _CLOCK.fullmatch(text):
                due = datetime.combine(now, time(int(clock[1]), int(clock[2])))
                return due if due > now else due + timedelta(days=1)
            if _CALENDAR.fullmatch(text):
                raise ToolError(
                    f"{text} is a day. Give the time of day as well, such as {text}T18:00."
                )
            due = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            raise ToolError(
                f"{text[:40]!r} is not a time. Use HH:MM, or local date and time: 2026-06-25T18:00."
            ) from None
        if due.tzinfo is not None:
            raise ToolError(
                f"{text} has a time zone. Give the local time, such as 2026-06-25T18:00."
            )
        if due <= now:
            passed = capitalised(self._speech.moment(due, now))
            said = self._speech.moment(now, now)
            raise ToolError(self._say("moment.passed", moment=passed, now=said))
        return due

    def clean_name(self, said: str, kind: AlertKind) -> str:
        """`the pasta timer` is called `pasta`; `timer` has no name."""
        name = self._words.before_name.sub("", " ".join(said.split()))
        return self._kinds[kind].sub("", name)

    def clean_task(self, said: str) -> str:
        """`to call mom.` is `call mom`."""
        return self._words.before_task.sub("", " ".join(said.split()).rstrip(" .!?,"))

    def to_do(self, text: str) -> str:
        """As it stands after `remind you`: `to call your mom`, `about the dentist`."""
        told = self._speech.to_listener(text)
        if self._words.as_it_is.match(told):
            return told[0].lower() + told[1:]
        for pattern, template in self._words.tasks:
            if pattern.search(told):
                return template.format(task=told)
        return self._say("reminder.task", task=told)

    def label(self, alert: Alert, now: datetime) -> str:
        """As it stands in a sentence: `your pasta timer`."""
        if alert.kind == "reminder":
            return self._say("reminder.label", task=self.to_do(alert.text))
        if alert.text:
            return self._say(f"{alert.kind}.label_named", name=self._speech.noun(alert.text))
        if alert.kind == "alarm":
            return self._say("alarm.label", moment=self._speech.moment(alert.due_at, now))
        duration = self._speech.duration_before_noun(alert.duration_s or 0)
        return self._say("timer.label", duration=duration)

    def means_all(self, which: str, kind: AlertKind) -> bool:
        """Whether `which` asks for every one: `all`, `all my timers`."""
        return self._key(self._words.of_mine.sub("", which), kind) in self._words.all

    def matching(
        self, alerts: Iterable[Alert], which: str, kind: AlertKind, now: datetime
    ) -> list[Alert]:
        """Those that `which` may mean: by name, duration, time or day, or by words of its text.

        What fits exactly goes before what fits by some of its words. `first`, `second pasta` and
        `last` count in the order given.
        """
        key = self._key(which, kind)
        candidates = list(alerts)
        exact = [alert for alert in candidates if key in self._keys(alert, now)]
        words = set(key.split())
        found = exact or [
            alert
            for alert in candidates
            if words and words <= set(self._key(alert.text, kind).split())
        ]
        place = None if found else self._words.place.fullmatch(key)
        if place is None:
            return found
        among = self.matching(candidates, place[2], kind, now) if place[2] else candidates
        return among[dict(self._words.places)[place[1]] :][:1]

    def _keys(self, alert: Alert, now: datetime) -> set[str]:
        if alert.kind == "timer":
            length_s = alert.duration_s or 0
            said = {self._speech.duration(length_s), self._speech.duration_before_noun(length_s)}
            said |= {each.removeprefix(self._words.one) for each in said}  # "the hour timer"
            if length_s == HALF_HOUR_S:
                said.update(self._words.half_hour)
        else:
            due = alert.due_at
            said = {
                *self._times(due),
                self._speech.time_of_day(due),
                f"{due:%H:%M}",
                due.isoformat(timespec="minutes"),
                due.isoformat(timespec="seconds"),
                self._speech.moment(due, now),
                self._speech.day_from(due.date(), now.date()),
            }
            if due.minute == 0:
                named = {0: self._words.midnight, 12: self._words.noon}
                said.update(named.get(due.hour, ()))
        return {self._key(each, alert.kind) for each in (*said, alert.text) if each}

    def _times(self, at: datetime) -> Iterable[str]:
        """The ways to say this time of day."""
        for minutes, template in self._words.times:
            if f"{at.minute:02}".endswith(minutes):
                yield template.format(
                    hour=at.hour,
                    hour12=at.hour % 12 or 12,
                    next12=at.hour % 12 + 1,
                    minute=at.minute,
                    half=self._words.halves[at.hour >= 12],
                )

    def _key(self, said: str, kind: AlertKind) -> str:
        """The same for all ways to say it: `The twenty-five minute timer.` is `25 minute`."""
        key = re.sub(r"[-:]", " ", said.casefold())
        key = re.sub(r"[.,!?'\"]", "", key)
        key = self._in_digits(self._words.articles.sub("", " ".join(key.split())))
        return self._kinds[kind].sub("", rewritten(key, self._words.rewrites))

    def _in_digits(self, text: str) -> str:
        words = text.split()
        told = []
        at = 0
        while at < len(words):
            number = None if words[at].isdigit() else self._numbers.number_at(words, at)
            told.append(f"{number[0]:g}" if number else words[at])
            at = number[1] if number else at + 1
        return " ".join(told)
