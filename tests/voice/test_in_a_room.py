"""Spoken to in a room with an echo, with all the real engines: over Ren's own voice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import pytest

from ren_device import choice
from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.engines.simulated_room import ROOMS, SimulatedRoom
from ren_device.model import VoicePhase, VoicePhaseChanged
from ren_device.settings import Settings
from ren_device.voice.service import Loaders, VoiceConfig, VoiceService
from ren_device.voice.volume import Volume
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.virtual_clock import VirtualClock
from tests.virtual_time import until
from tests.voice.room import Preferences, Script, ScriptedAssistant
from tests.voices import Voice, say

pytestmark = pytest.mark.engine

STORY = (
    "Once upon a time there was a bear who lived in a small house by the river. Every morning the "
    "bear walked to the market and bought three apples and a loaf of bread. One day it met a fox."
)


@dataclass
class Kitchen:
    """A room with a Ren in it, in real time."""

    room: SimulatedRoom
    voice: VoiceService
    kernel: AlertKernel
    assistant: ScriptedAssistant
    phases: list[VoicePhase]

    def person(self, text: str, voice: Voice = "flite-rms") -> None:
        self.room.say(say(text, voice), dbfs=-26)

    async def sleep(self, seconds: float) -> None:
        """By the room's clock."""
        later_s = self.room.now_s() + seconds
        await until(lambda: self.room.now_s() > later_s, seconds + 5)

    async def until(self, phase: VoicePhase, within_s: float = 30.0) -> None:
        def reached() -> bool:
            return self.phases[-1:] == [phase]

        try:
            await until(reached, within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {phase}; {self.phases}") from None


@asynccontextmanager
async def kitchen(name: str, *scripts: Script) -> AsyncIterator[Kitchen]:
    settings = Settings()
    loaders = Loaders(
        wake_word=partial(choice.load_wake_word, settings),
        vad=choice.load_vad,
        echo=choice.load_echo_canceller,
        echo_meter=choice.load_echo_meter,
        stt=lambda: choice.load_stt(settings),
        tts=partial(choice.load_tts, settings),
        detector=partial(choice.load_turn_detector, settings),
    )
    room = SimulatedRoom(next(each for each in ROOMS if each.name == name))
    bus, clock = Bus(), VirtualClock(asyncio.get_running_loop())
    assistant = ScriptedAssistant(list(scripts))
    kernel = AlertKernel(MemoryAlerts(), clock, bus)
    volume = Volume(Preferences(), bus, clock)
    await volume.voice.set(100)
    ends = (room.microphone, room.speaker)
    voice = VoiceService(loaders, *ends, assistant, kernel, volume, clock, bus, VoiceConfig())
    phases: list[VoicePhase] = []

    async def follow() -> None:
        with bus.subscribe(1000) as events:
            async for event in events:
                if isinstance(event, VoicePhaseChanged):
                    phases.append(event.phase)  # noqa: PERF401  as they come

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in (follow(), kernel.run(), voice.run())]
        here = Kitchen(room, voice, kernel, assistant, phases)
        await here.until("idle", 60)
        yield here
        for task in tasks:
            task.cancel()


def mode(here: Kitchen) -> str:
    barge_in = here.voice.health()["barge_in"]
    assert isinstance(barge_in, dict)
    return str(barge_in["mode"])


async def test_speech_over_an_answer_is_the_next_turn() -> None:
    async with kitchen("far from the microphone", [STORY], ["A big one."]) as here:
        await until(lambda: mode(here) == "full", 15)
        here.person("Hey Jarvis, tell me a story.")
        await here.until("speaking")
        two_s_later = here.room.now_s() + 2
        await until(lambda: here.room.now_s() > two_s_later, 5)
        here.person("How big was the bear?")
        await until(lambda: len(here.assistant.turns) == 1, 10)
        await here.until("idle")
        told, asked = here.assistant.turns
        assert told.kept is not None
        assert STORY.startswith(told.kept.removesuffix("."))
        assert len(told.kept) < len(STORY) / 2
        assert asked.message  # not always the right one: an echo costs words
        assert asked.kept == "A big one."


async def test_ren_that_drowns_everybody_says_so_and_does_not_interrupt_itself() -> None:
    async with kitchen("louder than a person", [STORY]) as here:
        await until(lambda: mode(here) == "button", 15)
        here.person("Hey Jarvis, tell me a story.")
        await here.until("speaking")
        await here.until("idle")
        assert here.assistant.turns[0].kept == STORY


async def test_an_alarm_over_an_answer_is_stopped_by_whoever_says_so_and_may_say_so_again() -> None:
    async with kitchen("living room", [STORY]) as here:
        await until(lambda: mode(here) == "full", 15)
        here.person("Hey Jarvis, tell me a story.")
        await here.until("speaking")
        await here.kernel.set("alarm", in_s=0.1)
        await here.sleep(4)
        assert here.kernel.ringing()
        assert here.phases[-1] == "speaking"  # it rings over the answer, and does not stop it
        for voice in ("espeak-us", "flite-awb", "espeak-gb"):
            here.person("Hey Jarvis, stop.", voice)
            with suppress(AssertionError):
                await until(lambda: not here.kernel.ringing(), 6)
                break
        assert not here.kernel.ringing()
        assert here.voice.health()["speaker"] == "ok"
