"""Speaks a reply clause by clause: one is synthesised while another is heard."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

from ren_device.errors import EngineError
from ren_device.ports import TextToSpeech
from ren_device.voice.roles import Voice
from ren_device.voice.trace import LatencyTrace

_log = logging.getLogger(__name__)
_PIECES_AHEAD = 2  # synthesised and not yet played
_CLAUSES_AT_MOST = 1000  # of one reply; the longest that a model writes is far below


class Mouth:
    """For one reply. Queueing a clause never waits, so the reply is read as fast as it comes."""

    def __init__(
        self,
        tts: TextToSpeech,
        voice: Voice,
        on_first_sound: Callable[[], None],
        trace: LatencyTrace,
    ) -> None:
        """`on_first_sound` is called just before the first piece is played."""
        self._tts = tts
        self._voice = voice
        self._on_first_sound = on_first_sound
        self._trace = trace
        self._clauses: asyncio.Queue[str | None] = asyncio.Queue(_CLAUSES_AT_MOST)
        self._speech: asyncio.Queue[bytes | None] = asyncio.Queue(_PIECES_AHEAD)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to speak what `say` is given; the group ends after `end` and the last sound."""
        group.create_task(self._synthesise(), name="synthesise")
        group.create_task(self._play(), name="play")

    def say(self, clause: str) -> None:
        """Queue a clause; what a runaway reply has beyond the limit is not spoken."""
        if self._clauses.qsize() < _CLAUSES_AT_MOST - 1:
            self._clauses.put_nowait(clause)

    def end(self) -> None:
        """Nothing more will be said."""
        self._clauses.put_nowait(None)

    async def _synthesise(self) -> None:
        while (clause := await self._clauses.get()) is not None:
            try:
                async with aclosing(self._tts.speak(clause)) as speech:
                    async for pcm in speech:
                        self._trace.mark("first_speech")
                        await self._speech.put(pcm)
            except EngineError as error:
                _log.error("a clause was not spoken: %s", error)
        await self._speech.put(None)

    async def _play(self) -> None:
        begun = False
        while (pcm := await self._speech.get()) is not None:
            if not begun:
                begun = True
                self._on_first_sound()
            await self._voice.play(pcm)
