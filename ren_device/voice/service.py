"""The voice as a whole: rings at once, loads the engines, then listens and answers too."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from ren_device.bus import Bus
from ren_device.errors import EngineError
from ren_device.model import NOT_OPENED, PanelChanged, VoicePhase, VoicePhaseChanged
from ren_device.ports import (
    Clock,
    EchoCanceller,
    EchoMeter,
    Microphone,
    Speaker,
    SpeechToText,
    TextToSpeech,
    TurnDetector,
    VoiceActivity,
    WakeWord,
)
from ren_device.voice.announcer import Announcer
from ren_device.voice.by_hand import ByHand, Talking
from ren_device.voice.calibration import BargeIn, Calibrator
from ren_device.voice.capture import Capture, MuteState
from ren_device.voice.conversation import Conversation
from ren_device.voice.endpointing import EndpointingPolicy
from ren_device.voice.language import VoiceLanguage
from ren_device.voice.listener import Listener, RoomClient
from ren_device.voice.manners import Levers, Manners
from ren_device.voice.missed import Missed, MissedAlarms, MissedWords
from ren_device.voice.playback import Playback
from ren_device.voice.ringer import Alarms, Ringer
from ren_device.voice.roles import Client, TurnTaker, VoiceParts
from ren_device.voice.volume import Volume
from ren_device.voice.wake_archive import WakeArchive
from ren_device.voice.wake_finder import WakeFinder
from ren_device.voice.waking import Waking
from ren_device.voice.words import Unfinished

_log = logging.getLogger(__name__)

# Two chunks of the VAD are enough to pause an answer: what is left of its echo is not taken for a
# person in any of the rooms in engines/README.md.
_OVER_VOICE_START_S = 0.064
# A client of the socket can say "end", so silence alone needs more patience; and it listens on.
_SOCKET = EndpointingPolicy(
    sure_s=0.6, complete_s=0.8, doubtful_s=1.2, no_speech_s=float("inf"), longest_s=120.0
)


_FIRST_RETRY_S, _LONGEST_RETRY_S = 2.0, 60.0  # of an engine that gave up


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """What the settings say about the voice."""

    language: str = "en"
    barge_in: Literal["auto"] | BargeIn = "auto"
    wake_archive: Path | None = None
    """Where the sound of wakes is kept; None: it is not."""
    follow_up_s: float = 5.0
    capture_stops_playback: bool = False
    """See hardware_profile.Sound."""


@dataclass(frozen=True, slots=True)
class Loaders:
    """How to load each engine; each blocks for a while and raises EngineError."""

    wake_word: Callable[[], WakeWord]
    vad: Callable[[], Callable[[], VoiceActivity]]
    echo: Callable[[], EchoCanceller]
    echo_meter: Callable[[], EchoMeter]
    stt: Callable[[], SpeechToText]
    tts: Callable[[], TextToSpeech]
    detector: Callable[[], TurnDetector | None]


class Alerts(Alarms, MissedAlarms, Protocol):
    """What may ring and be missed; see alerts.kernel.AlertKernel."""


@dataclass(frozen=True, slots=True)
class _Ears:
    """What listens in the room, besides the parts of every conversation."""

    wake_word: WakeWord
    own_voice: WakeWord | None
    through_echo: WakeWord | None
    echo: EchoCanceller
    calibrator: Calibrator
    archive: WakeArchive | None


class VoiceService:
    """Owns everything that listens and speaks."""

    def __init__(
        self,
        loaders: Loaders,
        microphone: Microphone,
        speaker: Speaker,
        assistant: TurnTaker,
        kernel: Alerts,
        volume: Volume,
        clock: Clock,
        bus: Bus,
        config: VoiceConfig,
        missed_words: MissedWords = lambda _missed, _now: "",
        routines: Talking | None = None,
        mute: MuteState | None = None,
    ) -> None:
        """Nothing is loaded or opened before `run`."""
        self._config = config
        self._loaders = loaders
        self._microphone = microphone
        self._speaker = speaker
        self._assistant = assistant
        self._volume = volume
        self._clock = clock
        self._bus = bus
        loop = asyncio.get_running_loop()
        self._tts: asyncio.Future[TextToSpeech] = loop.create_future()
        self._parts: asyncio.Future[VoiceParts] = loop.create_future()
        self._playback = Playback(speaker, volume.voice, clock)
        self._conversation: Conversation | None = None
        self.announcer = Announcer(
            self._playback,
            self._tts,
            self._floor_taken,
            language=config.language,
            changed=lambda: bus.publish(PanelChanged()),
        )
        """Says aloud what nobody has asked for; implements ports.Announcer."""
        self._ringer = Ringer(
            kernel,
            self._playback,
            self.announcer,
            clock,
            bus,
            volume.alarms,
            floor_taken=self._floor_taken,
            listening=lambda: self._conversation is not None and self._conversation.attending,
            language=config.language,
        )
        self._missed = Missed(kernel, self.announcer, clock, missed_words)
        self._routines = routines
        self._mute = mute
        self.by_hand = ByHand(
            lambda: self._conversation,
            self._playback,
            self.announcer,
            self._ringer,
            routines,
            self._hears,
            lambda seconds: self._listener.lately(seconds) if self._listener is not None else b"",
        )
        """What a button does."""
        self._listener: Listener | None = None
        self._capture: Capture | None = None
        self._waking: Waking | None = None
        self._finder: WakeFinder | None = None
        self._calibrator: Calibrator | None = None
        self._phase: VoicePhase = "starting"

    async def run(self) -> None:
        """Until cancelled. Without an engine it only rings, and the log and health say why."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._playback.close)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ringer.run(), name="ringer")
                group.create_task(self._missed.run(), name="missed")
                await self._live_here(stack)

    async def _live_here(self, stack: AsyncExitStack) -> None:
        """Until cancelled, or returns without an engine. What was loaded is closed by `stack`."""
        try:
            self._tts.set_result(tts := await asyncio.to_thread(self._loaders.tts))
            ears, parts = await self._load(tts)
        except EngineError as error:
            _log.error("no voice: %s", error)
            self._phase = "fault"
            for waited_for in (self._parts, self._tts):
                if not waited_for.done():
                    waited_for.set_exception(error)
                    waited_for.exception()  # whoever connects is told; nobody may
            if self._tts.exception() is None:  # what rings is still spoken of
                stack.push_async_callback(self._tts.result().close)
            return
        if ears.archive is not None:
            stack.push_async_callback(asyncio.to_thread, ears.archive.close)
        stack.push_async_callback(parts.close)
        self._parts.set_result(parts)
        delay_s = _FIRST_RETRY_S
        while await self._fails(ears, parts):
            await asyncio.sleep(delay_s)
            delay_s = min(_LONGEST_RETRY_S, delay_s * 2)
            ears = replace(ears, wake_word=await asyncio.to_thread(self._loaders.wake_word))

    async def _fails(self, ears: _Ears, parts: VoiceParts) -> bool:
        """Listen and speak until an engine gives up."""
        client = RoomClient(self._playback)
        try:
            async with self._converse(client, self._room_manners()) as conversation:
                self._conversation = conversation
                try:
                    await self._live(ears, parts, client, conversation)
                finally:
                    self._conversation = None  # from now on nothing can be asked of it
        except* EngineError as errors:
            _log.error("voice begins anew: %s", errors.exceptions[0])
            self._phase = "fault"
            self._bus.publish(VoicePhaseChanged("fault"))
        else:
            return False
        return True

    async def _live(
        self, ears: _Ears, parts: VoiceParts, client: RoomClient, conversation: Conversation
    ) -> None:
        closed = self._playback.reopen if self._config.capture_stops_playback else None
        capture = Capture(self._microphone, self._clock, self._bus, self._mute, closed)
        waking = Waking(
            ears.wake_word,
            ears.own_voice,
            parts.new_vad,
            parts.stt,
            ears.archive,
            ears.through_echo,
        )
        listener = Listener(
            capture, ears.echo, waking, conversation, self._playback, client, ears.calibrator
        )
        self._capture, self._calibrator, self._waking = capture, ears.calibrator, waking
        self._listener = listener
        self._phase = "idle"
        _log.info("voice is ready; say %r", waking.phrases[0])
        async with asyncio.TaskGroup() as group:
            group.create_task(listener.run(), name="listener")
            group.create_task(listener.let_go(self._bus), name="let go")

    async def new_conversation(self, client: Client) -> Conversation:
        """A hands-free conversation; waits while engines load. Raises EngineError."""
        await asyncio.shield(self._parts)
        policy = replace(_SOCKET, unfinished=Unfinished.of(self._config.language))
        if self._finder is None:
            self._finder = WakeFinder(await asyncio.to_thread(self._loaders.wake_word))
        manners = Manners(
            policy,
            over_voice=policy,
            goes_on_s=0.0,
            hands_free=True,
            question_in=self._finder.question,
        )
        return self._converse(client, manners)

    @property
    def phase(self) -> VoicePhase:
        """What the voice of the room does at this very moment."""
        if self._conversation is None:
            return self._phase
        if (phase := self._conversation.phase) != "idle":
            return phase
        if self.announcer.speaking:  # and not just a cue
            return "speaking"
        return "fault" if self._capture is not None and self._capture.trouble else "idle"

    @property
    def level(self) -> float:
        """How loud the room is, 0 to 1."""
        return self._listener.level if self._listener is not None else 0.0

    @property
    def loading(self) -> bool:
        """Whether engines are being loaded, which can hold up everything else."""
        return self._phase == "starting"

    async def loaded_tts(self) -> TextToSpeech:
        """The voice itself, once it is loaded. Raises EngineError."""
        return await asyncio.shield(self._tts)

    def frozen(self) -> str | None:
        """What of the sound hangs and gives no error, so that only a new start can help."""
        if self._capture is not None and self._capture.hangs():
            return "the microphone hangs"
        return "the loudspeaker hangs" if self._playback.hangs() else None

    @property
    def ringing_trouble(self) -> str | None:
        """Why what rings is not heard, or None."""
        return self._ringer.trouble

    def health(self) -> dict[str, object]:
        """What works, for /hub/health."""
        return {
            "state": self.phase,
            "microphone": self._microphone_health(),
            "speaker": self._playback.trouble or self._ringer.trouble or self._playback.health,
            "microphone_device": self._microphone.form,
            "speaker_device": self._speaker.form,
            "barge_in": self._calibrator.health() if self._calibrator else {},
            "near_misses": self._waking.near_misses if self._waking else 0,
        }

    def _microphone_health(self) -> str:
        if self._capture is not None:
            return self._capture.health
        return "muted" if self._mute is not None and self._mute.muted else NOT_OPENED

    def glitches(self) -> tuple[int, int]:
        """How often the microphone's sound was lost, and the loudspeaker's broke off."""
        return self._microphone.dropped, self._speaker.underruns

    def _room_manners(self) -> Manners:
        follow_up_s = self._config.follow_up_s
        policy = EndpointingPolicy(unfinished=Unfinished.of(self._config.language))
        return Manners(
            policy,
            over_voice=replace(policy, start_s=_OVER_VOICE_START_S),
            follow_up=replace(policy, no_speech_s=follow_up_s) if follow_up_s else None,
            may_interrupt=lambda: self._calibrator is None or self._calibrator.mode == "full",
            called=self.announcer.hush,
            answered=self._missed.contact,
            hears=self._hears,
        )

    def _hears(self) -> bool:
        return self._capture is not None and self._capture.hears

    def _floor_taken(self) -> bool:
        return self._conversation is not None and self._conversation.active

    def _converse(self, client: Client, manners: Manners) -> Conversation:
        levers = Levers(self._volume.voice, self._stops_more, self._stop_more, self._ringer.snooze)
        return Conversation(
            self._parts.result(), self._assistant, client, self._clock, self._bus, manners, levers
        )

    def _stops_more(self) -> bool:
        """Whether "stop" is for more than an answer."""
        talking = self._routines is not None and self._routines.talking
        return talking or self._ringer.heard()

    async def _stop_more(self) -> None:
        if self._routines is not None:
            self._routines.stop()  # first: what rang may start one
        if self._ringer.heard():
            await self._ringer.silence()

    async def _load(self, tts: TextToSpeech) -> tuple[_Ears, VoiceParts]:
        began = time.perf_counter()
        load = self._loaders
        hears_itself = self._microphone.hardware
        wake_word = await asyncio.to_thread(load.wake_word)
        own_voice = await asyncio.to_thread(load.wake_word) if hears_itself else None
        through_echo = await asyncio.to_thread(load.wake_word) if hears_itself else None
        new_vad = await asyncio.to_thread(load.vad)
        echo = await asyncio.to_thread(load.echo)
        meter = await asyncio.to_thread(load.echo_meter)
        stt = await asyncio.to_thread(load.stt)
        detector = await asyncio.to_thread(load.detector)
        wanted = self._config.barge_in
        calibrator = Calibrator(meter, echo.set_delay, wanted, echoes=hears_itself)
        folder = self._config.wake_archive
        archive = WakeArchive(folder, self._clock) if folder is not None else None
        language = VoiceLanguage(self._config.language, wake_word.phrases)
        _log.info("speech engines loaded in %.1f s", time.perf_counter() - began)
        ears = _Ears(wake_word, own_voice, through_echo, echo, calibrator, archive)
        return ears, VoiceParts(stt, tts, new_vad, detector, language)
