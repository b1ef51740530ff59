"""The mind that needs no cloud: sentences it knows, and honesty about the rest.

It keeps no state. A question that it asked back ("For how long?") is recognised in the dialogue,
and the answer is understood together with what was asked for before.
"""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from ren_device.assistant.durations import parse_duration
from ren_device.assistant.fact_answers import contradicted, from_facts, should_change
from ren_device.assistant.heard import halves, plain
from ren_device.assistant.home_meaning import HOME, HOME_TOOLS, NO_HOME, home_meaning
from ren_device.assistant.meaning import Call, Meaning, Question, meaning
from ren_device.assistant.memory_meaning import MEMORY, in_own_words, memory_meaning
from ren_device.assistant.misheard import put_right
from ren_device.assistant.repeats import ALERTS, Repeated, find_repeated
from ren_device.assistant.when import find_when
from ren_device.model import Message, MindPart, MindRequest, Text, TextDelta, ToolCall, ToolResult
from ren_device.ports import Clock, IntentMatcher

UNKNOWN = "Sorry, I can't do that without the cloud."
NO_TOOL = "Sorry, I can't do that here."
LISTENING = "Yes?"
AGAIN = "Sorry, I did not get that. "
GIVEN_UP = "Okay, never mind."
_YES = re.compile(
    r"(?:yes|yeah|yep|yup|sure|of course|do it|do that|go ahead|correct|that is right|right|"
    r"absolutely|yes do|ok|okay)(?: (?:yes|sure|do it|do that|go ahead|i do|cancel it))*"
)
_NO = re.compile(r"(?:no|nope|nah|do not|keep it|leave it|stop)(?: (?:no|do not|keep it|thanks))*")
_WHICH_ONE = re.compile(r"Which one\b[^.?!]*\?$")
"""How a tool asks when several things were meant."""
_NONE = re.compile(r"(?:none|neither)(?: of (?:them|those|these))?")
_ONE_OF_THEM = re.compile(
    r"^(?:(?:the|my|cancel|delete|for|one)\s+)+|\s+(?:one|timer|alarm|reminder)$"
)
_ORDINAL = re.compile(r"first|second|third|fourth|fifth|last")
_AMONG = HOME_TOOLS | {"forget_fact", "correct_fact"}
"""Tools of which an answer to "which one" only says what tells it from the others."""
_NOT_WANTED = re.compile(r"(?:(?:do|did|does|must|should|would) not|never|not|if|unless)\b")
"""How a sentence begins that a command has to be taken for word by word, or not at all."""
_NEGATIVE = re.compile(r"\b(?:minus|negative)\b")
_BARE_ADD = re.compile(
    r"add (?!.*\b(?:lists?|timers?|alarms?|reminders?|seconds?|minutes?|hours?|volume|percent|plus|"
    r"to|in|on|into|it|that|this)\b)(?!(?:[\d.]+|\w+) and (?:[\d.]+|one|two|three|four|five)$)"
    r"\w[\w' ]{2,40}"
)
"""What is added without a word about a list goes on the shopping list."""
_LONGEST = 400  # characters; more is no command, and would hold up the event loop
_REMEMBERED = 4  # how many questions back an answer may belong to


