"""Fingers do anything at any time, on mock pins that bounce; some things never happen."""

import asyncio
import re
from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ren_device.model import Control
from tests.panel.counter import BUTTONS, KNOB, SWITCH, TOGGLE, Counter
from tests.virtual_time import VirtualLoop, stand_still

LETTERS = {
    "talk_down": "d",
    "talk_held": "h",
    "talk_up": "u",
    "stop": "s",
    "repeat": "r",
    "factory_reset": "!",
}
IN_ORDER = re.compile(r"(d|r|dhu|dhs!?)*(dh?)?")
"""What the talk button may come to; the last of it may still be under way."""
A_LOOK_S = 0.05
"""How much longer or shorter a hold may seem, by bounces and looks."""

controls = st.sampled_from(["talk", "talk", "talk", "volume_up", "volume_down", "mute"])
gaps = st.lists(st.floats(0.0002, 0.003), max_size=5)
pauses = st.sampled_from([0.03, 0.1, 0.2, 0.34, 0.36, 0.7, 2.0, 4.9, 9.7, 10.3, 15.2, 25.1])


class Fingers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.running: asyncio.Task[None] | None = None
        self.pressed_at: dict[Control, float] = {}
        self.resets = 0  # presses that may have been one
        self.toggles = 0
        self.turned = 0

    def live(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.run_until_complete(asyncio.sleep(seconds))
        assert self.running is not None
        assert not self.running.done()

    def teardown(self) -> None:
        if self.running is not None:
            self.running.cancel()
            with suppress(asyncio.CancelledError):
                self.loop.run_until_complete(self.running)
            self.loop.run_until_complete(self.counter.controls.close())
        self.loop.close()

    # --- what happens ------------------------------------------------------------------------

    @initialize(switch=st.booleans(), down=st.sets(controls), slow_s=st.sampled_from([0, 0.1, 1]))
    def start(self, switch: bool, down: set[Control], slow_s: float) -> None:
        async def begin() -> None:
            self.counter = Counter(BUTTONS, SWITCH if switch else TOGGLE, KNOB)
            self.switch = switch
            self.counter.deeds.slow_s = slow_s
            for control in down:
                self.counter.finger.press(control)
            self.running = asyncio.create_task(self.counter.panel.run())

        self.loop.run_until_complete(begin())
        self.live(0.1)

    def down(self, control: Control) -> bool:
        return self.counter.finger.is_down(control)

    def about_to_move(self, control: Control) -> None:
        """Keep the book of what could be a factory reset."""
        now = self.loop.time()
        if control == "mute":
            self.toggles += not self.down(control)
            return
        if self.down(control):
            since = self.pressed_at.pop(control, None)
            if control == "talk" and since is not None:
                self.resets += 15 - A_LOOK_S <= now - since <= 25 + A_LOOK_S
            return
        # Two at once: none of them comes to anything, unless one is stuck or was down at the start.
        others = [each for each, at in self.pressed_at.items() if now - at < 25 - A_LOOK_S]
        for other in others:
            self.pressed_at[other] = float("-inf")
        self.pressed_at[control] = float("-inf") if others else now

    @rule(control=controls, gaps=gaps, pause_s=pauses)
    def move(self, control: Control, gaps: list[float], pause_s: float) -> None:
        """Press or let go, and wait."""
        self.about_to_move(control)
        self.loop.run_until_complete(self.counter.bounce(control, not self.down(control), gaps))
        self.live(pause_s)

    @rule(control=controls, gaps=gaps, pause_s=pauses, busy_s=st.floats(0.01, 8.5))
    def move_unseen(
        self, control: Control, gaps: list[float], pause_s: float, busy_s: float
    ) -> None:
        """The same while the loop is busy with something else."""
        self.about_to_move(control)

        async def busy() -> None:
            finger = self.counter.finger
            move, back = (finger.release, finger.press)[:: 1 if self.down(control) else -1]
            for gap_s in gaps:
                move(control)
                stand_still(gap_s / 2)
                back(control)
                stand_still(gap_s / 2)
            move(control)
            stand_still(busy_s)

        self.loop.run_until_complete(busy())
        self.live(pause_s)

    @rule(control=st.sampled_from(["talk", "volume_up"]), gaps=st.lists(st.floats(0, 0.03)))
    def twitch(self, control: Control, gaps: list[float]) -> None:
        """Moves that are too quick for a finger, and end wherever they do."""

        async def scene() -> None:
            for gap_s in gaps:
                self.about_to_move(control)
                finger = self.counter.finger
                (finger.release if self.down(control) else finger.press)(control)
                await asyncio.sleep(gap_s)

        self.loop.run_until_complete(scene())
        self.live(0.03)

    @rule(steps=st.integers(-30, 30))
    def turn(self, steps: int) -> None:

        async def scene() -> None:
            self.counter.finger.turn(steps)

        self.loop.run_until_complete(scene())
        self.turned += steps

    @precondition(lambda self: self.running is not None)
    @rule()
    def wait(self) -> None:
        self.live(5.0)

    @rule()
    def rest(self) -> None:
        """All let go, and after a while nothing is left of it."""
        for control in ("talk", "volume_up", "volume_down"):
            if self.down(control):
                self.move(control, [], 0.03)
        if not self.switch and self.down("mute"):
            self.move("mute", [], 0.03)
        self.live(60)
        panel, deeds = self.counter.panel, self.counter.deeds
        assert panel.trouble is None
        assert panel._gestures.due == float("inf")
        assert all(line.look_at is None for line in panel._lines.values())
        assert "h" not in self.talked()[-1:]
        assert deeds.warned[-1:] in ([], [None])
        slow = [each for each in deeds.said if not each.startswith(("mute line", "warn"))]
        assert sorted(deeds.ended) == sorted(slow)
        if not self.switch:
            assert deeds.said.count("mute") % 2 == self.toggles % 2
        percent = sum(int(each.split()[1]) for each in deeds.said if each.startswith("volume"))
        assert (percent - 3 * self.turned) % 10 == 0
        before = len(self.talked())
        self.move("talk", [], 0.1)
        assert self.talked()[before:] == "d"
        self.move("talk", [], 1.0)

    # --- what is always so -------------------------------------------------------------------

    def talked(self) -> str:
        return "".join(LETTERS.get(each, "") for each in self.counter.deeds.said)

    @precondition(lambda self: self.running is not None)
    @invariant()
    def every_hold_has_one_end(self) -> None:
        assert IN_ORDER.fullmatch(self.talked()), self.talked()

    @precondition(lambda self: self.running is not None)
    @invariant()
    def nothing_is_erased_by_anything_but_a_long_unbroken_press(self) -> None:
        assert self.talked().count("!") <= self.resets

    @precondition(lambda self: self.running is not None)
    @invariant()
    def the_level_is_the_state(self) -> None:
        """Every rule but a turn ends with a pause that is longer than a bounce."""
        for control, line in self.counter.panel._lines.items():
            assert line.down == self.down(control), control
        if self.switch:
            lines = [each for each in self.counter.deeds.said if each.startswith("mute line")]
            assert lines[-1] == f"mute line {'down' if self.down('mute') else 'up'}"

    @precondition(lambda self: self.running is not None)
    @invariant()
    def a_warning_rises_in_steps_and_ends(self) -> None:
        before: float | None = None
        for progress in self.counter.deeds.warned:
            if progress is None:
                assert before is not None
            elif before is None:
                assert progress == 0
            else:
                assert 0 < progress - before < 0.021
            before = progress


TestAnyOrder = Fingers.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
