"""All that can happen to the data partition, and what the initrd does when it cannot go on."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image.test.card import LAYOUT, SECTOR, Card, run
from image.test.initrd_machine import (
    Boot,
    Parts,
    boot,
    cut_at,
    make_card,
    make_parts,
    mark_fresh,
    write,
)
from image.test.write_log import entries

Record = Callable[[str, object], None]
DATA, MARK = LAYOUT["data_start"], LAYOUT["data_mark"]
FOUR_MIB = (4 << 20) // SECTOR
SMALL, LARGE = 2 << 30, 4 << 30


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return make_parts(tmp_path_factory.mktemp("initrd"))


@pytest.fixture(scope="module")
def used(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Card, Boot]]:
    """A large card after its first boot, which is not to be changed."""
    folder = tmp_path_factory.mktemp("used")
    card = make_card(folder / "used.img", parts, LARGE)
    yield card, boot(card, parts)
    shutil.rmtree(folder)


@pytest.fixture
def card(used: tuple[Card, Boot], tmp_path: Path) -> Iterator[Card]:
    """The same to do something to."""
    copy = used[0].copy(tmp_path / "card.img")
    yield copy
    copy.path.unlink()


@pytest.fixture
def new_card(parts: Parts, tmp_path: Path) -> Iterator[Card]:
    """A small card that was never booted."""
    card = make_card(tmp_path / "new.img", parts, SMALL)
    yield card
    card.path.unlink()


def fill_with_rubbish(card: Card, first: int, count: int) -> bytes:
    """A piece wherever ext4 has something to find its way by; what the piece is."""
    rubbish = os.urandom(1 << 20)
    step = 128 << 20  # a block group
    for at in range(0, count * SECTOR, step):
        write(card.path, first + at // SECTOR, rubbish)
    return rubbish


def table_entry(card: Card) -> tuple[int, int]:
    """Where the data partition is: first sector, sectors."""
    entry = card.sectors(0)[446 + 3 * 16 :][:16]
    return int.from_bytes(entry[8:12], "little"), int.from_bytes(entry[12:16], "little")


def is_untouched(card: Card, was: Card, first: int, count: int) -> None:
    """These sectors are as they were."""
    begin, length = first * SECTOR, count * SECTOR
    run("cmp", f"--ignore-initial={begin}", f"--bytes={length}", card.path, was.path)


# --- first boot -----------------------------------------------------------------------------------


def test_first_boot(used: tuple[Card, Boot], record_property: Record) -> None:
    card, first = used

    assert first.facts["data"] == "fresh"
    assert first.facts["slot"] == "a"
    assert first.facts["disk"] == "/dev/vda"
    assert "trial" not in first.facts
    assert not card.is_fresh()
    begin, count = table_entry(card)
    assert begin == DATA
    assert (begin + count) * SECTOR == LARGE
    assert first.facts["sectors"] == str(count)
    mounted = first.facts["mounted"]
    assert all(option in mounted for option in ("ext4 rw", "noatime", "commit=30", "nosuid"))
    record_property("modules and the card found", first.step_s("Run /init", "Ren is on"))
    record_property("data partition made", first.step_s("Ren is on", "data: fresh"))


def test_identity_is_made_once(
    card: Card, used: tuple[Card, Boot], parts: Parts, record_property: Record
) -> None:
    _, first = used

    # A Pi has no clock: what was written last is from the future.
    second = boot(card, parts, "ren.slot=a ren.trial=1", clock="1970-01-01")

    assert second.facts["data"] == "clean"
    assert second.facts["trial"] == "yes"
    assert second.facts["boots"] == "2"
    identity = second.facts["machine-id"]
    assert len(bytes.fromhex(identity)) == 16
    assert identity == first.facts["machine-id"]
    assert second.facts["hostname"] == first.facts["hostname"] == f"ren-{identity[:4]}"
    record_property("data partition checked", second.step_s("Ren is on", "data: clean"))
    record_property("slot mounted", second.step_s("data: clean", "starting the system"))


def test_cuts_in_the_first_boot(new_card: Card, parts: Parts, tmp_path: Path) -> None:
    """Whatever of it is on the card: the next boot begins again, or goes on where all is done."""
    as_flashed = new_card.copy(tmp_path / "flashed.img")
    log = tmp_path / "writes"
    assert boot(new_card, parts, write_log=log).facts["data"] == "fresh"
    with log.open("rb") as notes:
        sectors = [entry.sector if entry.sectors else None for entry in entries(notes)]
    table, mark = sectors.index(0), sectors.index(MARK)
    assert 0 <= table < mark
    for kept in (table, table + 1, (table + mark) // 2, mark, mark + 1):
        card = as_flashed.copy(tmp_path / "cut.img")
        cut_at(card, log, kept)
        after = boot(card, parts)
        assert after.facts["data"] == ("fresh" if kept <= mark else "clean"), (kept, sectors)
        assert after.facts["boots"] == "1"
        assert not card.is_fresh()
        assert card.data().is_sound


def test_factory_reset(card: Card, used: tuple[Card, Boot], parts: Parts) -> None:
    mark_fresh(card)

    after = boot(card, parts)

    assert after.facts["data"] == "fresh"
    assert after.facts["boots"] == "1"
    assert after.facts["machine-id"] != used[1].facts["machine-id"]


# --- damage ---------------------------------------------------------------------------------------


def looked_once(card: Card, parts: Parts) -> None:
    """The first start that finds damage gives nothing up: it may be the supply."""
    first = boot(card, parts)
    assert not first.facts
    assert "looking once more; starting again in 10 s" in first.text


def test_damage_is_repaired(card: Card, parts: Parts) -> None:
    write(card.path, DATA, bytes(4096))  # the superblock
    looked_once(card, parts)

    after = boot(card, parts)

    assert after.facts["data"] == "repaired"
    assert after.facts["boots"] == "2"
    assert boot(card, parts).facts["data"] == "clean"


def test_what_the_second_look_finds_well_is_kept(
    card: Card, used: tuple[Card, Boot], parts: Parts
) -> None:
    write(card.path, MARK, b"ren-data doubt\n".ljust(SECTOR, b"\0"))

    after = boot(card, parts)

    assert after.facts["data"] == "clean"
    assert after.facts["machine-id"] == used[1].facts["machine-id"]
    assert not any(card.sectors(MARK))


def test_a_system_on_trial_repairs_and_gives_up_nothing(
    card: Card, parts: Parts, tmp_path: Path
) -> None:
    """It may be its own e2fsck that is broken; the one before is asked."""
    first, count = table_entry(card)
    write(card.path, DATA, bytes(4096))  # the superblock, which e2fsck could make anew
    damaged = card.copy(tmp_path / "damaged.img")

    for _ in range(2):
        after = boot(card, parts, "ren.slot=a ren.trial=1")
        assert not after.facts
        assert "on trial, and cannot use the data; starting again in 10 s" in after.text

    assert table_entry(card) == (first, count)
    is_untouched(card, damaged, first, count)


def test_beyond_repair_is_set_aside(card: Card, parts: Parts, tmp_path: Path) -> None:
    first, count = table_entry(card)
    rubbish = fill_with_rubbish(card, first, count)
    looked_once(card, parts)
    damaged = card.copy(tmp_path / "damaged.img")
    log = tmp_path / "writes"

    after = boot(card, parts, write_log=log)

    assert after.facts["data"] == "replaced"
    begin, _ = table_entry(card)
    kept = begin - first
    assert kept % FOUR_MIB == 0
    assert 0.4 < kept / count < 0.6
    is_untouched(card, damaged, first, kept)
    assert card.sectors(first, len(rubbish) // SECTOR) == rubbish
    assert f"skip={first} count={kept}" in after.facts["aside"]
    assert boot(card, parts).facts["data"] == "clean"

    # The same with the power cut while the other half was being made.
    with log.open("rb") as notes:
        sectors = [entry.sector if entry.sectors else None for entry in entries(notes)]
    begun, done = [at for at, sector in enumerate(sectors) if sector == MARK][-2:]
    for kept_writes in (begun + 1, (begun + done) // 2, done):
        again = damaged.copy(tmp_path / "again.img")
        cut_at(again, log, kept_writes)
        assert boot(again, parts).facts["data"] == "replaced"
        assert table_entry(again)[0] == begin
        is_untouched(again, damaged, first, kept)


def test_small_card_is_made_anew_in_its_place(new_card: Card, parts: Parts) -> None:
    boot(new_card, parts)
    first, count = table_entry(new_card)
    fill_with_rubbish(new_card, first, count)
    looked_once(new_card, parts)

    after = boot(new_card, parts)

    assert after.facts["data"] == "replaced"
    assert "aside" not in after.facts
    assert table_entry(new_card) == (first, count)


def test_full_is_not_broken(new_card: Card, parts: Parts) -> None:
    assert "filled" in boot(new_card, parts, "ren.slot=a test.fill").facts

    assert boot(new_card, parts).facts["data"] == "clean"


@pytest.mark.parametrize("trial", [0, 1])
def test_nothing_can_be_written(
    card: Card, used: tuple[Card, Boot], parts: Parts, trial: int
) -> None:
    """It comes up all the same, as who it is, with what it had; a trial could not be counted."""
    after = boot(card, parts, f"ren.slot=a ren.trial={trial}", is_read_only=True)

    assert "trial" not in after.facts
    assert after.facts["data"] == "volatile"
    assert "tmpfs" in after.facts["mounted"]
    assert after.facts["machine-id"] == used[1].facts["machine-id"]
    assert after.facts["boots"] == "2"


# --- no way on ------------------------------------------------------------------------------------


def test_slot_that_cannot_be_read(card: Card, parts: Parts) -> None:
    after = boot(card, parts, "ren.slot=b ren.trial=1")

    assert not after.facts
    assert "slot b cannot be read; starting again in 10 s" in after.text
    assert "Restarting system" in after.text


def test_system_that_hangs(card: Card, parts: Parts) -> None:
    """It never takes the watchdog over: the hardware starts the machine again."""
    after = boot(card, parts, "ren.slot=a test.hang i6300esb.heartbeat=20")

    assert "hangs" in after.facts
    assert "Power down" not in after.text


def test_imagers_script_is_never_run(card: Card, parts: Parts) -> None:
    """An old Imager's words in cmdline.txt would have systemd start nothing else."""
    words = "systemd.run=/boot/firstrun.sh systemd.unit=kernel-command-line.target"

    assert boot(card, parts, words).facts["arguments"] == "--unit=multi-user.target"
    assert boot(card, parts).facts["arguments"] == ""


def test_card_in_a_usb_reader(card: Card, parts: Parts) -> None:
    after = boot(card, parts, "ren.slot=a ren.from=usb", by_usb=True)

    assert after.facts["data"] == "clean"
    assert after.facts["disk"] == "/dev/sda"
