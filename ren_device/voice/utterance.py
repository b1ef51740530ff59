"""One utterance: from speech to its transcript, which is made while the person still speaks.

In each pause the recogniser and the end-of-turn model are asked what they think of it; the
endpointer decides from that how much silence ends the turn. When it is probably over, whoever
listens is told at once, and told again when the person goes on after all.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ren_device.errors import EngineError
from ren_device.model import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE_HZ, duration_s
from ren_device.ports import Recognition, TurnDetector, VoiceActivity
from ren_device.voice.endpointing import Endpointer, EndpointingPolicy, Habits, Opinion, Signal
from ren_device.voice.wake_cut import after_pause

_log = logging.getLogger(__name__)
_ONE_BREATH_S = 0.35  # speech this soon after listening began is the same breath as the opening
_LEAD_IN_BYTES = 40 * FRAME_BYTES  # sound before the first speech that the recogniser gets
_PERHAPS = 0.3  # a client that says "end" is believed with less certainty than the VAD wants
_JUDGED_BYTES = 8 * SAMPLE_RATE_HZ * SAMPLE_BYTES  # the end-of-turn model looks no further back

QuestionIn = Callable[[bytes], Awaitable[bytes | None]]
"""What follows the wake phrase in this sound; None if it does not begin with one."""

Recogniser = Callable[[], Recognition]
"""Begins the recognition of an utterance, or goes on with that of the one before."""


class Utterance:
    """Feed it sound until it has `ended` or `nobody_spoke`."""

    def __init__(
        self,
        recogniser: Recogniser,
        vad: VoiceActivity,
        detector: TurnDetector | None,
        policy: EndpointingPolicy,
        habits: Habits,
        *,
        opening: bytes = b"",
        words_of: Callable[[str], str],
        on_likely: Callable[[str], None],
        on_resumed: Callable[[], None],
        on_called: Callable[[], None] = lambda: None,
        question_in: QuestionIn | None = None,
    ) -> None:
        """`opening` is the sound just before, used if the person did not pause.

        `words_of` takes what is no part of the utterance, such as the wake phrase, out of a
        transcript. `on_likely` is told the words when the turn is probably over, or that there are
        none; `on_resumed` is called when the person goes on after a pause, `on_called` when there
        was only a wake phrase, and the utterance proper is still to come. `question_in` gives the
        sound behind a wake phrase, where nobody has listened for one.
        """
        self._question_in = question_in
        self._recogniser = recogniser
        self._vad = vad
        self._detector = detector
        self._policy = policy
        self._habits = habits
        self._opening = opening
        self._words_of = words_of
        self._on_likely = on_likely
        self._on_resumed = on_resumed
        self._on_called = on_called
        self._endpointer = self._new_endpointer()
        self._chunk = bytearray()
        self._before = bytearray()  # until speech is heard
        self._sound = bytearray()  # since, the latest of it, for the detector
        self._heard_s = 0.0
        self._started_s = 0.0  # since speech was heard
        self._likeliest = 0.0
        self._recognition: Recognition | None = None
        self._peeking: asyncio.Task[str] | None = None
        self._forgotten: set[asyncio.Task[str]] = set()
        self.ended = False
        self.nobody_spoke = False

    @property
    def started(self) -> bool:
        """Whether speech was heard."""
        return self._endpointer.started

    @property
    def speech_s(self) -> float:
        """From the first speech to the last, pauses included."""
        return max(0.0, self._started_s - self.silence_s) if self.started else 0.0

    @property
    def lead_in(self) -> bytes:
        """The latest sound, while no speech was heard yet."""
        return bytes(self._before) + bytes(self._chunk)

    @property
    def perhaps_speech(self) -> bool:
        """Whether there was anything at all that might be speech."""
        return self.started or self._likeliest >= _PERHAPS

    @property
    def silence_s(self) -> float:
        """Silence since the last speech."""
        return self._endpointer.silence_s

    def feed(self, pcm: bytes) -> bytes:
        """More sound; returns what came after the utterance's end, else nothing.

        Raises EngineError when the recogniser cannot begin.
        """
        size = self._vad.chunk_bytes
        self._chunk += pcm
        while len(self._chunk) >= size and not (self.ended or self.nobody_spoke):
            chunk = bytes(self._chunk[:size])
            del self._chunk[:size]
            self._hear(chunk)
        if self.ended or self.nobody_spoke:
            rest = bytes(self._chunk)
            self._chunk.clear()
            return rest
        return b""

    def hold(self) -> None:
        """A button is held down while the person speaks: no silence ends the utterance."""
        self._endpointer.held = True

    async def transcript(self) -> str:
        """The words of the whole utterance. Raises EngineError."""
        recognition = self._recognition or self._recognise(bytes(self._before))
        if self._chunk:
            recognition.feed(bytes(self._chunk))
            self._chunk.clear()
        if self._peeking is not None:
            return await self._peeking
        return self._words_of(await recognition.interim())

    def hand_over(self) -> Recognition | None:
        """Its recognition, for the utterance that goes on with it; this one is then empty."""
        self._forget_peek()
        recognition, self._recognition = self._recognition, None
        return recognition

    async def close(self) -> None:
        """Stop all work on it."""
        self._forget_peek()
        recognition, self._recognition = self._recognition, None
        if recognition is not None:
            await recognition.close()
        await asyncio.gather(*self._forgotten, return_exceptions=True)

    def _new_endpointer(self) -> Endpointer:
        chunk_s = self._vad.chunk_bytes / (SAMPLE_RATE_HZ * SAMPLE_BYTES)
        return Endpointer(self._policy, chunk_s, self._habits)

    def _hear(self, chunk: bytes) -> None:
        self._heard_s += duration_s(chunk)
        if self.started:
            self._started_s += duration_s(chunk)
        probability = self._vad.process(chunk)
        self._likeliest = max(self._likeliest, probability)
        signal = self._endpointer.feed(probability)
        if self._recognition is not None:
            self._recognition.feed(chunk)
            self._keep(chunk)
        else:
            self._before += chunk
        match signal:
            case Signal.STARTED:
                self._recognise(self._first_sound())
            case Signal.PAUSED if self._recognition is not None:
                self._peek(self._recognition)
            case Signal.RESUMED:
                self._forget_peek()
                self._on_resumed()
            case Signal.ENDED:
                self.ended = True
            case Signal.NO_SPEECH:
                self.nobody_spoke = True
            case _:
                if self._recognition is None and not self._in_one_breath:
                    del self._before[:-_LEAD_IN_BYTES]

    @property
    def _in_one_breath(self) -> bool:
        return self._heard_s <= _ONE_BREATH_S

    def _first_sound(self) -> bytes:
        if self._in_one_breath:
            return after_pause(self._opening + bytes(self._before))
        return bytes(self._before)

    def _recognise(self, sound: bytes) -> Recognition:
        self._recognition = recognition = self._recogniser()
        recognition.feed(sound)
        self._keep(sound)
        self._before.clear()
        return recognition

    def _keep(self, sound: bytes) -> None:
        self._sound += sound
        del self._sound[:-_JUDGED_BYTES]

    def _peek(self, recognition: Recognition) -> None:
        self._forget_peek()
        self._peeking = asyncio.create_task(
            self._judge(recognition, bytes(self._sound)), name="what a pause means"
        )

    async def _judge(self, recognition: Recognition, sound: bytes) -> str:
        """The words up to this pause, and what they and their sound say about it."""
        recognition = await self._without_wake_phrase(recognition, sound)
        text = await recognition.interim()
        words = self._words_of(text)
        if words or not text.strip():
            self._endpointer.judge(Opinion(words))
            if (self._endpointer.likely_over or not words) and not self.ended:
                self._on_likely(words)  # at once: both engines want the same processor
            if (probability := await self._probability(bytes(self._sound))) is not None:
                self._endpointer.judge(Opinion(words, probability))
        elif not self.ended:
            # "hey jarvis" and a breath: the utterance proper is still to come.
            self._recognition = self._peeking = None
            held, self._endpointer = self._endpointer.held, self._new_endpointer()
            self._endpointer.held = held
            self._sound.clear()
            self._on_called()
            await recognition.close()
        return words

    async def _without_wake_phrase(self, recognition: Recognition, sound: bytes) -> Recognition:
        """At the first pause, the same without the phrase, if there is one: words tell it badly."""
        if self._question_in is None or len(sound) >= _JUDGED_BYTES:
            return recognition
        question = await self._question_in(sound)
        self._question_in = None
        if question is None or len(self._sound) >= _JUDGED_BYTES:
            return recognition
        self._recognition = fresh = self._recogniser()
        fresh.feed(question + bytes(self._sound[len(sound) :]))
        await recognition.close()
        return fresh

    async def _probability(self, sound: bytes) -> float | None:
        if self._detector is None:
            return None
        try:
            return await self._detector.probability(sound)
        except EngineError as error:
            _log.error("whether the turn is over is not known: %s", error)
            return None

    def _forget_peek(self) -> None:
        peek, self._peeking = self._peeking, None
        if peek is None:
            return
        peek.cancel()
        self._forgotten.add(peek)
        peek.add_done_callback(self._forget)

    def _forget(self, peek: asyncio.Task[str]) -> None:
        self._forgotten.discard(peek)
        if not peek.cancelled():
            peek.exception()  # nobody is interested any more
