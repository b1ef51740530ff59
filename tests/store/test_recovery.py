"""Files that were cut off, damaged or lost: as much as can be is there, and the rest is said."""

import io
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Any

import pytest

from ren_device.store import framing
from ren_device.store.framing import NewerFormat
from ren_device.store.recovery import recover
from ren_device.store.storage import JournalStorage
from tests.store.simulated_disk import Gone, SimulatedDisk
from tests.store.simulation import ByHand

JOURNAL = "00000000.journal"


class House:
    """A store on a disk; its compactions are made at once when it is asked for one."""

    def __init__(self, smallest_journal: int = 1 << 20) -> None:
        self.disk = SimulatedDisk(Random(1))
        self.smallest_journal = smallest_journal
        self.number = 0
        self.storage = self.opened(self.disk)

    def opened(self, disk: SimulatedDisk) -> JournalStorage:
        self.background = ByHand()
        return JournalStorage(disk, self.smallest_journal, self.background)

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            self.number += 1
            row = b'{"n":"%d"}' % self.number
            self.storage.change([("t", None, b""), ("t", str(self.number), row)])

    def compact(self) -> None:
        self.storage._smallest_journal = self.storage._live_bytes = 0
        self.add()
        self.background.finish()
        self.storage._smallest_journal = self.smallest_journal

    def reopen(self) -> str:
        """What was found."""
        self.storage.close()
        return self.look()

    def look(self) -> str:
        self.storage = self.opened(self.disk)
        return self.storage.figures().recovered

    def ids(self) -> list[int]:
        return ids_in(self.storage)


def ids_in(storage: JournalStorage) -> list[int]:
    return [int(key) for key in (storage.read() or {}).get("t", {})]


def with_three_generations() -> House:
    """Snapshots 1 and 2, and journals 0 (if it is still wanted) to 2; documents 1 to 12."""
    house = House()
    house.add(3)
    house.compact()
    house.add(3)
    house.compact()
    house.add(4)
    assert house.ids() == list(range(1, 13))
    return house


def flip(at: int) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        content[at] ^= 0x15

    return change


def test_all_is_well_says_nothing() -> None:
    house = with_three_generations()
    assert house.reopen() == ""
    assert house.disk.names() == [
        f"{n:08d}.{kind}" for n in (1, 2) for kind in ("journal", "snapshot")
    ]


def test_before_the_first_snapshot_the_first_journal_stays() -> None:
    house = House()
    house.add(3)
    house.compact()
    house.add(2)
    assert house.disk.names() == [JOURNAL, "00000001.journal", "00000001.snapshot"]
    house.disk.edit("00000001.snapshot", flip(70))
    assert house.reopen() == "00000001.snapshot is damaged."
    assert house.ids() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("at", [0, 12, 40, 60, -1])
def test_a_damaged_snapshot_is_replaced_by_the_one_before_and_nothing_is_missing(at: int) -> None:
    house = with_three_generations()
    house.disk.edit("00000002.snapshot", flip(at))
    assert house.reopen() == "00000002.snapshot is damaged."
    assert house.ids() == list(range(1, 13))
    # Everything is written anew, the damaged file is set aside, and then all is well.
    house.background.finish()
    house.add()
    assert "00000002.snapshot.damaged" in house.disk.names()
    assert house.reopen() == ""
    assert house.ids() == list(range(1, 14))


def test_a_snapshot_that_the_disk_cannot_read_counts_as_damaged() -> None:
    house = with_three_generations()
    house.storage.close()
    # The calls of a start: the names, the three heads... the newest snapshot comes after them.
    recover(house.disk)
    calls = house.disk.calls[::-1]
    after = calls[: calls.index("names") + 1][::-1].index("read 00000002.snapshot")
    house.disk.will("error", after=after)
    assert "00000002.snapshot cannot be read: Input/output error." in house.look()
    assert house.ids() == list(range(1, 13))


def test_a_journal_that_the_disk_cannot_read_stops_the_start() -> None:
    house = with_three_generations()
    house.storage.close()
    house.disk.will("error", after=1, lasts=1)
    with pytest.raises(OSError, match="Input/output"):
        house.look()
    assert house.look() == ""  # nothing was done to it meanwhile
    assert house.ids() == list(range(1, 13))


def test_when_all_snapshots_are_damaged_what_can_be_read_is_kept_and_said() -> None:
    house = with_three_generations()
    for name in ("00000001.snapshot", "00000002.snapshot"):
        house.disk.edit(name, flip(-1))  # the end is missing, the documents are there
    notes = house.reopen()
    assert "00000002.snapshot is damaged." in notes
    assert "00000001.snapshot is damaged." in notes
    assert house.ids() == list(range(1, 13))


