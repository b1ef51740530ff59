"""How Ren says its timers, alarms and reminders, and reads the times and names in arguments."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ren_device.errors import ToolError
from ren_device.languages.tables import Pattern, Rewrites, table
from ren_device.model import Alert, AlertKind
from ren_device.skills.recurrence_words import RecurrenceWords
from ren_device.skills.speakable import Speech, capitalised

DAY_S = 86_400
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_CALENDAR = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class AlertTable:
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
    recurring: tuple[str, ...]
    days: tuple[tuple[str, int], ...]
    around_day: Pattern
    places: tuple[tuple[str, int], ...]
    place: Pattern
    one: str
    half_hour: tuple[str, ...]
    halves: tuple[str, str]
    times: tuple[tuple[str, str], ...]
    noon: tuple[str, ...]
    midnight: tuple[str, ...]

    def kind(self, kind: AlertKind) -> Pattern:
        """The word for this kind, after a name."""
        return {"timer": self.timer, "alarm": self.alarm}.get(kind, self.reminder)


@dataclass(frozen=True, slots=True)
class _Skills:
    alerts: AlertTable


class AlertWords:
    """Says what alerts are called and when they come, in one language; reads their arguments."""

    def __init__(self, speech: Speech) -> None:
        """In the language of `speech`."""
        self.speech = speech
        self.table = table(speech.language, "skills", _Skills).alerts
        self._say = speech.say
        self._recurrence = RecurrenceWords(speech)

    # --- what is read -----------------------------------------------------------------------

    def parse_at(self, at: str, now: datetime, on: date | None = None) -> datetime:
        """The local moment that `at` means: `HH:MM` is the next such time, else ISO date and time.

        With `on`, `HH:MM` is on that day if it is still to come then. Raises ToolError for
        anything else, and for what is not after `now`.
        """
        text = at.strip()
        try:
            if clock := _CLOCK.fullmatch(text):
                due = datetime.combine(on or now, time(int(clock[1]), int(clock[2])))
                if due <= now:
                    due = datetime.combine(now, due.time())
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
        return self.still_to_come(due, now)

    def parse_day(self, day: str) -> date | None:
        """An ISO date; None for no text. Raises ToolError for anything else."""
        text = day.strip()
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise ToolError(f"{text[:40]!r} is not a day. Use an ISO date: 2026-06-25.") from None

    def still_to_come(self, due: datetime, now: datetime) -> datetime:
        """`due`. Raises ToolError when it has passed."""
        if due <= now:
            passed = capitalised(self.speech.moment(due, now))
            said = self.speech.moment(now, now)
            raise ToolError(self._say("moment.passed", moment=passed, now=said))
        return due

    def clean_name(self, said: str, kind: AlertKind) -> str:
        """`the pasta timer` is called `pasta`; `timer` has no name."""
        name = self.table.before_name.sub("", " ".join(said.split()))
        return self.table.kind(kind).sub("", name)

    def clean_task(self, said: str) -> str:
        """`to call mom.` is `call mom`."""
        return self.table.before_task.sub("", " ".join(said.split()).rstrip(" .!?,"))

    # --- what is said -----------------------------------------------------------------------

    def label(self, alert: Alert, now: datetime) -> str:
        """As it stands in a sentence: `your pasta timer`."""
        if alert.kind == "routine":
            return self._say("ringing.label_routine", name=alert.routine)
        if alert.kind == "reminder":
            return self._say("reminder.label", task=self.to_do(alert.text))
        if alert.text:
            return self._say(f"{alert.kind}.label_named", name=self.speech.noun(alert.text))
        if alert.kind == "alarm":
            return self._say("alarm.label", moment=self.moment(alert, now))
        duration = self.speech.duration_before_noun(alert.duration_s or 0)
        return self._say("timer.label", duration=duration)

    def label_at(self, alarm: Alert) -> str:
        """One time of an alarm, as it stands before its day: `your 7:30 AM alarm`."""
        key = "alarm.label_named_at" if alarm.text else "alarm.label_at"
        time = self.speech.time_of_day(alarm.due_at)
        return self._say(key, name=self.speech.noun(alarm.text), time=time)

    def to_do(self, text: str) -> str:
        """As it stands after `remind you`: `to call your mom`, `about the dentist`."""
        told = self.speech.to_listener(text)
        if self.table.as_it_is.match(told):
            return told[0].lower() + told[1:]
        for pattern, template in self.table.tasks:
            if pattern.search(told):
                return template.format(task=told)
        return self._say("reminder.task", task=told)

    def recurring(self, alert: Alert) -> str:
        """How a series recurs: `every weekday at 7:30 AM`."""
        said = self._recurrence.said(alert.rule, alert.due_at)
        time = self.speech.time_of_day(alert.due_at)
        return self._say("moment.recurring", recurring=said, time=time)

    def recurring_names(self, alert: Alert) -> tuple[str, ...]:
        """What a series may be called by how it recurs: `every weekday`, with the time or not."""
        return self._recurrence.said(alert.rule, alert.due_at), self.recurring(alert)

    def moment(self, alert: Alert, now: datetime) -> str:
        """When it comes, as it stands after `for`: `Friday at 7:30 AM`, `every day at 7:30 AM`.

        Of a series that comes later than one would think, also when.
        """
        if not alert.rule:
            return self.speech.moment(alert.due_at, now)
        return self._recurring_from(alert, now) if _is_later(alert, now) else self.recurring(alert)

    def on_moment(self, alert: Alert, now: datetime) -> str:
        """Like `moment`, as it stands after a verb: `on Friday at 7:30 AM`."""
        return self.moment(alert, now) if alert.rule else self.speech.on_moment(alert.due_at, now)

    def understood(self, alert: Alert, now: datetime) -> str:
        """When it comes, as a confirmation says it; of a series always also from which day on."""
        return self._recurring_from(alert, now) if alert.rule else self.moment(alert, now)

    def understood_on(self, alert: Alert, now: datetime) -> str:
        """Like `understood`, as it stands after a verb."""
        return self._recurring_from(alert, now) if alert.rule else self.on_moment(alert, now)

    def on_day(self, day: date, now: datetime) -> str:
        """As it stands after a verb: `tomorrow`, `on Friday`."""
        said = self.speech.day_from(day, now.date())
        near = abs((day - now.date()).days) < 2
        return said if near else self._say("dates.on_moment", moment=said)

    def on_very_day(self, day: date, now: datetime) -> str:
        """Like `on_day`, and of a day around today also its weekday: `tomorrow, Friday`."""
        said = self.on_day(day, now)
        if abs((day - now.date()).days) > 1:
            return said
        return self._say("dates.near", day=said, weekday=self.speech.weekday(day.weekday()))

    def at_time(self, at: datetime) -> str:
        """`at 7:30 AM`."""
        return self._say("moment.at", time=self.speech.time_of_day(at))

    def at_moment(self, at: datetime, now: datetime) -> str:
        """As it stands after a verb; of today only the time: `at 7:30 AM`."""
        today = at.date() == now.date()
        return self.at_time(at) if today else self.speech.on_moment(at, now)

    def until(self, at: datetime, now: datetime) -> str:
        """As it stands after `until`; of today only the time: `7:39 AM`."""
        today = at.date() == now.date()
        return self.speech.time_of_day(at) if today else self.speech.moment(at, now)

    def in_s(self, seconds: float, due_at: datetime, now: datetime) -> str:
        """`in 20 minutes, at 7:30 PM`; from a day on only when."""
        if seconds >= DAY_S:
            return self.speech.on_moment(due_at, now)
        duration = self.speech.duration(seconds)
        return self._say("moment.in", duration=duration, moment=self.at_moment(due_at, now))

    def is_clock(self, at: str) -> bool:
        """Whether this is `HH:MM`, a time of any day."""
        return _CLOCK.fullmatch(at.strip()) is not None

    def _recurring_from(self, alert: Alert, now: datetime) -> str:
        day = self.speech.day_from(alert.due_at.date(), now.date())
        return self._say("moment.recurring_from", recurring=self.recurring(alert), day=day)


def _is_later(alert: Alert, now: datetime) -> bool:
    """Whether the next occurrence was skipped, or is more than a week away."""
    skipped = alert.skip_until is not None and alert.skip_until > now
    return skipped or alert.due_at - now > timedelta(days=7)
