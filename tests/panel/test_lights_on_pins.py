"""Random fingers on gpiozero's mock pins, and an eye on the pins that drive the lights.

Between them is everything real: the controls, the panel and its hands, the mute, the volume, the
witness of what is so, the loop of the lights and the lamp. Only the voice, the alerts and the
machine are the test's.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from ren_device.engines.gpio import open_panel
from ren_device.model import Alert, AlertKind, Control, PanelChanged, VoicePhase
from ren_device.panel.brightness import Brightness
from ren_device.panel.hands import Hands
from ren_device.panel.lights import Lights
from ren_device.panel.mute import Mute
from ren_device.panel.panel import Panel
from ren_device.panel.witness import Witness
from ren_device.voice.volume import Volume
from tests.engines.gpio_boards import LIGHTS, board
from tests.fakes import NOON, FixedClock
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
from tests.virtual_time import VirtualLoop

T = TypeVar("T")

STEP_S = 0.02
NEARLY = 0.13
"""A software pulse has steps of one percent, and the faintest of them looks like 0.12."""
BUTTONS: list[Control] = ["talk", "mute", "volume_up", "volume_down"]
TOLD = st.sampled_from([True, True, False])
PHASES: list[VoicePhase] = ["idle", "listening", "thinking", "speaking", "fault", "starting"]


class Voice:
    """What it does is up to the test."""

    phase: VoicePhase = "idle"
    level = 0.6


class Alarms:
    """One alert, which rings or not; a press puts it away."""

    revision = 0
    rings = False

    def __init__(self, bus: LossyBus) -> None:
        self._bus = bus

    def ringing(self) -> tuple[Alert, ...]:
        return (Alert(1, "alarm", "", NOON, NOON, state="due"),) if self.rings else ()

    async def acknowledge_all(self) -> list[Alert]:
        rang, self.rings = self.ringing(), False
        self._bus.publish(PanelChanged())
        return list(rang)

    def pending(self, kind: AlertKind | None = None) -> tuple[Alert, ...]:
        return ()

    def remaining_s(self, alert: Alert) -> float:
        return 0.0


class Machine:
    """A ports.Host."""

    def __init__(self) -> None:
        self.on = True

    def online(self) -> bool:
        return self.on

    def setting_up(self) -> bool:
        return False

    def await_setup(self, waits: bool) -> None:
        pass

    def updating(self) -> bool:
        return False


class PinsNeverLie(RuleBasedStateMachine):
    """One RGB LED, a mute switch."""

    lights_profile = "rgb"
    mute_kind = "switch"

    @initialize()
    def begin(self) -> None:
        self.loop = VirtualLoop()
        self.slid_at = 0.0  # when the mute switch was last moved
        self._run(self._begin())

    async def _begin(self) -> None:
        profile = board(
            LIGHTS[self.lights_profile],
            talk={"pin": 17},
            mute={"pin": 27, "kind": self.mute_kind},
            volume_up={"pin": 22},
            volume_down={"pin": 23},
        )
        self.controls, self.lamp, screen = open_panel(profile, mock=True, now=self.loop.time)
        assert screen is not None
        self.screen = screen
        self.bus, self.night, clock = LossyBus(), Night(), FixedClock()
        self.voice, self.alarms, self.machine = Voice(), Alarms(self.bus), Machine()
        self.mute = Mute(Kept(), self.bus, self.controls)
        await self.mute.load()
        volume = Volume(Kept(), self.bus, clock)
        self.resets = 0
        self.hands = Hands(None, self.alarms, self.mute, volume, clock, self.bus, self._reset)
        panel = Panel(self.controls, self.hands, clock, self.bus)
        self.witness = Witness(
            self.voice,
            self.alarms,
            self.mute,
            volume,
            self.hands,
            self.machine,
            clock,
            lambda: panel.trouble,
        )
        brightness = Brightness(BY_DAY, AT_NIGHT, self.night, clock)
        self.lights = Lights(self.lamp, self.witness.truth, clock, self.bus, brightness)
        self.tasks = [asyncio.create_task(each) for each in (panel.run(), self.lights.run())]
        self.history = History([self._moment()])
        self.passed = self.bus.passed
        await asyncio.sleep(SEEN_WITHIN_S)

    async def _reset(self) -> None:
        self.resets += 1

    def _run(self, deed: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(deed)

    def _moment(self) -> Moment:
        return Moment(self.loop.time(), self.witness.truth(), self.night.now)

    def _note(self) -> None:
        now, before = self._moment(), self.history.moments[-1]
        told = self.bus.passed > self.passed
        self.passed = self.bus.passed
        if told or (now.truth, now.night) != (before.truth, before.night):
            self.history.note(now, told=told)

    def _pass(self, seconds: float) -> None:
        """Look all the time; the lights have had theirs when it ends."""
        for _ in range(round(seconds / STEP_S)):
            self._run(asyncio.sleep(STEP_S))
            self._note()
            self.history.check(self.screen.seen(), self.loop.time(), NEARLY)
            self._about_the_microphone()

    def _about_the_microphone(self) -> None:
        recent = list(self.history.may_be_shown(self.loop.time()))
        if not any(moment.truth.muted for moment, _, _ in recent):
            assert self.lights.state != "muted"
        if all(moment.truth.muted for moment, _, _ in recent):
            assert self.lights.state != "listening"
        settled = self.loop.time() - self.slid_at > SEEN_WITHIN_S
        if self.mute_kind == "switch" and settled and self.screen.is_down("mute"):
            assert self.mute.muted

    @rule(
        presses=st.lists(st.tuples(st.sampled_from(BUTTONS), st.booleans()), max_size=6),
        gap_s=st.sampled_from([0.001, 0.004, 0.05, 0.3]),
        told=TOLD,
    )
    def fingers(self, presses: Sequence[tuple[Control, bool]], gap_s: float, told: bool) -> None:
        """Some of them bounce, some are two at once."""
        self.bus.deaf = not told
        for control, down in presses:
            (self.screen.press if down else self.screen.release)(control)
            if control == "mute":
                self.slid_at = self.loop.time()
            self._run(asyncio.sleep(gap_s))
            self._note()
        self._settle()

    @rule(held_s=st.sampled_from([0.2, 0.5, 3.0, 11.0, 14.0, 15.5, 26.0]))
    def a_press_that_lasts(self, held_s: float) -> None:
        self.bus.deaf = False
        self.screen.press("talk")
        self._settle()
        self._pass(held_s)
        self.screen.release("talk")
        self._settle()

    @rule()
    def all_hands_off(self) -> None:
        for control in BUTTONS:
            if control != "mute" or self.mute_kind == "toggle":
                self.screen.release(control)
        self._settle()

    @rule(phase=st.sampled_from(PHASES), told=TOLD)
    def it_does_something(self, phase: VoicePhase, told: bool) -> None:
        self.bus.deaf = not told
        self.voice.phase = phase
        self.bus.publish(PanelChanged())
        self._settle()

    @rule(rings=st.booleans(), online=st.booleans(), told=TOLD)
    def something_happens(self, rings: bool, online: bool, told: bool) -> None:
        self.bus.deaf = not told
        self.alarms.rings, self.machine.on = rings, online
        self.bus.publish(PanelChanged())
        self._settle()

    @rule(night=st.booleans())
    def night_falls(self, night: bool) -> None:
        self.night.now = night
        self._settle()

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.0, 4.0]))
    def time_passes(self, seconds: float) -> None:
        self._pass(seconds)

    def _settle(self) -> None:
        """The lights have their time."""
        self._note()
        for _ in range(round(SEEN_WITHIN_S / STEP_S)):
            self._run(asyncio.sleep(STEP_S))
            self._note()
        # What nobody told of has to be found without.
        self._pass(MADE_GOOD_WITHIN_S + STEP_S if self.bus.deaf else STEP_S)
        self.bus.deaf = False

    def teardown(self) -> None:
        async def end() -> None:
            for task in self.tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            assert not any(map(any, self.screen.seen()))
            await self.hands.close()
            await self.lamp.close()
            await self.controls.close()

        if hasattr(self, "tasks"):
            self._run(end())
            self.loop.close()


class RowOnPinsNeverLies(PinsNeverLie):
    """Three APA102 pixels, a mute button."""

    lights_profile = "apa102 on any pins"
    mute_kind = "toggle"


PinsNeverLie.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
RowOnPinsNeverLies.TestCase.settings = settings(
    max_examples=4, stateful_step_count=15, deadline=None
)
TestPinsNeverLie = PinsNeverLie.TestCase
TestRowOnPinsNeverLies = RowOnPinsNeverLies.TestCase
