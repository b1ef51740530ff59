"""What can be told of a sound in which a tone rings over simulated speech.

Simulated speech alternates between a level and its negative; a tone hardly changes from one sample
to the next. So their sum tells of the tone and their difference of the speech.
"""

import math
from array import array

from ren_device.model import FRAME_BYTES, FRAME_SAMPLES
from ren_device.sim import words

_MARK = 30_000
_STEP = 50
_TRIPLES = FRAME_SAMPLES // 2 - 1


def frames(pcm: bytes) -> list[bytes]:
    """PCM in frames."""
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]


def tone(pcm: bytes) -> float:
    """How loud the tone in it is (RMS), in steps of 16-bit PCM."""
    sums = [(one + other) / 2 for one, other in _pairs(pcm)]
    return math.sqrt(sum(each * each for each in sums) / max(1, len(sums)))


def spoken(pcm: bytes) -> str:
    """The words in it."""
    return words(b"".join(map(_without_tone, frames(pcm))))


def levels(pcm: bytes) -> list[int]:
    """Of the speech in it, frame by frame, without silence."""
    found = [array("h", _without_tone(frame))[0] for frame in frames(pcm)]
    return [level for level in found if level]


def _without_tone(frame: bytes) -> bytes:
    samples = array("h", frame)
    triples = zip(samples[:-2:2], samples[1:-1:2], samples[2::2], strict=True)
    level = sum(one - 2 * middle + other for one, middle, other in triples) / 4 / _TRIPLES
    whole = _MARK if level > 20_000 else _STEP * round(level / _STEP)
    return array("h", [whole, -whole] * (FRAME_SAMPLES // 2)).tobytes()


def _pairs(pcm: bytes) -> list[tuple[int, int]]:
    samples = array("h", pcm)
    return list(zip(samples[::2], samples[1::2], strict=True))
