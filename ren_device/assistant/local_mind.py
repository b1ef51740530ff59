"""The mind that needs no cloud: sentences it knows, and honesty about the rest.

It keeps no state. A question that it asked back ("For how long?") is recognised in the dialogue,
and the answer is understood together with what was asked for before.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from ren_device.assistant.fact_answers import FactAnswers
from ren_device.assistant.home_meaning import HOME, HOME_TOOLS, home_meaning
from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning, Question, meaning
from ren_device.assistant.memory_meaning import MEMORY, in_own_words, memory_meaning
from ren_device.assistant.misheard import put_right
from ren_device.assistant.repeats import ALERTS, Repeated, find_repeated
from ren_device.model import Message, MindPart, MindRequest, Text, TextDelta, ToolCall, ToolResult
from ren_device.ports import Clock, IntentMatcher

_AMONG = HOME_TOOLS | {"forget_fact", "correct_fact"}
"""Tools of which an answer to "which one" only says what tells it from the others."""
_LONGEST = 400  # characters; more is no command, and would hold up the event loop
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
        while start - 2 >= earliest and said[start - 1][1].endswith("?"):
            start -= 2
        found = self._answer("listening")
        question: Question | None = None
        for role, text in said[max(start, 0) :]:
            if role == "user":
                found = (
                    self._reply(question, text, facts)
                    if question
                    else self._understand(text, facts)
                )
                found = in_own_words(found, text, self._language)
                question = found.question
            elif self._asks_which(text, found):
                question = Question(text, "which", calls=found.calls)
            elif question and not text.endswith(question.text):
                question = None  # Ren did not ask it in the end
        return found

    def _understand(self, text: str, facts: Sequence[str]) -> Meaning:
        said = self._language.hearing.plain(text[: _LONGEST + 1])
        if not said:
            return self._answer("listening")
        if len(text) > _LONGEST:
            return self._answer("unknown")
        found = self._several(said, 100.0)
        if found is None and (known := self._facts.from_facts(said, text, facts)):
            return self._one(said, 100.0) or known
        found = found or self._one(said) or self._several(said, 0.0)
        if found and [name for name, _ in found.calls] == ["remember_fact"]:
            fact = str(found.calls[0][1]["text"])
            if old := self._facts.contradicted(fact, facts):
                return self._facts.should_change(old, fact)
        return found or self._answer("unknown")

    def _one(self, said: str, least_score: float = 0.0) -> Meaning | None:
        if repeated := find_repeated(said, self._words.repeats):
            return self._just_once(repeated)
        intent = self._matcher.match(said)
        if intent is None and self._words.requests.bare_add.fullmatch(said):
            intent = self._matcher.match(self._words.requests.add_bare.format(said=said))
        if intent is None or intent.score < least_score:
            return None
        if intent.score < 100 and self._words.dialogue.not_wanted.match(said):
            return None
        if intent.name in MEMORY:
            return memory_meaning(intent, self._language)
        if intent.name in HOME:
            return home_meaning(intent, said, self._clock.now(), self._language)
        verb, _, kind = intent.name.partition("_")
        is_set = verb == "set" and kind in ALERTS
        if is_set and (repeated := find_repeated(said, self._words.repeats, kind)):
            return self._just_once(repeated)
        negative = self._words.dialogue.negative.search(said)
        if negative and intent.name in ("set_timer", "set_volume"):
            if intent.name == "set_volume":
                return None
            intent = replace(intent, slots={})  # no number of it counts: ask
        return meaning(intent, self._clock.now(), self._language)

    def _just_once(self, wanted: Repeated) -> Meaning:
        """What is said of a recurring alert: that there is none, and whether once will do."""
        again = find_repeated(wanted.once, self._words.repeats)
        intent = None if again else self._matcher.match(wanted.once)
        once = None
        if intent and intent.score >= 100:
            once = meaning(intent, self._clock.now(), self._language)
        if once is None or not once.calls or not once.calls[0][0].startswith("set_"):
            return Meaning(answer=self._say(f"answers.no_repeat.{wanted.kind}"))
        question = self._say(f"asks.just_once.{wanted.kind}")
        return Meaning(question=Question(question, "yes", calls=once.calls))

    def _several(self, said: str, least_score: float) -> Meaning | None:
        """Two or more commands in one sentence, if each is complete."""
        for left, right in self._language.hearing.halves(said):
            first = self._one(left, least_score)
            if first is None or not first.calls:
                continue
            second = self._several(right, least_score) or self._one(right, least_score)
            if second is not None and second.calls:
                return Meaning(calls=first.calls + second.calls)
        return None

    def _reply(self, question: Question, text: str, facts: Sequence[str]) -> Meaning:
        """The answer to a question of Ren's; or else a new request."""
        said = self._language.hearing.plain(text[:_LONGEST])
        if question.missing == "yes":
            if self._words.dialogue.yes.fullmatch(said):
                return Meaning(calls=question.calls)
            no = self._words.dialogue.no.fullmatch(said)
            return self._answer("okay") if no else self._understand(text, facts)
        if question.missing == "which":
            return self._which(question, said)
        requests = self._words.requests
        other = self._one(said) if said else None
        if question.missing == "text":
            # whatever is said is the text, unless it is a command of its own
            if not said or (other and (other.calls or other == self._answer("okay"))):
                return other or Meaning(question=question)
            joint = requests.remember_that if question.base == requests.remember else None
            led = requests.led_task.match(said)
            joint = requests.reminder_led if led else joint or requests.reminder_and
            request = joint.format(said=said, request=question.base)
            return self._one(request) or self._answer("unknown")
        if question.missing == "items":
            added = requests.before_added.sub("", said)
            request = requests.add.format(said=added, request=question.base)
            return other or self._one(request) or self._answer("unknown")
        request = f"{question.base} {self._missing(question, said)}"
        completed = self._one(request)
        if completed and other is None and find_repeated(request, self._words.repeats):
            return completed
        if completed is not None and completed.calls and self._is_bare(question, said):
            return completed
        if other is not None:
            return other
        if question.text.startswith(self._say("asks.again", question="")):  # once is enough
            return self._answer("given_up")
        again = self._say("asks.again", question=question.text)
        return Meaning(question=Question(again, question.missing, question.base))

    def _asks_which(self, text: str, found: Meaning) -> bool:
        """Whether a tool asks which one was meant, of what was about to be done."""
        asks = self._words.dialogue.which_one.search(text)
        return bool(asks and len(found.calls) == 1 and _named_by(found.calls[0]))

    def _which(self, question: Question, said: str) -> Meaning:
        """The answer to which one was meant."""
        words = self._words.dialogue
        other, which = self._one(said, 100.0), words.one_of_them.sub("", said).strip()
        if words.no.fullmatch(said) or words.none.fullmatch(said):
            return other or self._answer("okay")
        if other or not which:
            return other or self._answer("unknown")
        name, arguments = question.calls[0]
        named_by = _named_by(question.calls[0])
        if words.ordinal.fullmatch(which) or name in _AMONG:  # of those that were named
            which = f"{which} {arguments[named_by]}".strip()
        return Meaning(calls=((name, {**arguments, named_by: which}),))

    def _is_bare(self, question: Question, said: str) -> bool:
        """Whether the answer is a duration or a moment and nothing else."""
        if self._duration_in(said) is not None:
            return True
        if question.missing != "moment":
            return False
        found = self._language.moments.find_when(said, self._clock.now())
        return found is not None and not found.rest

    def _missing(self, question: Question, said: str) -> str:
        requests = self._words.requests
        if question.missing == "duration":
            return requests.for_duration.format(said=self._without_lead(said))
        if self._duration_in(said) is not None and not said.startswith(requests.in_led):
            return requests.in_duration.format(said=self._without_lead(said))
        if requests.no_at_after.match(question.base):
            return said
        # a lone "six" is an hour only after "at"
        led = said.split(" ", 1)[0] in requests.led_moment
        return said if led else requests.at_moment.format(said=said)

    def _without_lead(self, said: str) -> str:
        return self._words.requests.before_duration.sub("", said)

    def _duration_in(self, said: str) -> float | None:
        return self._language.durations.parse_duration(self._without_lead(said))

    def _answer(self, key: str) -> Meaning:
        return Meaning(answer=self._say(f"answers.{key}"))


def _named_by(call: Call) -> str:
    """The argument that says what is meant; empty when there is none."""
    return next((each for each in ("which", "device") if each in call[1]), "")


def _last_text(message: Message) -> str:
    texts = [part.text.strip() for part in message.content if isinstance(part, Text)]
    return texts[-1] if texts else ""
