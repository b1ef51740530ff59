"""The corpus of sentences, and what a mind makes of each. Used by tests and by the benchmark."""

import hashlib
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ren_device.assistant.language import Language
from ren_device.assistant.local_mind import LocalMind
from ren_device.assistant.meaning import ANSWERS
from ren_device.model import Message, MindPart, MindRequest, Text, TextDelta, ToolCall, ToolSpec
from ren_device.ports import IntentMatcher

ENGLISH = Language()
UNKNOWN = ENGLISH.say("answers.unknown")
NOW = datetime.fromisoformat("2026-06-25T14:02:11")
"""A Thursday."""
TOOLS = (
    "set_timer list_timers cancel_timer pause_timer resume_timer change_timer "
    "set_alarm list_alarms cancel_alarm change_alarm skip_alarm "
    "set_reminder list_reminders cancel_reminder change_reminder snooze stop_ringing list_missed "
    "add_to_list show_list show_lists find_on_list count_list move_to_list remove_from_list "
    "clear_list get_time get_date set_volume change_volume unmute get_volume "
    "remember_fact list_facts correct_fact forget_fact "
    "list_devices get_device set_power set_brightness change_brightness set_color set_temperature "
    "change_temperature set_position set_fan_speed set_lock"
).split()

Calls = list[list[Any]]


@dataclass(frozen=True)
class Sentence:
    """One line of the corpus: the calls or the words that it must lead to."""

    text: str
    misheard: bool
    calls: Calls
    words: str
    facts: tuple[str, ...] = ()

    @property
    def meant_for_ren(self) -> bool:
        """Whether anything is to be done or said about it."""
        return bool(self.calls) or self.words != UNKNOWN

    @property
    def held_out(self) -> bool:
        """A third, by hash: its results were not used to choose sentences and the threshold."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 3 == 0


@dataclass(frozen=True)
class Understood:
    """What the mind did: called tools, or said something."""

    calls: Calls
    words: str

    def verdict(self, sentence: Sentence) -> str:
        """`right`; `asked` or `missed`: nothing was done; `wrong words`: the tools were right.

        `wrong tool`; `false accept`: a tool was called for what was not meant for Ren.
        """
        if (self.calls, self.words) == (sentence.calls, sentence.words):
            return "right"
        if self.calls and not sentence.meant_for_ren:
            return "false accept"
        if self.calls:
            same = [name for name, _ in self.calls] == [name for name, _ in sentence.calls]
            return "wrong words" if same else "wrong tool"
        return "missed" if self.words == UNKNOWN else "asked"


class CorpusClock:
    """It is always NOW."""

    def now(self) -> datetime:
        """See ports.Clock."""
        return NOW

    def monotonic(self) -> float:
        """See ports.Clock."""
        return 0.0


def sentences() -> Iterator[Sentence]:
    """The whole corpus."""
    path = Path(__file__).with_name("corpus.yaml")
    for group in yaml.safe_load(path.read_text(encoding="utf-8")):
        words = group.get("ask") or _answer(group.get("answer", ""))
        calls = group.get("do", [])
        for kind in ("said", "misheard"):
            for text in group.get(kind, []):
                nothing = "" if calls else UNKNOWN
                facts = tuple(group.get("facts", ()))
                yield Sentence(text, kind == "misheard", calls, words or nothing, facts)


def _answer(name: str) -> str:
    if name not in ANSWERS:
        return ""
    return ENGLISH.say(f"answers.{name}", can=ENGLISH.say("answers.can"))


def dialogue(*said: str) -> tuple[Message, ...]:
    """The person and Ren in turn; the person speaks last."""
    return tuple(
        Message("user" if index % 2 == (len(said) - 1) % 2 else "assistant", (Text(text),))
        for index, text in enumerate(said)
    )


def request(
    messages: tuple[Message, ...],
    tools: list[str] | None = None,
    *,
    spoken: bool = False,
    facts: tuple[str, ...] = (),
) -> MindRequest:
    """A step of a turn in which these tools exist; all of them unless told otherwise."""
    names = TOOLS if tools is None else tools
    specs = tuple(ToolSpec(name, "", {}) for name in names)
    return MindRequest("local", "", messages, specs, spoken=spoken, facts=facts)


async def understand(
    matcher: IntentMatcher,
    *said: str,
    tools: list[str] | None = None,
    facts: tuple[str, ...] = (),
) -> Understood:
    """What comes of the last thing said."""
    mind = LocalMind(matcher, CorpusClock())
    return await told(mind.step(request(dialogue(*said), tools, facts=facts)))


async def told(parts: AsyncGenerator[MindPart, None]) -> Understood:
    """All that a mind writes in one step."""
    calls: Calls = []
    words = ""
    async for part in parts:
        if isinstance(part, ToolCall):
            calls.append([part.name, dict(part.arguments)])
        if isinstance(part, TextDelta):
            words += part.text
    return Understood(calls, words)
