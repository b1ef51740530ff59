"""What routines are called, and what their steps are in words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from ren_device.languages.replies import Replies
from ren_device.languages.tables import Pattern, table
from ren_device.model import Pause, Routine, Say, Step
from ren_device.skills.speakable import Speech, capitalised

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DAYS = {"{today}": "today", "{tomorrow}": "tomorrow"}


@dataclass(frozen=True, slots=True)
class _Words:
    """The table [routines]; see languages/en/skills.toml for what each is."""

    before_name: Pattern
    after_name: Pattern


@dataclass(frozen=True, slots=True)
class _Tables:
    routines: _Words


class RoutineWords:
    """Understands and says names and steps in one language."""

    def __init__(self, speech: Speech) -> None:
        """In the language of `speech`."""
        self._speech = speech
        self._words = table(speech.language, "skills", _Tables).routines
        self._say = Replies(speech.language).say

    def clean_name(self, said: str) -> str:
        """`my bedtime routine.` is called `bedtime`; `my routine` has no name."""
        name = self._words.before_name.sub("", " ".join(said.split()).strip(" .,!?\"'"))
        return self._words.after_name.sub("", name).strip(" .,-")

    def key(self, name: str) -> str:
        """The same for all ways to write a name: `Bed time` is `bedtime`."""
        return re.sub(r"[\W_]", "", self.clean_name(name).casefold())

    def matching(self, routines: Iterable[Routine], said: str) -> list[Routine]:
        """Those that `said` may mean: by name, or by some of its words."""
        there = list(routines)
        key = self.key(said)
        exact = [each for each in there if self.key(each.name) == key]
        words = set(self.clean_name(said).casefold().split())
        return exact or [
            each for each in there if words and words <= set(each.name.casefold().split())
        ]

    def called(self, name: str) -> str:
        """As it stands after `your`: `bedtime routine`."""
        return self._say("routine.called", name=self._speech.noun(name))

    def listed(self, steps: Iterable[Step]) -> str:
        """All steps: `turn off the lights and say "good night"`."""
        return self._speech.listing([self.step(each) for each in steps])

    def step(self, step: Step) -> str:
        """One step, as it stands after `I will`."""
        match step:
            case Say(text):
                return self._say("routine_step.say", text=text)
            case Pause(seconds):
                return self._say("routine_step.pause", duration=self._speech.duration(seconds))
        try:
            key = f"routine_step.{step.name}.{_form(step.arguments)}"
            return self._say(key, **self._values(step.arguments)).strip()
        except KeyError:  # a tool, or a way to call it, without words of its own
            return self._say("routine_step.other", tool=step.name.replace("_", " "))

    def _values(self, arguments: Mapping[str, object]) -> dict[str, str]:
        values = {key: self._value(value) for key, value in arguments.items()}
        values["list_name"] = self._speech.list_name(str(arguments.get("list_name", "shopping")))
        values["text"] = self._speech.to_listener(values.get("text", ""))
        for key in ("duration_s", "in_s"):
            if isinstance(seconds := arguments.get(key), int | float) and seconds > 0:
                values["duration"] = self._speech.duration(seconds)
        return values

    def _value(self, value: object) -> str:
        if isinstance(value, list):
            return self._speech.listing([str(each) for each in value])
        if isinstance(value, int | float):
            return self._speech.number(value)
        text = str(value)
        if clock := _CLOCK.fullmatch(text):
            at = time(int(clock[1]) % 24, int(clock[2]) % 60)
            return self._speech.time_of_day(datetime.combine(date.min, at))
        return self._say(f"dates.{_DAYS[text]}") if text in _DAYS else text


def as_sentence(text: str) -> str:
    """With a capital and a full stop, so that others can stand beside it."""
    text = capitalised(text.strip())
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _form(arguments: Mapping[str, object]) -> str:
    """Which form of a step's words fits: what is said of "on" is not what is said of "off"."""
    for key in ("on", "locked"):
        if key in arguments:
            return "yes" if arguments[key] else "no"
    if isinstance(by := arguments.get("by"), int | float):
        return "more" if by > 0 else "less"
    if "in_s" in arguments:
        return "later"
    return "plain"
