import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ren_device.engines.simulated_room import (
    AHEAD_FRAMES,
    BACKLOG_FRAMES,
    HEADPHONES,
    KEPT_FRAMES,
    ROOMS,
    Acoustics,
    Samples,
    SimulatedRoom,
)
from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, FRAME_S, SAMPLE_RATE_HZ
from tests.virtual_time import run

if TYPE_CHECKING:
    from ren_device.ports import Microphone, Speaker

BARE = Acoustics("bare", delay_s=0.05, echo_db=-6, tail_s=0.05, tail_db=-80, noise_dbfs=-90)


def noise(duration_s: float, seed: int = 2) -> bytes:
    samples = np.random.default_rng(seed).normal(0, 3000, round(duration_s * SAMPLE_RATE_HZ))
    return samples.astype("<i2").tobytes()


def floats(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def level(samples: Samples) -> float:
    return 10 * math.log10(float(np.mean(samples**2)) + 1e-3)


def test_its_devices_are_what_ren_works_with() -> None:
    async def scene() -> None:
        room = SimulatedRoom(HEADPHONES)
        microphone: Microphone = room.microphone
        speaker: Speaker = room.speaker
        assert (microphone.form, microphone.dropped, microphone.hardware) == (room_name, 0, True)
        assert (speaker.form, speaker.underruns) == (room_name, 0)
        await speaker.start()
        for number in range(4):
            await speaker.write(bytes([number]) * FRAME_BYTES)
        taken = len(speaker.take_played())
        assert await speaker.flush() == 4 * FRAME_BYTES - taken > 0
        assert await speaker.flush() == 0

    room_name = "simulated room"
    run(scene())


async def play(room: SimulatedRoom, pcm: bytes) -> None:
    for at in range(0, len(pcm), FRAME_BYTES):
        await room.speaker.write(pcm[at : at + FRAME_BYTES])


async def listen(
    acoustics: Acoustics,
    scene: Callable[[SimulatedRoom], Awaitable[None]],
    block_frames: int = 1,
) -> tuple[Samples, Samples]:
    """What was heard and what was said to be played, until the scene is over."""
    room = SimulatedRoom(acoustics)
    room.microphone.block_frames = block_frames
    await room.speaker.start()
    task = asyncio.ensure_future(scene(room))
    heard, played = bytearray(), bytearray()
    async with aclosing(room.microphone.blocks()) as blocks:
        async for block in blocks:
            assert len(block) == block_frames * FRAME_BYTES
            heard += block
            played += room.speaker.take_played()
            if task.done():
                break
    await task
    return floats(bytes(heard)), floats(bytes(played))


def found(heard: Samples, played: Samples) -> tuple[float, float]:
    """Where in the microphone's sound the echo begins, in seconds, and how loud it is, in dB."""
    points = 1 << (len(heard) + len(played)).bit_length()
    matched = np.fft.irfft(
        np.fft.rfft(heard, points) * np.conj(np.fft.rfft(played, points)), points
    )
    at = int(np.argmax(matched[: len(heard)]))
    return at / SAMPLE_RATE_HZ, 20 * math.log10(matched[at] / float(np.sum(played**2)))


@pytest.mark.parametrize("block_frames", [1, 16])
@pytest.mark.parametrize("period_frames", [1, 4])
def test_the_echo_comes_when_and_as_loud_as_it_should(
    block_frames: int, period_frames: int
) -> None:
    room = replace(BARE, period_frames=period_frames)

    async def scene(room: SimulatedRoom) -> None:
        await asyncio.sleep(0.4)  # at a period's beginning
        await play(room, noise(0.6))
        await room.speaker.drain()
        await asyncio.sleep(0.2)

    heard, played = run(listen(room, scene, block_frames))
    assert played.tolist() == floats(noise(0.6)).tolist()
    at_s, db = found(heard, played)
    assert 0.45 <= at_s <= 0.45 + (period_frames + 1) * FRAME_S
    assert db == pytest.approx(-6, abs=0.1)


@pytest.mark.parametrize("ppm", [-100, 100])
def test_another_clock_moves_the_echo(ppm: int) -> None:
    async def scene(room: SimulatedRoom) -> None:
        for number in range(2):
            await asyncio.sleep(20.005 - room.now_s() if number else 0.005)
            await play(room, noise(0.6))
        await room.speaker.drain()

    heard, played = run(listen(replace(BARE, drift_ppm=ppm), scene, 16))
    half = len(played) // 2
    late = 10 * SAMPLE_RATE_HZ
    first_s, _ = found(heard[:late], played[:half])
    second_s, _ = found(heard[late:], played[half:])
    # Frames begin at the loudspeaker's own clock's: 20 s of it are 20.002 or 19.998 of ours.
    moved_s = (second_s + 10) - first_s - 20
    assert moved_s == pytest.approx(-20 * ppm / 1e6, abs=1e-4) or moved_s == pytest.approx(
        FRAME_S - 20 * ppm / 1e6, abs=1e-4
    )


def test_the_tail_lasts_and_a_driven_loudspeaker_distorts() -> None:
    async def click(room: SimulatedRoom) -> None:
        await play(room, noise(0.3))
        await room.speaker.drain()
        await asyncio.sleep(1)

    dry, _ = run(listen(BARE, click))
    wet, _ = run(listen(replace(BARE, tail_s=0.6, tail_db=0), click))
    after = slice(round(0.45 * SAMPLE_RATE_HZ), round(0.55 * SAMPLE_RATE_HZ))
    assert level(wet[after]) > level(dry[after]) + 30

    async def tone(room: SimulatedRoom) -> None:
        wave = 20000 * np.sin(2 * math.pi * 1000 * np.arange(8000) / SAMPLE_RATE_HZ)
        await play(room, wave.astype("<i2").tobytes())
        await room.speaker.drain()

    for drive, low, high in ((0.0, -120.0, -70.0), (2.0, -25.0, -5.0)):
        heard, _ = run(listen(replace(BARE, drive=drive), tone))
        spectrum = np.abs(np.fft.rfft(heard[3200:4800]))
        assert low < 20 * math.log10(spectrum[300] / spectrum[100]) < high


def test_a_person_is_heard_when_and_as_loud_as_they_speak() -> None:
    async def scene(room: SimulatedRoom) -> None:
        assert room.say(noise(0.5), 0.2, dbfs=-26) == pytest.approx(0.7)
        room.say(noise(0.5, 3), 1.0)
        await asyncio.sleep(1.6)

    heard, _ = run(listen(HEADPHONES, scene))
    for begin_s, db in ((0.2, -26.0), (1.0, level(floats(noise(0.5, 3))) - 90.3)):
        begin = round(begin_s * SAMPLE_RATE_HZ)
        assert level(heard[begin : begin + 8000]) - 90.3 == pytest.approx(db, abs=0.2)
        assert level(heard[begin - 1600 : begin]) < level(heard[begin : begin + 8000]) - 30


def test_flushed_sound_is_neither_heard_nor_among_what_was_played() -> None:
    async def scene(room: SimulatedRoom) -> None:
        await play(room, noise(0.5))
        await room.speaker.flush()
        await room.speaker.drain()
        await asyncio.sleep(0.5)

    heard, played = run(listen(BARE, scene))
    queued_s = AHEAD_FRAMES * FRAME_S
    assert len(played) / SAMPLE_RATE_HZ == pytest.approx(0.5 - queued_s, abs=2 * FRAME_S)
    at_s, db = found(heard, played)
    assert db == pytest.approx(-6, abs=0.2)
    end = round((at_s + len(played) / SAMPLE_RATE_HZ + 0.06) * SAMPLE_RATE_HZ)
    assert level(heard[end:]) < level(heard[: SAMPLE_RATE_HZ // 2]) - 40


def test_writing_keeps_real_time_and_only_the_latest_second_is_kept() -> None:
    async def scene() -> None:
        room = SimulatedRoom(BARE)
        await room.speaker.start()
        await play(room, noise(3))
        assert room.now_s() == pytest.approx(3 - AHEAD_FRAMES * FRAME_S, abs=0.03)
        await room.speaker.drain()
        assert room.now_s() == pytest.approx(3 + BARE.delay_s, abs=0.03)
        kept = room.speaker.take_played()
        assert kept == noise(3)[-KEPT_FRAMES * FRAME_BYTES :]
        assert room.speaker.take_played() == b""

    run(scene())


def test_a_slow_listener_catches_up_with_larger_blocks() -> None:
    async def scene() -> None:
        room = SimulatedRoom(HEADPHONES)
        room.say(noise(5), 0.0)
        blocks = room.microphone.blocks()
        heard = await anext(blocks)
        await asyncio.sleep(1)
        block = await anext(blocks)
        assert len(block) == 32 * FRAME_BYTES
        heard += block
        while len(heard) / FRAME_BYTES < 105:
            heard += await anext(blocks)
        assert level(floats(heard) - floats(noise(5)[: len(heard)])) < 30
        assert room.microphone.dropped == 0
        await asyncio.sleep(3)
        await anext(blocks)
        assert room.microphone.dropped == pytest.approx(300 - BACKLOG_FRAMES, abs=2)
        await blocks.aclose()

    run(scene())


def test_wrong_use_is_an_error() -> None:
    async def scene() -> None:
        room = SimulatedRoom(HEADPHONES)
        with pytest.raises(RuntimeError, match="before start"):
            await room.speaker.write(bytes(FRAME_BYTES))
        await room.speaker.close()
        await room.speaker.start()
        with pytest.raises(ValueError, match="320"):
            await room.speaker.write(bytes(100))
        blocks, others = room.microphone.blocks(), room.microphone.blocks()
        await anext(blocks)
        with pytest.raises(DeviceError, match="busy"):
            await anext(others)
        await blocks.aclose()
        again = room.microphone.blocks()
        await anext(again)
        await again.aclose()

    run(scene())


def test_the_rooms_have_names() -> None:
    assert len({room.name for room in ROOMS}) == len(ROOMS)
