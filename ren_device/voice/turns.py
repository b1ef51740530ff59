"""The answers of a conversation: the one that is being given, and one that has a head start.

Whose turn it is to speak is the conversation's to decide; here is what becomes of an answer then.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ren_device.bus import Bus
from ren_device.errors import EngineError
from ren_device.model import GENERAL_THREAD, Reply, TextDelta, Tier, VoicePhase
from ren_device.ports import Clock, Recognition
from ren_device.voice.answer import Answer
from ren_device.voice.roles import Client, TurnTaker, VoiceParts
from ren_device.voice.trace import LatencyTrace
from ren_device.voice.utterance import Utterance

_log = logging.getLogger(__name__)

_HARDLY_HEARD_S = 0.5
"""Who goes on when no more than this of the answer was heard had not finished."""

_UNWIND_S = 0.05


@dataclass(slots=True)
class Turn:
    """An answer that is being given, or prepared, to an utterance."""

    utterance: Utterance | None
    answer: Answer
    task: asyncio.Task[None]


class Turns:
    """At most one answer is given at a time, and at most one prepared."""

    def __init__(
        self,
        parts: VoiceParts,
        assistant: TurnTaker,
        client: Client,
        clock: Clock,
        bus: Bus,
        tasks: asyncio.TaskGroup,
        on_phase: Callable[[VoicePhase], None],
        on_given: Callable[[Answer], Awaitable[None]],
    ) -> None:
        """The answers run in `tasks`. `on_given` is told of one that was given to its end."""
        self._parts = parts
        self._assistant = assistant
        self._client = client
        self._clock = clock
        self._bus = bus
        self._tasks = tasks
        self._on_phase = on_phase
        self._on_given = on_given
        self._head_start: Turn | None = None
        self.given: Turn | None = None
        """The one that the person hears, or waits for."""
        self.last_said = ""
        self.woken_at: float | None = None
        """On the clock, when the person called; None when nobody did for the next answer."""

    @property
    def sounding(self) -> bool:
        """Whether an answer is being heard."""
        return self.given is not None and self.given.answer.sounding

    @property
    def has_head_start(self) -> bool:
        """Whether one is being prepared."""
        return self._head_start is not None

    def prepare(self, utterance: Utterance, words: str, speech_end: float) -> None:
        """Give the answer a head start; `speech_end` is when the last word was, on the clock."""
        self._head_start = self._begin(utterance, words, None, speech_end)

    def give_prepared(self) -> bool:
        """The person has finished. Whether there was one to give."""
        turn, self._head_start = self._head_start, None
        if turn is not None:
            turn.answer.trace.head_start = True
            self._give(turn)
        return turn is not None

    def drop_prepared(self) -> None:
        """The person goes on; the thread knows nothing of it."""
        turn, self._head_start = self._head_start, None
        if turn is not None:
            turn.task.cancel()

    def give(self, utterance: Utterance, text: str, tier: Tier | None, speech_end: float) -> None:
        """Answer this."""
        self._give(self._begin(utterance, text, tier, speech_end))

    def take_back(self) -> Recognition | None:
        """Of the utterance, if the answer to it can be undone; then there is no trace of it."""
        turn = self.given
        if turn is None or turn.answer.acted or turn.answer.heard_s > _HARDLY_HEARD_S:
            return None
        recognition = turn.utterance.hand_over() if turn.utterance else None
        if recognition is not None:
            self.given = None
            turn.answer.take_back()
            turn.task.cancel()
        return recognition

    def say(
        self, text: str, *, question: str | None = None, error: EngineError | None = None
    ) -> None:
        """Say this, without a turn."""
        trace = LatencyTrace(self._clock, self._clock.monotonic())
        answer = self._new_answer(question or "", trace)

        async def say() -> None:
            if error is not None:
                await self._client.trouble(error)
            if question is not None:
                await self._client.transcript(question)
                await self._client.part(TextDelta(text))
            await answer.say(text)
            if question is not None:
                await self._client.part(_local_reply(text))
            await self._was_given(answer)

        task = self._tasks.create_task(say(), name="say")
        self.given = Turn(None, answer, task)
        answer.commit()

    def apologise(self, error: EngineError) -> None:
        """The utterance was not recognised."""
        _log.error("the utterance was not recognised: %s", error)
        self.say(self._parts.language.apology, error=error)

    async def say_nothing(self, text: str = "") -> None:
        """Answer these words with nothing."""
        await self._client.transcript(text)
        await self._client.part(_local_reply(""))

    async def interrupt(self) -> None:
        """Stop the answer, if there is one, and tell the client."""
        if await self.stop():
            await self._client.barge_in()

    async def stop(self) -> bool:
        """Stop the answer; history keeps what was heard of it. Whether there was one."""
        self.drop_prepared()
        turn, self.given = self.given, None
        if turn is None or turn.task.done():
            return False
        await turn.answer.pause()  # now it is known how much was heard
        self.last_said = turn.answer.text or self.last_said
        turn.task.cancel()
        # The disk may be slow to keep it; the microphone does not wait for that.
        await asyncio.wait([turn.task], timeout=_UNWIND_S)
        return True

    def _begin(self, utterance: Utterance, text: str, tier: Tier | None, speech_end: float) -> Turn:
        trace = LatencyTrace(
            self._clock,
            speech_end=speech_end,
            speech_start=speech_end - utterance.speech_s,
            woken=self.woken_at,
        )
        trace.mark("transcript")
        answer = self._new_answer(text, trace)
        task = self._tasks.create_task(self._answer(answer, utterance, tier), name="answer")
        return Turn(utterance, answer, task)

    def _new_answer(self, question: str, trace: LatencyTrace) -> Answer:
        def first_sound() -> None:
            trace.mark("first_sound", later_s=self._client.latency_s)
            self._on_phase("speaking")

        language, tts = self._parts.language, self._parts.tts
        return Answer(question, tts, language, self._client, trace, first_sound)

    def _give(self, turn: Turn) -> None:
        self.given = turn
        self.woken_at = None
        self._on_phase("thinking")
        turn.answer.trace.mark("committed")
        turn.answer.commit()

    async def _answer(self, answer: Answer, utterance: Utterance, tier: Tier | None) -> None:
        try:
            await answer.run(self._assistant, tier)
        finally:
            if answer.committed:  # else the utterance goes on, or another one goes on with it
                await utterance.close()
                if (timed := answer.trace.summary()) is not None:
                    self._bus.publish(timed)
        await self._was_given(answer)

    async def _was_given(self, answer: Answer) -> None:
        if self.given is None or self.given.answer is not answer:
            return
        self.given = None
        self.last_said = answer.text or self.last_said
        await self._on_given(answer)


def _local_reply(text: str) -> Reply:
    return Reply(text, "local", Tier.LOCAL, GENERAL_THREAD)
