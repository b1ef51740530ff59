"""From colours, as they look to the eye, to amounts of light, as a LED gives them.

An amount is 0 (dark) to 1 (all that the LED has) and grows with the current. The eye is not like
that: a quarter of the light looks half as bright.
"""

from collections.abc import Sequence

from ren_device.model import Colour

GAMMA = 2.2
Light = tuple[float, float, float]
"""Amounts of red, green and blue."""

_ROUNDING = 1e-9  # what floating point may have lost of a whole step


def light(colour: Colour) -> Light:
    """The light that looks like `colour`; what is out of range is brought into it."""
    red, green, blue = (min(1.0, max(0.0, part)) ** GAMMA for part in colour)
    return red, green, blue


def looks(amounts: Light) -> Colour:
    """The colour that this light looks like."""
    red, green, blue = (part ** (1 / GAMMA) for part in amounts)
    return red, green, blue


def visible(amounts: Sequence[float], step: float) -> list[float]:
    """The same, but light is not lost in rounding: the strongest of them is a `step` at least."""
    strongest = max(amounts)
    return [step if 0 < part == strongest < step else part for part in amounts]


def affordable(amounts: Sequence[float], ma_each: float, limit_ma: float) -> float:
    """By what to dim all of these, so that together they draw `limit_ma` at most; 1: not at all."""
    draws_ma = sum(amounts) * ma_each
    return min(1.0, limit_ma / draws_ma) if draws_ma > 0 else 1.0


def steps(amount: float, of: int) -> int:
    """How many of the `of` steps that a LED has this amount is; rounded down."""
    return int(amount * of + _ROUNDING)
