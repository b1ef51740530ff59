"""From an intent to what to do about it: tool calls, an answer, or a question back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ren_device.assistant.language import Language
from ren_device.model import Intent
from ren_device.skills.speakable import capitalised

ANSWERS = frozenset(
    "never_mind help hello goodbye thanks love who_are_you presence change_timer change_alarm "
    "change_reminder home_what".split()
)
"""The intents that are only answered."""
VOLUME_STEP = 10
LONGEST_TIMER_S = 7 * 86_400
_CONFIRMED = re.compile(r"^(?:cancel|clear|remove)_")
_ANY_LIST = "shopping"

Missing = Literal["duration", "moment", "text", "items", "which", "yes"]
Call = tuple[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Question:
    """Something is missing. `base` is the request so far, which the answer will complete."""

    text: str
    missing: Missing
    base: str = ""
    calls: tuple[Call, ...] = ()  # what "yes" does, or what lacks a "which"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to do: exactly one of these is there."""

    calls: tuple[Call, ...] = ()
    answer: str = ""
    question: Question | None = None


def meaning(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    """What to do about `intent`; None when its words make no sense after all.

    A near miss never leads to taking something away: that is asked first.
    """
    say = language.say
    if intent.name in ANSWERS:
        greeting = capitalised(str(intent.slots.get("greeting", "")))
        if greeting:
            return Meaning(answer=f"{greeting}.")
        return Meaning(answer=say(f"answers.{intent.name}", can=say("answers.can")))
    act = _ACTS.get(intent.name)
    found = act(intent, now, language) if act else None
    if found and intent.score < 100 and any(_CONFIRMED.match(name) for name, _ in found.calls):
        text = _confirmation(found.calls[0], language)
        return Meaning(question=Question(text, "yes", calls=found.calls))
    return found


def _confirmation(call: Call, language: Language) -> str:
    name, arguments = call
    which = arguments.get("which")
    if name in ("remove_from_list", "clear_list"):
        items = arguments.get("items", ())
        listed = list(items) if isinstance(items, list) else [str(items)]
        return language.say(
            f"asks.{name}",
            items=language.say("asks.joint").join(listed),
            list=language.speech.list_name(str(arguments["list_name"])),
        )
    form = "all" if which == "all" else "one" if which else "only"
    return language.say(f"asks.{name}.{form}", which=which)


def _words(intent: Intent, slot: str, language: Language) -> str:
    """A slot's text without the articles before it."""
    text = str(intent.slots.get(slot, ""))
    return language.words.meaning.articles.sub("", text).strip()


def _set_timer(intent: Intent, _now: datetime, language: Language) -> Meaning:
    label = _words(intent, "label", language)
    seconds = language.durations.parse_duration(str(intent.slots.get("duration", "")))
    if seconds is None and (found := language.durations.find_duration(label)):
        seconds, label = found
        unnamed = not language.words.meaning.no_name.sub("", label).strip()
        if language.numbers.parse_number(label) is not None or unnamed:
            label = ""  # "four or five minutes"
    if seconds is None:
        requests = language.words.requests
        request = requests.named_timer.format(label=label) if label else requests.timer
        return Meaning(question=Question(language.say("asks.how_long"), "duration", request))
    if not 1 <= seconds <= LONGEST_TIMER_S:
        return Meaning(answer=language.say("answers.timer_too_long"))
    return Meaning(calls=(("set_timer", {"duration_s": seconds, "name": label}),))


def _set_alarm(intent: Intent, now: datetime, language: Language) -> Meaning:
    requests = language.words.requests
    wake = intent.slots.get("purpose") == "wake"
    label = _words(intent, "label", language)
    base = requests.wake if wake else requests.alarm
    base = requests.named_alarm.format(label=label) if label else base
    said = str(intent.slots.get("when", ""))
    if language.durations.parse_duration(said):
        said = requests.in_duration.format(said=said)
    found = language.moments.find_when(said, now, "wake" if wake else "alarm") if said else None
    if found is None or found.rest:
        return Meaning(question=Question(language.say("asks.when"), "moment", base))
    if found.at is None:
        return Meaning(question=_when_exactly(found.problem, intent.matched, base, language))
    at = found.at.isoformat(timespec="seconds")
    return Meaning(calls=(("set_alarm", {"at": at, "name": label}),))


def _set_reminder(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    words, requests = language.words.meaning, language.words.requests
    rest = str(intent.slots.get("rest", ""))
    if lead := str(intent.slots.get("lead", "")):
        is_duration = language.durations.parse_duration(lead) is not None
        opened = requests.in_duration if is_duration else requests.at_moment
        rest = f"{opened.format(said=lead)} {rest}"
    found = language.moments.find_when(rest, now)
    what = found.rest if found else rest
    what = words.before_task.sub("", f"{what} ").strip()
    what = words.after_task.sub("", what)
    if found is None and words.no_task.match(rest):
        return None  # "remind me what the capital of France is"
    if not what:
        at = found and found.at
        request = requests.reminder_at.format(when=rest) if at else requests.reminder
        return Meaning(question=Question(language.say("asks.task"), "text", request))
    base = requests.reminder_of.format(what=what)
    if found is None:
        return Meaning(question=Question(language.say("asks.when"), "moment", base))
    if found.at is None:
        said = requests.reminder_at.format(when=rest)
        return Meaning(question=_when_exactly(found.problem, said, base, language))
    at_moment = found.at.isoformat(timespec="seconds")
    return Meaning(calls=(("set_reminder", {"text": what, "at": at_moment}),))


def _when_exactly(problem: str, said: str, base: str, language: Language) -> Question:
    if problem == "past":
        return Question(language.say("asks.when_instead"), "moment", base)
    return Question(language.say("asks.time_of_day"), "moment", said)


def _items(intent: Intent, language: Language) -> list[str]:
    words = language.words.meaning
    text = str(intent.slots.get("items", ""))
    one = words.items_in_one.fullmatch(text)
    pieces = [text] if one else words.between_items.split(text)
    bare = (words.before_item.sub("", piece.strip()) for piece in pieces)
    return [piece for piece in bare if piece and not words.no_item.fullmatch(piece)]


def _list_name(intent: Intent, language: Language) -> str:
    name = _words(intent, "list", language)
    return dict(language.words.meaning.lists).get(name, name) or _ANY_LIST


def _add_to_list(intent: Intent, _now: datetime, language: Language) -> Meaning:
    items, name = _items(intent, language), _list_name(intent, language)
    if not items:
        request = language.words.requests.list.format(name=name)
        return Meaning(question=Question(language.say("asks.items"), "items", request))
    calls = (("add_to_list", {"items": items, "list_name": name}),)
    # no new list because of a near miss
    if intent.score < 100 and name not in language.words.meaning.known_lists:
        listed = language.say("asks.joint").join(items)
        called = language.speech.list_name(name)
        text = language.say("asks.add_to_list", items=listed, list=called)
        return Meaning(question=Question(text, "yes", calls=calls))
    return Meaning(calls=calls)


def _remove_from_list(intent: Intent, _now: datetime, language: Language) -> Meaning | None:
    items = _items(intent, language)
    if not items:
        return None
    found = {"items": items, "list_name": _list_name(intent, language)}
    return Meaning(calls=(("remove_from_list", found),))


def _show_list(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    """A question about one thing has too few fixed words for a near miss."""
    unclear = intent.score < 100 and "items" in intent.slots
    return None if unclear else _whole_list("show_list")(intent, now, language)


def _whole_list(tool: str) -> "_Act":
    return lambda intent, _now, language: Meaning(
        calls=((tool, {"list_name": _list_name(intent, language)}),)
    )


def _list_timers(intent: Intent, _now: datetime, language: Language) -> Meaning:
    which = _words(intent, "which", language)
    sure = intent.score >= 100 and not language.words.meaning.no_name.search(which)
    return Meaning(calls=(("list_timers", {"name": which} if which and sure else {}),))


def _cancel(tool: str) -> "_Act":
    def act(intent: Intent, _now: datetime, language: Language) -> Meaning:
        which = _words(intent, "which", language)
        if tool == "cancel_alarm" and language.words.meaning.to_another_time.match(which):
            return Meaning(answer=language.say("answers.change_alarm"))
        return Meaning(calls=((tool, {"which": which}),))

    return act


def _plain(tool: str) -> "_Act":
    return lambda _intent, _now, _language: Meaning(calls=((tool, {}),))


def _set_volume(intent: Intent, _now: datetime, language: Language) -> Meaning | None:
    if "percent" in intent.slots:
        return Meaning(calls=(("set_volume", {"percent": int(intent.slots["percent"])}),))
    words = language.words.meaning
    said = str(intent.slots.get("level", ""))
    level = 50.0 if words.half.fullmatch(said) else language.numbers.parse_number(said)
    if level is None:
        return None
    if level <= 10 and not words.percent.search(intent.matched):  # of ten
        level *= 10
    return Meaning(calls=(("set_volume", {"percent": min(100, round(level))}),))


def _change_volume(sign: int) -> "_Act":
    def act(intent: Intent, _now: datetime, language: Language) -> Meaning:
        words = language.words.meaning
        amount = language.numbers.parse_number(str(intent.slots.get("amount", "")))
        if amount is None:
            steps = (by for said, by in words.volume_steps if said.search(intent.matched))
            by = next(steps, VOLUME_STEP)
        else:
            in_steps = amount <= 5 and not words.percent.search(intent.matched)
            by = min(100, round(amount * VOLUME_STEP if in_steps else amount))
        return Meaning(calls=(("change_volume", {"by": sign * by}),))

    return act


def _cancel_all_timers(_intent: Intent, _now: datetime, _language: Language) -> Meaning:
    return Meaning(calls=(("cancel_timer", {"which": "all"}),))


_Act = Callable[[Intent, datetime, Language], Meaning | None]

_ACTS: Mapping[str, _Act] = {
    "set_timer": _set_timer,
    "set_alarm": _set_alarm,
    "set_reminder": _set_reminder,
    "list_timers": _list_timers,
    "list_alarms": _plain("list_alarms"),
    "list_reminders": _plain("list_reminders"),
    "cancel_timer": _cancel("cancel_timer"),
    "cancel_all_timers": _cancel_all_timers,
    "cancel_alarm": _cancel("cancel_alarm"),
    "cancel_reminder": _cancel("cancel_reminder"),
    "add_to_list": _add_to_list,
    "remove_from_list": _remove_from_list,
    "show_list": _show_list,
    "show_lists": _plain("show_lists"),
    "clear_list": _whole_list("clear_list"),
    "get_time": _plain("get_time"),
    "get_date": _plain("get_date"),
    "get_volume": _plain("get_volume"),
    "set_volume": _set_volume,
    "unmute": _plain("unmute"),
    "volume_up": _change_volume(1),
    "volume_down": _change_volume(-1),
    "stop": _plain("stop_ringing"),
}
