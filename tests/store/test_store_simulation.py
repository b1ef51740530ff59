"""Power cuts, kills, failures and full disks at every moment, on a disk that does its worst."""

from itertools import product
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ren_device.store.storage import JournalStorage
from tests.store.simulated_disk import Fault, SimulatedDisk
from tests.store.simulation import Simulation

FAULTS: tuple[Fault, ...] = ("error", "kill", "power cut")


class StoreOnABadDisk(RuleBasedStateMachine):
    """Everything that may happen, in any order."""

    house: Simulation

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.house = Simulation(seed)

    @rule()
    def change(self) -> None:
        self.house.do(self.house.change)

    @rule()
    def give_up_a_change(self) -> None:
        self.house.do(self.house.give_up_a_change)

    @rule(steps=st.integers(1, 12))
    def compact(self, steps: int) -> None:
        self.house.do(lambda: self.house.compact(steps))

    @rule(seconds=st.sampled_from((1.0, 100.0, 10_000.0)))
    def wait(self, seconds: float) -> None:
        self.house.wait(seconds)

    @rule(fault=st.sampled_from(FAULTS), after=st.integers(0, 12), lasts=st.integers(1, 6))
    def soon(self, fault: Fault, after: int, lasts: int) -> None:
        self.house.disk.will(fault, after, lasts)

    @rule()
    def be_well(self) -> None:
        self.house.disk.be_well()

    @rule(room=st.integers(0, 700))
    def fill_disk(self, room: int) -> None:
        self.house.fill_disk(room)

    @rule()
    def make_room(self) -> None:
        self.house.disk.capacity = 1 << 30

    @rule()
    def reopen(self) -> None:
        self.house.reopen()

    @rule(fault=st.sampled_from(("kill", "power cut")))
    def crash(self, fault: Fault) -> None:
        self.house.crash(fault)

    @invariant()
    def reading_goes_on(self) -> None:
        if hasattr(self, "house"):
            self.house.check()

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.tidy()


StoreOnABadDisk.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStoreOnABadDisk = StoreOnABadDisk.TestCase


@pytest.mark.parametrize("end", ["kill", "power cut"])
def test_a_failure_at_any_call_and_then_a_crash_at_any_call(end: Fault) -> None:
    """Every pair of them, while three changes are made; failures may last for some calls."""
    crashes = 0
    for first, lasts, second in product(range(14), (1, 2, 3, 5), range(12)):
        house = Simulation(first * 1000 + lasts * 100 + second)
        house.do(house.change)
        house.disk.will("error", first, lasts)
        house.disk.then(end, second)
        for _ in range(9):
            house.do(house.change)
        crashes += house.crashes
        house.crash("power cut")
        house.do(house.change)
        house.reopen()
    assert crashes > 400


def test_what_failed_does_not_come_back_by_closing_and_opening() -> None:
    for first, lasts, changes in product(range(12), range(1, 7), (1, 2)):
        for seed in range(3):
            house = Simulation(seed)
            house.change()
            house.disk.will("error", first, lasts)
            for _ in range(changes):
                house.change()
            house.reopen()
            house.change()
            house.reopen()


def live(seed: int, steps: int) -> Simulation:
    """A store's life, with something bad about every third step."""
    house = Simulation(seed)
    random = Random(seed + 1)
    for _ in range(steps):
        chance = random.random()
        if chance < 0.25:
            fault = random.choice(FAULTS)
            house.disk.will(fault, random.randint(0, 14), random.randint(1, 5))
        elif chance < 0.28:
            house.fill_disk(random.randint(0, 700))
        elif chance < 0.33:
            house.disk.capacity = 1 << 30
            house.wait(random.choice((1, 100, 10_000)))
        elif chance < 0.36:
            house.reopen()
        elif chance < 0.4:
            house.crash(random.choice(("kill", "power cut")))
        elif chance < 0.7:
            house.do(house.change)
        else:
            house.do(lambda: house.compact(random.randint(1, 8)))
        house.check()
    house.tidy()
    return house


def test_thousands_of_crashes_lose_nothing() -> None:
    houses = [live(seed, 400) for seed in range(95)]
    assert sum(house.crashes for house in houses) > 3000
    assert sum(house.changes for house in houses) > 3000
    assert sum(house.failures for house in houses) > 300
    assert sum(house.compactions for house in houses) > 100


@pytest.mark.parametrize("seed", range(12))
def test_who_hears_that_nothing_had_to_be_changed_can_rely_on_it(seed: int) -> None:
    """A write fails, cannot be cut off, and what it would have changed is asked for as it is."""
    disk = SimulatedDisk(Random(seed))
    storage = JournalStorage(disk)
    storage.change([("volume", None, b""), ("volume", "1", b'{"at":4}')])
    disk.will("error", after=1, lasts=2)  # the sync of the record, and the cutting off
    with pytest.raises(OSError, match="Input/output"):
        storage.change([("volume", "1", b'{"at":5}')])
    with storage.transaction():
        pass
    disk.kill()
    assert JournalStorage(disk).read() == {"volume": {"1": {"at": 4}}}
