"""The mind that needs no cloud: sentences it knows, and honesty about the rest.

It keeps no state. A question that it asked back ("For how long?") is recognised in the dialogue,
and the answer is understood together with what was asked for before.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from ren_device.assistant.alert_meaning import ALERTS, alert_meaning, guarded
from ren_device.assistant.answering import LONGEST, Answering
from ren_device.assistant.fact_answers import FactAnswers
from ren_device.assistant.home_meaning import HOME, HOME_TOOLS, home_meaning
from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Meaning, Question, asked_first, meaning
from ren_device.assistant.memory_meaning import MEMORY, in_own_words, memory_meaning
from ren_device.assistant.misheard import put_right
from ren_device.assistant.routine_meaning import ROUTINES, new_routine, routine_meaning, together
from ren_device.assistant.taken_back import instead_of, is_setting, on_the_same_day, shifted, undone
from ren_device.model import (
    Intent,
    Message,
    MindPart,
    MindRequest,
    Text,
    TextDelta,
    ToolCall,
    ToolResult,
)
from ren_device.ports import Clock, IntentMatcher

_REMEMBERED = 4  # how many questions back an answer may belong to


class LocalMind:
    """Implements ports.Mind."""

    def __init__(self, matcher: IntentMatcher, clock: Clock, language: str = "en") -> None:
        """The matcher must be loaded for this language; `clock` says what "at seven" means."""
        self._matcher = matcher
        self._clock = clock
        self._language = Language(language)
        self._words = self._language.words
        self._facts = FactAnswers(self._language)
        self._say = self._language.say
        self._answers = Answering(self._language, clock, self._one, self._understand)

    async def step(self, request: MindRequest) -> AsyncGenerator[MindPart, None]:
        """See ports.Mind. Raises nothing: what is not understood is answered so."""
        results = [part for part in request.messages[-1].content if isinstance(part, ToolResult)]
        if results:
            yield TextDelta(" ".join(result.content.strip() for result in results))
            return
        found = self._understand_last(request)
        tools = {tool.name for tool in request.tools} if request.may_call_tools else set()
        if not found.calls:
            yield TextDelta(found.question.text if found.question else found.answer)
        elif [name for name, _ in found.calls] == ["stop_ringing"] and "stop_ringing" not in tools:
            yield TextDelta(self._say("answers.okay"))
        elif not all(name in tools for name, _ in found.calls):
            at_home = any(name in HOME_TOOLS for name, _ in found.calls)
            yield TextDelta(self._say("answers.no_home" if at_home else "answers.no_tool"))
        else:
            for number, (name, arguments) in enumerate(found.calls, start=1):
                yield ToolCall(f"local-{number}", name, arguments)

    def _understand_last(self, request: MindRequest) -> Meaning:
        """Understand the last text in the light of the questions that led to it."""
        said = [(each.role, text) for each in request.messages if (text := _last_text(each))]
        facts = request.facts
        if request.spoken:
            words = self._words.misheard
            said = [
                (role, put_right(text, words) if role == "user" else text) for role, text in said
            ]
        start = len(said) - 1
        earliest = max(0, start - 2 * _REMEMBERED)
        if start >= 2 and self._language.corrections.is_later(self._plain(said[start][1])):
            start -= 2
        while start - 2 >= earliest and said[start - 1][1].endswith("?"):
            start -= 2
        found = self._answer("listening")
        question: Question | None = None
        before = ""
        for role, text in said[max(start, 0) :]:
            if role == "user":
                found = (
                    self._answers.reply(question, text, facts)
                    if question
                    else self._taken_back(found, before, text) or self._understand(text, facts)
                )
                found = in_own_words(found, text, self._language)
                question, before = found.question, text
            elif asked := self._answers.asked_by_tool(text, found):
                question = asked
            elif question and not text.endswith(question.text):
                question = None  # Ren did not ask it in the end
        return found

    def _understand(self, text: str, facts: Sequence[str]) -> Meaning:
        said = self._plain(text)
        if not said:
            return self._answer("listening")
        if len(text) > LONGEST:
            return self._answer("unknown")
        if (found := self._corrected(said)) is not None:
            return found
        if made := new_routine(text, self._exactly, self._clock.now(), self._language):
            return made
        found = self._several(said, 100.0)
        if found is None and (known := self._facts.from_facts(said, text, facts)):
            return self._one(said, 100.0) or known
        found = found or self._one(said) or self._several(said, 0.0)
        if found and [name for name, _ in found.calls] == ["remember_fact"]:
            fact = str(found.calls[0][1]["text"])
            if old := self._facts.contradicted(fact, facts):
                return self._facts.should_change(old, fact)
        return found or self._answer("unknown")

    def _taken_back(self, done: Meaning, before: str, text: str) -> Meaning | None:
        """What `text` takes back or puts right of what was just set; None when nothing."""
        said, corrections = self._plain(text), self._language.corrections
        if not before or not is_setting(done) or not corrections.is_later(said):
            return None
        if corrections.is_undone(said):
            return Meaning(calls=(undone(done.calls[0], self._language),))
        if by_s := self._shift(corrections.without_marks(said)):
            return Meaning(calls=(shifted(done.calls[0], by_s, self._language),))
        instead = corrections.later(self._plain(before), said, self._clock.now())
        new = self._one(instead, 100.0) if instead else None
        if new is None or not is_setting(new):
            return None
        call = instead_of(done.calls[0], new.calls[0], self._language)
        return Meaning(calls=(call,)) if call else None

    def _shift(self, said: str) -> float | None:
        """Seconds of "half an hour later", below 0 for earlier."""
        words = self._words.dialogue
        if not (end := words.shifted.search(said)):
            return None
        seconds = self._language.durations.parse_duration(said[: end.start()])
        return -seconds if seconds and words.earlier.search(said) else seconds

    def _corrected(self, said: str) -> Meaning | None:
        """A sentence in which something is put right; None when it is not one."""
        instead = self._language.corrections.within(said, self._clock.now())
        if instead is None:
            return None
        found = self._several(instead, 100.0) or self._one(instead, 100.0) if instead else None
        if found is None and (wrong := self._one(said)) and is_setting(wrong):
            return self._answer("unknown")  # rather nothing than what was taken back
        return found

    def _plain(self, text: str) -> str:
        return self._language.hearing.plain(text[: LONGEST + 1])

    def _exactly(self, said: str) -> Meaning | None:
        return self._one(said, 100.0)

    def _one(self, said: str, least_score: float = 0.0) -> Meaning | None:
        intent = self._matcher.match(said)
        if intent is None and self._words.requests.bare_add.fullmatch(said):
            intent = self._matcher.match(self._words.requests.add_bare.format(said=said))
        if intent is None or intent.score < least_score:
            return None
        if intent.score < 100 and self._words.dialogue.not_wanted.match(said):
            return None
        if self._words.dialogue.negative.search(said):
            if intent.name == "set_volume":
                return None
            if intent.name == "set_timer":
                intent = replace(intent, slots={})  # no number of it counts: ask
        found = self._meaning(intent, said)
        return found and asked_first(found, intent, self._language)

    def _meaning(self, intent: Intent, said: str) -> Meaning | None:
        now = self._clock.now()
        if intent.name in MEMORY:
            return memory_meaning(intent, self._language)
        if intent.name in HOME:
            return home_meaning(intent, said, now, self._language)
        if intent.name in ROUTINES:
            return routine_meaning(intent, now, self._language)
        if intent.name in ALERTS:
            found = alert_meaning(intent, now, self._language)
            return found and guarded(intent, said, found, self._language)
        return meaning(intent, now, self._language)

    def _several(self, said: str, least_score: float) -> Meaning | None:
        """Two or more commands in one sentence, if each is complete."""
        for left, right in self._language.hearing.halves(said):
            first = self._one(left, least_score)
            if first is None or not first.calls:
                continue
            second = self._several(right, least_score) or self._one(right, least_score)
            if second is not None and second.calls:
                return Meaning(calls=together((*first.calls, *second.calls)))
        return self._another(said)

    def _another(self, said: str) -> Meaning | None:
        """A timer or an alarm "and another one for ten minutes"; None for all else."""
        requests = self._words.requests
        also = requests.also.search(said)
        first = self._one(said[: also.start()], 100.0) if also else None
        if also is None or first is None or not is_setting(first):
            return None
        name, rest = first.calls[0][0], said[also.end() :]
        if name == "set_timer":
            second = self._one(f"{requests.timer} {requests.for_duration.format(said=rest)}", 100.0)
        else:
            second = self._one(f"{requests.alarm} {requests.at_moment.format(said=rest)}", 100.0)
        if second is None or [each for each, _ in second.calls] != [name]:
            return None
        if name == "set_timer":
            return Meaning(calls=(*first.calls, *second.calls))
        call = on_the_same_day(
            first.calls[0], second.calls[0], said[: also.start()], rest, self._language
        )
        return Meaning(calls=(*first.calls, call)) if call else None

    def _answer(self, key: str) -> Meaning:
        return Meaning(answer=self._say(f"answers.{key}"))


def _last_text(message: Message) -> str:
    texts = [part.text.strip() for part in message.content if isinstance(part, Text)]
    return texts[-1] if texts else ""
