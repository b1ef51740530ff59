"""Updates that do not start: nobody helps, and it ends with the system that was there before."""

from collections.abc import Callable
from pathlib import Path

import pytest

from image.test.builds import BROKEN_KERNEL, BROKEN_REN, FIRST, Build
from image.test.conftest import NewMachine
from image.test.machine import Machine
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
    return in_use(new_machine, "broken", key_line)


@pytest.mark.parametrize("build", [BROKEN_KERNEL, BROKEN_REN], ids=["kernel", "ren"])
def test_a_broken_update_is_undone(
    machine: Machine, lent: Path, build: Build, record_property: Record
) -> None:
    since = install(machine, lent, build.update)
    since = machine.console.wait_for("ren.slot=b ren.trial=1", UPDATE_S, since)
    machine.console.wait_for("ren.slot=a ren.trial=0", UPDATE_S, since)
    machine.until_up_again()
    assert machine.get("/health")["version"] == FIRST.version
    assert slot(machine) == "a"
    until_decided(machine, "failed")
    assert last(machine)["to"] == build.version
    state = machine.card.boot_state()
    assert (state["order"], state["left_b"], state["good_b"]) == ("a b", "0", "0")
    assert_is_as_it_was(machine)
