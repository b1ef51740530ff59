"""The spoken conversation: sound in, sound out. The microphone and the socket both use it.

    listen -> utterance -> transcript -> turn -> clauses -> speech -> the client's ears

While Ren thinks and speaks it goes on listening: speech that comes before the first sound is the
rest of the question; speech over the answer pauses it until it is clear what was said. The client
(see `roles`) is whatever is at the other end. A conversation is entered with `async with`; all its
tasks end with the block, and a bug in one of them ends the block.
"""

import asyncio
import logging
import math
from types import TracebackType
from typing import Self

from ren_device.bus import Bus
from ren_device.errors import EngineError, StoreError
from ren_device.model import Tier, VoicePhase, VoicePhaseChanged, duration_s
from ren_device.ports import Clock, Recognition
from ren_device.voice.answer import Answer
from ren_device.voice.endpointing import EndpointingPolicy, Habits
from ren_device.voice.manners import Levers, Manners
from ren_device.voice.reflexes import Reflex
from ren_device.voice.roles import Client, TurnTaker, VoiceParts
from ren_device.voice.turns import Turns
from ren_device.voice.utterance import Utterance

_log = logging.getLogger(__name__)
_SAME_END_S = 2.0
"""An "end" this soon after silence has ended an utterance is about that utterance."""

_NO_COUGH_S = 1.2
"""Speech over an answer that lasts so long is meant."""

_VOLUME_STEP = 10
_AT_ONCE = frozenset((Reflex.STOP, Reflex.NEVER_MIND, Reflex.LOUDER, Reflex.QUIETER))


