"""The voice as a whole, with simulated parts, in real time: it rings whatever else there is."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.errors import EngineError
from ren_device.model import NOT_OPENED
from ren_device.ports import SpeechToText, TextToSpeech, WakeWord
from ren_device.sim import (
    SimEchoCanceller,
    SimEchoMeter,
    SimMicrophone,
    SimSpeechToText,
    SimTextToSpeech,
    SimTurnDetector,
    SimVoiceActivity,
    SimWakeWord,
)
from ren_device.skills.missed_words import MissedWords
from ren_device.voice.cues import error_cue
from ren_device.voice.service import Loaders, VoiceConfig, VoiceService
from ren_device.voice.volume import Volume
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.virtual_clock import VirtualClock
from tests.virtual_time import until
from tests.voice.ringing import tone
from tests.voice.room import Preferences, ScriptedAssistant, Tape


@dataclass
class Speaker:
    """What a test can touch."""

    voice: VoiceService
    kernel: AlertKernel
    microphone: SimMicrophone
    tape: Tape

    def sounds(self) -> bool:
        return any(tone(frame) > 50 for _, frame in self.tape.written)


def broken() -> NoReturn:
    raise EngineError("no such engine")


@asynccontextmanager
async def speaker(
    wake_word: Callable[[], WakeWord] = SimWakeWord,
    stt: Callable[[], SpeechToText] = SimSpeechToText,
    tts: Callable[[], TextToSpeech] = SimTextToSpeech,
) -> AsyncIterator[Speaker]:
    loaders = Loaders(
        wake_word=wake_word,
        vad=lambda: SimVoiceActivity,
        echo=SimEchoCanceller,
        echo_meter=SimEchoMeter,
        stt=stt,
        tts=tts,
        detector=SimTurnDetector,
    )
    bus, clock = Bus(), VirtualClock(asyncio.get_running_loop())
    kernel = AlertKernel(MemoryAlerts(), clock, bus)
    microphone, tape = SimMicrophone(), Tape()
    voice = VoiceService(
        loaders,
        microphone,
        tape,
        ScriptedAssistant([]),
        kernel,
        Volume(Preferences(), bus, clock),
        clock,
        bus,
        VoiceConfig(),
        MissedWords("en").said,
    )
    tasks = [asyncio.create_task(kernel.run()), asyncio.create_task(voice.run())]
    try:
        yield Speaker(voice, kernel, microphone, tape)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


async def test_it_rings_while_the_engines_still_load_and_speaks_when_it_can() -> None:
    loaded = threading.Event()
    voice = SimTextToSpeech()

    def slow() -> TextToSpeech:
        loaded.wait(20)
        return voice

    async with speaker(tts=slow) as here:
        try:
            await here.kernel.set("reminder", "eat", in_s=0.05)
            await until(here.sounds, 2)
            health = here.voice.health()
            assert (health["state"], health["microphone"]) == ("starting", NOT_OPENED)
            assert voice.spoken == []
        finally:
            loaded.set()
        await until(lambda: voice.spoken == ["A reminder: eat."], 5)
        await until(lambda: here.voice.health()["microphone"] == "ok", 5)


async def test_it_speaks_when_it_says_something_and_not_when_there_is_a_cue() -> None:
    async with speaker() as here:
        await until(lambda: here.voice.by_hand.can_listen, 5)
        cue = asyncio.create_task(here.voice.by_hand.sound(error_cue()))
        await until(lambda: bool(here.tape.written), 2)
        assert here.voice.phase == "idle"
        await cue
        said = asyncio.create_task(here.voice.announcer.say("Good morning."))
        await until(lambda: here.voice.phase == "speaking", 2)
        await said
        assert here.voice.phase == "idle"


async def test_it_rings_when_no_engine_can_be_loaded() -> None:
    async with speaker(tts=broken) as here:
        assert here.voice.health()["speaker"] == NOT_OPENED
        await until(lambda: here.voice.health()["state"] == "fault", 5)
        await here.kernel.set("alarm", in_s=0.05)
        await until(here.sounds, 2)
        assert not await here.voice.announcer.say("Good morning.")


async def test_it_speaks_of_what_rings_when_it_cannot_listen() -> None:
    voice = SimTextToSpeech()
    async with speaker(stt=broken, tts=lambda: voice) as here:
        await until(lambda: here.voice.health()["state"] == "fault", 5)
        await here.kernel.set("reminder", "eat", in_s=0.05)
        await until(lambda: voice.spoken == ["A reminder: eat."], 5)
        assert here.sounds()


async def test_it_rings_with_a_dead_microphone_and_while_an_engine_gives_up() -> None:
    class Failing(SimWakeWord):
        def process(self, frames: bytes) -> NoReturn:
            broken()

    async with speaker(wake_word=Failing) as here:
        here.microphone.unplug()
        await here.kernel.set("alarm", in_s=0.05)
        await until(here.sounds, 2)
        here.microphone.plug_in()
        await until(lambda: here.voice.health()["state"] == "fault", 5)
        before = len(here.tape.written)
        await until(lambda: len(here.tape.written) > before + 50, 2)


async def test_health_says_that_what_rings_is_not_heard() -> None:
    async with speaker() as here:
        here.tape.broken = "REN_SPEAKER=sim: unplugged"
        await here.kernel.set("alarm", in_s=0.05)
        await until(lambda: "unplugged" in str(here.voice.health()["speaker"]), 3)
