"""A room with a simulated Ren in it, in virtual time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.errors import RenError
from ren_device.model import (
    MuteChanged,
    Reply,
    ReplyPart,
    TextDelta,
    Tier,
    ToolRun,
    TurnTimed,
    VoicePhase,
    VoicePhaseChanged,
)
from ren_device.ports import TextToSpeech
from ren_device.sim import (
    SimEchoCanceller,
    SimEchoMeter,
    SimMicrophone,
    SimSpeaker,
    SimSpeechToText,
    SimTextToSpeech,
    SimTurnDetector,
    SimVoiceActivity,
    SimWakeWord,
)
from ren_device.skills.missed_words import MissedWords
from ren_device.voice.announcer import Announcer
from ren_device.voice.by_hand import ByHand
from ren_device.voice.calibration import Calibrator
from ren_device.voice.capture import Capture, MuteState
from ren_device.voice.conversation import Conversation
from ren_device.voice.endpointing import EndpointingPolicy
from ren_device.voice.language import VoiceLanguage
from ren_device.voice.listener import Listener, RoomClient
from ren_device.voice.manners import Levers, Manners
from ren_device.voice.missed import Missed
from ren_device.voice.playback import Playback
from ren_device.voice.ringer import Ringer
from ren_device.voice.roles import VoiceParts
from ren_device.voice.volume import Level, QuietHours, Volume
from ren_device.voice.waking import Waking
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.virtual_clock import VirtualClock
from tests.virtual_time import until

Script = list[str | float | ToolRun | RenError]
"""Text pieces, waits in seconds, tools, or an error."""


class LoopClock:
    """The virtual loop's time, on a fixed day."""

    def now(self) -> datetime:
        return datetime(2026, 6, 25, 14, 2, 11)  # noqa: DTZ001  naive by contract

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Preferences:
    """ports.PreferenceStore in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        self.kept[key] = value


@dataclass
class Asked:
    """A turn that was begun: what became of it."""

    message: str
    tier: Tier | None
    kept: str | None = None
    """What the thread would keep as said by Ren; None for a head start that was dropped."""


@dataclass
class ScriptedAssistant:
    """Answers each question with the next script: text pieces, waits in seconds, tools or an error.

    As strict as the real one: a head start leaves no trace, tools wait until it is certain, and the
    thread keeps what was heard.
    """

    scripts: list[Script]
    turns: list[Asked] = field(default_factory=list)
    abandoned: int = 0
    dropped: int = 0
    tools_run: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """The questions that were turns."""
        return [turn.message for turn in self.turns]

    async def begin(
        self,
        message: str,
        *,
        spoken: bool = False,
        tier: Tier | None = None,
        heard: Callable[[], str] | None = None,
        certain: asyncio.Event | None = None,
    ) -> AsyncGenerator[ReplyPart, None]:
        assert spoken
        assert heard is not None
        assert certain is not None
        script: Script = self.scripts[0] if self.scripts else ["Okay."]
        return self._turn(Asked(message, tier), script, heard, certain)

    async def _turn(
        self,
        turn: Asked,
        script: Script,
        heard: Callable[[], str],
        certain: asyncio.Event,
    ) -> AsyncGenerator[ReplyPart, None]:
        said = ""
        try:
            for step in script:
                if isinstance(step, RenError):
                    await certain.wait()
                    raise step
                if isinstance(step, ToolRun):
                    yield step
                    if step.status == "running":
                        await certain.wait()
                        self.tools_run.append(step.tool)
                elif isinstance(step, str):
                    said += step
                    yield TextDelta(step)
                else:
                    await asyncio.sleep(step)
            yield Reply(said, "scripted", Tier.FAST, 1)
        except asyncio.CancelledError:
            self.abandoned += certain.is_set()
            raise
        finally:
            if certain.is_set():
                turn.kept = heard()
                self.turns.append(turn)
                if self.scripts:
                    self.scripts.pop(0)
            else:
                self.dropped += 1


class Tape(SimSpeaker):
    """Remembers what was written to it, and when; while it `hangs` it takes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = False
        self.written: list[tuple[float, bytes]] = []

    async def write(self, frame: bytes) -> None:
        while self.hangs:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.01)
        self.written.append((asyncio.get_running_loop().time(), frame))
        await super().write(frame)

    async def drain(self) -> None:
        """As with a sound card, what is written meanwhile is waited for too."""
        while self._free_at > asyncio.get_running_loop().time():
            await super().drain()


class Mouthpiece(SimTextToSpeech):
    """While it `hangs` it says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = False

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        if self.hangs:
            await asyncio.sleep(10_000)
        async for pcm in super().speak(text):
            yield pcm


def loaded(tts: TextToSpeech) -> asyncio.Future[TextToSpeech]:
    """An engine that needs not be waited for."""
    future: asyncio.Future[TextToSpeech] = asyncio.get_running_loop().create_future()
    future.set_result(tts)
    return future


class Switch:
    """Mutes the microphone; as strict as panel.mute.Mute."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._moved = asyncio.Event()
        self.muted = False

    def set(self, muted: bool) -> None:
        if muted != self.muted:
            self.muted = muted
            self._moved.set()
            self._moved = asyncio.Event()
            self._bus.publish(MuteChanged(muted))

    async def wait(self, muted: bool) -> None:
        while self.muted is not muted:
            await self._moved.wait()


