"""From an intent that is about Ren's memory to what to do about it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from ren_device.assistant.meaning import Call, Meaning, Question
from ren_device.assistant.own_words import own_words
from ren_device.model import Intent

NOTHING_TO_REMEMBER = "What should I remember?"
_SURE = "Should I forget everything that you asked me to remember?"

_SOMETHING = re.compile(r"(?:this|that|something|it|one thing|things?)")
_NOT_A_FACT = re.compile(r"(?:to|when|how|what|where|who|why|which|if|me|the time|this|that)\b")
_STATES = re.compile(
    r"\b(?:is|are|was|were|am|i'm|has|have|had|likes?|loves?|hates?|prefers?|needs?|wants?|cannot|"
    r"can|lives?|works?|drinks?|eats?|goes|takes?|starts?|begins?|ends?|comes?|put|parked|left|"
    r"keeps?|owes?|wears?|sleeps?|uses?|plays?|does|do not|stays?|leaves?|arrives?|belongs?|"
    r"means|costs?|closes?|opens?|born|moved|bought|called)\b"
)
_KEPT = ("remember_fact", "correct_fact")
"""Their `text` is kept as the person wrote it."""


def memory_meaning(intent: Intent) -> Meaning | None:
    """What to do about `intent`; None when its words make no sense after all."""
    return _ACTS[intent.name](intent)


def in_own_words(found: Meaning, original: str) -> Meaning:
    """The same, with what will be kept as it stands in `original`, if it does."""
    if found.question is None:
        return replace(found, calls=tuple(_rewritten(call, original) for call in found.calls))
    asked = found.question
    calls = tuple(_rewritten(call, original) for call in asked.calls)
    return replace(found, question=replace(asked, calls=calls))


def _rewritten(call: Call, original: str) -> Call:
    name, arguments = call
    if name not in _KEPT:
        return call
    return name, {**arguments, "text": own_words(original, str(arguments["text"]))}


def _remember(intent: Intent) -> Meaning | None:
    fact = str(intent.slots.get("fact", ""))
    if not fact or _SOMETHING.fullmatch(fact):
        return Meaning(question=Question(NOTHING_TO_REMEMBER, "text", "remember"))
    said_so = "that" in intent.slots
    if _NOT_A_FACT.match(fact) or not (said_so or _STATES.search(fact)):
        return None
    calls = (("remember_fact", {"text": fact}),)
    if intent.score < 100:
        asked = Question(f"Do you want me to remember this: {fact}?", "yes", calls=calls)
        return Meaning(question=asked)
    return Meaning(calls=calls)


def _list(intent: Intent) -> Meaning | None:
    topic = str(intent.slots.get("topic", ""))
    if topic and intent.score < 100:
        return None
    about = "" if topic in ("me", "us") else topic
    return Meaning(calls=(("list_facts", {"about": about}),))


def _forget(intent: Intent) -> Meaning | None:
    which = str(intent.slots.get("topic", ""))
    if not which:
        return None
    if "all" in intent.slots:
        which = f"all {which}"
    calls = (("forget_fact", {"which": which}),)
    if intent.score < 100:
        asked = f"Do you want me to forget what I remember about {which.removeprefix('all ')}?"
        return Meaning(question=Question(asked, "yes", calls=calls))
    return Meaning(calls=calls)


def _forget_everything(_intent: Intent) -> Meaning:
    return Meaning(question=Question(_SURE, "yes", calls=(("forget_fact", {"everything": True}),)))


_ACTS: Mapping[str, Callable[[Intent], Meaning | None]] = {
    "remember_fact": _remember,
    "list_facts": _list,
    "forget_fact": _forget,
    "forget_everything": _forget_everything,
}
MEMORY = frozenset(_ACTS)
"""The intents that are about Ren's memory."""
