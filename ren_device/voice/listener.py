"""The device's own ears: microphone -> wake word, and through the echo canceller -> conversation.

The wake word listens to the microphone itself: the canceller takes so much of a person's voice away
while Ren speaks that the wake word over an answer was found 10 times of 20 behind it (four voices,
five strengths of echo), and 18 times before it.

The microphone is opened once and never reopened on a wake; a ring of the latest sound means that
the words spoken in one breath with the wake word are not lost.
"""

import asyncio
import logging
from collections import deque
from contextlib import AbstractAsyncContextManager, aclosing

from ren_device.bus import Bus
from ren_device.errors import DeviceError, EngineError, RenError
from ren_device.model import FRAME_S, ReplyPart, VoicePhase, VoicePhaseChanged
from ren_device.ports import EchoCanceller, Microphone, WakeWord
from ren_device.voice.conversation import Conversation
from ren_device.voice.playback import Playback
from ren_device.voice.roles import Voice

_log = logging.getLogger(__name__)
# A wake word is noticed about this long after its end. More would put a part of "jarvis" before the
# question, which recognisers make words of: "this, what time is it".
_PRE_ROLL_FRAMES = round(0.2 / FRAME_S)
_FIRST_RETRY_S = 1.0
_LONGEST_RETRY_S = 30.0


class RoomClient:
    """The person in the room; implements conversation.Client over the loudspeaker."""

    def __init__(self, playback: Playback) -> None:
        """Sound goes to `playback`; what happens is on the bus already."""
        self._playback = playback

    @property
    def latency_s(self) -> float:
        """The loudspeaker's."""
        return self._playback.latency_s

    def voice(self) -> AbstractAsyncContextManager[Voice]:
        """The loudspeaker, for one answer."""
        return self._playback.claim()

    async def listening(self) -> None:
        """Nothing to do."""

    async def transcript(self, text: str) -> None:
        """Nothing to do."""

    async def part(self, part: ReplyPart) -> None:
        """Nothing to do."""

    async def barge_in(self) -> None:
        """Nothing to do: the loudspeaker is silent already."""

    async def trouble(self, error: RenError) -> None:
        """Nothing to do: an apology is spoken."""


class Listener:
    """Runs for as long as the speaker is on, whatever happens to the microphone."""

    def __init__(
        self,
        microphone: Microphone,
        echo: EchoCanceller,
        wake_word: WakeWord,
        conversation: Conversation,
        playback: Playback,
        bus: Bus,
    ) -> None:
        """The conversation must have been entered, and not be hands-free."""
        self._microphone = microphone
        self._echo = echo
        self._wake_word = wake_word
        self._conversation = conversation
        self._playback = playback
        self._bus = bus
        self.trouble: str | None = None
        """Why nothing is heard at present, or None."""

    async def run(self) -> None:
        """Listen until cancelled. A microphone that fails is tried again, ever more rarely."""
        delay_s = _FIRST_RETRY_S
        while (error := await self._listen()) is not None:
            if self.trouble is None:
                _log.warning("cannot hear: %s", error)
                delay_s = _FIRST_RETRY_S
            self.trouble = str(error)
            self._phase("fault")
            await asyncio.sleep(delay_s)
            delay_s = min(_LONGEST_RETRY_S, delay_s * 2)

    async def _listen(self) -> DeviceError | EngineError | None:
        try:
            await self._hear()
        except (DeviceError, EngineError) as error:
            return error
        return None  # this microphone has nothing more to say

    async def _hear(self) -> None:
        ring: deque[bytes] = deque(maxlen=_PRE_ROLL_FRAMES)
        self._wake_word.reset()
        begun = False
        async with aclosing(self._microphone.frames()) as frames:
            async for heard in frames:
                if not begun:
                    begun = True
                    await self._begin()
                frame = self._echo.process(heard)
                ring.append(frame)
                phrase = self._wake_word.process(heard)
                if phrase is not None:
                    _log.info("woken by %r", phrase)
                    await self._conversation.listen(b"".join(ring))
                    ring.clear()
                elif self._conversation.listening:
                    await self._conversation.feed(frame)

    async def _begin(self) -> None:
        if not self._playback.started:
            await self._playback.start()
        if self.trouble is not None:
            _log.info("hearing again")
        self.trouble = None
        self._phase("idle")

    def _phase(self, phase: VoicePhase) -> None:
        self._bus.publish(VoicePhaseChanged(phase))
