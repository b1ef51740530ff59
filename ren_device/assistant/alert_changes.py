"""From an intent that changes a timer, an alarm or a reminder to what to do about it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning, Question, duration_of, words_of
from ren_device.assistant.moment_questions import Wish, settled
from ren_device.assistant.when import Found
from ren_device.model import Intent

_Kind = Literal["alarm", "reminder"]


def _change_timer(intent: Intent, _now: datetime, language: Language) -> Meaning | None:
    """`way` says what its duration is: `more`, `less`, or what it is `to` be."""
    which = words_of(intent, "which", language) or words_of(intent, "from", language)
    way = str(intent.slots["way"])
    seconds = duration_of(intent, language)
    if seconds is None and intent.score < 100:
        return None  # most likely something else was said
    if seconds is None:
        form = language.words.requests.change_timer[way]
        request = " ".join(form.format(which=which).split())
        asked = language.say(f"asks.how_long_{way}")
        return Meaning(question=Question(asked, "duration" if way == "to" else "by", request))
    if way == "to":
        return Meaning(calls=(("change_timer", {"which": which, "to_s": seconds}),))
    by_s = seconds if way == "more" else -seconds
    return Meaning(calls=(("change_timer", {"which": which, "by_s": by_s}),))


def _change(kind: _Kind) -> "Callable[[Intent, datetime, Language], Meaning | None]":
    return lambda intent, now, language: _Change(kind, intent, now, language).meaning()


class _Change:
    """A wish to change an alarm or a reminder, whose `way` says how.

    `later` or `earlier` by some time (`either`: ask), `again` and again, only `once`, or, with no
    way, to another moment.
    """

    def __init__(self, kind: _Kind, intent: Intent, now: datetime, language: Language) -> None:
        self._kind, self._tool = kind, f"change_{kind}"
        self._intent, self._now, self._language = intent, now, language
        self._words = language.words.meaning
        which = words_of(intent, "which", language) or words_of(intent, "from", language)
        self._which = self._words.of_a_day.sub("", which)
        self._when = str(intent.slots.get("when", ""))
        if rest := str(intent.slots.get("rest", "")):  # "about the dentist at five instead"
            found = language.moments.find_when(rest, now)
            named = self._words.before_task.sub("", found.rest) if found else ""
            self._which, self._when = self._words.articles.sub("", named), rest

    def meaning(self) -> Meaning | None:
        """What to do about it; None when its words make no sense after all."""
        way = self._intent.slots.get("way")
        if way == "once":
            return self._call({"repeat": "once"})
        if way == "again":
            return self._again()
        if way:
            return self._by(str(way))
        if self._intent.score < 100 and not self._when:
            return None  # most likely something else was said
        if "rest" in self._intent.slots and not self._which:
            return None
        return settled(self._moment(), self._wish(), self._now, self._language)

    def _again(self) -> Meaning:
        again = str(self._intent.slots["again"])
        found = self._language.moments.find_when(again, self._now, "wake")
        if found is None or not found.rule or found.rest:
            return Meaning(answer=self._language.say("answers.no_rule"))
        at = {"at": f"{found.at:%H:%M}"} if found.at else {}
        return self._call({**at, "repeat": found.rule})

    def _by(self, way: str) -> Meaning:
        seconds, when = duration_of(self._intent, self._language), self._when
        if seconds is None and (found := self._language.durations.find_duration(when)):
            seconds, when = found  # "tomorrow half an hour later"
        if seconds is None:
            return settled(None, self._wish(), self._now, self._language)
        which = self._which or self._words.of_a_day.sub("", when)
        later = self._tool, {"which": which, "by_s": seconds}
        earlier = self._tool, {"which": which, "by_s": -seconds}
        if way == "either":
            asked = self._language.say("asks.which_way")
            return Meaning(question=Question(asked, "way", self._base(), (later, earlier)))
        return Meaning(calls=(later if way == "later" else earlier,))

    def _wish(self) -> Wish:
        def call(at: datetime, found: Found) -> Call:
            if found.offset_s is not None:
                return self._tool, {"which": self._which, "in_s": found.offset_s}
            repeat = {"repeat": found.rule} if found.rule else {}
            return self._tool, {"which": self._which, "at": self._at(at), **repeat}

        return Wish(self._base(), self._intent.matched, call, "target")

    def _moment(self) -> Found | None:
        """What was said of the new moment; half of the day as of the old one, if none was said."""
        moments, when = self._language.moments, self._when
        if not when:
            return None
        if "rest" in self._intent.slots:
            return moments.find_when(when, self._now)
        if self._language.durations.parse_duration(when):
            when = self._language.words.requests.in_duration.format(said=when)
        purpose: Literal["wake", "reminder"] = "wake" if self._kind == "alarm" else "reminder"
        half = self._words.half_of_day.search(self._which)
        for said in (f"{when} {half[0]}", when) if half else (when,):
            found = moments.find_when(said, self._now, purpose)
            if found is not None and not found.rest:
                return found
        return None

    def _at(self, at: datetime) -> str:
        """Only the time of day where no other day was said, so that it stays on its own."""
        by_day = self._words.names_day.search(self._when)
        if by_day or self._language.durations.find_duration(self._when):
            return at.isoformat(timespec="seconds")
        return f"{at:%H:%M}"

    def _base(self) -> str:
        named = self._language.words.requests.change[self._kind].format(which=self._which)
        return " ".join(named.split())

    def _call(self, arguments: Mapping[str, object]) -> Meaning:
        return Meaning(calls=((self._tool, {"which": self._which, **arguments}),))


CHANGES: Mapping[str, Callable[[Intent, datetime, Language], Meaning | None]] = {
    "change_timer": _change_timer,
    "change_alarm": _change("alarm"),
    "change_reminder": _change("reminder"),
}
"""What to do about each intent that changes something."""
