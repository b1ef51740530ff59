"""image/boot/boot.cmd, run by the very U-Boot of the image, on QEMU's virt and on its Pi 3."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from image.test.builds import CACHE
from image.test.uboot import BOOT, Board, TinyCard, environment
from ren_device.updates.boot_state import (
    FRESH,
    BootState,
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

FROM: dict[Board, str] = {"virt": "virtio", "raspi3b": "mmc"}
ORDERS: list[tuple[SlotName, SlotName]] = [("a", "b"), ("b", "a")]


@pytest.fixture(scope="session")
def parts() -> Path:
    """Debian's packages as the builder unpacked them, or another folder like that one."""
    if given := os.environ.get("REN_IMAGE_PARTS"):
        return Path(given)
    return max(CACHE.glob("parts-*"), key=lambda folder: folder.stat().st_mtime)


@pytest.fixture
def card(tmp_path: Path, parts: Path) -> TinyCard:
    return TinyCard(tmp_path, parts)


def starts(card: TinyCard, count: int, board: Board = "virt") -> str:
    """The slots of so many starts after none of which anybody was well."""
    return "".join(card.start(board).system.removeprefix("system ") for _ in range(count))


@pytest.mark.parametrize("board", ["virt", "raspi3b"])
def test_a_new_card_starts_slot_a_and_a_trial_falls_back(
    card: TinyCard, board: Board, record_property: Callable[[str, object], None]
) -> None:
    card.set_copies(BootState(1, FRESH.order, FRESH.a, FRESH.b))
    first = card.start(board, given='quiet x="y; z" ' + "long=" + 900 * "l")
    record_property(f"U-Boot to kernel, {board}, seconds", round(first.seconds, 2))
    assert first.system == "system a", first.said
    assert first.command_line == (
        'quiet x="y; z" '
        + "long="
        + 900 * "l"
        + " ren.slot=a ren.trial=0 ren.from="
        + FROM[board]
        + " panic=10"
    )
    assert card.state == BootState(2, ("a", "b"), SlotState(9, is_good=True), FRESH.b)

    card.set_copies(encode(trial(card.state, "b")))
    tried = card.start(board)
    assert tried.system == "system b"
    assert tried.command_line.endswith(f"ren.slot=b ren.trial=1 ren.from={FROM[board]} panic=10")
    assert card.state.b == SlotState(1, is_good=False)
    assert starts(card, 2, board) == "ba"

    card.set_copies(encode(commit(card.state, "b")))
    kept = card.start(board)
    assert kept.command_line.endswith(f"ren.slot=b ren.trial=0 ren.from={FROM[board]} panic=10")


def test_a_trial_on_a_real_pi_is_watched_from_the_beginning(card: TinyCard) -> None:
    # QEMU's watchdog does not wait: that it resets shows that it was set up, and how a hang ends.
    card.set_copies(BootState(1, *_fields(trial(FRESH, "b"))))
    watched = [card.start("raspi3b", serial_number="10000000deadbeef") for _ in range(3)]
    assert [start.system for start in watched] == ["", "", "system a"], watched[0].said
    assert "Starting kernel" not in watched[0].said
    assert (card.state.a.boots_left, card.state.b.boots_left) == (9, 0)


@pytest.mark.parametrize("board", ["virt", "raspi3b"])
def test_the_script_is_found_without_an_environment(
    card: TinyCard, board: Board, record_property: Callable[[str, object], None]
) -> None:
    card.remove_environment()
    start = card.start(board, fast=False)
    record_property(f"the same without uboot.env, {board}, seconds", round(start.seconds, 2))
    assert start.system == "system a"


def test_of_two_copies_the_higher_serial_counts_and_the_other_is_written(card: TinyCard) -> None:
    low, high = BootState(0x9, ("a", "b"), FRESH.a, FRESH.b), commit(FRESH, "b")
    high = BootState(0x10, high.order, high.a, high.b)
    for copies in ((low, high), (high, low)):
        card.set_copies(*copies)
        assert card.start().system == "system b"
        assert card.state.serial == 0x11
        card.set_copies(*(encode(c) if c is high else b"" for c in copies))
        assert card.state == high


