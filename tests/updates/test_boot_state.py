"""The boot state: whole whatever happens, the same to U-Boot and Ren, never without a way out."""

import os
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device.updates.boot_state import (
    BOOTS,
    COPIES_AT,
    COPY_BYTES,
    FRESH,
    TRIAL_BOOTS,
    BootState,
    BootStateFile,
    SlotState,
    commit,
    decode,
    encode,
    give_up,
    healthy,
    trial,
)
from ren_device.updates.facts import SlotName
from tests.updates.boot_script import boot

HOUSE = Path(__file__).parents[2]
NAMES: list[SlotName] = ["a", "b"]
few = settings(max_examples=40)

slots = st.builds(SlotState, boots_left=st.integers(0, 20), is_good=st.booleans())
orders: st.SearchStrategy[tuple[SlotName, SlotName]] = st.sampled_from([("a", "b"), ("b", "a")])
states = st.builds(BootState, serial=st.integers(1, 1 << 40), order=orders, a=slots, b=slots)
loadable = st.frozensets(st.sampled_from(NAMES))


def put(disk: Path, *copies: bytes) -> BootStateFile:
    """A card that ends where its second copy does, with these copies."""
    disk.touch()
    os.truncate(disk, COPIES_AT[1] + COPY_BYTES)
    with disk.open("r+b") as card:
        for at, copy in zip(COPIES_AT, copies, strict=False):
            card.seek(at)
            card.write(copy)
    return BootStateFile(disk)


def copies_on(disk: Path) -> list[bytes]:
    """Both, whole or not."""
    with disk.open("rb") as card:
        return [os.pread(card.fileno(), COPY_BYTES, at) for at in COPIES_AT]


# --- the bytes ---


def test_a_state_that_u_boot_wrote_is_understood_and_written_the_same() -> None:
    # Copied from a card on which U-Boot 2025.01 found nothing and booted slot a.
    text = b"good_a=1\0good_b=0\0left_a=9\0left_b=a\0order=a b\0serial=1\0"
    written = bytes.fromhex("c077f30e") + text.ljust(COPY_BYTES - 4, b"\0")
    state = BootState(1, ("a", "b"), SlotState(9, is_good=True), SlotState(10, is_good=False))
    assert decode(written) == state
    assert encode(state) == written


@few
@given(states)
def test_what_was_encoded_is_decoded(state: BootState) -> None:
    assert decode(encode(state)) == state


