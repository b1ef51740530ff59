"""Two sounds at once, a sound at another loudness, and how loud one is; without numpy."""

import math
from array import array
from operator import add

_LOUDEST = 32_767
_QUIETEST_DB = 50.0  # below the loudest: a quiet room


def scaled(pcm: bytes, gain: float) -> bytes:
    """The same, `gain` times as loud; 0 to 1."""
    if gain >= 1.0:
        return pcm
    factor = int(65_536 * gain)
    return array("h", [sample * factor >> 16 for sample in array("h", pcm)]).tobytes()


def mixed(one: bytes, other: bytes) -> bytes:
    """Both at once, of one length; where that is too loud to be said in 16 bits, the loudest."""
    both = list(map(add, array("h", one), array("h", other)))
    try:
        return array("h", both).tobytes()
    except OverflowError:
        return array("h", [max(-_LOUDEST - 1, min(_LOUDEST, each)) for each in both]).tobytes()


def loudness(pcm: bytes) -> float:
    """How loud its loudest sample is, 0 to 1 in even steps of decibels; a quiet room is 0."""
    samples = array("h", pcm)
    peak = max(max(samples, default=0), -min(samples, default=0))
    if peak <= 0:
        return 0.0
    return max(0.0, 1 + 20 * math.log10(peak / (_LOUDEST + 1)) / _QUIETEST_DB)
