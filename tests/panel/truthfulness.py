"""What the lights may show at a moment, by what has been so: the measure of a light that lies."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache
from math import inf

import numpy as np
from numpy.typing import NDArray

from ren_device.bus import Bus
from ren_device.model import Event
from ren_device.panel.patterns import PATTERNS, changes_in_s, render
from ren_device.panel.scenes import REFUSED_S, VOLUME_S, LightState, scene, value
from ren_device.panel.truth import Truth

SEEN_WITHIN_S = 0.05
MADE_GOOD_WITHIN_S = 1.1
BY_DAY, AT_NIGHT = 80, 25


class LossyBus(Bus):
    """Loses what it is told while it is deaf."""

    deaf = False
    passed = 0
    """How many it did not lose."""

    def publish(self, event: Event) -> None:
        if not self.deaf:
            self.passed += 1
            super().publish(event)


class Night:
    """As long as the test says."""

    now = False

    def holds(self, at: time) -> bool:
        return self.now


class Kept:
    """A ports.PreferenceStore on a disk that takes its time."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self.values.get(key)

    async def put(self, key: str, value: str) -> None:
        await asyncio.sleep(0.003)
        self.values[key] = value


@dataclass(frozen=True)
class Moment:
    """What was so from `at` on."""

    at: float
    truth: Truth
    night: bool


@lru_cache(maxsize=1024)
def pictures(state: LightState, measured: float, pixels: int) -> NDArray[np.float64]:
    """All that this state can look like: a picture every few milliseconds of its period."""
    pattern = PATTERNS[state]
    still = changes_in_s(pattern, 0.0, pixels) == inf
    times = [0.0] if still else [pattern.rhythm.period_s * number / 400 for number in range(400)]
    return np.array([render(pattern, t, pixels, measured) for t in times])


@dataclass
class History:
    """What was so, when; and what of it nobody told."""

    moments: list[Moment]
    untold: list[float] = field(default_factory=list)

    def note(self, moment: Moment, *, told: bool) -> None:
        """So it is now. What is told makes the lights look at everything."""
        self.moments = [*self.moments[-80:], moment]
        self.untold = [] if told else [*self.untold[-80:], moment.at]

    def may_be_shown(self, now: float) -> Iterator[tuple[Moment, float, LightState]]:
        """What was so, and when, since the lights have surely looked."""
        # They may still show how it was before something changed of which nobody told.
        unnoticed = [at for at in self.untold if now - at <= MADE_GOOD_WITHIN_S]
        since = min([now, *unnoticed]) - SEEN_WITHIN_S
        until = [moment.at for moment in self.moments[1:]] + [now]
        for moment, end in zip(self.moments, until, strict=True):
            first, last = max(moment.at, since), max(end, moment.at)
            ends = (moment.truth.refused_at + REFUSED_S, moment.truth.volume_changed_at + VOLUME_S)
            for t in (first, *ends, last):
                if first <= t <= last:
                    yield moment, t, scene(moment.truth, t)

    def check(
        self, seen: tuple[tuple[float, float, float], ...], now: float, nearly: float
    ) -> None:
        """An eye sees these pixels, up to the steps in which lights can be dimmed: is it so?"""
        allowed = list(self.may_be_shown(now))
        if all(state == "idle" for _, _, state in allowed):
            assert not any(map(any, seen)), f"{seen} is lit for nothing"
        for moment, _, state in allowed:
            floor = 5 if state in ("reset_warning", "ringing", "refused", "fault") else 0
            factor = max(AT_NIGHT if moment.night else BY_DAY, floor) / 100
            possible = pictures(state, value(state, moment.truth), len(seen)) * factor
            if np.abs(possible - np.array(seen)).max(axis=(1, 2)).min() < nearly:
                return
        raise AssertionError(f"{seen} is seen, but it is {[state for _, _, state in allowed]}")
