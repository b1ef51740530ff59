"""From an intent to what to do about it: tool calls, an answer, or a question back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ren_device.assistant.durations import find_duration, parse_duration, parse_number
from ren_device.assistant.when import Purpose, find_when
from ren_device.model import Intent

CAN = (
    "I can set timers, alarms and reminders, keep lists, remember things for you, tell you the"
    " time and the date, and change the volume."
)
ANSWERS: Mapping[str, str] = {
    "never_mind": "Okay.",
    "help": f"{CAN} Everything else needs the cloud.",
    "hello": "Hello. What can I do for you?",
    "goodbye": "Goodbye.",
    "thanks": "You're welcome.",
    "love": "That's kind of you.",
    "who_are_you": f"I'm Ren, your speaker. {CAN}",
    "presence": "I'm here.",
    "change_timer": "I can't change a running timer. You can cancel it and set a new one.",
    "change_alarm": "I can't change an alarm. You can cancel it and set a new one.",
    "change_reminder": "I can't change a reminder. You can cancel it and set a new one.",
    "home_what": "Please say what I should turn on.",
}
VOLUME_STEP = 10
LONGEST_TIMER_S = 7 * 86_400
_BY_WORD = {"a lot": 30, "much": 30, "way": 30, "bit": 5, "little": 5, "slightly": 5, "tad": 5}
_NO_ITEM_SPLIT = ("mac and cheese", "macaroni and cheese", "fish and chips", "half and half")
_NO_ITEM = re.compile(
    r"(?:(?:to|on|onto|in|into|the|my|our|a|an|of|some|something|it|and|list)\b ?)+"
)
_KNOWN_LISTS = ("shopping", "to do")
_LIST_ALIASES = {"grocery": "shopping", "groceries": "shopping", "todo": "to do"}
_NO_NAME = re.compile(
    r"\b(?:the|my|your|our|on|in|of|or|and|at|to|for|from|it|is|left|less|remaining|still)\b"
)
_CONFIRMED = re.compile(r"^(?:cancel|clear|remove)_")

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


def meaning(intent: Intent, now: datetime) -> Meaning | None:
    """What to do about `intent`; None when its words make no sense after all.

    A near miss never leads to taking something away: that is asked first.
    """
    if intent.name in ANSWERS:
        greeting = str(intent.slots.get("greeting", "")).capitalize()
        return Meaning(answer=f"{greeting}." if greeting else ANSWERS[intent.name])
    act = _ACTS.get(intent.name)
    found = act(intent, now) if act else None
    if found and intent.score < 100 and any(_CONFIRMED.match(name) for name, _ in found.calls):
        return Meaning(question=Question(_confirmation(found.calls[0]), "yes", calls=found.calls))
    return found


def _confirmation(call: Call) -> str:
    name, arguments = call
    verb, _, kind = name.partition("_")
    which = arguments.get("which")
    if kind == "from_list":
        items = arguments["items"]
        what = " and ".join(items) if isinstance(items, list) else str(items)
        return f"Do you want me to remove {what} from the {arguments['list_name']} list?"
    if kind == "list":
        return f"Do you want me to clear the {arguments['list_name']} list?"
    what = f"all {kind}s" if which == "all" else f"the {which} {kind}" if which else f"the {kind}"
    return f"Do you want me to {verb} {what}?"


def _words(intent: Intent, slot: str) -> str:
    """A slot's text without the articles before it."""
    text = str(intent.slots.get(slot, ""))
    return re.sub(r"^(?:(?:the|my|our|a|an|some|for)\s+)+", "", text).strip()


def _set_timer(intent: Intent, _now: datetime) -> Meaning:
    label = _words(intent, "label")
    seconds = parse_duration(str(intent.slots.get("duration", "")))
    if seconds is None and (found := find_duration(label)):
        seconds, label = found
        if parse_number(label) is not None or not _NO_NAME.sub("", label).strip():
            label = ""  # "four or five minutes"
    if seconds is None:
        base = f"set a {label} timer" if label else "set a timer"
        return Meaning(question=Question("For how long?", "duration", base))
    if not 1 <= seconds <= LONGEST_TIMER_S:
        return Meaning(answer="A timer can run for up to seven days. A reminder can be later.")
    return Meaning(calls=(("set_timer", {"duration_s": seconds, "name": label}),))


def _set_alarm(intent: Intent, now: datetime) -> Meaning:
    purpose: Purpose = "wake" if intent.slots.get("purpose") == "wake" else "alarm"
    label = _words(intent, "label")
    base = (
        f"set a {label} alarm" if label else "wake me up" if purpose == "wake" else "set an alarm"
    )
    said = str(intent.slots.get("when", ""))
    if parse_duration(said):
        said = f"in {said}"
    found = find_when(said, now, purpose) if said else None
    if found is None or found.rest:
        return Meaning(question=Question("For when?", "moment", base))
    if found.at is None:
        return Meaning(question=_when_exactly(found.problem, intent.matched, base))
    at = found.at.isoformat(timespec="seconds")
    return Meaning(calls=(("set_alarm", {"at": at, "name": label}),))


