"""The kernel's own loop: any order of setting, silencing, waiting, full disks and restarts."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ren_device.alerts.keeping import SAVE_AGAIN_S
from ren_device.alerts.timing import GRACE_S
from ren_device.alerts.watch import CAP_S
from ren_device.errors import StoreError
from ren_device.model import AlertKind
from tests.alerts.house import House, settle
from tests.virtual_time import VirtualLoop

# Whole seconds pass, and everything comes due at parts of them: no two clocks tie.
PARTS = {"timer": 0.25, "alarm": 0.5, "reminder": 0.5}
spans = st.integers(1, 2000)
picks = st.integers(0, 1000)


@dataclass
class Expected:
    """An alert as it should be; all times are on the monotonic clock."""

    id: int
    end_s: float
    timer: bool
    state: str = "pending"
    rings_since_s: float = 0.0
    rang_s: float = 0.0  # when it did first


class KernelLife(RuleBasedStateMachine):
    """Compares a kernel with a simple model of what it promises."""

    @initialize()
    def begin(self) -> None:
        self.loop = VirtualLoop()
        self.passed_s = 0.0
        self.open: dict[int, Expected] = {}
        self.should_ring: list[int] = []  # in this life
        self.ended: set[int] = set()  # silenced or cancelled
        self.house = self.loop.run_until_complete(self._house().__aenter__())

    def _house(self, last: House | None = None) -> House:
        async def make() -> House:
            return House(last.store, last.clock) if last else House()

        return self.loop.run_until_complete(make())

    def _pass(self, seconds: float) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            await settle()

        self.loop.run_until_complete(wait())
        self.passed_s += seconds

    def _wait(self, seconds: float) -> None:
        """The house is there, and everything rings at its own moment."""
        self._pass(seconds)
        due = [alert for alert in self.open.values() if alert.state == "pending"]
        due.sort(key=lambda alert: (alert.end_s, alert.id))
        for alert in due:
            if alert.end_s <= self.passed_s:
                alert.state, alert.rings_since_s = "due", alert.end_s
                alert.rang_s = alert.end_s
                self.should_ring.append(alert.id)
        for alert in self.open.values():
            if alert.state == "due" and self.passed_s - alert.rings_since_s > CAP_S:
                alert.state = "missed"

    @rule(span=spans, kind=st.sampled_from(["timer", "alarm", "reminder"]))
    def set_one(self, span: int, kind: AlertKind) -> None:
        seconds = span + PARTS[kind]

        async def act() -> int:
            if kind == "timer":
                alert = await self.house.timer(seconds)
            else:
                alert = await self.house.at(seconds, kind)
            await settle()
            return alert.id

        if self.house.store.broken:
            with pytest.raises(StoreError):
                self.loop.run_until_complete(act())
            self.loop.run_until_complete(settle())
            return
        new_id = self.loop.run_until_complete(act())
        assert new_id not in self.open
        assert new_id not in self.ended
        self.open[new_id] = Expected(new_id, self.passed_s + seconds, kind == "timer")

    @precondition(lambda self: self.open)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        alert = list(self.open.values())[pick % len(self.open)]
        if self.house.store.broken and alert.state != "due":
            with pytest.raises(StoreError):
                self.loop.run_until_complete(self.house.kernel.cancel(alert.id))
            self.loop.run_until_complete(settle())
            return
        assert self.loop.run_until_complete(self.house.kernel.cancel(alert.id)) is not None
        self._end(alert.id)

    @precondition(lambda self: self.open)
    @rule(pick=picks)
    def acknowledge(self, pick: int) -> None:
        alert = list(self.open.values())[pick % len(self.open)]
        silenced = self.loop.run_until_complete(self.house.kernel.acknowledge(alert.id))
        assert (silenced is not None) == (alert.state == "due")
        if silenced is not None:
            self._end(alert.id)

    @rule()
    def acknowledge_all(self) -> None:
        silenced = self.loop.run_until_complete(self.house.kernel.acknowledge_all())
        rang = {alert.id for alert in self.open.values() if alert.state == "due"}
        assert {alert.id for alert in silenced} == rang
        for alert_id in rang:
            self._end(alert_id)

    def _end(self, alert_id: int) -> None:
        del self.open[alert_id]
        self.ended.add(alert_id)

    @rule(seconds=spans)
    def wait(self, seconds: int) -> None:
        self._wait(seconds)

    @rule(broken=st.booleans())
    def disk(self, broken: bool) -> None:
        self.house.store.broken = broken
        self._wait(2 * SAVE_AGAIN_S)  # what could not be written is written now

    @precondition(lambda self: not self.house.store.broken)
    @rule(off_s=spans)
    def restart(self, off_s: int) -> None:
        """With a disk that works, nothing that ended comes back, whatever it did before."""
        self.loop.run_until_complete(self.house.__aexit__())
        self._pass(off_s)
        assert self.house.store.rows.keys() == self.open.keys()
        self.house = self._house(self.house)
        self.loop.run_until_complete(self.house.__aenter__())
        again = set()
        for alert in self.open.values():
            # What has rung by the wall clock is as old as its ringing.
            since_s = alert.end_s if alert.timer else alert.rang_s or alert.end_s
            late_s = self.passed_s - since_s
            if late_s < 0 or alert.state == "missed":
                continue
            if late_s > GRACE_S:
                alert.state = "missed"
            else:
                alert.state, alert.rings_since_s = "due", self.passed_s
                alert.rang_s = alert.rang_s or self.passed_s
                again.add(alert.id)
        self.should_ring = self.house.rung  # in which order is nobody's promise here
        assert sorted(self.should_ring) == sorted(again)

    @invariant()
    def what_rang_is_what_should_have(self) -> None:
        assert self.house.rung == self.should_ring

    @invariant()
    def what_is_set_is_known_soonest_first(self) -> None:
        kernel = self.house.kernel
        pending = kernel.pending()
        remaining = [kernel.remaining_s(alert) for alert in pending]
        assert remaining == sorted(remaining)
        known = {"pending": pending, "due": kernel.ringing(), "missed": kernel.missed()}
        for state, alerts in known.items():
            should = {alert.id for alert in self.open.values() if alert.state == state}
            assert {alert.id for alert in alerts} == should

    def teardown(self) -> None:
        self.loop.run_until_complete(self.house.__aexit__())
        self.loop.close()


KernelLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestKernelLife = KernelLife.TestCase
