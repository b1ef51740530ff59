"""Any order of setting, cancelling, silencing, waiting, clock steps, full disks and restarts."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ren_device.alerts.kernel import LOOK_AGAIN_S
from ren_device.errors import StoreError
from ren_device.model import AlertKind
from tests.alerts.house import House, settle
from tests.virtual_time import VirtualLoop

# Whole seconds pass, and everything comes due at quarter seconds: no two clocks tie.
QUARTER = 0.25
spans = st.integers(0, 5000)
picks = st.integers(0, 1000)


@dataclass
class Expected:
    """An alert as it should be: `due_s` is on the wall clock, `end_s` on the monotonic one."""

    id: int
    timer: bool
    due_s: float
    end_s: float
    rings: bool = False


class KernelLife(RuleBasedStateMachine):
    """Compares a kernel with a simple model of what it promises."""

    @initialize()
    def begin(self) -> None:
        self.loop = VirtualLoop()
        self.passed_s = 0.0  # on the monotonic clock
        self.stepped_s = 0.0
        self.open: dict[int, Expected] = {}
        self.should_ring: list[int] = []  # in this life
        self.ended: set[int] = set()  # silenced or cancelled while the disk worked
        self.house = self.loop.run_until_complete(self._house().__aenter__())

    def _house(self, last: House | None = None) -> House:
        async def make() -> House:
            return House(last.store, last.clock) if last else House()

        return self.loop.run_until_complete(make())

    @property
    def wall_s(self) -> float:
        return self.passed_s + self.stepped_s

    def _pass(self, seconds: float) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            await settle()

        self.loop.run_until_complete(wait())
        self.passed_s += seconds

    def _come_due(self) -> list[Expected]:
        due = [
            alert
            for alert in self.open.values()
            if not alert.rings
            and (alert.end_s <= self.passed_s if alert.timer else alert.due_s <= self.wall_s)
        ]
        for alert in due:
            alert.rings = True
        return due

    @rule(span=spans)
    def set_timer(self, span: int) -> None:
        seconds = span + QUARTER
        self._set("timer", seconds)

    @rule(span=st.integers(-100, 5000), kind=st.sampled_from(["alarm", "reminder"]))
    def set_for_a_time(self, span: int, kind: AlertKind) -> None:
        self._set(kind, span + QUARTER)

    def _set(self, kind: AlertKind, seconds: float) -> None:
        async def act() -> int:
            duration_s = seconds if kind == "timer" else None
            alert = await self.house.kernel.set(kind, "", self.house.in_s(seconds), duration_s)
            await settle()
            return alert.id

        if self.house.store.broken:
            with pytest.raises(StoreError):
                self.loop.run_until_complete(act())
            return
        new_id = self.loop.run_until_complete(act())
        assert new_id not in self.open
        assert new_id not in self.ended
        self.open[new_id] = Expected(
            new_id, kind == "timer", self.wall_s + seconds, self.passed_s + seconds
        )
        self.should_ring += [alert.id for alert in self._come_due()]

    @precondition(lambda self: self.open)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        alert = list(self.open.values())[pick % len(self.open)]
        if self.house.store.broken and not alert.rings:
            with pytest.raises(StoreError):
                self.loop.run_until_complete(self.house.kernel.cancel(alert.id))
            return
        assert self.loop.run_until_complete(self.house.kernel.cancel(alert.id)) is not None
        self._end(alert.id)

    @precondition(lambda self: self.open)
    @rule(pick=picks)
    def acknowledge(self, pick: int) -> None:
        alert = list(self.open.values())[pick % len(self.open)]
        silenced = self.loop.run_until_complete(self.house.kernel.acknowledge(alert.id))
        assert (silenced is not None) == alert.rings
        if alert.rings:
            self._end(alert.id)

    @rule()
    def acknowledge_all(self) -> None:
        silenced = self.loop.run_until_complete(self.house.kernel.acknowledge_all())
        rang = {alert.id for alert in self.open.values() if alert.rings}
        assert {alert.id for alert in silenced} == rang
        for alert_id in rang:
            self._end(alert_id)

    def _end(self, alert_id: int) -> None:
        del self.open[alert_id]
        if not self.house.store.broken:
            self.ended.add(alert_id)

    @rule(seconds=spans)
    def wait(self, seconds: int) -> None:
        wall_before_s = self.wall_s
        self._pass(seconds)
        due = self._come_due()
        # Overdue ones cannot be here, so each rang at its own moment.
        due.sort(
            key=lambda alert: (
                alert.end_s if alert.timer else alert.due_s - self.stepped_s,
                alert.id,
            )
        )
        assert wall_before_s <= self.wall_s
        self.should_ring += [alert.id for alert in due]

    @rule(by=st.integers(-10_000, 10_000))
    def set_the_clock(self, by: int) -> None:
        self.house.clock.step_s += by
        self.stepped_s += by
        self._pass(LOOK_AGAIN_S)
        due = {alert.id for alert in self._come_due()}
        heard = self.house.rung[len(self.should_ring) :]
        assert set(heard) == due
        self.should_ring += heard  # in which order is nobody's promise here

    @rule(broken=st.booleans())
    def disk(self, broken: bool) -> None:
        self.house.store.broken = broken
        self._pass(LOOK_AGAIN_S)  # what could not be written is written now
        due = sorted(
            self._come_due(),
            key=lambda alert: alert.end_s if alert.timer else alert.due_s - self.stepped_s,
        )
        self.should_ring += [alert.id for alert in due]

    @rule(off_s=spans)
    def restart(self, off_s: int) -> None:
        self.loop.run_until_complete(self.house.__aexit__())
        self._pass(off_s)
        stored = {alert.id for alert in self.loop.run_until_complete(self.house.store.all())}
        # Only what a broken disk did not take may come back.
        assert stored >= self.open.keys()
        assert not stored & self.ended
        for alert in self.loop.run_until_complete(self.house.store.all()):
            due_s = (alert.due_at - self.house.clock.now()).total_seconds()
            self.open[alert.id] = Expected(
                alert.id,
                alert.kind == "timer",
                self.wall_s + due_s,
                self.passed_s + due_s,
                rings=alert.state == "due",
            )
        self.house = self._house(self.house)
        self.loop.run_until_complete(self.house.__aenter__())
        self._come_due()
        ringing = [alert for alert in self.open.values() if alert.rings]
        ringing.sort(key=lambda alert: (alert.due_s, alert.id))
        self.should_ring = [alert.id for alert in ringing]

    @invariant()
    def what_rang_is_what_should_have(self) -> None:
        assert self.house.rung == self.should_ring

    @invariant()
    def what_is_set_is_known_soonest_first(self) -> None:
        kernel = self.house.kernel
        pending = kernel.pending()
        remaining = [kernel.remaining_s(alert) for alert in pending]
        assert remaining == sorted(remaining)
        assert {alert.id for alert in pending} == {
            alert.id for alert in self.open.values() if not alert.rings
        }
        assert {alert.id for alert in kernel.ringing()} == {
            alert.id for alert in self.open.values() if alert.rings
        }

    def teardown(self) -> None:
        self.loop.run_until_complete(self.house.__aexit__())
        self.loop.close()


KernelLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestKernelLife = KernelLife.TestCase
