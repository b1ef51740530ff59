"""Speaks a reply clause by clause: one is synthesised while another is heard.

What it says is held back until `release`, can be paused and resumed, and it knows which words have
been heard.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass

from ren_device.errors import EngineError
from ren_device.model import SAMPLE_BYTES, SAMPLE_RATE_HZ
from ren_device.ports import TextToSpeech
from ren_device.voice.roles import Voice
from ren_device.voice.trace import LatencyTrace

_log = logging.getLogger(__name__)
_PIECES_AHEAD = 2  # synthesised and not yet played
_BYTES_PER_CHARACTER = round(0.065 * SAMPLE_RATE_HZ) * SAMPLE_BYTES
_CLAUSES_AT_MOST = 1000  # of one reply; the longest that a model writes is far below


@dataclass(slots=True)
class _Said:
    """A clause, and where its sound ends in all that was given to the voice, in bytes."""

    text: str
    counts: bool
    begin: int = 0
    end: int | None = None
    made: int = 0
    complete: bool = False

    @property
    def size(self) -> int:
        """How much sound the whole clause is; guessed while it is still being made."""
        if self.complete:
            return self.made
        return max(self.made, len(self.text) * _BYTES_PER_CHARACTER)


class Mouth:
    """For one reply. Queueing a clause never waits, so the reply is read as fast as it comes."""

    def __init__(
        self,
        tts: TextToSpeech,
        claim: Callable[[], AbstractAsyncContextManager[Voice]],
        speakable: Callable[[str], str],
        on_first_sound: Callable[[], None],
        trace: LatencyTrace,
    ) -> None:
        """`claim` gives the right to sound, `speakable` makes text into words to be said.

        `on_first_sound` is called just before the first piece is played.
        """
        self._tts = tts
        self._claim = claim
        self._speakable = speakable
        self._on_first_sound = on_first_sound
        self._trace = trace
        self._clauses: asyncio.Queue[_Said | None] = asyncio.Queue(_CLAUSES_AT_MOST)
        self._speech: asyncio.Queue[tuple[_Said, bytes] | None] = asyncio.Queue(_PIECES_AHEAD)
        self._said: list[_Said] = []
        self._released = asyncio.Event()
        self._going = asyncio.Event()
        self._going.set()
        self._voice: Voice | None = None
        self._heard_in_all = 0
        self.sounding = False
        """Whether the first sound was given to the voice."""

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to synthesise; the group ends after `end`, `release` and the last sound."""
        group.create_task(self._synthesise(), name="synthesise")
        group.create_task(self._play(), name="play")

    def say(self, clause: str, *, counts: bool = True) -> None:
        """Queue a clause; what a runaway reply has beyond the limit is not spoken.

        One that does not count (a filler) is no part of the reply.
        """
        if self._clauses.qsize() < _CLAUSES_AT_MOST - 1:
            said = _Said(clause, counts)
            self._said.append(said)
            self._clauses.put_nowait(said)

    def end(self) -> None:
        """Nothing more will be said."""
        self._clauses.put_nowait(None)

    def release(self) -> None:
        """Let it sound."""
        self._released.set()

    @property
    def at_rest(self) -> bool:
        """Whether all that it was told to say has been given to the voice."""
        return all(said.end is not None for said in self._said)

    async def pause(self) -> None:
        """Silence, now; what was not heard yet is heard after `resume`."""
        self._going.clear()
        if self._voice is not None:
            await self._voice.pause()

    def resume(self) -> None:
        """Go on where it was paused."""
        self._going.set()
        if self._voice is not None:
            self._voice.resume()

    @property
    def heard_s(self) -> float:
        """How much was heard, in seconds, about."""
        return self._heard_bytes / (SAMPLE_RATE_HZ * SAMPLE_BYTES)

    @property
    def _heard_bytes(self) -> int:
        return self._voice.heard_bytes if self._voice is not None else self._heard_in_all

    def heard(self) -> str:
        """The words of the reply that were heard, the last clause in proportion to its sound."""
        heard_bytes = self._heard_bytes
        words: list[str] = []
        for said in self._said:
            if not said.counts:
                continue
            if said.end is not None and said.begin < heard_bytes:
                all_words = said.text.split()
                share = (heard_bytes - said.begin) / said.size
                words.append(" ".join(all_words[: int(min(1.0, share) * len(all_words))]))
        return " ".join(text for text in words if text)

    async def _synthesise(self) -> None:
        while (said := await self._clauses.get()) is not None:
            if not (words := self._speakable(said.text)):
                _leave_out(said)
                continue
            try:
                async with aclosing(self._tts.speak(words)) as speech:
                    async for pcm in speech:
                        self._trace.mark("first_speech")
                        said.made += len(pcm)
                        await self._speech.put((said, pcm))
            except EngineError as error:
                _log.error("a clause was not spoken: %s", error)
                if said.end is None:
                    _leave_out(said)
            said.complete = True
        await self._speech.put(None)

    async def _play(self) -> None:
        await self._released.wait()
        piece = await self._speech.get()
        if piece is None:
            return
        async with self._claim() as voice:
            self._voice = voice
            try:
                await self._play_from(piece, voice)
            finally:
                # What sounds there from now on is somebody else's.
                self._heard_in_all, self._voice = voice.heard_bytes, None

    async def _play_from(self, piece: tuple[_Said, bytes] | None, voice: Voice) -> None:
        given = 0
        while piece is not None:
            said, pcm = piece
            await self._going.wait()
            if not self.sounding:
                self.sounding = True
                self._on_first_sound()
            if said.end is None:
                said.begin = given
            given += len(pcm)
            said.end = given
            await voice.play(pcm)
            piece = await self._speech.get()
        await voice.finish()


def _leave_out(said: _Said) -> None:
    said.counts = False
    said.end = said.begin
