"""How bright the lights are: by day, and at night."""

from datetime import time
from typing import Protocol

from ren_device.panel.scenes import LightState
from ren_device.ports import Clock

URGENT: frozenset[LightState] = frozenset({"reset_warning", "ringing", "refused", "fault"})
URGENT_PERCENT = 5
"""What is urgent is never darker: a light that was turned down must not hide it."""


class Hours(Protocol):
    """Some hours of every day, such as voice.volume.QuietHours."""

    def holds(self, at: time) -> bool:
        """Whether this time of day is among them."""


class Brightness:
    """What the light of the table is multiplied by."""

    def __init__(self, percent: int, night_percent: int, night: Hours, clock: Clock) -> None:
        """By day and at night, as bright as it looks to the eye: 0 to 100."""
        self._percent = percent
        self._night_percent = night_percent
        self._night = night
        self._clock = clock

    def factor(self, state: LightState) -> float:
        """0 to 1, at this moment."""
        at_night = self._night.holds(self._clock.now().time())
        percent = self._night_percent if at_night else self._percent
        return max(percent, URGENT_PERCENT if state in URGENT else 0) / 100
