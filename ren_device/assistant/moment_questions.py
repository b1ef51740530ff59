"""What was said of a moment: a call when it is clear, else a question; and answers to which one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning, Missing, Question
from ren_device.assistant.when import Found


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that needs a moment: `base` without one, `whole` with all that was said.

    `call` is what it does at a moment; `missing` is what an answer to "when" is put as.
    """

    base: str
    whole: str
    call: Callable[[datetime, Found], Call]
    missing: Missing = "moment"


def settled(found: Found | None, wish: Wish, now: datetime, language: Language) -> Meaning:
    """The call, if what was said is one moment or one rule; else what to ask, or why not."""
    if found is None:
        return _ask("when", wish, language)
    if found.at is not None:
        return Meaning(calls=(wish.call(found.at, found),))
    if found.problem == "rule":
        return Meaning(answer=language.say("answers.no_rule"))
    if found.problem == "no time":
        asked = language.say("asks.time_of_day")
        return Meaning(question=Question(asked, "moment", wish.whole))
    if found.problem == "past":
        return _ask("when_instead", wish, language)
    if not found.choices and language.moments.is_repeated(wish.whole):  # "every week"
        asked = language.say("asks.when_exactly")
        return Meaning(question=Question(asked, "moment", wish.whole))
    if not found.choices:
        return _ask("when_exactly", wish, language)
    told = [language.speech.moment(each, now) for each in found.choices]
    either = language.say("listing.any", most=", ".join(told[:-1]), last=told[-1])
    calls = tuple(wish.call(each, found) for each in found.choices)
    text = language.say("asks.which_time", choices=either if len(told) > 1 else told[0])
    if len(calls) == 1:
        return Meaning(question=Question(text, "yes", wish.base, calls))
    return Meaning(question=Question(text, "choice", wish.base, calls, found.choices))


def chosen(question: Question, said: str, now: datetime, language: Language) -> Call | None:
    """Which of the moments that were asked about is meant; None when it is not clear."""
    words = language.words.dialogue
    for pattern, place in words.places:
        if pattern.fullmatch(said):
            return question.calls[place] if place < len(question.calls) else None
    among = _fitting(question.choices, said, now, language)
    return question.calls[among[0]] if len(among) == 1 else None


def _fitting(
    choices: tuple[datetime, ...], said: str, now: datetime, language: Language
) -> list[int]:
    """Those of the choices that are at the moment, the day or the hours that were said."""
    found = language.moments.find_when(said, now)
    at = found.at if found else None
    day = found.day if found else None
    hours = next(
        (range(*when) for said_so, *when in language.words.dialogue.hours if said_so.search(said)),
        range(0),
    )
    for fits in (
        [at == each for each in choices],
        [at is not None and at.time() == each.time() for each in choices],
        [day == each.date() for each in choices],
        [each.hour in hours for each in choices],
        [at is not None and _on_the_dial(at) == _on_the_dial(each) for each in choices],
    ):
        if any(fits):
            return [index for index, fit in enumerate(fits) if fit]
    return []


def _on_the_dial(at: datetime) -> tuple[int, int]:
    return at.hour % 12, at.minute


def _ask(key: str, wish: Wish, language: Language) -> Meaning:
    asked = language.say(f"asks.{key}")
    return Meaning(question=Question(asked, wish.missing, wish.base))
