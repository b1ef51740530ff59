"""The spoken conversation: sound in, sound out. The microphone and the socket both use it.

    listen -> utterance -> transcript -> turn -> clauses -> speech -> the client's ears

The client (see `roles`) is whatever is at the other end. A conversation is entered with `async
with`; all its tasks end with the block, and a bug in one of them ends the block.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ren_device.bus import Bus
from ren_device.errors import EngineError, RenError
from ren_device.model import (
    GENERAL_THREAD,
    Reply,
    TextDelta,
    Tier,
    VoicePhase,
    VoicePhaseChanged,
)
from ren_device.ports import Clock
from ren_device.voice.clauses import ClauseCutter
from ren_device.voice.endpointing import EndpointingPolicy
from ren_device.voice.mouth import Mouth
from ren_device.voice.roles import Client, TurnTaker, VoiceParts
from ren_device.voice.trace import LatencyTrace
from ren_device.voice.utterance import Utterance

_log = logging.getLogger(__name__)
_SAME_END_S = 2.0
"""An "end" this soon after silence has ended an utterance is about that utterance."""

_APOLOGY = "Sorry, something went wrong with that. Please try again."


class Conversation:
    """One person's end-to-end conversation."""

    def __init__(
        self,
        parts: VoiceParts,
        assistant: TurnTaker,
        client: Client,
        clock: Clock,
        bus: Bus,
        policy: EndpointingPolicy,
        *,
        hands_free: bool,
    ) -> None:
        """`hands_free`: listens again after each utterance, and speech over an answer stops it."""
        self._parts = parts
        self._assistant = assistant
        self._client = client
        self._clock = clock
        self._bus = bus
        self._policy = policy
        self._hands_free = hands_free
        self._vad = parts.new_vad()
        self._tasks = asyncio.TaskGroup()
        self._utterance: Utterance | None = None
        self._answer: asyncio.Task[None] | None = None
        self._answered: Utterance | None = None  # closed by the answer, or by who cancels it
        self._ended_by_silence_at = -math.inf  # on the clock

    async def __aenter__(self) -> Self:
        """Begin; nothing is listened to before `listen`."""
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop whatever is going on."""
        await self._drop_utterance()
        await self._stop_answer()
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def listening(self) -> bool:
        """Whether `feed` is of use."""
        return self._utterance is not None

    @property
    def answering(self) -> bool:
        """Whether an answer is being thought of or spoken."""
        return self._answer is not None and not self._answer.done()

    @property
    def active(self) -> bool:
        """Whether the person or Ren has the floor."""
        return self.listening or self.answering

    async def listen(self, pre_roll: bytes = b"") -> None:
        """Listen for an utterance from now; an answer that is being given is stopped.

        `pre_roll` is the sound just before, used if the person did not pause.
        """
        await self._drop_utterance()
        if self.answering:
            await self._barge_in()
        self._begin_utterance(pre_roll)
        self._phase("listening")
        await self._client.listening()

    async def feed(self, pcm: bytes) -> None:
        """More sound, of any length; when not hands-free, only between `listen` and the end."""
        while pcm:
            utterance = self._utterance
            if utterance is None:
                if not self._hands_free:
                    return
                utterance = self._begin_utterance(b"")
            pcm = await self._feed_utterance(utterance, pcm)

    async def end_utterance(self) -> None:
        """The client says that the person has finished."""
        utterance = self._utterance
        silent_for_s = self._clock.monotonic() - self._ended_by_silence_at
        already_ended, self._ended_by_silence_at = silent_for_s < _SAME_END_S, -math.inf
        if utterance is not None and utterance.perhaps_speech:
            await self._take_turn(utterance)
        elif not already_ended and not self.answering:
            await self._drop_utterance()
            await self._nothing_said()

    def _begin_utterance(self, pre_roll: bytes) -> Utterance:
        self._vad.reset()
        self._utterance = Utterance(
            self._parts.stt, self._vad, self._policy, pre_roll, self._parts.wake_phrases
        )
        return self._utterance

    async def _feed_utterance(self, utterance: Utterance, pcm: bytes) -> bytes:
        """Feed until something happens; returns what was not consumed."""
        was_started = utterance.started
        try:
            rest = utterance.feed(pcm)
        except EngineError as error:
            await self._drop_utterance()
            self._answer = self._tasks.create_task(self._apologise(error), name="voice apology")
            return b""
        if utterance.started and not was_started and self._hands_free:
            self._ended_by_silence_at = -math.inf
            if self.answering:
                await self._barge_in()
            self._phase("listening")
            await self._client.listening()
        if utterance.ended:
            self._ended_by_silence_at = self._clock.monotonic()
            await self._take_turn(utterance)
        elif utterance.nobody_spoke:
            await self._drop_utterance()
            self._phase("idle")
        return rest

    async def _take_turn(self, utterance: Utterance) -> None:
        self._utterance = None
        await self._stop_answer()
        self._answered = utterance
        trace = LatencyTrace(self._clock, self._clock.monotonic() - utterance.silence_s)
        trace.mark("endpoint")
        self._phase("thinking")
        self._answer = self._tasks.create_task(self._respond(utterance, trace), name="voice answer")

    async def _respond(self, utterance: Utterance, trace: LatencyTrace) -> None:
        try:
            text = await utterance.transcript()
        except EngineError as error:
            await self._apologise(error)
        else:
            trace.mark("transcript")
            if text:
                await self._client.transcript(text)
                await self._answer_text(text, trace)
            else:
                await self._nothing_said()
        finally:
            await self._close_answered()
        self._phase("idle")

    async def _apologise(self, error: EngineError) -> None:
        _log.error("the utterance was not recognised: %s", error)
        await self._client.trouble(error)
        trace = LatencyTrace(self._clock, self._clock.monotonic())
        async with self._client.voice() as voice:
            mouth = Mouth(self._parts.tts, voice, self._sounding(trace), trace)
            async with asyncio.TaskGroup() as group:
                mouth.start(group)
                mouth.say(_APOLOGY)
                mouth.end()
            await voice.finish()
        self._phase("idle")

    async def _nothing_said(self) -> None:
        await self._client.transcript("")
        await self._client.part(Reply("", "local", Tier.LOCAL, GENERAL_THREAD))

    async def _answer_text(self, text: str, trace: LatencyTrace) -> None:
        reply: Reply | None = None
        async with self._client.voice() as voice:
            mouth = Mouth(self._parts.tts, voice, self._sounding(trace), trace)
            async with asyncio.TaskGroup() as group:
                mouth.start(group)
                try:
                    reply = await self._think(text, mouth, trace)
                except RenError as error:
                    # The sentence may quote the service or the person: it stays out of the log.
                    _log.warning("the turn failed: %s", type(error).__name__)
                    await self._client.trouble(error)
                    mouth.say(_APOLOGY)
                finally:
                    mouth.end()
            await voice.finish()
        if reply is not None:
            await self._client.part(reply)
        if (timed := trace.summary()) is not None:
            self._bus.publish(timed)
            stages = " ".join(f"{name}={ms}" for name, ms in timed.stages_ms.items())
            _log.info("first sound %d ms after the last word: %s", timed.total_ms, stages)

    def _sounding(self, trace: LatencyTrace) -> Callable[[], None]:
        def first_sound() -> None:
            trace.mark("first_sound", later_s=self._client.latency_s)
            self._phase("speaking")

        return first_sound

    async def _think(self, text: str, mouth: Mouth, trace: LatencyTrace) -> Reply | None:
        cutter = ClauseCutter()
        reply: Reply | None = None
        parts = await self._assistant.begin(text, spoken=True)
        try:
            async for part in parts:
                if isinstance(part, Reply):
                    reply = part
                    continue
                if isinstance(part, TextDelta):
                    trace.mark("first_text")
                    for clause in cutter.feed(part.text):
                        trace.mark("first_clause")
                        mouth.say(clause)
                await self._client.part(part)
        finally:
            await parts.aclose()
        for clause in cutter.flush():
            trace.mark("first_clause")
            mouth.say(clause)
        return reply

    async def _barge_in(self) -> None:
        await self._stop_answer()
        await self._client.barge_in()

    async def _stop_answer(self) -> None:
        answer, self._answer = self._answer, None
        if answer is None or answer.done():
            return
        answer.cancel()
        await asyncio.wait([answer])
        await self._close_answered()

    async def _close_answered(self) -> None:
        utterance, self._answered = self._answered, None
        if utterance is not None:
            await utterance.close()

    async def _drop_utterance(self) -> None:
        utterance, self._utterance = self._utterance, None
        if utterance is not None:
            await utterance.close()

    def _phase(self, phase: VoicePhase) -> None:
        self._bus.publish(VoicePhaseChanged(phase))
