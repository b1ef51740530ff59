"""The thing on the counter: gpiozero's mock pins under a finger, and a list of what came of it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from ren_device.bus import Bus
from ren_device.engines.gpio_controls import GpioControls
from ren_device.engines.gpio_mock import MockPanel, MockPins
from ren_device.hardware_profile import Controls, HardwareProfile
from ren_device.model import Control
from ren_device.panel.panel import Panel
from tests.fakes import FixedClock

Parts = Mapping[str, Mapping[str, object]]

BUTTONS: Parts = {"talk": {"pin": 17}, "volume_up": {"pin": 5}, "volume_down": {"pin": 6}}
TOGGLE: Parts = {"mute": {"pin": 4, "kind": "toggle"}}
SWITCH: Parts = {"mute": {"pin": 4, "kind": "switch", "active": "high"}}
KNOB: Parts = {"encoder": {"a": 22, "b": 23}}


@dataclass
class Ledger:
    """Implements Deeds; strict: the deeds of a control never overlap."""

    said: list[str] = field(default_factory=list)
    """What was begun, in order; the numbers of a warning are in `warned`."""
    warned: list[float | None] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    slow_s: float = 0.0
    """What each takes."""
    failing: dict[str, Exception] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)

    async def talk_down(self) -> None:
        await self._do("talk", "talk_down")

    async def talk_held(self) -> None:
        await self._do("talk", "talk_held")

    async def talk_up(self) -> None:
        await self._do("talk", "talk_up")

    async def repeat(self) -> None:
        await self._do("talk", "repeat")

    async def stop(self) -> None:
        await self._do("talk", "stop")

    async def factory_reset(self) -> None:
        await self._do("talk", "factory_reset")

    async def volume(self, by_percent: int) -> None:
        await self._do("volume", f"volume {by_percent:+}")

    async def mute(self) -> None:
        await self._do("mute", "mute")

    def mute_line(self, down: bool) -> None:
        self._say(f"mute line {'down' if down else 'up'}")

    def warn(self, progress: float | None) -> None:
        if progress is None or self.warned[-1:] in ([], [None]):
            self._say("warned" if progress is None else "warning")
        self.warned.append(progress)

    async def _do(self, control: str, deed: str) -> None:
        assert control not in self._busy, f"{deed} before the one before it was done"
        self._busy.add(control)
        try:
            self._say(deed)
            await asyncio.sleep(self.slow_s)
            self.ended.append(deed)
        finally:
            self._busy.remove(control)

    def _say(self, deed: str) -> None:
        self.said.append(deed)
        if deed in self.failing:
            raise self.failing[deed]

    def take(self) -> list[str]:
        """What was begun since the last look."""
        said, self.said = self.said, []
        return said


class Counter:
    """A panel that runs on mock pins."""

    def __init__(self, *parts: Parts) -> None:
        keys = {key: value for part in parts for key, value in part.items()}
        controls = Controls.model_validate(keys)
        profile = HardwareProfile.model_validate(
            {"title": "a test", "wiring": "-", "controls": keys, "power": {"supply_a": 1}}
        )
        self.clock = FixedClock()
        self.bus = Bus()
        pins = MockPins()
        self.finger = MockPanel(profile, pins)
        self.controls = GpioControls(controls, pins, self.clock.monotonic)
        self.finger.rest()
        self.deeds = Ledger()
        self.panel = Panel(self.controls, self.deeds, self.clock, self.bus)

    def trouble(self) -> str | None:
        return self.panel.trouble

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Counter"]:
        """The panel at work, its start settled."""
        task = asyncio.create_task(self.panel.run())
        await asyncio.sleep(0.1)
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self.controls.close()

    async def bounce(
        self, control: Control, down: bool, gaps_s: Iterable[float] = (0.001,) * 4
    ) -> None:
        """Press or let go, with a contact that bounces once in each of these gaps."""
        moves = (self.finger.release, self.finger.press)
        for gap_s in gaps_s:
            moves[down](control)
            await asyncio.sleep(gap_s / 2)
            moves[not down](control)
            await asyncio.sleep(gap_s / 2)
        moves[down](control)