def _set_reminder(intent: Intent, now: datetime) -> Meaning | None:
    rest = str(intent.slots.get("rest", ""))
    if lead := intent.slots.get("lead"):
        rest = f"{'in' if parse_duration(str(lead)) else 'at'} {lead} {rest}"
    found = find_when(rest, now)
    what = found.rest if found else rest
    what = re.sub(r"^(?:(?:to|about|that|of|for|at|on)\s+)+", "", f"{what} ").strip()
    what = re.sub(r"(?:\s+(?:at|on|by|in))+$", "", what)
    if found is None and re.match(r"(?:what|who|when|where|why|how|if|which)\b", rest):
        return None  # "remind me what the capital of France is"
    if not what:
        said = f" {rest}" if found and found.at else ""
        question = Question("What should I remind you of?", "text", f"remind me{said}")
        return Meaning(question=question)
    if found is None:
        return Meaning(question=Question("For when?", "moment", f"remind me to {what}"))
    if found.at is None:
        base = f"remind me to {what}"
        return Meaning(question=_when_exactly(found.problem, f"remind me {rest}", base))
    at = found.at.isoformat(timespec="seconds")
    return Meaning(calls=(("set_reminder", {"text": what, "at": at}),))


def _when_exactly(problem: str, said: str, base: str) -> Question:
    if problem == "past":
        return Question("That time has passed. For when?", "moment", base)
    return Question("At what time?", "moment", said)


def _items(intent: Intent) -> list[str]:
    text = str(intent.slots.get("items", ""))
    pieces = [text] if text in _NO_ITEM_SPLIT else re.split(r"\s*,\s*|\s+and\s+", text)
    bare = (re.sub(r"^(?:some|a|an|the|and|my)\s+", "", piece.strip()) for piece in pieces)
    return [piece for piece in bare if piece and not _NO_ITEM.fullmatch(piece)]


def _list_name(intent: Intent) -> str:
    name = _words(intent, "list")
    return _LIST_ALIASES.get(name, name) or "shopping"


def _add_to_list(intent: Intent, _now: datetime) -> Meaning:
    items, name = _items(intent), _list_name(intent)
    if not items:
        return Meaning(question=Question("What should I add?", "items", f"to the {name} list"))
    calls = (("add_to_list", {"items": items, "list_name": name}),)
    if intent.score < 100 and name not in _KNOWN_LISTS:  # no new list because of a near miss
        text = f"Do you want me to add {' and '.join(items)} to the {name} list?"
        return Meaning(question=Question(text, "yes", calls=calls))
    return Meaning(calls=calls)


def _remove_from_list(intent: Intent, _now: datetime) -> Meaning | None:
    items = _items(intent)
    if not items:
        return None
    found = {"items": items, "list_name": _list_name(intent)}
    return Meaning(calls=(("remove_from_list", found),))


def _show_list(intent: Intent, now: datetime) -> Meaning | None:
    """A question about one thing has too few fixed words for a near miss."""
    unclear = intent.score < 100 and "items" in intent.slots
    return None if unclear else _whole_list("show_list")(intent, now)


def _whole_list(tool: str) -> Callable[[Intent, datetime], Meaning]:
    return lambda intent, _: Meaning(calls=((tool, {"list_name": _list_name(intent)}),))


def _list_timers(intent: Intent, _now: datetime) -> Meaning:
    which = _words(intent, "which")
    sure = intent.score >= 100 and not _NO_NAME.search(which)
    return Meaning(calls=(("list_timers", {"name": which} if which and sure else {}),))


def _cancel(tool: str) -> Callable[[Intent, datetime], Meaning]:
    def act(intent: Intent, _now: datetime) -> Meaning:
        which = _words(intent, "which")
        if which.startswith("to ") and tool == "cancel_alarm":  # "remove my alarm to 8": moved
            return Meaning(answer=ANSWERS["change_alarm"])
        return Meaning(calls=((tool, {"which": which}),))

    return act


def _plain(tool: str) -> Callable[[Intent, datetime], Meaning]:
    return lambda _intent, _now: Meaning(calls=((tool, {}),))


def _set_volume(intent: Intent, _now: datetime) -> Meaning | None:
    if "percent" in intent.slots:
        return Meaning(calls=(("set_volume", {"percent": int(intent.slots["percent"])}),))
    said = str(intent.slots.get("level", ""))
    level = 50.0 if said in ("half", "a half") else parse_number(said)
    if level is None:
        return None
    if level <= 10 and "percent" not in intent.matched:  # of ten
        level *= 10
    return Meaning(calls=(("set_volume", {"percent": min(100, round(level))}),))


def _change_volume(sign: int) -> Callable[[Intent, datetime], Meaning]:
    def act(intent: Intent, _now: datetime) -> Meaning:
        amount = parse_number(str(intent.slots.get("amount", "")))
        if amount is None:
            words = (
                by for word, by in _BY_WORD.items() if re.search(rf"\b{word}\b", intent.matched)
            )
            by = next(words, VOLUME_STEP)
        else:
            steps = amount <= 5 and "percent" not in intent.matched
            by = min(100, round(amount * VOLUME_STEP if steps else amount))
        return Meaning(calls=(("change_volume", {"by": sign * by}),))

    return act


def _cancel_all_timers(_intent: Intent, _now: datetime) -> Meaning:
    return Meaning(calls=(("cancel_timer", {"which": "all"}),))


_ACTS: Mapping[str, Callable[[Intent, datetime], Meaning | None]] = {
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
