"""Who takes part in a conversation: the client at its other end, who answers, and the engines."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from ren_device.errors import RenError
from ren_device.model import ReplyPart, Tier
from ren_device.ports import SpeechToText, TextToSpeech, TurnDetector, VoiceActivity
from ren_device.voice.reflexes import Reflex


class Voice(Protocol):
    """The right to sound at the client's end, for one answer."""

    @property
    def heard_bytes(self) -> int:
        """How much of what was played has been heard, about; exact while paused."""

    async def play(self, pcm: bytes) -> None:
        """Sound the next piece; returns when there is room for more."""

    async def pause(self) -> None:
        """Silence at once, as far as the client can; `play` waits for `resume`."""

    def resume(self) -> None:
        """Go on with what was not heard."""

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
        """The person speaks over the answer, which has stopped."""

    async def trouble(self, error: RenError) -> None:
        """The turn failed."""


class TurnTaker(Protocol):
    """Who answers; see assistant.turn.Assistant."""

    async def begin(
        self,
        message: str,
        *,
        spoken: bool = False,
        tier: Tier | None = None,
        heard: Callable[[], str] | None = None,
        certain: asyncio.Event | None = None,
    ) -> AsyncGenerator[ReplyPart, None]:
        """A turn; raises RenError, then or while the parts come."""


class SpokenLanguage(Protocol):
    """What the conversation has to know of the person's language; see language.VoiceLanguage."""

    code: str
    """As in REN_LANGUAGE."""
    apology: str
    """Said when a turn failed."""

    def speakable(self, text: str) -> str:
        """A clause as words to be said; empty when there is nothing to say."""

    def reflex(self, transcript: str, *, nearly: bool = False) -> Reflex | None:
        """What the person wants at once, if the whole utterance is that, or `nearly`."""

    def snooze_minutes(self, transcript: str) -> float | None:
        """For how long what rings is to be put off, where the reflex says so."""

    def filler(self) -> str:
        """Something to say while a tool takes its time."""

    def without_wake_phrase(self, transcript: str) -> str:
        """The transcript without the wake phrase at its beginning."""


@dataclass(frozen=True, slots=True)
class VoiceParts:
    """The engines of a conversation; loaded once, shared by all."""

    stt: SpeechToText
    tts: TextToSpeech
    new_vad: Callable[[], VoiceActivity]
    detector: TurnDetector | None
    language: SpokenLanguage

    async def close(self) -> None:
        """End their threads; no conversation may go on."""
        await self.tts.close()
        await self.stt.close()
        if self.detector is not None:
            await self.detector.close()
