"""What somebody answers to a question of Ren's, understood with what was asked for before."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from ren_device.assistant.home_meaning import HOME_TOOLS
from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning, Question
from ren_device.assistant.moment_questions import chosen
from ren_device.assistant.routine_meaning import ROUTINES
from ren_device.ports import Clock

LONGEST = 400
"""Characters; more is no command, and would hold up the event loop."""
_AMONG = HOME_TOOLS | ROUTINES | {"forget_fact", "correct_fact"}
"""Tools of which an answer to "which one" only says what tells it from the others."""


class One(Protocol):
    """Understands one command in plain form, if it is matched that well."""

    def __call__(self, said: str, least_score: float = 0.0, /) -> Meaning | None:
        """None when it is not understood."""


class Answering:
    """Understands answers in one language."""

    def __init__(
        self,
        language: Language,
        clock: Clock,
        one: One,
        understand: Callable[[str, Sequence[str]], Meaning],
    ) -> None:
        """`one` understands a command, `understand` any text with what Ren remembers."""
        self._language = language
        self._words = language.words
        self._say = language.say
        self._clock = clock
        self._one = one
        self._understand = understand

    def reply(self, question: Question, text: str, facts: Sequence[str]) -> Meaning:
        """The answer to a question of Ren's; or else a new request."""
        said = self._language.hearing.plain(text[:LONGEST])
        if question.missing == "yes":
            if self._words.dialogue.yes.fullmatch(said):
                return Meaning(calls=question.calls)
            no = self._words.dialogue.no.fullmatch(said)
            return self._answer("okay") if no else self._understand(text, facts)
        if question.missing == "which":
            return self._which(question, said)
        if question.missing in ("choice", "way"):
            return self._chosen(question, text, said, facts)
        if question.missing == "extent":
            return self._extent(question, text, said, facts)
        if question.missing == "steps":
            return self._routine(question, text, said, facts)
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
        completed = self._completed(question, said)
        if completed is not None and completed != Meaning(question=question):
            return completed
        if other is not None:
            return other
        return self._again(question)

    def _again(self, question: Question) -> Meaning:
        if question.text.startswith(self._say("asks.again", question="")):  # once is enough
            return self._answer("given_up")
        again = self._say("asks.again", question=question.text)
        return Meaning(question=replace(question, text=again))

    def _completed(self, question: Question, said: str) -> Meaning | None:
        """What was asked for before, with the answer, if that is only what was missing."""
        if not self._is_bare(question, said):
            return None
        for missing in self._missing(question, said):
            found = self._one(f"{question.base} {missing}", 100.0)
            if found is not None:
                return found
        return None

    def _chosen(self, question: Question, text: str, said: str, facts: Sequence[str]) -> Meaning:
        """The answer to which moment, or which way, was meant."""
        words = self._words.dialogue
        if words.no.fullmatch(said) or words.none.fullmatch(said):
            return self._answer("okay")
        if (no := words.no.match(said)) and said[no.end()] == " ":  # "no, at seven"
            said = said[no.end() :].lstrip()
        if question.missing == "way":
            later, earlier = words.later.search(said), words.earlier.search(said)
            if bool(later) != bool(earlier):
                return Meaning(calls=(question.calls[0 if later else 1],))
        elif call := chosen(question, said, self._clock.now(), self._language):
            return Meaning(calls=(call,))
        elif (instead := self._completed(replace(question, missing="moment"), said)) is not None:
            return instead if instead.calls else self._again(question)
        other = self._understand(text, facts)
        return self._again(question) if other == self._answer("unknown") else other

    def _routine(self, question: Question, text: str, said: str, facts: Sequence[str]) -> Meaning:
        """The answer to what a routine does, or what it is called: commands are steps of it."""
        words, requests = self._words.dialogue, self._words.requests
        if words.no.fullmatch(said) or self._one(said, 100.0) == self._answer("never_mind"):
            return self._answer("okay")
        request = requests.routine_steps.format(request=question.base, said=text)
        return self._understand(request, facts) if said else Meaning(question=question)

    def asked_by_tool(self, text: str, found: Meaning) -> Question | None:
        """What a tool asks in `text`, of what was about to be done; None when it asks nothing."""
        if len(found.calls) != 1 or not _named_by(found.calls[0]):
            return None
        if self._words.dialogue.which_one.search(text):
            return Question(text, "which", calls=found.calls)
        if self._words.dialogue.what_to_do.search(text):
            return Question(text, "extent", calls=found.calls)
        if self._words.dialogue.cancel_instead.search(text):
            name, arguments = found.calls[0]
            cancel = f"cancel_{name.rpartition('_')[2]}", {"which": arguments["which"]}
            return Question(text, "yes", calls=(cancel,))
        return None

    def _which(self, question: Question, said: str) -> Meaning:
        """The answer to which one was meant."""
        words = self._words.dialogue
        other, which = self._one(said, 100.0), words.one_of_them.sub("", said).strip()
        if words.no.fullmatch(said) or words.none.fullmatch(said):
            return other or self._answer("okay")
        if which and other and self._is_noun(said, other):
            other = None
        if other or not which:
            return other or self._answer("unknown")
        name, arguments = question.calls[0]
        named_by = _named_by(question.calls[0])
        if words.ordinal.fullmatch(which) or name in _AMONG:  # of those that were named
            which = f"{which} {arguments[named_by]}".strip()
        return Meaning(calls=((name, {**arguments, named_by: which}),))

    def _is_noun(self, said: str, other: Meaning) -> bool:
        """Whether something is only named: "the seven o'clock alarm" sets none as an answer."""
        sets = any(name.startswith("set_") for name, _ in other.calls)
        return sets and said.split()[0] not in self._language.words.hearing.command_starts

    def _extent(self, question: Question, text: str, said: str, facts: Sequence[str]) -> Meaning:
        """The answer to whether one day of a series is meant, or all of it."""
        words = self._words.dialogue
        name, arguments = question.calls[0]
        if words.no.fullmatch(said) or words.none.fullmatch(said):
            return self._answer("okay")
        if words.only_one.fullmatch(said) and name.endswith("_alarm"):
            return Meaning(calls=(("skip_alarm", {"which": arguments["which"]}),))
        if words.whole.fullmatch(said):
            whole = self._words.requests.recurring
            return Meaning(calls=((name, {**arguments, "which": whole}),))
        return self._understand(text, facts)

    def _is_bare(self, question: Question, said: str) -> bool:
        """Whether the answer is a duration or a moment and nothing else."""
        if question.missing == "often" and not self._language.moments.is_repeated(said):
            return False
        if self._duration_in(said) is not None:
            return True
        if question.missing in ("duration", "by"):
            return False
        if question.missing == "target" and self._words.dialogue.shifted.search(said):
            return True
        said = self._words.requests.before_moment.sub("", said)
        found = self._language.moments.find_when(said, self._clock.now())
        return found is not None and not found.rest

    def _missing(self, question: Question, said: str) -> tuple[str, ...]:
        """The answer as it may stand after the base of the question; the first that fits counts."""
        requests = self._words.requests
        if question.missing == "duration":
            return (requests.for_duration.format(said=self._without_lead(said)),)
        said = requests.before_moment.sub("", said)
        bare = self._duration_in(said) is not None and not said.startswith(requests.in_led)
        if question.missing == "by" or (question.missing == "target" and bare):
            return (requests.by_duration.format(said=self._without_lead(said)),)
        if question.missing == "target":
            return said, requests.to_moment.format(said=said)
        if bare:
            return (requests.in_duration.format(said=self._without_lead(said)),)
        # a lone "six" is an hour only after "at"
        led = said.split(" ", 1)[0] in requests.led_moment
        if led or requests.no_at_after.match(question.base):
            return (said,)
        if self._language.moments.is_repeated(said):
            return said, requests.at_moment.format(said=said)
        return (requests.at_moment.format(said=said),)

    def _without_lead(self, said: str) -> str:
        return self._words.requests.before_duration.sub("", said)

    def _duration_in(self, said: str) -> float | None:
        return self._language.durations.parse_duration(self._without_lead(said))

    def _answer(self, key: str) -> Meaning:
        return Meaning(answer=self._say(f"answers.{key}"))


def _named_by(call: Call) -> str:
    """The argument that says what is meant; empty when there is none."""
    return next((each for each in ("which", "device", "name") if each in call[1]), "")
