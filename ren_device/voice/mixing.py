"""Two sounds at once, and a sound at another loudness; frame by frame, without numpy."""

from array import array
from operator import add

_LOUDEST = 32_767


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
