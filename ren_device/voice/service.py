"""The voice as a whole: loads the engines, then listens, answers and rings until cancelled."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.errors import EngineError
from ren_device.model import VoicePhase, VoicePhaseChanged
from ren_device.ports import (
    Clock,
    EchoCanceller,
    Microphone,
    Speaker,
    SpeechToText,
    TextToSpeech,
    VoiceActivity,
    WakeWord,
)
from ren_device.voice.conversation import Conversation
from ren_device.voice.endpointing import EndpointingPolicy
from ren_device.voice.listener import Listener, RoomClient
from ren_device.voice.playback import Playback, Volume
from ren_device.voice.ringer import Ringer
from ren_device.voice.roles import Client, TurnTaker, VoiceParts

_log = logging.getLogger(__name__)

# In the room nobody presses a button, so the silence after the words is all there is.
_ROOM = EndpointingPolicy()
# A client of the socket can say "end", so silence alone needs more patience; and it listens on.
_SOCKET = EndpointingPolicy(
    complete_s=0.8, incomplete_s=1.6, no_speech_s=float("inf"), longest_s=120.0
)


@dataclass(frozen=True, slots=True)
class Loaders:
    """How to load each engine; each blocks for a while and raises EngineError."""

    wake_word: Callable[[], WakeWord]
    vad: Callable[[], Callable[[], VoiceActivity]]
    echo: Callable[[], EchoCanceller]
    stt: Callable[[], SpeechToText]
    tts: Callable[[], TextToSpeech]


class VoiceService:
    """Owns everything that listens and speaks."""

    def __init__(
        self,
        loaders: Loaders,
        microphone: Microphone,
        speaker: Speaker,
        assistant: TurnTaker,
        kernel: AlertKernel,
        volume: Volume,
        clock: Clock,
        bus: Bus,
    ) -> None:
        """Nothing is loaded or opened before `run`."""
        self._loaders = loaders
        self._microphone = microphone
        self._speaker = speaker
        self._assistant = assistant
        self._kernel = kernel
        self._volume = volume
        self._clock = clock
        self._bus = bus
        self._parts: asyncio.Future[VoiceParts] = asyncio.get_running_loop().create_future()
        self._listener: Listener | None = None
        self._playback: Playback | None = None
        self._phase: VoicePhase = "starting"

    async def run(self) -> None:
        """Until cancelled. Without an engine there is no voice, and the log and health say why."""
        try:
            wake_word, echo, parts = await self._load()
        except EngineError as error:
            _log.error("no voice: %s", error)
            self._phase = "fault"
            self._parts.set_exception(error)
            self._parts.exception()  # whoever connects is told; nobody may
            return
        self._parts.set_result(parts)
        playback = Playback(self._speaker, echo, self._volume, self._clock)
        client = RoomClient(playback)
        try:
            async with self._converse(client, _ROOM, hands_free=False) as conversation:
                listener = Listener(
                    self._microphone, echo, wake_word, conversation, playback, self._bus
                )
                ringer = Ringer(
                    self._kernel,
                    playback,
                    parts.tts,
                    self._clock,
                    self._bus,
                    lambda: conversation.active,
                )
                self._listener, self._playback = listener, playback
                self._phase = "idle"
                _log.info("voice is ready; say %r", wake_word.phrases[0])
                async with asyncio.TaskGroup() as group:
                    group.create_task(listener.run(), name="listener")
                    group.create_task(ringer.run(), name="ringer")
                    group.create_task(self._follow_phases(), name="voice phase")
        finally:
            await playback.close()
            await parts.tts.close()
            await parts.stt.close()

    async def new_conversation(self, client: Client) -> Conversation:
        """A hands-free conversation; waits while engines load. Raises EngineError."""
        await asyncio.shield(self._parts)
        return self._converse(client, _SOCKET, hands_free=True)

    def health(self) -> dict[str, object]:
        """What works, for /hub/health."""
        return {
            "state": self._phase,
            "microphone": (self._listener and self._listener.trouble) or "ok",
            "speaker": (self._playback and self._playback.trouble) or "ok",
        }

    def _converse(
        self, client: Client, policy: EndpointingPolicy, *, hands_free: bool
    ) -> Conversation:
        return Conversation(
            self._parts.result(),
            self._assistant,
            client,
            self._clock,
            self._bus,
            policy,
            hands_free=hands_free,
        )

    async def _load(self) -> tuple[WakeWord, EchoCanceller, VoiceParts]:
        began = time.perf_counter()
        wake_word = await asyncio.to_thread(self._loaders.wake_word)
        new_vad = await asyncio.to_thread(self._loaders.vad)
        echo = await asyncio.to_thread(self._loaders.echo)
        stt = await asyncio.to_thread(self._loaders.stt)
        tts = await asyncio.to_thread(self._loaders.tts)
        _log.info("speech engines loaded in %.1f s", time.perf_counter() - began)
        return wake_word, echo, VoiceParts(stt, tts, new_vad, wake_word.phrases)

    async def _follow_phases(self) -> None:
        with self._bus.subscribe() as events:
            async for event in events:
                if isinstance(event, VoicePhaseChanged):
                    self._phase = event.phase
