"""Ren's little sounds, made of sine tones; each is a piece of PCM, made once.

They say what a word would take too long for. They are soft: about 10 dB below the voice, and
their ends are rounded, so that nothing clicks.
"""

import math
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from ren_device.model import SAMPLE_RATE_HZ

Cue = Callable[[], bytes]

VOICE_RMS = 3200
"""Of the voice that is shipped, while it speaks, in steps of 16-bit PCM; measured."""

_BELOW_VOICE_DB = 10.0
_PEAK = VOICE_RMS * math.sqrt(2) * 10 ** (-_BELOW_VOICE_DB / 20)
_ROUNDED_S = 0.012


@dataclass(frozen=True, slots=True)
class Note:
    """A sine tone from one pitch to another. It dies away by `decay` nepers a second."""

    from_hz: float
    to_hz: float
    length_s: float
    decay: float = 6.0
    rounded_s: float = _ROUNDED_S


@cache
def listening_cue() -> bytes:
    """I am all ears: a short soft rise, 0.11 s."""
    return sound([Note(660, 990, 0.11)])


@cache
def closed_cue() -> bytes:
    """I have stopped, or do not listen any more: the same downwards, 0.13 s."""
    return sound([Note(880, 587, 0.13)])


@cache
def not_understood_cue() -> bytes:
    """I heard you, and made nothing of it: two equal tones, 0.2 s."""
    return sound([Note(523, 523, 0.09), Note(523, 494, 0.11)])


@cache
def error_cue() -> bytes:
    """Something does not work: two falling low tones, 0.32 s."""
    return sound([Note(392, 392, 0.14), Note(311, 294, 0.18)])


@cache
def volume_cue() -> bytes:
    """So loud it is now: a blip, 0.05 s; played at the new volume."""
    return sound([Note(740, 740, 0.05, decay=30)])


def sound(notes: Iterable[Note], peak: float = _PEAK) -> bytes:
    """PCM of these notes, one after the other."""
    samples = array("h")
    for note in notes:
        samples.extend(_samples(note, peak))
    return samples.tobytes()


def _samples(note: Note, peak: float) -> "array[int]":
    samples, phase = array("h"), 0.0
    count = round(note.length_s * SAMPLE_RATE_HZ)
    rounded = note.rounded_s * SAMPLE_RATE_HZ
    for index in range(count):
        done = index / count
        phase += 2 * math.pi * (note.from_hz + (note.to_hz - note.from_hz) * done) / SAMPLE_RATE_HZ
        edge = min(1.0, index / rounded, (count - 1 - index) / rounded)
        loudness = math.sin(math.pi / 2 * edge) ** 2 * math.exp(
            -note.decay * index / SAMPLE_RATE_HZ
        )
        samples.append(round(peak * loudness * math.sin(phase)))
    return samples
