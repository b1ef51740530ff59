"""Measures the way from the loudspeaker to the microphone by a short chime of Ren's own.

Deconvolution: the spectrum of what was heard, divided by that of what was played, is the room's
impulse response. What seems to come before its cause can only be noise, or a person who talks: it
says how far the rest can be trusted.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ren_device.model import FRAME_SAMPLES, SAMPLE_RATE_HZ

Samples = NDArray[np.float64]

LONGEST_DELAY_S = 0.6
TAIL_S = 0.2
_NOTES_HZ = (392.0, 523.25, 659.26, 783.99)
_NOTE_EVERY_S = 0.11
_SOUND_S = 0.8
_SOUND_DBFS = -22.0
_FLOOR = 0.003  # of the mean power: frequencies that were hardly played tell nothing
_CLEAR_DB = 20.0  # of the response's peak over noise


@dataclass(frozen=True, slots=True)
class MeasuredEcho:
    """Implements ports.Echo."""

    heard: bool
    delay_s: float
    attenuation_db: float
    explained: float


class ChimeMeter:
    """Implements ports.EchoMeter."""

    def __init__(self) -> None:
        """Makes the chime."""
        self.sound = _chime()

    def measure(self, near: bytes, far: bytes) -> MeasuredEcho:
        """See ports.EchoMeter: 10 ms of work for 2 s of sound."""
        heard = np.frombuffer(near, "<i2").astype(np.float64)
        played = np.frombuffer(far, "<i2").astype(np.float64)
        points = 1 << (2 * len(heard)).bit_length()
        source = np.fft.rfft(played, points)
        power = np.abs(source) ** 2
        spectrum = np.fft.rfft(heard, points) * np.conj(source)
        response: Samples = np.fft.irfft(spectrum / (power + _FLOOR * power.mean()), points)
        longest = round(LONGEST_DELAY_S * SAMPLE_RATE_HZ)
        noise = math.sqrt(float(np.mean(response[-longest:] ** 2))) + 1e-9
        after = np.abs(response[:longest])
        peak = float(after.max())
        if 20 * math.log10(peak / noise + 1e-9) < _CLEAR_DB:
            return MeasuredEcho(False, 0.0, math.inf, 0.0)
        delay = int(np.argmax(after > peak / 2))
        first = max(0, delay - 16)
        kept = np.zeros(points)
        kept[first : delay + round(TAIL_S * SAMPLE_RATE_HZ)] = response[
            first : delay + round(TAIL_S * SAMPLE_RATE_HZ)
        ]
        echo: Samples = np.fft.irfft(np.fft.rfft(kept) * source, points)[: len(heard)]
        scale = float(heard @ echo) / max(1.0, float(echo @ echo))
        echo *= scale
        # What was there before the chime is there during it: noise, and nobody's voice.
        rest = float(np.sum((heard - echo) ** 2))
        before = heard[: max(1, int(np.argmax(np.abs(played) > 0)))]
        rest -= float(np.mean(before**2)) * len(heard)
        explained = float(echo @ echo) / (float(echo @ echo) + max(1.0, rest))
        ratio = float(echo @ echo) / max(1.0, float(played @ played))
        return MeasuredEcho(
            True, delay / SAMPLE_RATE_HZ, -10 * math.log10(ratio + 1e-12), explained
        )


def _chime() -> bytes:
    """Four notes of a small music box, rising; its strokes are sharp, so its band is wide."""
    count = round(_SOUND_S * SAMPLE_RATE_HZ)
    times = np.arange(count) / SAMPLE_RATE_HZ
    sound: Samples = np.zeros(count)
    for number, note_hz in enumerate(_NOTES_HZ):
        since = times - number * _NOTE_EVERY_S
        for partial in (1.0, 2.0, 3.01, 4.1, 5.4, 6.9, 8.6):
            if note_hz * partial < 7500:
                ringing = np.exp(-np.maximum(since, 0) * (5 + 3 * partial)) * (since >= 0)
                sound += ringing * np.sin(2 * math.pi * note_hz * partial * since) / partial
        stroke = np.random.default_rng(number).standard_normal(count)
        sound += 0.4 * stroke * np.exp(-np.maximum(since, 0) * 250) * (since >= 0)
    sound *= np.minimum(1, (times[-1] - times) / 0.1)  # no click at the end
    sound *= 32768 * 10 ** (_SOUND_DBFS / 20) / math.sqrt(float(np.mean(sound**2)))
    whole = count - count % FRAME_SAMPLES
    return bytes(np.clip(np.rint(sound), -32768, 32767).astype("<i2")[:whole].tobytes())
