"""Durations, times, dates and lists as people say them, in the words of one language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ren_device.languages.replies import Replies
from ren_device.languages.tables import Rewrites, Words, rewritten, table

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class _SpeechWords:
    """The table [speech]; see languages/en/replies.toml for what each is."""

    months: Words
    weekdays: Words
    ordinal_endings: tuple[tuple[str, str], ...]
    hours: int
    turned: Rewrites
    list_names: tuple[tuple[str, str], ...]
    nouns_in_capitals: bool


@dataclass(frozen=True, slots=True)
class _Tables:
    speech: _SpeechWords


class Speech:
    """Puts things into the words of one language; `say` fills in its replies."""

    def __init__(self, language: str = "en") -> None:
        """By replies.toml of this language."""
        self.language = language
        self.say = Replies(language).say
        self._words = table(language, "replies", _Tables).speech

    def listing(self, parts: Sequence[str]) -> str:
        """`milk`, `milk and eggs`, `milk, eggs and bread`; empty for none."""
        if len(parts) < 2:
            return "".join(parts)
        return self.say("listing.all", most=", ".join(parts[:-1]), last=parts[-1])

    def duration(self, seconds: float) -> str:
        """`1 hour and 30 minutes`, exact to the second; under a second is `1 second`."""
        return self.listing([self.say(f"duration.{unit}", n) for n, unit in _split(seconds)])

    def remaining(self, seconds: float) -> str:
        """Like `duration`, to the minute from an hour on, to the hour from a day on."""
        grain = 3_600 if seconds >= 86_400 else 60 if seconds >= 3_600 else 1
        return self.duration(round(seconds / grain) * grain)

    def duration_before_noun(self, seconds: float) -> str:
        """`90 second` or `1 hour 30 minute`, as it stands before `timer`."""
        return " ".join(self.say(f"before_noun.{unit}", n) for n, unit in _split(seconds))

    def time_of_day(self, at: datetime) -> str:
        """`7:30 AM`."""
        hour = at.hour if self._words.hours == 24 else at.hour % 12 or 12
        key = "clock.morning" if at.hour < 12 else "clock.evening"
        full = f"{key}_hour" if at.minute == 0 else key
        return self.say(full, hour=hour, minute=at.minute)

    def ordinal(self, number: int) -> str:
        """`1st`, `22nd`, `13th`."""
        endings = self._words.ordinal_endings
        return f"{number}{next(end for last, end in endings if str(number).endswith(last))}"

    def full_date(self, day: date) -> str:
        """`Thursday, June 25th, 2026`."""
        return self.say("dates.full", **self._parts(day))

    def day_from(self, day: date, today: date) -> str:
        """`today`, `tomorrow`, `Monday` within a week, else `June 25th`, with another year."""
        ahead = (day - today).days
        if near := _near(ahead):
            return self.say(near)
        if 1 < ahead < 7:
            return self.weekday(day.weekday())
        return self.calendar_day(day, today)

    def calendar_day(self, day: date, today: date) -> str:
        """`June 25th`, with the year when it is another than today's."""
        key = "dates.day" if day.year == today.year else "dates.day_and_year"
        return self.say(key, **self._parts(day))

    def weekday(self, number: int) -> str:
        """`Monday` for 0."""
        return self._words.weekdays[number]

    def month(self, number: int) -> str:
        """`January` for 1."""
        return self._words.months[number - 1]

    def moment(self, at: datetime, now: datetime) -> str:
        """`tomorrow at 7:30 AM` or `Friday at 7:30 AM`, as it stands after `for`."""
        day = self.day_from(at.date(), now.date())
        return self.say("dates.moment", day=day, time=self.time_of_day(at))

    def on_moment(self, at: datetime, now: datetime) -> str:
        """`tomorrow at 7:30 AM` or `on Friday at 7:30 AM`, as it stands after a verb."""
        moment = self.moment(at, now)
        near = _near((at.date() - now.date()).days)
        return moment if near else self.say("dates.on_moment", moment=moment)

    def to_listener(self, text: str) -> str:
        """Turn `my` and `me` around, for saying back what somebody said: `call your mom`."""
        return rewritten(text, self._words.turned)

    def list_name(self, name: str) -> str:
        """`shopping list`, as it stands after `your`."""
        called = dict(self._words.list_names).get(name)
        return called or self.say("lists.name", name=self.noun(name))

    def noun(self, name: str) -> str:
        """A name that somebody gave, as this language writes nouns."""
        return capitalised(name) if self._words.nouns_in_capitals else name

    def number(self, value: float) -> str:
        """`20.5`, and `21` for 21.0."""
        return f"{value:g}".replace(".", self.say("numbers.point"))

    def _parts(self, day: date) -> dict[str, str]:
        return {
            "weekday": self._words.weekdays[day.weekday()],
            "month": self._words.months[day.month - 1],
            "day": self.ordinal(day.day),
            "year": str(day.year),
        }


def capitalised(sentence: str) -> str:
    """With its first letter in upper case, the rest as it is."""
    return sentence[:1].upper() + sentence[1:]


def _near(ahead: int) -> str:
    """What days around today are called."""
    near = {-1: "dates.yesterday", 0: "dates.today", 1: "dates.tomorrow"}
    return near.get(ahead, "")


def _split(seconds: float) -> list[tuple[int, str]]:
    left = max(1, round(seconds))
    parts = []
    for unit, size in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append((number, unit))
    return parts
