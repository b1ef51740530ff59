"""Snapshots: when they are written, what they cost, and what happens when they fail."""

import threading
from random import Random

import pytest

from ren_device.store.compaction import LONGEST_RETRY_S, RETRY_S
from ren_device.store.storage import JournalStorage
from tests.store.simulated_disk import SimulatedDisk
from tests.store.simulation import ByHand

SMALLEST = 2000


class House:
    def __init__(self) -> None:
        self.disk = SimulatedDisk(Random(0))
        self.background = ByHand()
        self.now = 0.0
        self.storage = JournalStorage(self.disk, SMALLEST, self.background, lambda: self.now)

    def write(self, size: int, key: str = "1") -> None:
        self.storage.change([("t", None, b""), ("t", key, b'"%b"' % (b"x" * size))])

    def outgrow(self) -> None:
        """Write until the journal is due for a snapshot."""
        while not self.background.busy():
            self.write(100)

    def fail(self) -> None:
        """Let a compaction fail."""
        self.outgrow()
        self.disk.will("error")
        self.background.finish()


def test_a_short_journal_is_left_alone() -> None:
    house = House()
    for _ in range(10):
        house.write(100)
    assert not house.background.busy()
    assert house.disk.names() == ["00000000.journal"]


def test_it_runs_beside_the_changes_and_keeps_what_was_before_it() -> None:
    house = House()
    house.outgrow()
    assert house.disk.names() == ["00000000.journal", "00000001.journal"]
    house.background.step()
    assert "00000001.snapshot.new" in house.disk.names()
    house.write(7, "2")  # goes to the new journal, not to the snapshot
    house.background.finish()
    assert house.disk.names() == ["00000000.journal", "00000001.journal", "00000001.snapshot"]
    house.outgrow()
    house.background.finish()
    assert house.disk.names() == [
        f"{n:08d}.{kind}" for n in (1, 2) for kind in ("journal", "snapshot")
    ]
    figures = house.storage.figures()
    assert figures.compactions == 2
    assert figures.trouble == ""
    before = house.storage.read()
    house.storage.close()
    assert JournalStorage(house.disk).read() == before


def test_what_a_start_reads_is_bounded() -> None:
    house = House()
    for number in range(300):
        house.write(50, str(number % 20))
        if number % 3 == 0:
            house.background.finish()
        figures = house.storage.figures()
        assert figures.journal_bytes <= max(SMALLEST, figures.live_bytes) + 600


def test_closing_gives_it_up() -> None:
    house = House()
    house.outgrow()
    house.background.step()
    house.storage.close()
    assert house.disk.names() == ["00000000.journal", "00000001.journal"]
    assert house.storage.figures().compactions == 0


@pytest.mark.parametrize("call", range(8))
def test_a_failure_at_any_call_is_told_and_tried_again_later(call: int) -> None:
    house = House()
    house.write(5, "kept")
    house.outgrow()
    calls = len(house.disk.calls)
    house.disk.will("error", after=call)
    house.background.finish()
    failed_at = house.disk.calls[calls:][call]
    house.disk.be_well()
    figures = house.storage.figures()
    # What was swapped in and could only not be tidied up after counts as done.
    assert figures.compactions == (failed_at in ("names", "remove 00000000.journal"))
    assert figures.trouble == "Input/output error"
    assert not [name for name in house.disk.names() if name.endswith(".new")]
    for _ in range(50):
        house.write(100)
    assert not house.background.busy()
    house.now = RETRY_S
    house.outgrow()
    house.background.finish()
    assert house.storage.figures().trouble == ""
    before = house.storage.read()
    house.storage.close()
    assert JournalStorage(house.disk).read() == before


def test_the_pauses_grow_up_to_an_hour_and_shrink_after_a_success() -> None:
    house = House()
    pauses = []
    for _ in range(9):
        house.fail()
        began = house.now
        while not house.background.busy():
            house.now += 30
            house.write(100)
        pauses.append(house.now - began)
    assert pauses[:3] == [RETRY_S, 2 * RETRY_S, 4 * RETRY_S]
    assert pauses[-1] == LONGEST_RETRY_S
    house.background.finish()
    house.fail()
    house.now += RETRY_S
    house.write(100)
    assert house.background.busy()


def test_a_disk_without_room_for_it_is_not_filled_up_with_it() -> None:
    house = House()
    house.disk.capacity = SMALLEST + 200
    while "room" not in house.storage.figures().trouble:
        house.write(100)
    assert house.disk.names() == ["00000000.journal"]
    house.write(10)  # there is still room for this


def test_in_a_thread_it_finishes_by_itself_and_is_waited_for_at_the_end() -> None:
    disk = SimulatedDisk(Random(0))
    storage = JournalStorage(disk, SMALLEST)
    for number in range(400):
        storage.change([("t", None, b""), ("t", str(number % 30), b'"%050d"' % number)])
    storage.close()
    assert storage.figures().compactions + 1 >= len(
        [call for call in disk.calls if call.startswith("rename")]
    )
    assert "store compaction" not in [thread.name for thread in threading.enumerate()]
    before = storage.read()
    assert JournalStorage(disk).read() == before


@pytest.mark.parametrize("documents", [1, 40, 400])
@pytest.mark.parametrize("size", [10, 300])
def test_bytes_written_per_change_are_bounded(documents: int, size: int) -> None:
    """The bound in the store's README, over long runs of inserts, updates and removals."""
    house = House()
    random = Random(documents + size)
    alive: set[str] = set()
    for number in range(6000):
        key = str(random.randint(1, documents))
        data = b'{"n":%d,"x":"%b"}' % (number, b"x" * random.randint(0, size))
        if key in alive and random.random() < 0.3:
            alive.remove(key)
            house.storage.change([("table", key, None)])
        else:
            alive.add(key)
            house.storage.change([("table", None, b""), ("table", key, data)])
        if random.random() < 0.1:
            house.background.finish()
    figures = house.storage.figures()
    assert figures.compactions > 10
    records = figures.changed_bytes + 45 * figures.changes
    assert figures.written_bytes <= 2.1 * records + SMALLEST


def test_bytes_written_while_it_grows_are_bounded_too() -> None:
    house = House()
    for number in range(3000):
        house.storage.change([("t", None, b""), ("t", str(number), b'{"text":"%064d"}' % number)])
        house.background.finish()
    figures = house.storage.figures()
    assert figures.compactions >= 3
    assert figures.written_bytes <= 2.1 * (figures.changed_bytes + 45 * figures.changes) + SMALLEST
