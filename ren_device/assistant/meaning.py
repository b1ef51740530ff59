"""From an intent to what to do about it: tool calls, an answer, or a question back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from ren_device.assistant.language import Language
from ren_device.model import Intent
from ren_device.skills.speakable import capitalised

ANSWERS = frozenset(
    "never_mind help hello goodbye thanks love who_are_you presence home_what".split()
)
"""The intents that are only answered."""
VOLUME_STEP = 10
_TAKES_AWAY = re.compile(r"^(?:cancel|clear|remove)_")
_CHANGES = re.compile(r"^(?:skip_alarm|pause_timer|change_(?:timer|alarm|reminder)|move_to_list)$")
_ANY_LIST = "shopping"
_OF_THE_VOICE: Mapping[str, str] = MappingProxyType({})
_OF_ALARMS: Mapping[str, str] = MappingProxyType({"of": "alarms"})

Missing = Literal[
    "duration",
    "by",
    "moment",
    "target",
    "choice",
    "way",
    "often",
    "extent",
    "text",
    "items",
    "steps",
    "which",
    "yes",
]
"""`by` is a duration to give or take; `target` a moment that something is moved to; `choice` one of
some moments; `way` whether later or earlier; `extent` whether one day or all of a series."""
Call = tuple[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Question:
    """Something is missing. `base` is the request so far, which the answer will complete."""

    text: str
    missing: Missing
    base: str = ""
    calls: tuple[Call, ...] = ()  # what "yes" does, or each choice, or what lacks a "which"
    choices: tuple[datetime, ...] = ()  # what each of `calls` is for


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to do: exactly one of these is there."""

    calls: tuple[Call, ...] = ()
    answer: str = ""
    question: Question | None = None


def meaning(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    """What to do about `intent`; None when its words make no sense after all."""
    say = language.say
    if intent.name in ANSWERS:
        greeting = capitalised(str(intent.slots.get("greeting", "")))
        if greeting:
            return Meaning(answer=f"{greeting}.")
        return Meaning(answer=say(f"answers.{intent.name}", can=say("answers.can")))
    act = _ACTS.get(intent.name)
    return act(intent, now, language) if act else None


def asked_first(found: Meaning, intent: Intent, language: Language) -> Meaning:
    """The same; but a near miss never takes away or changes anything before a "yes"."""
    if intent.score >= 100 or not found.calls:
        return found
    if any(_TAKES_AWAY.match(name) for name, _ in found.calls):
        text = _confirmation(found.calls[0], language)
    elif any(_CHANGES.match(name) for name, _ in found.calls):
        text = language.say("asks.meant", said=intent.matched)
    else:
        return found
    return Meaning(question=Question(text, "yes", calls=found.calls))


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


def words_of(intent: Intent, slot: str, language: Language) -> str:
    """A slot's text without the articles before it; empty without the slot."""
    text = str(intent.slots.get(slot, ""))
    return language.words.meaning.articles.sub("", text).strip()


def duration_of(intent: Intent, language: Language) -> float | None:
    """Seconds, from the slots `duration`, or `count` and `unit`; None when there are none."""
    slots = intent.slots
    said = slots.get("duration") or f"{slots.get('count', '')} {slots.get('unit', '')}"
    return language.durations.parse_duration(str(said))


def _items(intent: Intent, language: Language) -> list[str]:
    words = language.words.meaning
    text = str(intent.slots.get("items", ""))
    one = words.items_in_one.fullmatch(text)
    pieces = [text] if one else words.between_items.split(text)
    bare = (words.before_item.sub("", piece.strip()) for piece in pieces)
    return [piece for piece in bare if piece and not words.no_item.fullmatch(piece)]


def _list_name(intent: Intent, language: Language, slot: str = "list") -> str:
    name = words_of(intent, slot, language)
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


def _find_on_list(intent: Intent, _now: datetime, language: Language) -> Meaning | None:
    """A question about one thing has too few fixed words for a near miss."""
    items = _items(intent, language)
    if intent.score < 100 or not items:
        return None
    found = {"items": items, "list_name": _list_name(intent, language)}
    return Meaning(calls=(("find_on_list", found),))


def _move_to_list(intent: Intent, _now: datetime, language: Language) -> Meaning | None:
    items = _items(intent, language)
    if not items:
        return None
    moved: dict[str, object] = {"items": items, "to_list": _list_name(intent, language, "to_list")}
    if "list" in intent.slots:
        moved["from_list"] = _list_name(intent, language)
    return Meaning(calls=(("move_to_list", moved),))


def _whole_list(tool: str) -> "_Act":
    return lambda intent, _now, language: Meaning(
        calls=((tool, {"list_name": _list_name(intent, language)}),)
    )


def _plain(tool: str) -> "_Act":
    return lambda _intent, _now, _language: Meaning(calls=((tool, {}),))


def _set_volume(
    intent: Intent, _now: datetime, language: Language, of: Mapping[str, str] = _OF_THE_VOICE
) -> Meaning | None:
    if "percent" in intent.slots:
        return Meaning(calls=(("set_volume", {"percent": int(intent.slots["percent"]), **of}),))
    words = language.words.meaning
    said = str(intent.slots.get("level", ""))
    level = 50.0 if words.half.fullmatch(said) else language.numbers.parse_number(said)
    if level is None:
        return None
    if level <= 10 and not words.percent.search(intent.matched):  # of ten
        level *= 10
    return Meaning(calls=(("set_volume", {"percent": min(100, round(level)), **of}),))


def _change_volume(sign: int, of: Mapping[str, str] = _OF_THE_VOICE) -> "_Act":
    def act(intent: Intent, _now: datetime, language: Language) -> Meaning:
        words = language.words.meaning
        amount = language.numbers.parse_number(str(intent.slots.get("amount", "")))
        if amount is None:
            steps = (by for said, by in words.volume_steps if said.search(intent.matched))
            by = next(steps, VOLUME_STEP)
        else:
            in_steps = amount <= 5 and not words.percent.search(intent.matched)
            by = min(100, round(amount * VOLUME_STEP if in_steps else amount))
        return Meaning(calls=(("change_volume", {"by": sign * by, **of}),))

    return act


def _alarm_volume(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    way = intent.slots.get("way")
    if way in ("up", "down"):
        return _change_volume(1 if way == "up" else -1, _OF_ALARMS)(intent, now, language)
    if way == "to" or "percent" in intent.slots:
        return _set_volume(intent, now, language, _OF_ALARMS)
    return Meaning(calls=(("get_volume", dict(_OF_ALARMS)),))


_Act = Callable[[Intent, datetime, Language], Meaning | None]

_ACTS: Mapping[str, _Act] = {
    "add_to_list": _add_to_list,
    "remove_from_list": _remove_from_list,
    "show_list": _whole_list("show_list"),
    "find_on_list": _find_on_list,
    "count_list": _whole_list("count_list"),
    "move_to_list": _move_to_list,
    "show_lists": _plain("show_lists"),
    "clear_list": _whole_list("clear_list"),
    "get_time": _plain("get_time"),
    "get_date": _plain("get_date"),
    "get_volume": _plain("get_volume"),
    "set_volume": _set_volume,
    "unmute": _plain("unmute"),
    "volume_up": _change_volume(1),
    "volume_down": _change_volume(-1),
    "alarm_volume": _alarm_volume,
}
