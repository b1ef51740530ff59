"""Room that is kept back for a full disk, on a disk that does its worst."""

import errno
from itertools import count
from pathlib import Path
from random import Random

import pytest

from ren_device.store.disk import Folder
from ren_device.store.reserve import NAME, SIZE, Reserve
from ren_device.store.storage import JournalStorage
from tests.store.simulated_disk import Fault, Gone, SimulatedDisk

SMALL = 4000


def opened(disk: SimulatedDisk) -> JournalStorage:
    return JournalStorage(disk, reserve=Reserve(disk, SMALL))


def write(storage: JournalStorage, key: str, size: int = 50, *, essential: bool = False) -> None:
    with storage.transaction(essential=essential):
        storage.change([("t", None, b""), ("t", key, b'"%b"' % (b"x" * size))])


def keys(storage: JournalStorage) -> set[str]:
    return set((storage.read() or {}).get("t", {}))


def full(disk: SimulatedDisk, left: int = 20) -> None:
    """Somebody else has filled the disk."""
    disk.capacity = disk.used() + left


@pytest.fixture
def disk() -> SimulatedDisk:
    return SimulatedDisk(Random(0))


def test_what_must_be_written_is_and_nothing_else(disk: SimulatedDisk) -> None:
    storage = opened(disk)
    write(storage, "before")
    full(disk)
    assert storage.figures().trouble == ""
    for number in range(20):
        write(storage, f"{number}", essential=True)
        with pytest.raises(OSError, match="No space left"):  # though there is room now
            write(storage, "ordinary", 1)
    expected = {"before", *map(str, range(20))}
    assert keys(storage) == expected
    assert storage.figures().trouble != ""
    disk.power_cut()
    storage = opened(disk)
    assert keys(storage) == expected
    with pytest.raises(OSError, match="No space left"):
        write(storage, "ordinary", 1)
    disk.capacity = 1 << 20
    write(storage, "ordinary")
    assert len(disk.content(NAME)) == SMALL
    assert storage.figures().trouble == ""


def test_an_ordinary_write_never_touches_it(disk: SimulatedDisk) -> None:
    storage = opened(disk)
    full(disk)
    for _ in range(3):
        with pytest.raises(OSError, match="No space left"):
            write(storage, "ordinary")
    assert NAME in disk.names()
    write(storage, "essential", essential=True)
    assert keys(storage) == {"essential"}
    assert NAME not in disk.names()


def test_it_is_of_no_help_against_what_is_larger_or_another_failure(disk: SimulatedDisk) -> None:
    storage = opened(disk)
    disk.will("error")
    with pytest.raises(OSError, match="Input/output"):
        write(storage, "failed", essential=True)
    assert NAME in disk.names()
    full(disk)
    with pytest.raises(OSError, match="No space left"):
        write(storage, "large", 2 * SMALL, essential=True)
    write(storage, "small", essential=True)
    assert keys(storage) == {"small"}


@pytest.mark.parametrize("fault", ["error", "kill", "power cut"])
def test_whatever_happens_meanwhile_what_was_acknowledged_is_there(fault: Fault) -> None:
    for after in count():
        disk = SimulatedDisk(Random(after))
        storage = opened(disk)
        write(storage, "before")
        full(disk)
        disk.calls.clear()
        disk.will(fault, after)
        promised = {"before"}
        try:
            for key in ("1", "2"):
                try:
                    write(storage, key, essential=True)
                except OSError:
                    continue
                promised.add(key)
        except Gone:
            disk.kill() if disk.gone_by == "kill" else disk.power_cut()
        else:
            disk.be_well()
            disk.stop()
            disk.power_cut()
        assert promised <= keys(opened(disk)) <= {"before", "1", "2"}
        if len(disk.calls) <= after:
            return


@pytest.mark.parametrize("fault", ["error", "kill", "power cut"])
def test_whatever_happens_while_it_is_made_the_store_opens(fault: Fault) -> None:
    for after in count():
        disk = SimulatedDisk(Random(after))
        write(JournalStorage(disk), "kept")
        disk.calls.clear()
        disk.will(fault, after)
        try:
            Reserve(disk, SMALL).keep()
        except Gone:
            disk.kill() if disk.gone_by == "kill" else disk.power_cut()
        reached = len(disk.calls) > after
        disk.be_well()
        storage = opened(disk)
        assert keys(storage) == {"kept"}
        write(storage, "more")
        assert len(disk.content(NAME)) == SMALL
        if not reached:
            return


def test_half_of_one_on_a_full_disk_gives_way(disk: SimulatedDisk) -> None:
    write(JournalStorage(disk), "kept")
    disk.create(NAME).append(b"half")
    full(disk, 100)
    storage = opened(disk)
    assert keys(storage) == {"kept"}
    assert NAME not in disk.names()
    assert storage.figures().trouble != ""
    write(storage, "essential", 1, essential=True)


class NoSuchCall(SimulatedDisk):
    """A file system that cannot set room aside."""

    def allocate(self, name: str, size: int) -> None:
        super().allocate(name, size // 2)
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")


def test_a_disk_that_cannot_have_one_goes_without() -> None:
    disk = NoSuchCall(Random(0))
    storage = opened(disk)
    write(storage, "ordinary")
    assert storage.figures().trouble == ""
    assert NAME not in disk.names()
    full(disk)
    with pytest.raises(OSError, match="No space left"):
        write(storage, "essential", essential=True)


def test_it_really_takes_up_room_and_is_private(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"half")
    assert Reserve(Folder(tmp_path)).keep()
    made = (tmp_path / NAME).stat()
    assert made.st_size == SIZE
    assert made.st_blocks * 512 >= SIZE
    assert Reserve(Folder(tmp_path / "fresh")).keep()  # no such folder: no reserve, no harm
