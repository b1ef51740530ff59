"""Any order of wakes, alerts, faults, lost events and hanging loops: no light ever lies."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ren_device.errors import MutedBySwitch
from ren_device.model import DeviceChange, PanelChanged, VoicePhase
from ren_device.panel.brightness import Brightness
from ren_device.panel.lights import SHOWN_FOR_S, Lights
from ren_device.panel.mute import Mute
from ren_device.panel.scenes import REFUSED_S, VOLUME_S
from ren_device.panel.truth import Truth
from tests.fakes import FixedClock
from tests.panel.sim_lamp import SimLamp
from tests.panel.truthfulness import (
    AT_NIGHT,
    BY_DAY,
    MADE_GOOD_WITHIN_S,
    SEEN_WITHIN_S,
    History,
    Kept,
    LossyBus,
    Moment,
    Night,
)
from tests.virtual_time import VirtualLoop, stand_still

T = TypeVar("T")

PHASES: list[VoicePhase] = [
    "off",
    "starting",
    "idle",
    "listening",
    "thinking",
    "speaking",
    "fault",
]
PARTS = st.sampled_from([0.0, 0.25, 0.6, 1.0])
TOLD = st.sampled_from([True, True, False])
"""Whether an event tells of it; every third is lost."""


class Switch:
    """A ports.ControlPanel that has nothing but a mute switch."""

    controls = frozenset({"mute"})
    mute_is_switch = True
    down = False

    def is_down(self, control: str) -> bool:
        return self.down


class LightsNeverLie(RuleBasedStateMachine):
    """The real loop, bus and muting; the test owns the rest of the truth, the time and the eye."""

    pixels = 1

    @initialize()
    def begin(self) -> None:
        self.loop = VirtualLoop()
        self._run(self._begin())

    async def _begin(self) -> None:
        self.parts, self.night = Truth(), Night()
        self.bus, self.switch = LossyBus(), Switch()
        self.mute = Mute(Kept(), self.bus, self.switch)  # type: ignore[arg-type]
        await self.mute.load()
        self.lamp = SimLamp(self.pixels)
        clock = FixedClock()
        brightness = Brightness(BY_DAY, AT_NIGHT, self.night, clock)
        self.lights = Lights(self.lamp, self.truth, clock, self.bus, brightness)
        self.running = asyncio.create_task(self.lights.run())
        self.history = History([Moment(clock.monotonic(), self.truth(), night=False)])
        await asyncio.sleep(SEEN_WITHIN_S)

    def _run(self, deed: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(deed)

    def _pass(self, seconds: float = SEEN_WITHIN_S) -> None:
        self._run(asyncio.sleep(seconds))

    def truth(self) -> Truth:
        return replace(self.parts, muted=self.mute.muted)

    # --- what may happen ------------------------------------------------------------------------

    @contextmanager
    def _noted(self, told: bool = True) -> Iterator[None]:
        """What changes in here; the bus tells of it or not. Then the lights have their time."""
        passed, self.bus.deaf = self.bus.passed, not told
        yield
        now = Moment(self.loop.time(), self.truth(), self.night.now)
        self.history.note(now, told=self.bus.passed > passed)
        self._pass()

    def _now(self, told: bool, **parts: object) -> None:
        with self._noted(told):
            self.parts = replace(self.parts, **parts)  # type: ignore[arg-type]
            self.bus.publish(PanelChanged())

    @rule(phase=st.sampled_from(PHASES), told=TOLD)
    def voice(self, phase: VoicePhase, told: bool) -> None:
        self._now(told, phase=phase)

    @rule(level=PARTS)
    def it_gets_louder_or_quieter_in_the_room(self, level: float) -> None:
        with self._noted():
            self.parts = replace(self.parts, level=level)
        self.history.untold.pop()  # only a listening light shows it, which is never at rest

    @rule(ringing=st.booleans(), told=TOLD)
    def alert(self, ringing: bool, told: bool) -> None:
        self._now(told, ringing=ringing)

    @rule(left=st.none() | PARTS, told=TOLD)
    def timer(self, left: float | None, told: bool) -> None:
        self._now(told, timer_left=left)

    @rule(fault=st.none() | st.just("The loudspeaker is gone."), told=TOLD)
    def fault(self, fault: str | None, told: bool) -> None:
        self._now(told, fault=fault)

    @rule(online=st.booleans(), told=TOLD)
    def network(self, online: bool, told: bool) -> None:
        self._now(told, online=online)

    @rule(updating=st.booleans(), setting_up=st.booleans(), told=TOLD)
    def upkeep(self, updating: bool, setting_up: bool, told: bool) -> None:
        self._now(told, updating=updating, setting_up=setting_up)

    @rule(percent=st.sampled_from([0, 40, 100]), told=TOLD)
    def volume(self, percent: int, told: bool) -> None:
        self._now(told, volume_percent=percent, volume_changed_at=self.loop.time())

    @rule(progress=st.none() | PARTS, told=TOLD)
    def very_long_press(self, progress: float | None, told: bool) -> None:
        self._now(told, reset_progress=progress)

    @precondition(lambda self: self.mute.muted)
    @rule(told=TOLD)
    def press_in_vain(self, told: bool) -> None:
        self._now(told, refused_at=self.loop.time())

    @rule(muted=st.booleans(), told=TOLD)
    def soft_mute(self, muted: bool, told: bool) -> None:
        with self._noted(told):
            if self.switch.down and not muted:
                with pytest.raises(MutedBySwitch):
                    self._run(self.mute.set(muted))
            else:
                self._run(self.mute.set(muted))

    @rule(down=st.booleans(), told=TOLD)
    def mute_switch(self, down: bool, told: bool) -> None:
        with self._noted(told):
            self.switch.down = down
            self.mute.line(down)

    @rule(night=st.booleans())
    def night_falls(self, night: bool) -> None:
        with self._noted():
            self.night.now = night

    @rule()
    def a_flood_of_other_events(self) -> None:
        self.bus.deaf = False
        for number in range(200):
            self.bus.publish(DeviceChange("v-1", "lamp", "lightbulb", "hue", number, 0))
        self._pass(0.001)

    @rule(seconds=st.sampled_from([0.2, 1.0, 2.9, SHOWN_FOR_S + 0.05, 10.0]))
    def the_loop_hangs(self, seconds: float) -> None:
        async def hang() -> None:
            stand_still(seconds)
            if seconds > SHOWN_FOR_S:
                assert not self.lamp.is_lit()

        self._run(hang())
        self._pass()

    @rule(looks=st.integers(1, 60), step_s=st.floats(0.005, 0.15))
    def time_passes(self, looks: int, step_s: float) -> None:
        for _ in range(looks):
            self._pass(step_s)
            self.what_is_seen_is_so()

    @rule()
    def a_second_passes(self) -> None:
        self._pass(MADE_GOOD_WITHIN_S)
        self.history.untold.clear()

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def what_is_seen_is_so(self) -> None:
        async def look() -> None:
            self.history.check(self.lamp.seen(), self.loop.time(), nearly=0.02)

        self._run(look())

    @invariant()
    def muted_is_shown_if_it_is_so_and_never_else(self) -> None:
        moments = list(self.history.may_be_shown(self.loop.time()))
        if not any(moment.truth.muted for moment, _, _ in moments):
            assert self.lights.state != "muted"
        if all(moment.truth.muted for moment, _, _ in moments):
            assert self.lights.state != "listening"
            if not any(self._something_comes_first(moment.truth, t) for moment, t, _ in moments):
                assert self.lights.state == "muted"

    def _something_comes_first(self, truth: Truth, t: float) -> bool:
        """Whether there is more to say than that the microphone is off."""
        busy = truth.phase in ("thinking", "speaking", "fault") or truth.ringing
        fingers = truth.reset_progress is not None or t < truth.refused_at + REFUSED_S
        return busy or fingers or t < truth.volume_changed_at + VOLUME_S or bool(truth.fault)

    def teardown(self) -> None:
        async def end() -> None:
            self.running.cancel()
            with suppress(asyncio.CancelledError):
                await self.running
            assert not self.lamp.is_lit()

        if hasattr(self, "running"):
            self._run(end())
            self.loop.close()


class LightsOfARowNeverLie(LightsNeverLie):
    """The same with twelve pixels."""

    pixels = 12


LightsNeverLie.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
LightsOfARowNeverLie.TestCase.settings = settings(
    max_examples=20, stateful_step_count=40, deadline=None
)
TestLightsNeverLie = LightsNeverLie.TestCase
TestLightsOfARowNeverLie = LightsOfARowNeverLie.TestCase
