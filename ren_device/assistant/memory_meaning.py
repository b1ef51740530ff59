"""From an intent that is about Ren's memory to what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning, Question
from ren_device.assistant.own_words import own_words
from ren_device.model import Intent

_KEPT = {"remember_fact": "text", "correct_fact": "text"}
"""What is kept as the person wrote it: tools and their arguments."""
_KEPT_IN_CAPITALS = {"set_reminder": "text", "add_to_list": "items"}
"""What else is, where nouns have capitals."""


def memory_meaning(intent: Intent, language: Language) -> Meaning | None:
    """What to do about `intent`; None when its words make no sense after all."""
    return _ACTS[intent.name](intent, language)


def in_own_words(found: Meaning, original: str, language: Language) -> Meaning:
    """The same, with what will be kept as it stands in `original`, if it does."""
    hearing = language.hearing
    kept = _KEPT | _KEPT_IN_CAPITALS if hearing.keeps_capitals else _KEPT

    def as_written(text: str, name: str) -> str:
        found = own_words(original, text, hearing)
        # a task may have the time in its middle
        return found if name in _KEPT or hearing.plain(found) == text else text

    def rewritten(call: Call) -> Call:
        name, arguments = call
        if name not in kept:
            return call
        value = arguments[kept[name]]
        if isinstance(value, list):
            return name, {**arguments, kept[name]: [as_written(each, name) for each in value]}
        text = as_written(str(value), name)
        if name in _KEPT and language.words.memory.verb_last:
            text = _main_clause(text, language)
        return name, {**arguments, kept[name]: text}

    if found.question is None:
        return replace(found, calls=tuple(map(rewritten, found.calls)))
    asked = found.question
    return replace(found, question=replace(asked, calls=tuple(map(rewritten, asked.calls))))


def _main_clause(fact: str, language: Language) -> str:
    """The verb of a fact that was said after "dass" goes before its place.

    "mein Auto in der Garage steht" is "mein Auto steht in der Garage".
    """
    words = fact.split()
    plain = [word.casefold() for word in words]
    facts = language.words.facts
    if len(words) < 3 or plain[-1] not in facts.states:
        return fact
    place = next((at for at, word in enumerate(plain[1:-1], 1) if word in facts.places), -2)
    return " ".join((*words[:place], words[-1], *words[place:-1]))


def _remember(intent: Intent, language: Language) -> Meaning | None:
    words = language.words.memory
    fact = str(intent.slots.get("fact", ""))
    if not fact or words.something.fullmatch(fact):
        request = language.words.requests.remember
        return Meaning(question=Question(language.say("memory.what"), "text", request))
    said_so = "that" in intent.slots
    if words.not_a_fact.match(fact) or not (said_so or words.states.search(fact)):
        return None
    calls = (("remember_fact", {"text": fact}),)
    if intent.score < 100:
        asked = language.say("asks.remember_fact", fact=fact)
        return Meaning(question=Question(asked, "yes", calls=calls))
    return Meaning(calls=calls)


def _list(intent: Intent, language: Language) -> Meaning | None:
    topic = str(intent.slots.get("topic", ""))
    if topic and intent.score < 100:
        return None
    about = "" if language.words.memory.us.fullmatch(topic) else topic
    return Meaning(calls=(("list_facts", {"about": about}),))


def _forget(intent: Intent, language: Language) -> Meaning | None:
    topic = str(intent.slots.get("topic", ""))
    if not topic:
        return None
    which = language.words.memory.all_of.format(topic=topic) if "all" in intent.slots else topic
    calls = (("forget_fact", {"which": which}),)
    if intent.score < 100:
        asked = language.say("asks.forget_fact", topic=topic)
        return Meaning(question=Question(asked, "yes", calls=calls))
    return Meaning(calls=calls)


def _forget_everything(_intent: Intent, language: Language) -> Meaning:
    calls = (("forget_fact", {"everything": True}),)
    return Meaning(question=Question(language.say("asks.forget_everything"), "yes", calls=calls))


_ACTS: Mapping[str, Callable[[Intent, Language], Meaning | None]] = {
    "remember_fact": _remember,
    "list_facts": _list,
    "forget_fact": _forget,
    "forget_everything": _forget_everything,
}
MEMORY = frozenset(_ACTS)
"""The intents that are about Ren's memory."""