class Conversation:
    """One person's end-to-end conversation."""

    def __init__(
        self,
        parts: VoiceParts,
        assistant: TurnTaker,
        client: Client,
        clock: Clock,
        bus: Bus,
        manners: Manners,
        levers: Levers,
    ) -> None:
        """Nothing happens before it is entered."""
        self._parts = parts
        self._client = client
        self._clock = clock
        self._bus = bus
        self._manners = manners
        self._levers = levers
        self._vad = parts.new_vad()
        self._habits = Habits()
        self._tasks = asyncio.TaskGroup()
        self._lock = asyncio.Lock()  # sound and presses come from different tasks
        self._utterance: Utterance | None = None
        self._policy = manners.policy  # of the utterance
        self._asked_for = False  # the utterance began by a wake word, a press or a question
        self._over_answer = False  # it began while an answer was being given
        self._turns = Turns(
            parts, assistant, client, clock, bus, self._tasks, self._phase, self._was_answered
        )
        self._deciding: tuple[Utterance, asyncio.Task[None]] | None = None
        self._fed_s = 0.0  # sound since the beginning
        self._ended_at_s = -math.inf  # in that time: the last word of the utterance before
        self._ended_by_silence_at = -math.inf  # on the clock
        self._just_stopped = False
        self._called_upon = False  # the person is, or is just about to be, listened to

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
        try:
            await self._stop_deciding()
            await self._turns.stop()
            await self._drop_utterance()
        finally:
            await self._tasks.__aexit__(kind, error, trace)

    @property
    def listening(self) -> bool:
        """Whether `feed` is of use."""
        return self._utterance is not None or self._attentive

    @property
    def waiting(self) -> bool:
        """Whether the person was called upon to speak, and has not begun."""
        return self._asked_for and self._utterance is not None and not self._utterance.started

    @property
    def answering(self) -> bool:
        """Whether an answer is being thought of or spoken."""
        return self._turns.given is not None or self._deciding is not None

    @property
    def sounding(self) -> bool:
        """Whether an answer is being heard."""
        return self._turns.sounding

    @property
    def active(self) -> bool:
        """Whether the person or Ren has the floor."""
        return self.answering or self.attending

    @property
    def attending(self) -> bool:
        """Whether the person speaks, is to speak, or was just heard."""
        return self._called_upon or self._speaks or self._deciding is not None

    @property
    def phase(self) -> VoicePhase:
        """What goes on at this very moment; the bus tells of the changes."""
        if self._called_upon or (self.attending and self._deciding is None):
            return "listening"
        if self.sounding:
            return "speaking"
        return "thinking" if self.answering else "idle"

    async def listen(self, opening: bytes = b"") -> None:
        """Listen for an utterance from now; an answer that is being given is stopped.

        `opening` is the sound just before, used if the person did not pause.
        """
        # Before anything that takes time: the light tells the person at once.
        self._called_upon = True
        self._phase("listening")
        try:
            async with self._lock:
                await self._stop_deciding()
                self._just_stopped = self._manners.called() or self._turns.given is not None
                await self._turns.interrupt()
                await self._drop_utterance()
                self._begin_utterance(self._manners.policy, opening, asked_for=True)
                self._turns.woken_at = self._clock.monotonic() - duration_s(opening)
                await self._client.listening()
        finally:
            self._called_upon = False

    async def hold(self, opening: bytes = b"") -> None:
        """Listen for as long as a button is held, until `end_utterance`; silence ends nothing.

        `opening` is the sound since the press: who has just cut off Ren may speak already.
        """
        if not self._speaks:
            await self.listen(b"" if self.answering else opening)
        async with self._lock:
            if self._utterance is not None and self._speaks:
                self._utterance.hold()

    async def repeat(self) -> bool:
        """Say the last answer again, instead of what goes on. Whether there was one."""
        await self.stop()
        if self._turns.last_said:
            self._turns.say(self._turns.last_said)
        return bool(self._turns.last_said)

    async def stop(self) -> None:
        """Be silent and listen no more."""
        async with self._lock:
            await self._stop_deciding()
            await self._turns.interrupt()
            await self._drop_utterance()
            self._phase("idle")

    async def hear_no_more(self) -> None:
        """No more sound will come for a while: what was being said is let go, an answer goes on."""
        async with self._lock:
            attended = self.attending
            await self._drop_utterance()
            if attended:
                self._phase("idle")

    async def feed(self, pcm: bytes) -> None:
        """More sound, of any length; ignored where nobody is listened to."""
        async with self._lock:
            while pcm:
                utterance = await self._current_utterance()
                if utterance is None:
                    return
                pcm = await self._feed_utterance(utterance, pcm)

    async def overheard(self, sound: bytes) -> None:
        """What was said in one breath with the wake word, and with it, over what rings.

        A short word drowns in a tone that is not ducked yet, and is understood best with the words
        before it. Only "stop" and the like count.
        """
        try:
            recognition = self._parts.stt.start()
            try:
                recognition.feed(sound)
                words = (await recognition.interim()).split()
            finally:
                await recognition.close()
        except EngineError as error:
            _log.warning("not listened to again: %s", type(error).__name__)
            return
        meant = (self._parts.language.reflex(word, nearly=True) for word in words[-2:])
        reflex = next((each for each in meant if each in (Reflex.STOP, Reflex.SNOOZE)), None)
        if reflex is not None and self._levers.ringing():
            await self.stop()
            if (said := await self._stop_ringing(reflex)) is not None:
                self._turns.say(said)

    async def end_utterance(self) -> None:
        """The client says that the person has finished."""
        async with self._lock:
            utterance = self._utterance
            silent_for_s = self._clock.monotonic() - self._ended_by_silence_at
            already_ended, self._ended_by_silence_at = silent_for_s < _SAME_END_S, -math.inf
            if utterance is not None and utterance.perhaps_speech:
                await self._take_turn(utterance)
            elif not already_ended and not self.answering:
                await self._drop_utterance()
                await self._turns.say_nothing()
                self._phase("idle")

    # --- listening -----------------------------------------------------------------------------

    @property
    def _speaks(self) -> bool:
        """Whether there is an utterance that was begun, or asked for."""
        utterance = self._utterance
        return utterance is not None and (utterance.started or self._asked_for)

    @property
    def _attentive(self) -> bool:
        """Whether speech is of interest although nobody was called upon to speak."""
        if self._manners.hands_free:
            return True
        if self._turns.given is None:
            return self._deciding is not None
        return not self.sounding or self._manners.may_interrupt()

    async def _current_utterance(self) -> Utterance | None:
        """The one that was asked for, or one in which speech would be of interest now."""
        utterance = self._utterance
        if self._speaks:
            return utterance
        wanted = self._unasked_policy() if self._attentive else None
        if utterance is None or wanted is not self._policy:
            await self._drop_utterance()
            utterance = self._begin_utterance(wanted) if wanted is not None else None
        return utterance

    def _unasked_policy(self) -> EndpointingPolicy:
        return self._manners.over_voice if self.sounding else self._manners.policy

    def _begin_utterance(
        self, policy: EndpointingPolicy, opening: bytes = b"", *, asked_for: bool = False
    ) -> Utterance:
        self._vad.reset()
        self._over_answer = False
        self._asked_for = asked_for
        self._policy = policy
        self._utterance = Utterance(
            self._recogniser,
            self._vad,
            self._parts.detector,
            policy,
            self._habits,
            opening=opening,
            words_of=self._parts.language.without_wake_phrase,
            on_likely=self._probably_over,
            on_resumed=self._turns.drop_prepared,
            on_called=self._called,
            question_in=self._manners.question_in,
        )
        return self._utterance

    async def _feed_utterance(self, utterance: Utterance, pcm: bytes) -> bytes:
        """Feed until something happens; returns what was not consumed."""
        was_started = utterance.started
        before = self._turns.given
        self._fed_s += duration_s(pcm)
        try:
            rest = utterance.feed(pcm)
        except EngineError as error:
            await self._turns.interrupt()
            await self._drop_utterance()
            self._turns.apologise(error)
            return b""
        if utterance.started and not was_started:
            await self._speech_began(took_back=before is not None and self._turns.given is None)
        if utterance.ended:
            self._ended_by_silence_at = self._clock.monotonic()
            await self._take_turn(utterance)
        elif utterance.nobody_spoke:
            await self._drop_utterance()
            if not self.answering:
                self._phase("idle")
        elif self._over_answer and utterance.speech_s >= _NO_COUGH_S and not self._levers.ringing():
            await self._take_the_floor()
        self._fed_s -= duration_s(rest)
        return rest

    def _recogniser(self) -> Recognition:
        """For the utterance that begins; it may go on with the one before."""
        return self._recognition_to_go_on_with() or self._parts.stt.start()

    def _recognition_to_go_on_with(self) -> Recognition | None:
        """Of an utterance that was ended too early; its answer is taken back without a trace."""
        silence_s = self._fed_s - self._ended_at_s
        if silence_s >= self._manners.goes_on_s:
            return None
        if self._deciding is not None and self._turns.given is None:
            utterance, deciding = self._deciding
            if deciding is asyncio.current_task():
                return None
            self._deciding = None
            deciding.cancel()
            return utterance.hand_over()
        recognition = self._turns.take_back()
        if recognition is not None:
            self._habits.paused(silence_s)
        return recognition

    async def _speech_began(self, *, took_back: bool) -> None:
        self._ended_by_silence_at = -math.inf
        if self.answering:
            self._over_answer = True
            if self._turns.given is not None:
                await self._turns.given.answer.pause()
            return
        if took_back:
            await self._client.barge_in()
        if self._manners.hands_free or took_back:
            self._phase("listening")
            await self._client.listening()

    async def _take_the_floor(self) -> None:
        """What is being said over the answer is meant: the answer is over."""
        self._over_answer = False
        self._just_stopped = True
        await self._turns.interrupt()
        self._phase("listening")
        await self._client.listening()

    def _called(self) -> None:
        """The wake phrase was said, and nothing else: over an answer, that stops it."""
        self._asked_for = True
        if self._over_answer:
            self._tasks.create_task(self._take_the_floor(), name="take the floor")

    # --- taking turns --------------------------------------------------------------------------

    def _probably_over(self, words: str) -> None:
        """Give the answer a head start. Over an answer it is decided what becomes of that one."""
        utterance = self._utterance
        if utterance is None or self._turns.has_head_start or self._deciding is not None:
            return
        reflex = self._parts.language.reflex(words, nearly=self._levers.ringing())
        if self._turns.given is not None:
            murmur = reflex is Reflex.BACKCHANNEL and self._leaves_the_answer(words, reflex)
            if self._over_answer and murmur:
                self._tasks.create_task(self._go_on_speaking(utterance), name="go on speaking")
        elif words and reflex is None:
            speech_end = self._clock.monotonic() - utterance.silence_s
            self._turns.prepare(utterance, words, speech_end)

    async def _go_on_speaking(self, utterance: Utterance) -> None:
        """It was a cough, or a "mm-hm"."""
        if self._utterance is utterance:
            self._utterance = None
        self._over_answer = False
        if self._turns.given is not None:
            self._turns.given.answer.resume()
        await utterance.close()

    async def _take_turn(self, utterance: Utterance) -> None:
        self._utterance = None
        # Who was cut off for speaking so long does not get to go on.
        cut_off = utterance.silence_s == 0.0
        self._ended_at_s = -math.inf if cut_off else self._fed_s - utterance.silence_s
        speech_end = self._clock.monotonic() - utterance.silence_s
        if self._turns.give_prepared():
            self._just_stopped = False
            return
        over_answer = self._over_answer or self._turns.given is not None
        self._over_answer = False
        if await self._stop_deciding():
            await self._client.barge_in()
            await self._client.listening()
        self._phase("thinking")
        deciding = self._tasks.create_task(
            self._decide(utterance, over_answer, speech_end), name="decide"
        )
        self._deciding = (utterance, deciding)

    async def _decide(self, utterance: Utterance, over_answer: bool, speech_end: float) -> None:
        """What is to be done about these words."""
        try:
            text = await utterance.transcript()
        except EngineError as error:
            await self._turns.interrupt()
            await utterance.close()
            self._deciding = None
            self._turns.apologise(error)
            return
        over = over_answer or self._just_stopped
        reflex = self._parts.language.reflex(text, nearly=over or self._levers.ringing())
        if over_answer and self._leaves_the_answer(text, reflex):
            if reflex in (Reflex.LOUDER, Reflex.QUIETER):
                await self._client.transcript(text)
                await self._turn_volume(reflex)
            self._deciding = None
            self._phase("speaking")
            await self._go_on_speaking(utterance)
            return
        just_stopped = self._just_stopped or self._turns.given is not None
        self._just_stopped = False
        if self._turns.given is not None:
            await self._turns.interrupt()
            await self._client.listening()
        stops = reflex in (Reflex.STOP, Reflex.NEVER_MIND) and just_stopped
        said = None
        if self._levers.ringing():
            stops = reflex is Reflex.STOP
            said = await self._stop_ringing(reflex, text)
        self._deciding = None
        if not text or stops:
            await utterance.close()
            await self._turns.say_nothing(text)
            self._phase("idle")
        elif said is not None:
            await utterance.close()
            self._turns.say(said, question=text)
        elif reflex is Reflex.REPEAT and self._turns.last_said:
            await utterance.close()
            self._turns.say(self._turns.last_said, question=text)
        else:
            self._turns.give(utterance, text, _tier_of(reflex), speech_end)

    async def _stop_ringing(self, reflex: Reflex | None, text: str = "") -> str | None:
        """Silence what rings, or put it off, if that is meant; what is to be said about it."""
        if reflex is Reflex.SNOOZE:
            return await self._levers.snooze(self._parts.language.snooze_minutes(text))
        if reflex is Reflex.STOP:
            await self._levers.silence()
            self._manners.answered()
        return None

    def _leaves_the_answer(self, text: str, reflex: Reflex | None) -> bool:
        """Whether Ren goes on with its answer after this was said over it."""
        given = self._turns.given
        if given is None:
            return False
        if not any(map(str.isalnum, text)):
            return True  # a cough
        if reflex is None and self._levers.ringing():
            return True  # what is left of a tone was made words of, in one answer of three
        if reflex is Reflex.BACKCHANNEL:
            # "Okay" over a question of Ren's is an answer.
            return not given.answer.text.rstrip().endswith("?")
        return reflex in (Reflex.LOUDER, Reflex.QUIETER)

    # --- answering -----------------------------------------------------------------------------

    async def _was_answered(self, answer: Answer) -> None:
        """The answer was given: listen on only if Ren has asked something."""
        self._manners.answered()
        if self._manners.hands_free or (self._utterance is not None and self._utterance.started):
            self._phase("idle")
            return
        just_before = self._utterance.lead_in if self._utterance is not None else b""
        await self._drop_utterance()
        follow_up = self._manners.follow_up
        asks = answer.text.rstrip().endswith("?")
        if follow_up is not None and asks and self._manners.hears():
            self._begin_utterance(follow_up, just_before, asked_for=True)
            self._phase("listening")
            await self._client.listening()
        else:
            self._phase("idle")

    async def _turn_volume(self, reflex: Reflex) -> None:
        try:
            await self._levers.volume.step(
                _VOLUME_STEP if reflex is Reflex.LOUDER else -_VOLUME_STEP
            )
        except StoreError as error:
            _log.warning("the volume was changed, but not kept: %s", error)

    # --- stopping ------------------------------------------------------------------------------

    async def _stop_deciding(self) -> bool:
        """Whether there was anything to decide."""
        deciding, self._deciding = self._deciding, None
        if deciding is None:
            return False
        utterance, task = deciding
        task.cancel()
        await asyncio.wait([task])
        await utterance.close()
        return True

    async def _drop_utterance(self) -> None:
        """Let go what was being said; an answer that waits for it goes on."""
        self._turns.drop_prepared()
        over_answer, self._over_answer = self._over_answer, False
        utterance, self._utterance = self._utterance, None
        if over_answer and self._turns.given is not None:
            self._turns.given.answer.resume()
        if utterance is not None:
            await utterance.close()

    def _phase(self, phase: VoicePhase) -> None:
        if phase == "idle" and self.active:
            return  # somebody has taken the floor in the meantime
        self._bus.publish(VoicePhaseChanged(phase))


def _tier_of(reflex: Reflex | None) -> Tier | None:
    """What must work at once and offline is asked of the local tier."""
    return Tier.LOCAL if reflex in _AT_ONCE else None
