"""Answers and corrections out of what Ren was asked to remember, for the offline mind.

A fact answers a question only if it is of the form that the question asks for: "my sister's
birthday is the third of may" tells when that is, and "my dog's name is Rex" does not tell what "my
name" is. Where two facts would do, none does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ren_device.assistant.meaning import Meaning, Question
from ren_device.assistant.own_words import own_words
from ren_device.skills.fact_words import about, same, sentence, told_back, words_of

_IS = ("is", "are", "was", "were")
_DETERMINERS = ("my", "our", "the", "a", "an")
_KEPT = re.compile(r"(?:i|we)(?: have| had)? (?:put|parked|left|kept|keep|hid|stored|store|moved)")
_PLACE = frozenset(
    "in on at under behind beside next near inside with by above below over outside upstairs "
    "downstairs between opposite".split()
)
_TIME = frozenset(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december tomorrow today tonight yesterday "
    "morning noon afternoon evening night midnight day days week weeks month months year years "
    "summer autumn fall winter spring christmas easter one two three four five six seven eight "
    "nine ten eleven twelve half quarter".split()
)
_QUESTION = re.compile(
    r"(?:do you (?:know|remember) |tell me |remind me )?(?P<asks>what|when|where|who|which)"
    r"(?: (?:day|date|time|colou?r|number))? (?:"
    r"(?:is|are|was|were) (?P<thing>.+)"
    r"|did (?:i|we) (?:put|park|leave|keep|hide|store|move) (?P<placed>.+)"
    r"|(?P<thing_before>.+) (?:is|are|was|were)"
    r"|(?:i|we) (?:put|parked|left|keep|kept|hid|stored|moved) (?P<placed_before>.+))"
)
_KNOW = re.compile(r"(?:what|do) do you know about (?P<topic>.+)")
_WRONG = re.compile(
    r"(?:(?:no|nope|wrong|correction|that is (?:wrong|not right|not true)|i (?:meant|said)) )+"
    r"(?P<fact>.+)"
)
_CHANGE = re.compile(r"(?:change|correct|update|fix) (?P<thing>.+?) to (?P<value>.+)")


@dataclass(frozen=True, slots=True)
class _Statement:
    """A thing without its article, and what is said of it, in plain words."""

    thing: tuple[str, ...]
    value: tuple[str, ...]
    placed: bool = False


def from_facts(said: str, original: str, facts: Sequence[str]) -> Meaning | None:
    """What the facts make of a sentence in plain form that asks for one, or puts one right."""
    if question := _QUESTION.fullmatch(said):
        if answer := _answer(question, facts):
            return Meaning(answer=sentence(answer))
        return None
    if known := _KNOW.fullmatch(said):
        topic = "" if known["topic"] in ("me", "us") else known["topic"]
        if facts and (not topic or about(facts, topic)):
            return Meaning(calls=(("list_facts", {"about": topic}),))
        return None
    if change := _CHANGE.fullmatch(said):
        found = _told_of(_thing(change["thing"]), facts)
        if found is None:
            return None
        fact, statement = found
        opening = _opening(fact, statement)
        text = f"{opening} {own_words(original, change['value'])}"
        return Meaning(calls=(("correct_fact", {"which": fact, "text": text}),))
    wrong = _WRONG.fullmatch(said)
    text = wrong["fact"] if wrong else said
    old = contradicted(text, facts)
    if old is None:
        return None
    if wrong:
        return Meaning(calls=(("correct_fact", {"which": old, "text": text}),))
    return should_change(old, text)


def contradicted(text: str, facts: Sequence[str]) -> str | None:
    """The one fact that says something else of the same thing."""
    for statement in _statements(text)[:1]:
        found = _told_of(statement.thing, facts)
        if found is not None and not same(found[0], text):
            return found[0]
    return None


def should_change(old: str, text: str) -> Meaning:
    """Ask whether `text` takes the place of the fact `old`."""
    asked = f"I remember it differently: {told_back(old)}. Should I change that?"
    calls = (("correct_fact", {"which": old, "text": text}),)
    return Meaning(question=Question(asked, "yes", calls=calls))


def _answer(question: re.Match[str], facts: Sequence[str]) -> str | None:
    placed = question["placed"] or question["placed_before"]
    thing = _thing(placed or question["thing"] or question["thing_before"])
    asks = "where" if placed else question["asks"]
    if not thing:
        return None
    fitting = [
        fact
        for fact in facts
        if any(each.thing == thing and _answers(asks, each) for each in _statements(fact))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _answers(asks: str, statement: _Statement) -> bool:
    words = statement.value
    if asks == "where":
        return statement.placed or words[0] in _PLACE
    if statement.placed:
        return False
    if asks == "when":
        return not _TIME.isdisjoint(words) or any(map(_has_digit, words))
    return True


def _has_digit(word: str) -> bool:
    return any(char.isdigit() for char in word)


def _told_of(thing: tuple[str, ...], facts: Sequence[str]) -> tuple[str, _Statement] | None:
    """The only fact that begins with this thing, and what it says."""
    found = [
        (fact, statement)
        for fact in facts
        for statement in _statements(fact)[:1]
        if thing and statement.thing == thing and not statement.placed
    ]
    return found[0] if len(found) == 1 else None


def _statements(fact: str) -> list[_Statement]:
    """How a fact can be read: "the third of may is my sister's birthday" speaks of both."""
    words = words_of(fact)
    if kept := _KEPT.match(" ".join(words)):
        rest = words[len(kept[0].split()) :]
        cut = next((at for at, word in enumerate(rest) if word in _PLACE), 0)
        thing = _thing(" ".join(rest[:cut]))
        return [_Statement(thing, tuple(rest[cut:]), placed=True)] if thing else []
    at = next((index for index, word in enumerate(words) if word in _IS), 0)
    before, after = words[:at], words[at + 1 :]
    thing, value = _thing(" ".join(before)), _thing(" ".join(after))
    if not thing or not value:
        return []
    return [_Statement(thing, tuple(after)), _Statement(value, tuple(before))]


def _thing(words: str) -> tuple[str, ...]:
    """What is spoken of, without its article; nothing for what is Ren's."""
    found = words_of(words)
    if found and found[0] in _DETERMINERS:
        found = found[1:]
    return () if not found or found[0] in ("your", "you") else tuple(found)


def _opening(fact: str, statement: _Statement) -> str:
    """The fact up to what it says of its thing, as it was written."""
    return " ".join(fact.split()[: len(fact.split()) - len(statement.value)])