@pytest.mark.parametrize("record", range(5))
def test_a_damaged_record_is_all_that_is_lost_of_a_journal(record: int) -> None:
    house = House()
    house.add(6)
    ends = [each.end for each in _records(house.disk.content(JOURNAL))]
    house.disk.edit(JOURNAL, flip(ends[record] - 3))
    notes = house.reopen()
    assert notes.startswith(f"{JOURNAL} is damaged: ")
    left = [n for n in range(1, 7) if n != record + 1]
    assert house.ids() == left
    house.background.finish()
    house.add()
    assert house.reopen() == ""
    assert house.ids() == [*left, 7]
    assert f"{JOURNAL}.damaged" in house.disk.names()


def test_damage_is_set_aside_as_soon_as_the_disk_lets_us() -> None:
    now = [0.0]
    house = House()
    house.add(6)
    house.disk.edit(JOURNAL, flip(60))
    house.storage.close()
    house.disk.capacity = 0
    storage = JournalStorage(house.disk, 1 << 20, background := ByHand(), lambda: now[0])
    assert len(ids_in(storage)) == 5
    assert "room" in storage.figures().trouble
    house.disk.capacity = 1 << 20
    storage.change([("u", "1", b"{}")])
    assert not background.busy()  # not yet
    now[0] = 61
    storage.change([("u", "2", b"{}")])
    background.finish()
    assert house.disk.names() == [
        "00000000.journal.damaged",
        "00000001.journal",
        "00000002.journal",
        "00000002.snapshot",
    ]


def test_a_damaged_head_line_costs_nothing() -> None:
    house = with_three_generations()
    for name in ("00000001.journal", "00000002.journal"):
        house.disk.edit(name, flip(5))
    assert "00000002.journal is damaged" in house.reopen()
    assert house.ids() == list(range(1, 13))


def test_no_change_of_a_byte_of_any_file_loses_more_than_one_record() -> None:
    house = with_three_generations()
    house.storage.close()
    for name in house.disk.names():
        for at in range(len(house.disk.content(name))):
            disk = house.disk.copy()
            disk.edit(name, flip(at))
            found = recover(disk)
            ids = [int(key) for key in found.tables["t"]]
            if name == "00000002.journal":
                assert len(ids) >= 11
                assert found.notes
            else:
                assert ids == list(range(1, 13))


@pytest.mark.parametrize(
    ("lost", "left"),
    [
        ("00000002.snapshot", range(1, 13)),
        ("00000001.snapshot", range(1, 13)),
        ("00000001.journal", range(1, 13)),
        ("00000002.journal", range(1, 9)),
    ],
)
def test_a_missing_file_is_said_if_it_was_needed(lost: str, left: range) -> None:
    house = with_three_generations()
    house.storage.close()
    house.disk.remove(lost)
    notes = house.look()
    assert house.ids() == list(left)
    assert notes == (f"{lost} is missing." if lost == "00000002.journal" else "")
    house.background.finish()
    house.add()
    assert house.reopen() == ""


def test_without_any_snapshot_the_journals_are_read_and_it_is_said() -> None:
    house = with_three_generations()
    house.storage.close()
    for number in (1, 2):
        house.disk.remove(f"{number:08d}.snapshot")
    assert house.look() == "00000001.snapshot is missing."
    assert house.ids() == list(range(5, 13))


def test_a_journal_that_is_missing_between_two_is_said() -> None:
    house = House()
    house.add(2)
    for _ in range(2):
        house.disk.will("error", after=1)  # the record's sync
        with pytest.raises(OSError, match="Input/output"):
            house.add()
        house.add()
    house.storage.close()
    house.disk.remove("00000001.journal")
    assert house.look() == "00000001.journal is missing."
    assert house.ids() == [1, 2, 6]


@pytest.mark.parametrize("kind", ["journal", "snapshot"])
def test_files_of_a_newer_ren_are_refused_and_left_alone(kind: str) -> None:
    house = with_three_generations()
    house.storage.close()
    line = b"ren-store 2 whatever it may say"
    name = f"00000003.{kind}"
    file = house.disk.create(name)
    file.append(b"%b %08x\nand so on" % (line, zlib.crc32(line)))
    before = house.disk.names()
    with pytest.raises(NewerFormat, match=rf"{name}: a newer Ren made it"):
        house.look()
    assert house.disk.names() == before


def test_drafts_and_strangers() -> None:
    house = House()
    house.add(2)
    house.storage.close()
    for name in ("00000001.snapshot.new", "notes.txt"):
        house.disk.create(name)
    assert house.look() == ""
    assert house.disk.names() == [JOURNAL, "notes.txt"]


