"""Updates that are not kept: a stranger's is refused, those that do not start are undone."""

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from image.test.builds import BROKEN_KERNEL, BROKEN_REN, FIRST, NEXT, Build
from image.test.conftest import NewMachine
from image.test.machine import FILES_URL, Machine
from image.test.updating import (
    UPDATE_S,
    assert_is_as_it_was,
    in_use,
    install,
    last,
    slot,
    until_decided,
)

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def machine(new_machine: NewMachine, key_line: str) -> Machine:
    return in_use(new_machine, "spared", key_line)


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


@pytest.mark.parametrize("build", [BROKEN_KERNEL, BROKEN_REN], ids=["kernel", "ren"])
def test_a_broken_update_is_undone(
    machine: Machine, lent: Path, build: Build, record_property: Record
) -> None:
    since = install(machine, lent, build.update)
    since = machine.console.wait_for("ren.slot=b ren.trial=1", UPDATE_S, since)
    machine.console.wait_for("ren.slot=a ren.trial=0", UPDATE_S, since)
    took_s = machine.until_up_again()
    record_property("from the old system's start to its answer, s", f"{took_s:.0f}")
    assert machine.get("/health")["version"] == FIRST.version
    assert slot(machine) == "a"
    until_decided(machine, "failed")
    assert last(machine)["to"] == build.version
    state = machine.card.boot_state()
    assert (state["order"], state["left_b"], state["good_b"]) == ("a b", "0", "0")
    assert_is_as_it_was(machine)
