"""The loop that lights the lamp, and that cannot lie.

Nothing is remembered of what happened: an event only wakes the loop, which then asks what is so
now. Without any it asks once a second all the same, so a lost event is made good within a second;
and a loop that hangs shows nothing for long, because the lamp goes dark unless it is shown again.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from ren_device.bus import Bus, Subscription
from ren_device.model import (
    AlertChanged,
    Colour,
    MuteChanged,
    PanelChanged,
    VoicePhaseChanged,
    VolumeChanged,
)
from ren_device.panel.brightness import Brightness
from ren_device.panel.patterns import DARK, PATTERNS, changes_in_s, render
from ren_device.panel.scenes import LightState, passes_in_s, scene, value
from ren_device.panel.truth import Truth
from ren_device.ports import Clock, Lamp

LOOK_S = 1.0
"""How often the truth is looked at when nothing moves and nothing happens."""
SHOWN_FOR_S = 3.0
"""For how long a picture outlives a loop that hangs."""
WATCHED_EVERY_S = 0.05
"""A watcher is told no more often."""
_TELLING = (VoicePhaseChanged, AlertChanged, VolumeChanged, MuteChanged, PanelChanged)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the lights show: why, and each pixel as it was handed to the lamp."""

    state: LightState
    pixels: tuple[Colour, ...]


class Lights:
    """Shows on the lamp what is so."""

    def __init__(
        self,
        lamp: Lamp,
        truth: Callable[[], Truth],
        clock: Clock,
        bus: Bus,
        brightness: Brightness,
    ) -> None:
        """Dark until `run`."""
        self._lamp = lamp
        self._truth = truth
        self._clock = clock
        self._bus = bus
        self._brightness = brightness
        self._dark = Shown("idle", (DARK,) * lamp.pixels)
        self._shown = self._dark
        self._began = 0.0
        self._woken = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def state(self) -> LightState:
        """What is being said."""
        return self._shown.state

    @property
    def pixels(self) -> tuple[Colour, ...]:
        """What the lamp was told last."""
        return self._shown.pixels

    async def run(self) -> None:
        """Show what is so until cancelled; then dark."""
        try:
            with self._bus.subscribe() as events:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._hear(events), name="what wakes the lights")
                    await self._shine()
        finally:
            self._show(self._dark)

    async def changes(self) -> AsyncGenerator[Shown, None]:
        """What is shown now, and then whenever it changes; a slow reader gets only the latest."""
        while True:
            changed = self._changed
            yield self._shown
            await asyncio.sleep(WATCHED_EVERY_S)
            await changed.wait()

    async def _hear(self, events: Subscription) -> None:
        async for event in events:
            if isinstance(event, _TELLING):
                self._woken.set()

    async def _shine(self) -> None:
        while True:
            self._woken.clear()
            right_for_s = self._look()
            try:
                async with asyncio.timeout(min(right_for_s, LOOK_S)):
                    await self._woken.wait()
            except TimeoutError:
                pass  # nothing happened; look all the same

    def _look(self) -> float:
        """Show what is so; returns for how many seconds it is right if nothing happens."""
        truth, now = self._truth(), self._clock.monotonic()
        state = scene(truth, now)
        if state != self._shown.state:
            self._began = now
        pattern, t, pixels = PATTERNS[state], now - self._began, self._lamp.pixels
        factor = self._brightness.factor(state)
        picture = render(pattern, t, pixels, value(state, truth))
        self._show(Shown(state, tuple((r * factor, g * factor, b * factor) for r, g, b in picture)))
        return min(changes_in_s(pattern, t, pixels), passes_in_s(truth, now))

    def _show(self, shown: Shown) -> None:
        # Also what is shown already: the lamp forgets it, and a pixel may have been disturbed.
        self._lamp.show(shown.pixels, SHOWN_FOR_S)
        if shown != self._shown:
            self._shown = shown
            self._changed.set()
            self._changed = asyncio.Event()
