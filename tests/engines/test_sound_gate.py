from collections.abc import Iterator

import numpy as np
import pytest

from ren_device.engines.sound_gate import CHUNK_SAMPLES, HANG_OVER_S, GatedSound, SoundGate

CHUNK_S = CHUNK_SAMPLES / 16000


def noise(duration_s: float, dbfs: float, slope: float = 1.0, seed: int = 0) -> np.ndarray:
    """Noise whose power falls with frequency to the power of `slope`: 0 white, 1 pink, 2 brown."""
    count = round(duration_s * 16000)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum /= np.maximum(np.fft.rfftfreq(count, 1 / 16000), 20) ** (slope / 2)
    made: np.ndarray = np.fft.irfft(spectrum, count)
    made *= 32768 * 10 ** (dbfs / 20) / np.sqrt(np.mean(made**2))
    return made


def opened(gate: SoundGate, samples: np.ndarray) -> list[bool]:
    return [gate.is_open(chunk) for chunk in chunks(samples)]


def chunks(samples: np.ndarray) -> Iterator[np.ndarray]:
    whole = len(samples) // CHUNK_SAMPLES * CHUNK_SAMPLES
    yield from samples[:whole].astype(np.int16).reshape(-1, CHUNK_SAMPLES)


@pytest.mark.parametrize("slope", [0, 1, 2])
@pytest.mark.parametrize("dbfs", [-70, -45, -25])
def test_steady_noise_is_no_sound_however_loud(dbfs: float, slope: float) -> None:
    assert not any(opened(SoundGate(), noise(30, dbfs, slope)))


def test_digital_silence_is_no_sound() -> None:
    assert not any(opened(SoundGate(), np.zeros(32000)))


def test_a_sound_opens_it_and_it_stays_open_for_a_while_after() -> None:
    gate = SoundGate()
    assert not any(opened(gate, noise(4, -60)))
    assert all(opened(gate, noise(0.4, -50, seed=1)))
    after = opened(gate, noise(4, -60, seed=2))
    assert sum(after) == pytest.approx(HANG_OVER_S / CHUNK_S, abs=1)
    assert after == sorted(after, reverse=True)


def test_a_fan_that_is_switched_on_is_soon_part_of_the_room() -> None:
    gate = SoundGate()
    opened(gate, noise(10, -70))
    heard = opened(gate, noise(20, -45, seed=1))
    assert heard[0]
    assert sum(heard) * CHUNK_S < 10
    assert not heard[-1]
    assert any(opened(gate, noise(0.4, -35, seed=2)))


def handed_on(sound: GatedSound, pcm: bytes, frames: int) -> bytes:
    return b"".join(
        sound.take(pcm[at : at + 320 * frames]) for at in range(0, len(pcm), 320 * frames)
    )


@pytest.mark.parametrize("frames", [1, 3, 8, 16])
def test_of_a_quiet_room_only_the_sound_and_what_is_around_it_is_handed_on(frames: int) -> None:
    made = noise(8, -60)
    begin, end = 4 * 16000, round(4.4 * 16000)
    made[begin:end] += noise(0.4, -30, seed=1)
    pcm = made.astype("<i2").tobytes()
    sound = GatedSound(before_chunks=4)
    heard = handed_on(sound, pcm, frames)
    assert not sound.awake
    at = pcm.index(heard)  # one whole piece
    assert begin - at // 2 == pytest.approx(4 * CHUNK_SAMPLES, abs=CHUNK_SAMPLES)
    after = (at + len(heard)) / 2 - end
    assert after / 16000 == pytest.approx(HANG_OVER_S, abs=2 * CHUNK_S)


def test_while_there_is_sound_it_is_handed_on_at_once() -> None:
    sound = GatedSound(before_chunks=1)
    sound.take(bytes(320 * 8))
    loud = noise(1, -20).astype("<i2").tobytes()
    sound.take(loud[: 320 * 8])
    assert sound.awake
    assert sound.take(loud[320 * 8 : 320 * 9]) == loud[320 * 8 : 320 * 9]


def test_what_was_kept_can_be_forgotten() -> None:
    sound = GatedSound(before_chunks=4)
    sound.take(noise(1, -60).astype("<i2").tobytes())
    sound.forget()
    loud = noise(0.08, -20).astype("<i2").tobytes()
    assert sound.take(loud) == loud
