"""Says what nobody has asked for at this moment: what rings, what was missed, a routine's words."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing

from ren_device.errors import EngineError
from ren_device.ports import TextToSpeech
from ren_device.voice.clauses import ClauseCutter
from ren_device.voice.playback import Playback, Voice
from ren_device.voice.speakable import Speakable
from ren_device.voice.volume import Level

_log = logging.getLogger(__name__)
_LOOK_S = 0.1  # how often it is looked whether the floor is free
_FREE_S = 0.3  # between an answer that is cut off and listening nobody has the floor
_SHORT = 120  # characters; about eight seconds of speech
_SLOWEST_S = 10.0  # a piece of speech that takes longer will not come


class Announcer:
    """Implements ports.Announcer. People go first; one announcement at a time."""

    def __init__(
        self,
        playback: Playback,
        tts: asyncio.Future[TextToSpeech],
        floor_taken: Callable[[], bool],
        language: str = "en",
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """What is said waits for `tts`, and while the floor is taken by a conversation.

        `changed`: it begins or ceases to speak.
        """
        self._changed = changed
        self._playback = playback
        self._tts = tts
        self._floor_taken = floor_taken
        self._language = language
        self._speakable = Speakable(language)
        self._one = asyncio.Lock()
        self._speaking: asyncio.Task[bool | None] | None = None

    async def say(self, text: str, volume: Level | None = None) -> bool | None:
        """See ports.Announcer; as loud as the voice, or at this level."""
        try:
            tts = await asyncio.shield(self._tts)
        except EngineError:
            return None
        async with self._one:
            while True:
                await self.until_free()
                async with self._playback.claim(volume) as voice:
                    if not self._floor_taken():
                        return await self._said(self._speak(tts, text, voice))

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""
        return self._speaking is not None

    def hush(self) -> bool:
        """Somebody wants to speak: be silent. Whether anything was being said."""
        return self._speaking is not None and self._speaking.cancel()

    async def until_free(self) -> None:
        """Return when no conversation goes on, and none is just about to."""
        free_s = 0.0
        while free_s < _FREE_S:
            await asyncio.sleep(_LOOK_S)
            free_s = 0.0 if self._floor_taken() else free_s + _LOOK_S

    async def _said(self, speaking: Coroutine[None, None, bool | None]) -> bool | None:
        """Whether it came to its end: `hush` cancels it."""
        task = self._speaking = asyncio.create_task(speaking, name="announce")
        self._changed()
        try:
            await asyncio.wait({task})
        finally:
            self._speaking = None
            task.cancel()
            await asyncio.wait({task})
            self._changed()
        if task.cancelled():
            await self._playback.flush()
            return False
        return task.result()

    async def _speak(self, tts: TextToSpeech, text: str, voice: Voice) -> bool | None:
        try:
            for clause in self._clauses(text):
                if words := self._speakable(clause):
                    async with aclosing(tts.speak(words)) as speech:
                        while (pcm := await _next(speech)) is not None:
                            await voice.play(pcm)
        except (EngineError, TimeoutError) as error:
            _log.error(
                "an announcement was not spoken: %s", str(error) or "the voice takes too long"
            )
            return None
        await voice.finish()
        return True

    def _clauses(self, text: str) -> list[str]:
        """What is short sounds best whole."""
        if len(text) <= _SHORT:
            return [text]
        cutter = ClauseCutter(self._language)
        return [*cutter.feed(text), *cutter.flush()]


async def _next(speech: AsyncGenerator[bytes, None]) -> bytes | None:
    async with asyncio.timeout(_SLOWEST_S):
        return await anext(speech, None)
