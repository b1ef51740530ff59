"""Updates: a stranger's is refused, one that loses its power is as if it never was, one is kept."""

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from image.test.builds import FIRST, NEXT
from image.test.card import LAYOUT, SECTOR
from image.test.conftest import NewMachine
from image.test.machine import FILES_URL, Machine
from image.test.updating import (
    UPDATE_S,
    assert_is_as_it_was,
    begin,
    in_use,
    install,
    slot,
    until_decided,
)

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def machine(new_machine: NewMachine, key_line: str) -> Machine:
    return in_use(new_machine, "updated", key_line)


def write_signed_by_a_stranger(update: Path, to: Path) -> None:
    """The same, but for who vouches for it; there is no slot in it, which nobody gets to see."""
    with tarfile.open(update) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest
        text = manifest.read()
    signature = SigningKey.generate().sign(text).signature
    with tarfile.open(to, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (("manifest.json", text), ("manifest.sig", signature)):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, BytesIO(content))


def test_an_update_that_is_not_ours_is_refused(machine: Machine, lent: Path) -> None:
    place = lent / "stranger.update"
    write_signed_by_a_stranger(NEXT.update, place)
    # Its own boots it gets back when it is well, which may be just now.
    other = ("order", "good_a", "good_b", "left_b")
    before = {name: machine.card.boot_state()[name] for name in other}
    said = machine.run(f"ren-device update {FILES_URL}{place.name} 2>&1 || echo refused: $?")
    assert "not signed by who made this system" in said
    assert "refused: 1" in said
    assert {name: machine.card.boot_state()[name] for name in other} == before


def test_power_goes_while_an_update_is_written(machine: Machine, lent: Path) -> None:
    begin(machine, lent, NEXT.update)
    in_the_middle = LAYOUT["slot_b_start"] + NEXT.update.stat().st_size // 2 // SECTOR

    def has_come_there() -> bool:
        return any(machine.card.sectors(in_the_middle, 2048))

    machine.console.until("writing", has_come_there, UPDATE_S)
    machine.kill()
    assert machine.card.boot_state()["left_b"] == "0"
    machine.boot()
    assert slot(machine) == "a"
    assert_is_as_it_was(machine)


def test_a_good_update_is_kept(machine: Machine, lent: Path, record_property: Record) -> None:
    assert machine.get("/health")["version"] == FIRST.version
    since = install(machine, lent, NEXT.update)
    machine.until_booted_again(since)
    assert machine.get("/health")["version"] == NEXT.version
    assert slot(machine) == "b"
    took_s = until_decided(machine, "kept")
    record_property("trial, from answer to kept, s", f"{took_s:.0f}")
    state = machine.card.boot_state()
    assert (state["order"], state["good_b"], state["left_b"]) == ("b a", "1", "a")
    assert_is_as_it_was(machine)
