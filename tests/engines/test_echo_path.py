import asyncio
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from ren_device.engines.echo_path import ChimeMeter, MeasuredEcho
from ren_device.engines.simulated_room import HEADPHONES, ROOMS, Acoustics, SimulatedRoom
from ren_device.model import FRAME_BYTES, FRAME_S, duration_s
from tests.virtual_time import run
from tests.voices import Voice, say

LOUD_ENOUGH = [room for room in ROOMS if room.echo_db > -20]


def measure(acoustics: Acoustics, *, person: bytes = b"", volume: float = 1.0) -> MeasuredEcho:
    """Play the chime in a room in which a person may speak."""
    meter = ChimeMeter()
    sound = (np.frombuffer(meter.sound, "<i2") * volume).astype("<i2").tobytes()

    async def scene() -> tuple[bytes, bytes]:
        room = SimulatedRoom(acoustics)
        await room.speaker.start()
        room.say(person, 0.5, dbfs=-26)
        near, far = bytearray(), bytearray()

        async def chime() -> None:
            await asyncio.sleep(0.4)
            for at in range(0, len(sound), FRAME_BYTES):
                await room.speaker.write(sound[at : at + FRAME_BYTES])
            await room.speaker.drain()
            await asyncio.sleep(0.4)

        task = asyncio.create_task(chime())
        async with aclosing(room.microphone.blocks()) as blocks:
            async for block in blocks:
                played = room.speaker.take_played()
                if played and not far:
                    far += bytes(len(near))
                near += block
                far += played
                if task.done():
                    break
        await task
        return bytes(near), bytes(far[: len(near)].ljust(len(near), b"\0"))

    return meter.measure(*run(scene()))


@pytest.mark.parametrize("room", LOUD_ENOUGH, ids=lambda room: room.name)
def test_delay_and_attenuation_are_found(room: Acoustics) -> None:
    echo = measure(room)
    assert echo.heard
    assert echo.delay_s == pytest.approx(room.delay_s, abs=2 * FRAME_S)
    # A loudspeaker that is driven hard makes the chime quieter by itself.
    assert echo.attenuation_db == pytest.approx(-room.echo_db, abs=1.5 if room.drive > 1 else 0.8)
    assert echo.explained > 0.85


def test_a_quiet_chime_in_noise_is_found() -> None:
    room = replace(LOUD_ENOUGH[1], noise_dbfs=-45)
    echo = measure(room, volume=0.5)
    assert echo.heard
    assert echo.delay_s == pytest.approx(room.delay_s, abs=2 * FRAME_S)
    assert echo.attenuation_db == pytest.approx(-room.echo_db, abs=1)
    assert echo.explained > 0.5


@pytest.mark.parametrize("noise_dbfs", [-80, -60, -40])
def test_no_echo_is_not_heard(noise_dbfs: float) -> None:
    assert not measure(replace(HEADPHONES, noise_dbfs=noise_dbfs)).heard


@pytest.mark.engine
@pytest.mark.parametrize("voice", ["flite-rms", "espeak-us"])
@pytest.mark.parametrize("room", LOUD_ENOUGH[:4], ids=lambda room: room.name)
def test_a_person_over_the_chime_makes_it_unsure(room: Acoustics, voice: Voice) -> None:
    said = say("please turn off the lights in the kitchen", voice)
    echo = measure(room, person=said)
    assert not echo.heard or echo.explained < 0.4


def test_the_chime_is_short_whole_and_neither_clips_nor_clicks() -> None:
    sound = ChimeMeter().sound
    assert 0.5 < duration_s(sound) <= 1
    assert len(sound) % FRAME_BYTES == 0
    samples = np.frombuffer(sound, "<i2").astype(np.float64)
    assert np.abs(samples).max() < 20000
    assert np.abs(samples[-80:]).max() < 200
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    bands = [float(spectrum[low : 2 * low].sum()) for low in (320, 640, 1280, 2560)]
    assert min(bands) > max(bands) / 1000  # wide: something in each octave from 400 Hz