@dataclass
class Room:
    """What a test can touch."""

    microphone: SimMicrophone
    wake_word: SimWakeWord
    speaker: Tape
    stt: SimSpeechToText
    tts: Mouthpiece
    assistant: ScriptedAssistant
    conversation: Conversation
    playback: Playback
    capture: Capture
    listener: Listener
    volumes: Volume
    volume: Level
    alarm_volume: Level
    kernel: AlertKernel
    alerts: MemoryAlerts
    announcer: Announcer
    ringer: Ringer
    by_hand: ByHand
    mute: Any
    """A Switch, unless something else was asked for."""
    bus: Bus
    clock: VirtualClock
    phases: list[VoicePhase]
    timings: list[TurnTimed]

    async def until(self, holds: Callable[[], bool], within_s: float = 30.0) -> float:
        """Wait until something holds; the seconds that it took."""
        try:
            return await until(holds, within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; phases: {self.phases}") from None

    async def until_heard(self, text: str, within_s: float = 30.0) -> float:
        """Wait until the loudspeaker has said this."""
        return await self.until(lambda: text in self.speaker.heard(), within_s)


@asynccontextmanager
async def room(
    *scripts: Script,
    may_interrupt: bool = True,
    quiet: QuietHours | None = None,
    new_mute: Callable[[Bus], Awaitable[MuteState]] | None = None,
    capture_stops_playback: bool = False,
) -> AsyncIterator[Room]:
    """A Ren that listens and rings."""
    bus = Bus()
    clock = VirtualClock(asyncio.get_running_loop())
    microphone, speaker = SimMicrophone(), Tape()
    stt, tts = SimSpeechToText(), Mouthpiece()
    wake_word = SimWakeWord()
    assistant = ScriptedAssistant(list(scripts))
    volumes = Volume(Preferences(), bus, clock, quiet)
    volume = volumes.voice
    await volume.set(100)
    await volumes.alarms.set(100)
    playback = Playback(speaker, volume, clock)
    alerts = MemoryAlerts()
    kernel = AlertKernel(alerts, clock, bus)
    announcer = Announcer(playback, loaded(tts), lambda: conversation.active)
    missed = Missed(kernel, announcer, clock, MissedWords("en").said)
    ringer = Ringer(
        kernel,
        playback,
        announcer,
        clock,
        bus,
        volumes.alarms,
        floor_taken=lambda: conversation.active,
        listening=lambda: conversation.attending,
    )
    language = VoiceLanguage("en", wake_word.phrases)
    parts = VoiceParts(stt, tts, SimVoiceActivity, SimTurnDetector(), language)
    manners = Manners(
        EndpointingPolicy(),
        over_voice=EndpointingPolicy(),
        follow_up=EndpointingPolicy(no_speech_s=5.0),
        may_interrupt=lambda: may_interrupt,
        called=announcer.hush,
        answered=missed.contact,
        hears=lambda: capture.hears,
    )
    phases: list[VoicePhase] = []
    timings: list[TurnTimed] = []

    async def follow() -> None:
        with bus.subscribe(1000) as events:
            async for event in events:
                if isinstance(event, VoicePhaseChanged):
                    phases.append(event.phase)
                elif isinstance(event, TurnTimed):
                    timings.append(event)

    client = RoomClient(playback)
    async with Conversation(
        parts,
        assistant,
        client,
        clock,
        bus,
        manners,
        Levers(volume, ringer.heard, ringer.silence, ringer.snooze),
    ) as conversation:
        waking = Waking(wake_word, None, SimVoiceActivity, stt)
        calibrator = Calibrator(SimEchoMeter(), lambda _: None, "full")
        mute = await new_mute(bus) if new_mute is not None else Switch(bus)
        closed = playback.reopen if capture_stops_playback else None
        capture = Capture(microphone, clock, bus, mute, closed)
        listener = Listener(
            capture, SimEchoCanceller(), waking, conversation, playback, client, calibrator
        )
        hearing = (listener.run(), listener.let_go(bus))
        running = (follow(), *hearing, kernel.run(), ringer.run(), missed.run())
        tasks = [asyncio.create_task(each) for each in running]
        try:
            here = Room(
                microphone,
                wake_word,
                speaker,
                stt,
                tts,
                assistant,
                conversation,
                playback,
                capture,
                listener,
                volumes,
                volume,
                volumes.alarms,
                kernel,
                alerts,
                announcer,
                ringer,
                ByHand(
                    lambda: conversation,
                    playback,
                    announcer,
                    ringer,
                    hears=lambda: capture.hears,
                    lately=listener.lately,
                ),
                mute,
                bus,
                clock,
                phases,
                timings,
            )
            await here.until(lambda: phases == ["idle"])
            yield here
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await playback.close()
            assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
    assert stt.open == 0, "a recognition was left open"