def test_a_journal_that_was_only_just_begun_is_begun_again() -> None:
    house = House()
    house.add(2)
    house.storage.close()
    for rest in (b"", b"ren-store 1 journal 1 aft"):
        disk = house.disk.copy()
        disk.create("00000001.journal").append(rest)
        storage = house.opened(disk)
        assert ids_in(storage) == [1, 2]
        assert ("cut off" in storage.figures().recovered) == bool(rest)
        size = len(disk.content(JOURNAL))
        storage.change([("t", "3", b"{}")])
        assert len(disk.content(JOURNAL)) == size  # the old one does not grow any more
        storage.close()
        assert ids_in(house.opened(disk)) == [1, 2, 3]


def test_a_start_on_a_full_disk_can_read() -> None:
    house = House()
    house.add(6)
    house.disk.edit(JOURNAL, flip(60))
    house.storage.close()
    house.disk.capacity = house.disk.used()
    house.look()
    assert len(house.ids()) == 5
    with pytest.raises(OSError, match="No space"):
        house.add()
    house.disk.capacity += 1000
    house.add()
    assert len(house.ids()) == 6


def test_what_a_start_shows_a_power_cut_right_after_it_keeps() -> None:
    """A killed process may have left a change that was not durable yet."""
    for seed in range(50):
        disk = SimulatedDisk(Random(seed))
        storage = JournalStorage(disk)
        storage.change([("t", "1", b"{}")])
        disk.will("kill", after=1)  # the record is written, and not synced
        with pytest.raises(Gone):
            storage.change([("t", "2", b"{}")])
        disk.kill()
        shown = ids_in(JournalStorage(disk))
        assert shown == [1, 2]
        disk.power_cut()
        assert ids_in(JournalStorage(disk)) == shown


# --- the journal's tail, at every byte ------------------------------------------------------------


def a_journal_of_some_kilobytes() -> tuple[SimulatedDisk, list[int], list[Any]]:
    """The disk, where each record ends, and what there was after each."""
    disk = SimulatedDisk(Random(3))
    storage = JournalStorage(disk)
    random = Random(3)
    ends = [0]
    states: list[Any] = [{}]
    for number in range(40):
        key = str(random.randint(1, 12))
        name = random.choice(("a", "b"))
        data = None if number % 5 == 4 else b'{"n":%d,"x":"%b"}' % (number, b"x" * (number % 70))
        changes = [(name, None, b""), (name, key, data), ("last", "1", b'{"n":%d}' % number)]
        storage.change(changes)
        ends.append(len(disk.content(JOURNAL)))
        states.append(storage.read())
    storage.close()
    ends[0] = len(framing.head("journal", 0))
    return disk, ends, states


TORN, ENDS, STATES = a_journal_of_some_kilobytes()


BEHIND: tuple[Callable[[bytes, Random], bytes], ...] = (
    lambda _rest, _random: b"",
    lambda rest, _random: bytes(len(rest)),
    lambda rest, random: random.randbytes(len(rest)),
    lambda rest, _random: bytes(min(len(rest), 1)) + rest[1:],
    lambda rest, random: rest[: len(rest) // 2] + random.randbytes(512),
)
"""What a power cut may leave behind the point where it struck, of what was being written."""


def cut_journals() -> Iterator[tuple[int, SimulatedDisk, Any]]:
    """Every journal with a tail that was cut off or spoilt: where, and what it must hold."""
    whole = TORN.content(JOURNAL)
    assert len(whole) > 2500
    random = Random(4)
    for at in range(len(whole)):
        # What was acknowledged is synced; what comes after `at` belongs to one last write.
        record = max(n for n, end in enumerate(ENDS) if end <= at) if at >= ENDS[0] else 0
        end = ENDS[record + 1] if at >= ENDS[0] else ENDS[0]
        for behind in BEHIND:
            content = whole[:at] + behind(whole[at:end], random)
            disk = SimulatedDisk(random)
            disk.create(JOURNAL).append(content)
            # By chance it may have been spoilt into what it was.
            yield at, disk, STATES[record + content.startswith(whole[:end])]


def test_a_tail_that_was_cut_off_or_spoilt_at_any_byte() -> None:
    for at, disk, there in cut_journals():
        found = recover(disk)
        tables = {
            name: {key: framing.loads(row) for key, row in rows.items()}
            for name, rows in found.tables.items()
        }
        assert tables == there, at
        assert not found.damaged or at < ENDS[0], at


def test_after_any_such_tail_writing_goes_on() -> None:
    for at, disk, there in islice(cut_journals(), 0, None, 4):
        storage = JournalStorage(disk)
        assert (storage.read() or {}) == there, at
        storage.change([("after", "1", b"{}")])
        storage.close()
        again = JournalStorage(disk)
        assert again.read() == {**there, "after": {"1": {}}}, at
        assert again.figures().recovered == "" or at < ENDS[0]


def _records(content: bytes) -> list[framing.Record]:
    return [
        each
        for each in framing.records(io.BytesIO(content), 0, ENDS[0])
        if isinstance(each, framing.Record)
    ]
