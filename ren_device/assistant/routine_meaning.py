"""What a sentence about routines means: also the steps of a new one, each a command of its own."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ren_device.assistant.home_meaning import HOME_TOOLS
from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning, Question, words_of
from ren_device.assistant.moment_questions import Wish, settled
from ren_device.assistant.own_words import own_words
from ren_device.assistant.when import Found
from ren_device.model import Intent

Understand = Callable[[str], Meaning | None]
"""What one command means, in plain form; None when it is not understood exactly."""
Written = Mapping[str, object]
"""A step as save_routine takes it."""

_QUOTED = re.compile(r'"[^"]*"|[“„][^“”]*[“”]')
_NO_WORD = re.compile(r"[^\w']+")
_LONGEST_NAME = 4  # words
_LONGEST_STEP = 4  # parts between which there may be an "and" within one command
_MOST_PARTS = 16
_Act = Callable[[Intent, datetime, Language], Meaning | None]


def routine_meaning(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    """What to do about `intent`; None when its words make no sense after all.

    A near miss is asked about before anything is done.
    """
    found = _ACTS[intent.name](intent, now, language)
    if found is None or not found.calls or intent.score >= 100 or intent.name == "list_routines":
        return found
    asked = language.say("asks.meant", said=intent.matched)
    return Meaning(question=Question(asked, "yes", calls=found.calls))


def _named(tool: str) -> _Act:
    def act(intent: Intent, _now: datetime, language: Language) -> Meaning | None:
        name = words_of(intent, "routine", language)
        return Meaning(calls=((tool, {"name": name}),)) if name else None

    return act


def _list(intent: Intent, _now: datetime, language: Language) -> Meaning:
    name = words_of(intent, "routine", language)
    return Meaning(calls=(("list_routines", {"name": name} if name else {}),))


def _run(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    name = words_of(intent, "routine", language)
    if planned := _planned(name, now, language):
        return _at(*planned, intent, now, language)
    return Meaning(calls=(("run_routine", {"name": name}),)) if name else None


def _schedule(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    if both := words_of(intent, "planned", language):
        planned = _planned(both, now, language)
        return _at(*planned, intent, now, language) if planned else None
    said = str(intent.slots.get("moment", ""))
    found = language.moments.find_when(said, now) if said else None
    if said and (found is None or found.rest):
        return None
    return _at(words_of(intent, "routine", language), found, intent, now, language)


def _planned(said: str, now: datetime, language: Language) -> tuple[str, Found] | None:
    """A name with a moment behind it; "good morning" is only a name."""
    words = said.split()
    parts = {each.say[0] for each in language.words.moments.days if each.ahead is None}
    for length in range(1, len(words)):
        found = language.moments.find_when(" ".join(words[length:]), now)
        if found and not found.rest and (found.at or found.rule) and words[length] not in parts:
            return " ".join(words[:length]), found
    return None


def _at(
    name: str, found: Found | None, intent: Intent, now: datetime, language: Language
) -> Meaning:
    """That it runs then, or what to ask."""

    def call(at: datetime, what: Found) -> Call:
        repeat = {"repeat": what.rule} if what.rule else {}
        moment = at.isoformat(timespec="seconds")
        return "schedule_routine", {"name": name, "at": moment, **repeat}

    base = language.words.requests.routine.format(name=name)
    return settled(found, Wish(base, intent.matched, call), now, language)


_ACTS: Mapping[str, _Act] = {
    "run_routine": _run,
    "schedule_routine": _schedule,
    "unschedule_routine": _named("unschedule_routine"),
    "delete_routine": _named("delete_routine"),
    "list_routines": _list,
    "stop_routine": lambda *_: Meaning(calls=(("stop_routine", {}),)),
}
ROUTINES = frozenset(_ACTS)
"""The intents that are about routines."""


def together(calls: Sequence[Call]) -> tuple[Call, ...]:
    """What two commands in one sentence do: a routine after an alarm begins when that is stopped.

    "Wake me at seven and start my morning routine" does not start it now.
    """
    if [name for name, _ in calls] != ["set_alarm", "run_routine"]:
        return tuple(calls)
    (_, alarm), (_, routine) = calls
    return (("set_alarm", {**alarm, "routine": routine["name"]}),)


# --- a new one ----------------------------------------------------------------------------------


def new_routine(
    text: str, understand: Understand, now: datetime, language: Language
) -> Meaning | None:
    """What `text`, as it was said, means if it makes a routine; None when it does not.

    Nothing is kept unless each of its steps is understood: else it is asked what they are.
    """
    words, hearing = language.words.routines, language.hearing
    head, colon, tail = _cut(text)
    opened = words.create.fullmatch(hearing.plain(head))
    reader = _Reader(text, understand, now, language)
    if opened is None:
        return _when_said(text, reader, language)
    before, after = opened["before"] or "", opened["after"] or ""
    if colon:
        name, parts = before or words.links.sub("", after), _parts(tail, language)
        if not name:  # the answer to what it should be called
            name, parts = hearing.plain(tail), []
        return reader.routine(name, parts)
    if before:
        return reader.routine(before, _parts(words.link.sub("", after), language))
    return reader.routine_of(after)


def _when_said(text: str, reader: "_Reader", language: Language) -> Meaning | None:
    """A routine from "when I say goodnight, turn off the lights"; None if not all is clear."""
    words, hearing = language.words.routines, language.hearing
    head, comma, tail = text.partition(",")
    opened = words.when_said.fullmatch(hearing.plain(head))
    if opened is None:
        return None
    before, after = opened["before"], opened["after"] or ""
    if comma and not (before and after):
        made = reader.routine(before or after, _parts(words.link.sub("", tail.strip()), language))
    elif before:
        rest = f"{after},{tail}" if comma else after
        made = reader.routine(before, _parts(words.link.sub("", rest), language))
    else:
        made = reader.routine_of(after)
    return made if made.calls else None


def _cut(text: str) -> tuple[str, str, str]:
    """Before and after the colon, which is not that of a time."""
    for at, sign in enumerate(text):
        if sign == ":" and not text[at + 1 : at + 2].isdigit():
            return text[:at], sign, text[at + 1 :]
    return text, "", ""


def _parts(text: str, language: Language) -> list[str]:
    """Cut at every comma and every "and" that is not quoted, in plain form."""
    whole = _QUOTED.sub(lambda found: _NO_WORD.sub("_", found[0]), text)
    pieces = language.words.routines.between_steps.split(whole)
    plain = (language.hearing.plain(piece) for piece in pieces)
    return [piece for piece in plain if piece]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the steps of one routine; `text` is all that was said."""

    text: str
    understand: Understand
    now: datetime
    language: Language

    def routine(self, name: str, parts: Sequence[str]) -> Meaning:
        """The routine of this name, if all the parts make steps; else what to ask."""
        say, requests = self.language.say, self.language.words.requests
        if not name:
            asked = say("asks.routine_name")
            return Meaning(question=Question(asked, "steps", requests.new_routine))
        name = own_words(self.text, name, self.language.hearing)
        base = f"{requests.new_routine} {name}"
        if not parts:
            asked = say("asks.routine_steps", name=self.language.speech.noun(name))
            return Meaning(question=Question(asked, "steps", base))
        steps, unclear = self._steps(parts)
        if unclear:
            asked = say("asks.routine_unclear", said=unclear)
            return Meaning(question=Question(asked, "steps", base))
        return Meaning(calls=(("save_routine", {"name": name, "steps": steps}),))

    def routine_of(self, said: str) -> Meaning:
        """The same without a sign between its name and its steps: where they part is tried."""
        link, links = self.language.words.routines.link, self.language.words.routines.links
        words = said.split()
        starts = self.language.words.hearing.command_starts
        likely = next((at for at, word in enumerate(words) if at and word in starts), len(words))
        for length in sorted(range(1, len(words)), key=lambda at: (at != likely, at)):
            if length > _LONGEST_NAME and length != likely:
                continue
            rest = " ".join(words[length:])
            parts = _parts(link.sub("", rest), self.language)
            if parts and not self._steps(parts)[1]:
                break
        else:
            length, parts = likely, _parts(link.sub("", " ".join(words[likely:])), self.language)
        return self.routine(links.sub("", " ".join(words[:length])), parts)

    def _steps(self, parts: Sequence[str]) -> tuple[list[Written], str]:
        """All steps, each of as few parts as it can be; or else what is not understood."""
        joint = self.language.say("asks.joint")
        furthest = 0

        def read(start: int) -> list[Written] | None:
            nonlocal furthest
            if start == len(parts):
                return []
            furthest = max(furthest, start)
            for end in range(start + 1, min(start + _LONGEST_STEP, len(parts)) + 1):
                found = self._step(joint.join(parts[start:end]), parts[start + 1 : end])
                rest = read(end) if found else None
                if found and rest is not None:
                    return [*found, *rest]
            return None

        if len(parts) > _MOST_PARTS:
            return [], parts[_MOST_PARTS]
        steps = read(0)
        return (steps, "") if steps else ([], parts[furthest])

    def _step(self, said: str, joined: Sequence[str]) -> list[Written]:
        """What one command is, with the parts `joined` in it; nothing when it is not understood."""
        found = self.understand(said)
        if found is not None and found.calls:
            the = self.language.words.home.articles
            if found.calls[0][0] in HOME_TOOLS and not all(map(the.match, joined)):
                return []  # "the lamp and the fan" are two devices, "the lamp and dance" is not
            steps = [self._tool(name, arguments) for name, arguments in found.calls]
            return [step for step in steps if step] if all(steps) else []
        words = self.language.words.routines
        for pattern in words.wait:
            waits = pattern.fullmatch(said)
            seconds = self.language.durations.parse_duration(waits[1]) if waits else None
            if seconds:
                return [{"pause_s": seconds}]
        for pattern in words.say:
            if speaks := pattern.fullmatch(said):
                return [{"say": own_words(self.text, speaks[1], self.language.hearing)}]
        return []

    def _tool(self, name: str, arguments: Mapping[str, object]) -> Written | None:
        """A call as it can be repeated any day; None when it is one of a certain day."""
        repeatable = dict(arguments)
        today = self.now.date()
        days = {today.isoformat(): "{today}"}
        days[(today + timedelta(days=1)).isoformat()] = "{tomorrow}"
        if "day" in repeatable:
            day = days.get(str(repeatable["day"]))
            if day is None:
                return None
            repeatable["day"] = day
        if "at" in repeatable:
            at = datetime.fromisoformat(str(repeatable["at"]))
            if at - self.now > timedelta(days=1):
                return None
            repeatable["at"] = f"{at:%H:%M}"
        return {"tool": name, "arguments": repeatable}
