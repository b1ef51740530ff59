"""A room with a simulated Ren in it, in virtual time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from ren_device.bus import Bus
from ren_device.errors import RenError
from ren_device.model import (
    Reply,
    ReplyPart,
    TextDelta,
    Tier,
    TurnTimed,
    VoicePhase,
    VoicePhaseChanged,
)
from ren_device.sim import (
    SimEchoCanceller,
    SimMicrophone,
    SimSpeaker,
    SimSpeechToText,
    SimTextToSpeech,
    SimVoiceActivity,
    SimWakeWord,
)
from ren_device.voice.conversation import Conversation
from ren_device.voice.endpointing import EndpointingPolicy
from ren_device.voice.listener import Listener, RoomClient
from ren_device.voice.playback import Playback, Volume
from ren_device.voice.roles import VoiceParts
from tests.virtual_time import until

Script = list[str | float | RenError]
"""Text pieces, waits in seconds, or an error."""


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
class ScriptedAssistant:
    """Answers each question with the next script: text pieces, waits in seconds, or an error."""

    scripts: list[Script]
    asked: list[str] = field(default_factory=list)
    abandoned: int = 0

    async def begin(self, message: str, *, spoken: bool = False) -> AsyncGenerator[ReplyPart, None]:
        assert spoken
        self.asked.append(message)
        return self._turn(self.scripts.pop(0) if self.scripts else ["Okay."])

    async def _turn(self, script: Script) -> AsyncGenerator[ReplyPart, None]:
        said = ""
        finished = False
        try:
            for step in script:
                if isinstance(step, RenError):
                    finished = True
                    raise step
                if isinstance(step, str):
                    said += step
                    yield TextDelta(step)
                else:
                    await asyncio.sleep(step)
            finished = True
            yield Reply(said, "scripted", Tier.FAST, 1)
        finally:
            self.abandoned += not finished


@dataclass
class Room:
    """What a test can touch."""

    microphone: SimMicrophone
    speaker: SimSpeaker
    stt: SimSpeechToText
    tts: SimTextToSpeech
    assistant: ScriptedAssistant
    conversation: Conversation
    playback: Playback
    listener: Listener
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
async def room(*scripts: Script) -> AsyncIterator[Room]:
    """A Ren that listens."""
    bus = Bus()
    clock = LoopClock()
    microphone, speaker = SimMicrophone(), SimSpeaker()
    stt, tts = SimSpeechToText(), SimTextToSpeech()
    echo, wake_word = SimEchoCanceller(), SimWakeWord()
    assistant = ScriptedAssistant(list(scripts))
    playback = Playback(speaker, echo, Volume(Preferences(), bus, 100), clock)
    parts = VoiceParts(stt, tts, SimVoiceActivity, wake_word.phrases)
    phases: list[VoicePhase] = []
    timings: list[TurnTimed] = []

    async def follow() -> None:
        with bus.subscribe(1000) as events:
            async for event in events:
                if isinstance(event, VoicePhaseChanged):
                    phases.append(event.phase)
                elif isinstance(event, TurnTimed):
                    timings.append(event)

    async with Conversation(
        parts, assistant, RoomClient(playback), clock, bus, EndpointingPolicy(), hands_free=False
    ) as conversation:
        listener = Listener(microphone, echo, wake_word, conversation, playback, bus)
        tasks = [asyncio.create_task(follow()), asyncio.create_task(listener.run())]
        try:
            here = Room(
                microphone,
                speaker,
                stt,
                tts,
                assistant,
                conversation,
                playback,
                listener,
                phases,
                timings,
            )
            await here.until(lambda: phases == ["idle"])
            yield here
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await playback.close()
    assert stt.open == 0, "a recognition was left open"
