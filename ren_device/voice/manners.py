"""How a conversation goes, and what a word in it can move."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ren_device.ports import VolumeControl
from ren_device.voice.endpointing import EndpointingPolicy
from ren_device.voice.utterance import QuestionIn


@dataclass(frozen=True, slots=True)
class Manners:
    """How a conversation goes. `policy` is for questions, `over_voice` for speech over an answer.

    `follow_up` is for what is said without a wake word after Ren has asked something; None: nothing
    is. Speech within `goes_on_s` of the end of an utterance, before the answer is well under way,
    is the rest of it. `hands_free`: listens again after each utterance. `may_interrupt`: whether
    speech over an answer can be told from the answer's echo. `question_in` finds the wake phrase
    that an utterance may begin with where no wake word engine listens. `called`: somebody is to be
    listened to; whether that has cut off something else that Ren said. `answered`: they were given
    their answer, or what they wanted at once. `hears`: whether any sound will come at all.
    """

    policy: EndpointingPolicy
    over_voice: EndpointingPolicy
    follow_up: EndpointingPolicy | None = None
    goes_on_s: float = 1.5
    hands_free: bool = False
    question_in: QuestionIn | None = None
    may_interrupt: Callable[[], bool] = lambda: True
    called: Callable[[], bool] = lambda: False
    answered: Callable[[], None] = lambda: None
    hears: Callable[[], bool] = lambda: True


async def _nothing(*_: object) -> None:
    """Nothing rings here."""


@dataclass(frozen=True, slots=True)
class Levers:
    """What a word moves without a turn.

    `ringing`: something rings that may be meant. `silence` stops it; `snooze` puts it off by so
    many minutes, or as usual, and says so, or None where there is nothing to put off.
    """

    volume: VolumeControl
    ringing: Callable[[], bool] = lambda: False
    silence: Callable[[], Awaitable[None]] = _nothing
    snooze: Callable[[float | None], Awaitable[str | None]] = _nothing
