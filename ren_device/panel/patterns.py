"""What each state looks like: one table, and how its patterns are drawn. Pure.

Every state has a rhythm of its own, so that a LED of one colour, or an eye that tells red from
green badly, can still read it. Nothing flashes more than three times a second, and everything
begins lit: a light that is late says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, inf, pi
from types import MappingProxyType
from typing import Literal

from ren_device.model import Colour
from ren_device.panel.scenes import LightState

FRAME_S = 0.04
"""Between two pictures of what moves."""
DARK: Colour = (0.0, 0.0, 0.0)

_EARLY_S = 0.001  # a timer may fire a hair before the edge that it was set for
_TAIL = 0.6  # of the row glows behind a running light
_FIRST = 0.3  # the least share of a bar's first pixel, so that an empty bar is seen


@dataclass(frozen=True, slots=True)
class Still:
    """Steadily lit."""

    period_s: float = inf


@dataclass(frozen=True, slots=True)
class Blink:
    """Lit, dark, lit, dark …, each for so many seconds, from the beginning again and again."""

    lengths: tuple[float, ...]

    @property
    def period_s(self) -> float:
        return sum(self.lengths)


@dataclass(frozen=True, slots=True)
class Breathe:
    """Swells between `least`, a share of the light, and all of it."""

    period_s: float
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Rise:
    """Grows from `least` to all of the light, then drops."""

    period_s: float
    least: float = 0.15


Rhythm = Still | Blink | Breathe | Rise


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a state is shown."""

    colour: Colour
    rhythm: Rhythm
    row: Literal["all", "run", "bar"] = "all"
    """What several pixels do: `all` the same, in the rhythm; one `run`s round in a period of it,
    with a tail; or they are a `bar` as long as the value. One pixel always keeps the rhythm."""
    low: float = 1.0
    """What share of the light is left when the value is 0; 1: the value changes nothing."""


PATTERNS: Mapping[LightState, Pattern] = MappingProxyType(
    {
        "reset_warning": Pattern((1.0, 0.0, 0.0), Still(), "bar", low=0.15),
        "ringing": Pattern((1.0, 0.6, 0.1), Blink((0.25, 0.25))),
        "refused": Pattern((1.0, 0.1, 0.0), Blink((0.15, 0.2))),
        "volume": Pattern((1.0, 1.0, 1.0), Still(), "bar", low=0.15),
        "listening": Pattern((0.0, 0.7, 1.0), Breathe(1.0, least=0.7), low=0.5),
        "thinking": Pattern((0.5, 0.3, 1.0), Breathe(0.8, least=0.05), "run"),
        "speaking": Pattern((0.1, 1.0, 0.5), Breathe(2.0, least=0.4)),
        "fault": Pattern((1.0, 0.3, 0.0), Blink((0.15, 0.25, 0.15, 0.95))),
        "muted": Pattern((0.5, 0.0, 0.0), Blink((2.7, 0.3))),
        "updating": Pattern((0.2, 0.2, 1.0), Rise(2.0)),
        "setup": Pattern((0.8, 0.0, 0.8), Blink((1.0, 1.0))),
        "starting": Pattern((0.6, 0.6, 0.6), Breathe(3.0)),
        "no_network": Pattern((0.5, 0.4, 0.0), Blink((0.15, 0.25, 0.15, 0.25, 0.15, 3.05))),
        "timer": Pattern((0.15, 0.12, 0.05), Blink((0.12, 3.88)), "bar"),
        "idle": Pattern(DARK, Still()),
    }
)
"""The table; the README has it in words."""


def render(pattern: Pattern, t: float, pixels: int, value: float = 1.0) -> tuple[Colour, ...]:
    """The pixels `t` seconds after the pattern began; `value` is 0 to 1."""
    red, green, blue = pattern.colour
    return tuple(
        (red * share, green * share, blue * share) for share in _shares(pattern, t, pixels, value)
    )


def changes_in_s(pattern: Pattern, t: float, pixels: int) -> float:
    """How long this picture is right, as long as the value stays; inf: for good."""
    if pixels == 0 or (pixels > 1 and pattern.row == "bar"):
        return inf
    match pattern.rhythm:
        case Still():
            return inf
        case Blink(lengths=lengths):
            return _blink(lengths, t)[1]
        case Breathe() | Rise():
            return FRAME_S


def _shares(pattern: Pattern, t: float, pixels: int, value: float) -> list[float]:
    if pixels > 1 and pattern.row == "run":
        head, tail = t / pattern.rhythm.period_s * pixels, _TAIL * pixels
        return [max(0.0, 1.0 - (head - index) % pixels / tail) for index in range(pixels)]
    if pixels > 1 and pattern.row == "bar":
        bar = [min(max(value * pixels - index, 0.0), 1.0) for index in range(pixels)]
        return [max(bar[0], _FIRST), *bar[1:]]
    share = _share(pattern.rhythm, t) * (pattern.low + (1.0 - pattern.low) * value)
    return [share] * pixels


def _share(rhythm: Rhythm, t: float) -> float:
    match rhythm:
        case Still():
            return 1.0
        case Blink(lengths=lengths):
            return 1.0 if _blink(lengths, t)[0] else 0.0
        case Breathe(period_s=period_s, least=least):
            return least + (1.0 - least) * (0.5 + 0.5 * cos(2 * pi * t / period_s))
        case Rise(period_s=period_s, least=least):
            return least + (1.0 - least) * (t / period_s % 1.0)


def _blink(lengths: tuple[float, ...], t: float) -> tuple[bool, float]:
    """Whether it is lit, and for how long that lasts."""
    left = t % sum(lengths)
    for index, length in enumerate(lengths):
        if left < length - _EARLY_S:
            return index % 2 == 0, length - left
        left -= length
    return True, lengths[0] - left
