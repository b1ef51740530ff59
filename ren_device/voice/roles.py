"""Who takes part in a conversation: the client at its other end, who answers, and the engines."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from ren_device.errors import RenError
from ren_device.model import ReplyPart
from ren_device.ports import SpeechToText, TextToSpeech, VoiceActivity


class Voice(Protocol):
    """The right to sound at the client's end, for one answer."""

    async def play(self, pcm: bytes) -> None:
        """Sound the next piece; returns when there is room for more."""

    async def finish(self) -> None:
        """Return when everything was heard, or as good as."""


class Client(Protocol):
    """The other end of a conversation. Calls come one at a time, in the order of a turn."""

    @property
    def latency_s(self) -> float:
        """From `play` to the sound in the air, about."""

    def voice(self) -> AbstractAsyncContextManager[Voice]:
        """For one answer; leaving it with an exception means silence at once."""

    async def listening(self) -> None:
        """The person is being listened to."""

    async def transcript(self, text: str) -> None:
        """What was understood; empty when nothing was, and then the reply is empty too."""

    async def part(self, part: ReplyPart) -> None:
        """A part of the answer; `Reply` comes last, when everything was played."""

    async def barge_in(self) -> None:
        """The person has begun to speak over the answer, which has stopped."""

    async def trouble(self, error: RenError) -> None:
        """The turn failed."""


class TurnTaker(Protocol):
    """Who answers; see assistant.turn.Assistant."""

    async def begin(self, message: str, *, spoken: bool = False) -> AsyncGenerator[ReplyPart, None]:
        """A turn; raises RenError, then or while the parts come."""


@dataclass(frozen=True, slots=True)
class VoiceParts:
    """The engines of a conversation; loaded once, shared by all."""

    stt: SpeechToText
    tts: TextToSpeech
    new_vad: Callable[[], VoiceActivity]
    wake_phrases: tuple[str, ...]
