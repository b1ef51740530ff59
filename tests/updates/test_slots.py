"""The other slot: found by the card's own table, written to the card, read back from it."""

from pathlib import Path

import pytest

from ren_device.errors import UpdateError
from ren_device.updates import facts
from ren_device.updates.slots import DISK_SIGNATURE, SECTOR, Slot, find
from tests.updates.scene import (
    LAYOUT,
    SLOT_BYTES,
    START_A,
    START_B,
    Card,
    content,
    new_card,
    partition_table,
    sha256,
)

SLOT = content((2 << 20) + 4096)


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return new_card(tmp_path)


def pieces() -> list[bytes]:
    return [SLOT[at : at + (1 << 20)] for at in range(0, len(SLOT), 1 << 20)]


def test_they_are_where_the_image_has_them(card: Card) -> None:
    assert find(card.disk, "a") == Slot("a", card.disk, START_A, SLOT_BYTES)
    assert find(card.disk, "b") == Slot("b", card.disk, START_B, SLOT_BYTES)
    assert int(LAYOUT["disk_signature"], 16) == DISK_SIGNATURE


def test_what_is_written_is_read_back(card: Card) -> None:
    slot, sizes = find(card.disk, "b"), list[int]()
    with slot.claimed() as descriptor:
        slot.write(descriptor, iter(pieces()), sizes.append)
    assert sizes == [len(piece) for piece in pieces()]
    assert slot.sha256(len(SLOT), lambda _: None) == sha256(SLOT)
    assert card.slot_b(len(SLOT)) == SLOT
    assert card.slot_a_is_as_it_was()


def test_nothing_goes_beyond_its_end(card: Card) -> None:
    short = Slot("b", card.disk, START_B, len(SLOT) - 4096)
    with short.claimed() as descriptor, pytest.raises(UpdateError, match="too small"):
        short.write(descriptor, iter(pieces()), lambda _: None)
    assert card.slot_b(len(SLOT))[-4096:] == bytes(4096)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (b"", "no partition table"),
        (bytes(SECTOR), "no partition table"),
        (partition_table(signature=1), "not made from an image of Ren"),
        (partition_table().replace(b"\x83", b"\x0c"), "not one for a system"),
    ],
)
def test_a_card_that_is_not_ours_is_left_alone(card: Card, table: bytes, said: str) -> None:
    card.disk.write_bytes(table)
    with pytest.raises(UpdateError, match=said):
        find(card.disk, "b")


def test_a_card_that_has_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(UpdateError, match="No such file"):
        find(tmp_path / "none", "a")
    gone = Slot("b", tmp_path / "none", 0, 4096)
    with pytest.raises(UpdateError, match="cannot be written: No such file"), gone.claimed():
        pass
    (tmp_path / "short").write_bytes(bytes(4096))
    with pytest.raises(UpdateError, match="cannot be read back: Input/output error"):
        Slot("b", tmp_path / "short", 0, 8192).sha256(8192, lambda _: None)


def test_the_system_says_what_it_is(card: Card) -> None:
    found = card.facts
    assert (found.slot, found.other, found.disk) == ("a", "b", card.disk)
    assert (found.version, found.build) == ("1.0.0", "first")
    assert found.compatible == ("raspberrypi,3-model-b-plus", "brcm,bcm2837")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("usr/lib/ren/image.json", None),
        ("usr/lib/ren/image.json", "[]"),
        ("usr/share/ren/release.pub", "0"),
        ("run/ren-image/slot", "c"),
        ("run/ren-image/disk", None),
    ],
)
def test_an_image_that_is_not_whole_is_said(card: Card, name: str, text: str | None) -> None:
    if text is None:
        (card.root / name).unlink()
    else:
        (card.root / name).write_text(text)
    with pytest.raises(UpdateError, match="not whole"):
        facts.read(card.root)


def test_elsewhere_there_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(UpdateError, match="scripts/install"):
        facts.read(tmp_path)
