"""One voice at a time, and what rings over it."""

import asyncio
import math
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

from ren_device.bus import Bus
from ren_device.model import FRAME_BYTES, FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ
from ren_device.sim import speech
from ren_device.voice.playback import Playback
from ren_device.voice.volume import Volume
from tests.virtual_time import run, stand_still, until
from tests.voice.ringing import frames, levels, spoken, tone
from tests.voice.room import LoopClock, Preferences, Tape

STORY = "Once there was a bear."


def hum() -> Iterator[bytes]:
    """A soft deep tone that never ends."""
    at = 0
    while True:
        turns = (2 * math.pi * 200 * (at + each) / SAMPLE_RATE_HZ for each in range(FRAME_SAMPLES))
        yield array("h", [round(1500 * math.sin(each)) for each in turns]).tobytes()
        at += FRAME_SAMPLES


@dataclass
class Scene:
    speaker: Tape
    playback: Playback


@asynccontextmanager
async def playing() -> AsyncIterator[Scene]:
    clock, speaker = LoopClock(), Tape()
    volume = Volume(Preferences(), Bus(), clock).voice
    await volume.set(100)
    playback = Playback(speaker, volume, clock)
    yield Scene(speaker, playback)
    await playback.close()


@asynccontextmanager
async def ringing(here: Scene, sound: Iterator[bytes] | None = None) -> AsyncIterator[None]:
    task = asyncio.create_task(here.playback.ring(sound or hum()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def tell(here: Scene, text: str = STORY) -> None:
    async with here.playback.claim() as voice:
        await voice.play(speech(text))
        await voice.finish()


def heard_without_a_break(here: Scene) -> bool:
    """Whether the loudspeaker had something to play all the time."""
    ends = [at for at, _ in here.speaker.written]
    return all(later - at < here.speaker.latency_s for at, later in pairwise(ends))


def test_what_rings_keeps_the_loudspeaker_fed_by_itself() -> None:
    async def scene() -> None:
        async with playing() as here, ringing(here):
            await asyncio.sleep(3)
            heard = here.speaker.sound()
            assert 2.9 < len(heard) / FRAME_BYTES * FRAME_S <= 3.02
            assert all(tone(frame) > 900 for frame in frames(heard))
            assert heard_without_a_break(here)

    run(scene())


def test_it_is_mixed_into_what_is_said() -> None:
    async def scene() -> None:
        async with playing() as here, ringing(here):
            await asyncio.sleep(0.5)
            async with asyncio.timeout(10):
                await tell(here)
            await asyncio.sleep(0.5)
            assert spoken(here.speaker.sound()) == STORY
            assert all(tone(frame) > 700 for frame in frames(here.speaker.sound()))
            assert heard_without_a_break(here)

    run(scene())


def test_it_begins_at_once_in_the_middle_of_an_answer_and_at_its_end() -> None:
    async def began_after_s(answered_s: float) -> float:
        async with playing() as here:
            telling = asyncio.create_task(tell(here))
            await asyncio.sleep(answered_s)
            due_s = asyncio.get_running_loop().time()
            async with ringing(here):
                await until(lambda: any(tone(frame) > 500 for _, frame in here.speaker.written), 1)
                async with asyncio.timeout(10):
                    await telling
                assert spoken(here.speaker.sound()) == STORY
            return next(at for at, frame in here.speaker.written if tone(frame) > 500) - due_s

    story_s = len(speech(STORY)) / FRAME_BYTES * FRAME_S
    for answered_s in (0.0, 0.5, story_s - 0.02, story_s + 0.01, story_s + 1):
        assert run(began_after_s(answered_s)) < 0.05


def test_a_paused_voice_goes_on_at_the_very_frame_while_it_rings() -> None:
    async def scene(pause_after_s: float) -> None:
        async with playing() as here, ringing(here), here.playback.claim() as voice:
            telling = asyncio.create_task(voice.play(speech(STORY)))
            await asyncio.sleep(pause_after_s)
            await voice.pause()
            so_far = levels(here.speaker.sound())
            assert voice.heard_bytes == len(so_far) * FRAME_BYTES
            await asyncio.sleep(1.2)
            assert levels(here.speaker.sound()) == so_far
            voice.resume()
            await asyncio.sleep(0.31)
            await voice.pause()
            await asyncio.sleep(0.004)
            voice.resume()
            await telling
            await voice.finish()
            assert levels(here.speaker.sound()) == levels(speech(STORY))
            assert voice.heard_bytes == len(speech(STORY))

    for pause_after_s in (0.0, 0.005, 0.3, 0.333, 0.7):
        run(scene(pause_after_s))


def test_it_rings_on_while_a_voice_is_paused() -> None:
    async def scene() -> None:
        async with playing() as here, ringing(here), here.playback.claim() as voice:
            telling = asyncio.create_task(voice.play(speech(STORY)))
            await asyncio.sleep(0.4)
            await voice.pause()
            before = len(frames(here.speaker.sound()))
            await asyncio.sleep(1)
            since = frames(here.speaker.sound())[before:]
            assert len(since) > 90
            assert all(tone(frame) > 900 for frame in since)
            telling.cancel()

    run(scene())


def test_a_claim_that_is_left_early_silences_only_the_voice() -> None:
    async def scene() -> None:
        async with playing() as here, ringing(here):
            telling = asyncio.create_task(tell(here))
            await asyncio.sleep(0.5)
            telling.cancel()
            await asyncio.wait({telling})
            words = spoken(here.speaker.sound())
            await asyncio.sleep(1)
            assert spoken(here.speaker.sound()) == words
            assert tone(here.speaker.sound()[-FRAME_BYTES:]) > 900

    run(scene())


def test_it_is_silent_at_once_when_it_is_stopped() -> None:
    async def scene() -> None:
        async with playing() as here:
            async with ringing(here):
                await asyncio.sleep(1)
            heard = len(here.speaker.sound())
            await asyncio.sleep(1)
            assert len(here.speaker.sound()) == heard
            assert not here.playback.rings

    run(scene())


def test_a_sound_that_ends_leaves_silence() -> None:
    async def scene() -> None:
        async with playing() as here:
            short = (frame for frame, _ in zip(hum(), range(30), strict=False))
            await here.playback.ring(short)
            await asyncio.sleep(1)
            assert sum(tone(frame) > 500 for frame in frames(here.speaker.sound())) == 30
            await tell(here)
            assert here.speaker.heard() == STORY

    run(scene())


def test_a_loop_that_stood_still_is_not_caught_up_with() -> None:
    async def scene() -> None:
        async with playing() as here, ringing(here):
            await asyncio.sleep(1)
            before = len(here.speaker.written)
            stand_still(3.0)
            await asyncio.sleep(0.1)
            assert 5 <= len(here.speaker.written) - before <= 20

    run(scene())


def test_a_loudspeaker_that_comes_back_rings_again() -> None:
    async def scene() -> None:
        async with playing() as here, ringing(here):
            await asyncio.sleep(1)
            here.speaker.broken = "REN_SPEAKER=sim: unplugged"
            await asyncio.sleep(20)
            assert "unplugged" in (here.playback.trouble or "")
            here.speaker.broken = None
            before = len(here.speaker.written)
            await asyncio.sleep(6)
            assert not here.playback.trouble
            assert len(here.speaker.written) > before + 90

    run(scene())