class LocalMind:
    """Implements ports.Mind."""

    def __init__(self, matcher: IntentMatcher, clock: Clock) -> None:
        """The matcher must be loaded; `clock` says what "at seven" means."""
        self._matcher = matcher
        self._clock = clock

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
            yield TextDelta("Okay.")
        elif not all(name in tools for name, _ in found.calls):
            at_home = any(name in HOME_TOOLS for name, _ in found.calls)
            yield TextDelta(NO_HOME if at_home else NO_TOOL)
        else:
            for number, (name, arguments) in enumerate(found.calls, start=1):
                yield ToolCall(f"local-{number}", name, arguments)

    def _understand_last(self, request: MindRequest) -> Meaning:
        """Understand the last text in the light of the questions that led to it."""
        said = [(each.role, text) for each in request.messages if (text := _last_text(each))]
        facts = request.facts
        if request.spoken:
            said = [(role, put_right(text) if role == "user" else text) for role, text in said]
        start = len(said) - 1
        earliest = max(0, start - 2 * _REMEMBERED)
        while start - 2 >= earliest and said[start - 1][1].endswith("?"):
            start -= 2
        found = Meaning(answer=LISTENING)
        question: Question | None = None
        for role, text in said[max(start, 0) :]:
            if role == "user":
                found = (
                    self._reply(question, text, facts)
                    if question
                    else self._understand(text, facts)
                )
                found = in_own_words(found, text)
                question = found.question
            elif _WHICH_ONE.search(text) and len(found.calls) == 1 and _named_by(found.calls[0]):
                question = Question(text, "which", calls=found.calls)
            elif question and not text.endswith(question.text):
                question = None  # Ren did not ask it in the end
        return found

    def _understand(self, text: str, facts: Sequence[str]) -> Meaning:
        said = plain(text[: _LONGEST + 1])
        if not said:
            return Meaning(answer=LISTENING)
        if len(text) > _LONGEST:
            return Meaning(answer=UNKNOWN)
        found = self._several(said, 100.0)
        if found is None and (known := from_facts(said, text, facts)):
            return self._one(said, 100.0) or known
        found = found or self._one(said) or self._several(said, 0.0)
        if found and [name for name, _ in found.calls] == ["remember_fact"]:
            fact = str(found.calls[0][1]["text"])
            if old := contradicted(fact, facts):
                return should_change(old, fact)
        return found or Meaning(answer=UNKNOWN)

    def _one(self, said: str, least_score: float = 0.0) -> Meaning | None:
        if repeated := find_repeated(said):
            return self._just_once(repeated)
        intent = self._matcher.match(said)
        if intent is None and _BARE_ADD.fullmatch(said):
            intent = self._matcher.match(f"{said} to the shopping list")
        if intent is None or intent.score < least_score:
            return None
        if intent.score < 100 and _NOT_WANTED.match(said):
            return None
        if intent.name in MEMORY:
            return memory_meaning(intent)
        if intent.name in HOME:
            return home_meaning(intent, said, self._clock.now())
        verb, _, kind = intent.name.partition("_")
        if verb == "set" and kind in ALERTS and (repeated := find_repeated(said, kind)):
            return self._just_once(repeated)
        if intent.name in ("set_timer", "set_volume") and _NEGATIVE.search(said):
            if intent.name == "set_volume":
                return None
            intent = replace(intent, slots={})  # no number of it counts: ask
        return meaning(intent, self._clock.now())

    def _just_once(self, wanted: Repeated) -> Meaning:
        """What is said of a recurring alert: that there is none, and whether once will do."""
        sorry = f"I can't repeat {wanted.kinds} yet."
        intent = None if find_repeated(wanted.once) else self._matcher.match(wanted.once)
        once = meaning(intent, self._clock.now()) if intent and intent.score >= 100 else None
        if once is None or not once.calls or not once.calls[0][0].startswith("set_"):
            return Meaning(answer=f"{sorry} You can ask me for just one.")
        question = f"{sorry} Should I set it just once?"
        return Meaning(question=Question(question, "yes", calls=once.calls))

    def _several(self, said: str, least_score: float) -> Meaning | None:
        """Two or more commands in one sentence, if each is complete."""
        for left, right in halves(said):
            first = self._one(left, least_score)
            if first is None or not first.calls:
                continue
            second = self._several(right, least_score) or self._one(right, least_score)
            if second is not None and second.calls:
                return Meaning(calls=first.calls + second.calls)
        return None

    def _reply(self, question: Question, text: str, facts: Sequence[str]) -> Meaning:
        """The answer to a question of Ren's; or else a new request."""
        said = plain(text[:_LONGEST])
        if question.missing == "yes":
            if _YES.fullmatch(said):
                return Meaning(calls=question.calls)
            return Meaning(answer="Okay.") if _NO.fullmatch(said) else self._understand(text, facts)
        if question.missing == "which":
            other, which = self._one(said, 100.0), _ONE_OF_THEM.sub("", said).strip()
            if _NO.fullmatch(said) or _NONE.fullmatch(said):
                return other or Meaning(answer="Okay.")
            if other or not which:
                return other or Meaning(answer=UNKNOWN)
            name, arguments = question.calls[0]
            named_by = _named_by(question.calls[0])
            if _ORDINAL.fullmatch(which) or name in _AMONG:  # of those that were named
                which = f"{which} {arguments[named_by]}".strip()
            return Meaning(calls=((name, {**arguments, named_by: which}),))
        other = self._one(said) if said else None
        if question.missing == "text":
            # whatever is said is the text, unless it is a command of its own
            if not said or (other and (other.calls or other.answer == "Okay.")):
                return other or Meaning(question=question)
            lead = "that" if question.base == "remember" else "to"
            joint = said if said.startswith(("to ", "about ", "that ")) else f"{lead} {said}"
            return self._one(f"{question.base} {joint}") or Meaning(answer=UNKNOWN)
        if question.missing == "items":
            added = re.sub(r"^(?:add|put)\s+", "", said)
            return other or self._one(f"add {added} {question.base}") or Meaning(answer=UNKNOWN)
        joint = f"{question.base} {self._missing(question, said)}"
        completed = self._one(joint)
        if completed is not None and other is None and find_repeated(joint):
            return completed
        if completed is not None and completed.calls and self._is_bare(question, said):
            return completed
        if other is not None:
            return other
        if question.text.startswith(AGAIN):  # once is enough
            return Meaning(answer=GIVEN_UP)
        again = AGAIN + question.text
        return Meaning(question=Question(again, question.missing, question.base))

    def _is_bare(self, question: Question, said: str) -> bool:
        """Whether the answer is a duration or a moment and nothing else."""
        if _duration_in(said) is not None:
            return True
        found = find_when(said, self._clock.now()) if question.missing == "moment" else None
        return found is not None and not found.rest

    def _missing(self, question: Question, said: str) -> str:
        if question.missing == "duration":
            return f"for {_without_lead(said)}"
        if _duration_in(said) is not None and not said.startswith("in "):
            return f"in {_without_lead(said)}"
        return said if question.base.startswith(("wake", "set")) else _at(said)


def _at(said: str) -> str:
    """A lone "six" is an hour only after "at"."""
    first = said.split(" ", 1)[0]
    return (
        said if first in ("at", "in", "on", "for", "tomorrow", "tonight", "today") else f"at {said}"
    )


def _named_by(call: Call) -> str:
    """The argument that says what is meant; empty when there is none."""
    return next((each for each in ("which", "device") if each in call[1]), "")


def _without_lead(said: str) -> str:
    return re.sub(r"^(?:for|about|in|maybe|make it|let us say|say)\s+", "", said)


def _duration_in(said: str) -> float | None:
    return parse_duration(_without_lead(said))


def _last_text(message: Message) -> str:
    texts = [part.text.strip() for part in message.content if isinstance(part, Text)]
    return texts[-1] if texts else ""