def test_broken_copies(card: TinyCard) -> None:
    good = encode(BootState(7, *_fields(commit(FRESH, "b"))))
    torn = encode(BootState(8, *_fields(FRESH)))[:30] + good[30:]
    noise = random.Random(1).randbytes(4096)
    flipped = bytes([good[0] ^ 1]) + good[1:]
    for copies in ((good, torn), (torn, good), (noise, good), (good, b"")):
        card.set_copies(*copies)
        assert card.start().system == "system b"
        assert card.state.serial == 8
    for copies in ((torn, noise), (flipped, flipped), (noise, noise), (b"\xff" * 4096, b"")):
        card.set_copies(*copies)
        start = card.start()
        assert start.system == "system a"
        assert start.command_line.endswith("ren.slot=a ren.trial=0 ren.from=virtio panic=10")
        assert card.state == BootState(1, ("a", "b"), SlotState(9, is_good=True), FRESH.b)


def test_a_slot_that_cannot_be_loaded_is_left_for_the_other(card: TinyCard) -> None:
    whole = card.files("b")
    kernel, initrd = whole["vmlinuz.gz"], whole["initrd.img"]
    for change in (
        {},
        {"vmlinuz.gz": None},
        {"initrd.img": None},
        {"boot.crc32": None},
        {"vmlinuz.gz": kernel[: len(kernel) // 2]},
        {"vmlinuz.gz": kernel[:-9] + bytes([kernel[-9] ^ 1]) + kernel[-8:]},
        {"vmlinuz.gz": b"no kernel at all"},
        {"initrd.img": initrd[:-1]},
        {"initrd.img": initrd.replace(b"b", b"c")},
    ):
        card.fill("b", {n: data for n, data in {**whole, **change}.items() if data is not None})
        card.set_copies(BootState(5, *_fields(trial(FRESH, "b"))))
        start = card.start()
        if not change:
            assert start.system == "system b"
            continue
        assert start.system == "system a", start.said
        assert card.state.b == SlotState(0, is_good=False)
        assert card.state.a == SlotState(9, is_good=True)
    card.clear("b")
    card.set_copies(BootState(5, *_fields(trial(FRESH, "b"))))
    assert card.start().system == "system a"


def test_when_nothing_can_be_loaded_it_tries_again_in_ten_seconds(card: TinyCard) -> None:
    card.clear("a")
    card.clear("b")
    start = card.start()
    assert start.system == ""
    assert "Neither slot can be booted" in start.said
    assert start.seconds > 9.5  # and then it was reset, else QEMU would have been ended here
    assert (card.state.a.boots_left, card.state.b.boots_left) == (0, 0)
    card.fill("a", card.files("a"))
    assert card.start().system == "system a"


def test_u_boot_does_what_the_model_of_the_unit_tests_does(card: TinyCard) -> None:
    chance = random.Random(7)
    loadable: set[SlotName] = {"a", "b"}
    for present in ({"a", "b"}, {"a"}, {"b"}):
        for name in loadable - present:
            card.clear(name)
        for _ in range(7):
            a, b = (SlotState(chance.choice([0, 0, 1, 2, 10]), chance.random() < 0.5) for _ in "ab")
            order = chance.choice(ORDERS)
            state = BootState(chance.randrange(1, 1 << 31), order, a, b)
            card.set_copies(*chance.sample([encode(state), b""], 2))
            expected = boot(state, {name for name in loadable if name in present})
            start = card.start()
            assert start.system == f"system {expected.slot}", state
            assert f"ren.trial={expected.on_trial:d} " in start.command_line, state
            assert card.state == expected.state
        for name in loadable - present:
            card.fill(name, card.files(name))


def test_u_boots_own_tool_writes_the_same_bytes(card: TinyCard, tmp_path: Path) -> None:
    state = give_up(healthy(BootState(0x1A, *_fields(FRESH)), "a"), "b")
    text = "good_a=1\ngood_b=0\nleft_a=a\nleft_b=0\norder=a b\nserial=1a\n"
    made = environment(text, 4096, tmp_path / "state")
    assert made == encode(state)
    assert decode(made) == state


def test_the_environment_is_the_scripts_size(tmp_path: Path) -> None:
    assert len(environment((BOOT / "environment").read_text(), 0x4000, tmp_path / "env")) == 0x4000


def _fields(state: BootState) -> tuple[tuple[SlotName, SlotName], SlotState, SlotState]:
    return state.order, state.a, state.b