@few
@given(states, st.integers(0, COPY_BYTES * 8 - 1))
def test_no_bit_can_change_unnoticed(state: BootState, bit: int) -> None:
    copy = bytearray(encode(state))
    copy[bit // 8] ^= 1 << bit % 8
    assert decode(bytes(copy)) is None


@few
@given(st.binary(max_size=COPY_BYTES + 1))
def test_anything_else_is_no_state(noise: bytes) -> None:
    assert decode(noise) is None
    assert decode(bytes(COPY_BYTES)) is None


def test_a_state_without_meaning_is_neither_written_nor_read() -> None:
    for wrong in (FRESH, BootState(1, ("a", "a"), FRESH.a, FRESH.b)):
        with pytest.raises(ValueError, match=r"boot state|order"):
            encode(wrong)
    right = encode(replace(FRESH, serial=1))[4:]
    for old, new in ((b"a b", b"a c"), (b"serial=1", b"serial=0"), (b"left_a", b"light_a")):
        body = right.replace(old, new)[: COPY_BYTES - 4]
        assert decode(zlib.crc32(body).to_bytes(4, "little") + body) is None


def test_the_script_and_the_layout_know_the_same_places() -> None:
    sectors = [at // 512 for at in COPIES_AT]
    layout = (HOUSE / "image/layout").read_text()
    assert [int(n) for n in re.findall(r"^state_copy_\d=(\d+)", layout, re.M)] == sectors
    script = (HOUSE / "image/boot/boot.cmd").read_text()
    assert f"setenv copies {sectors[0]:x} {sectors[1]:x}\n" in script
    assert f"setexpr older {sum(sectors):x} - " in script


# --- the card ---


@few
@given(states, states, states, st.integers(0, COPY_BYTES))
def test_a_torn_write_leaves_the_old_state_or_the_new_one(
    tmp_path_factory: pytest.TempPathFactory,
    one: BootState,
    two: BootState,
    next_: BootState,
    cut: int,
) -> None:
    disk = tmp_path_factory.getbasetemp() / "torn"
    file = put(disk, encode(one), encode(two))
    old, before = file.read(), copies_on(disk)
    new, after = file.write(next_), copies_on(disk)
    assert file.read() == new
    put(disk, *(new_[:cut] + old_[cut:] for old_, new_ in zip(before, after, strict=True)))
    if cut == COPY_BYTES:
        assert file.read() == new
    assert file.read() in ((old, new) if cut else (old,))
    assert file.write(old) == file.read()  # and it goes on from there


def test_the_copies_are_written_in_turn_and_the_last_counts(tmp_path: Path) -> None:
    file = put(tmp_path / "disk")
    assert file.read() == FRESH
    state, serials = FRESH, []
    for change in (trial, commit, give_up, healthy):
        state = file.write(change(state, "b") if change is not give_up else give_up(state, "a"))
        serials.append(state.serial)
        assert file.read() == state
    assert serials == [1, 2, 3, 4]
    copies = [decode(copy) for copy in copies_on(tmp_path / "disk")]
    assert [copy.serial for copy in copies if copy] == [3, 4]


def test_a_card_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    file = BootStateFile(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        file.read()
    with pytest.raises(FileNotFoundError):
        file.write(FRESH)


# --- the changes, and what the script makes of them ---


def starts(state: BootState, count: int) -> tuple[str, BootState]:
    """The slots of so many starts after none of which anybody was well."""
    found = ""
    for _ in range(count):
        booted = boot(state, {"a", "b"})
        found, state = found + (booted.slot or "-"), booted.state
    return found, state


def test_a_trial_that_nobody_ends_falls_back_by_itself() -> None:
    assert starts(trial(FRESH, "b"), 4)[0] == "bb" + "aa"


def test_a_committed_trial_stays() -> None:
    tried = boot(trial(FRESH, "b"), {"a", "b"})
    assert (tried.slot, tried.on_trial) == ("b", True)
    kept = commit(tried.state, "b")
    again = boot(kept, {"a", "b"})
    assert (again.slot, again.on_trial) == ("b", False)
    assert starts(kept, BOOTS + 1)[0] == "b" * BOOTS + "a"


def test_the_way_back_from_a_slot_that_stops_being_well_and_on_again() -> None:
    kept = commit(trial(FRESH, "b"), "b")
    assert starts(kept, 4 * BOOTS)[0] == ("b" * BOOTS + "a" * BOOTS) * 2


def test_a_health_report_gives_all_boots_back() -> None:
    state = starts(FRESH, BOOTS - 1)[1]
    assert state.a.boots_left == 1
    assert starts(healthy(state, "a"), BOOTS)[0] == "a" * BOOTS


@few
@given(states, st.sampled_from(NAMES))
def test_a_trial_needs_a_way_back(state: BootState, name: SlotName) -> None:
    other: SlotName = "b" if name == "a" else "a"
    if not state.slot(other).is_good:
        with pytest.raises(ValueError, match="on trial itself"):
            trial(state, name)
        return
    found, _ = starts(trial(state, name), TRIAL_BOOTS + 1)
    assert found == name * TRIAL_BOOTS + other


@few
@given(states, st.sampled_from(NAMES))
def test_a_slot_that_was_given_up_is_booted_only_if_the_other_cannot_be_loaded(
    state: BootState, name: SlotName
) -> None:
    other: SlotName = "b" if name == "a" else "a"
    given_up = give_up(commit(state, other), name)
    assert set(starts(given_up, 3 * BOOTS)[0]) == {other}
    last_resort = boot(given_up, {name})
    assert (last_resort.slot, last_resort.on_trial) == (name, True)


@few
@given(states, loadable)
def test_whatever_the_state_says_a_system_that_can_be_loaded_is_booted(
    state: BootState, present: frozenset[SlotName]
) -> None:
    booted = boot(state, present)
    assert (booted.slot in present) if present else (booted.slot is None)
    assert decode(encode(booted.state)) == booted.state


changes: list[Callable[[BootState, SlotName], BootState]] = [healthy, commit, give_up]


@few
@given(states, st.sampled_from(changes), st.sampled_from(NAMES))
def test_every_change_says_what_it_says_twice_over(
    state: BootState, change: Callable[[BootState, SlotName], BootState], name: SlotName
) -> None:
    once = change(state, name)
    assert change(once, name) == once
