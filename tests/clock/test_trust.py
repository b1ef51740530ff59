"""Who keeps the clock right, on machines of all kinds."""

from dataclasses import replace
from pathlib import Path

import pytest

from ren_device.clock import Machine, keeper
from tests.clock.machines import NOW_S, add_chip, pi


def test_a_board_that_nobody_has_told_the_time_is_not_trusted(tmp_path: Path) -> None:
    assert keeper(pi(tmp_path), NOW_S) is None
    assert keeper(pi(tmp_path, kernel=None), NOW_S) is None


def test_a_time_service_is_trusted_by_what_the_kernel_says(tmp_path: Path) -> None:
    assert keeper(pi(tmp_path, kernel=True), NOW_S) == "network"


def test_a_time_service_is_trusted_by_its_file(tmp_path: Path) -> None:
    machine = pi(tmp_path)
    machine.synchronised.touch()
    assert keeper(machine, NOW_S) == "network"


@pytest.mark.parametrize("has_chip", [False, True])
def test_a_chip_is_trusted_when_it_agrees(tmp_path: Path, has_chip: bool) -> None:
    machine = replace(pi(tmp_path), has_chip=has_chip)
    add_chip(machine, f"{NOW_S + 3:.0f}\n")
    assert keeper(machine, NOW_S) == "battery"


@pytest.mark.parametrize("has_chip", [False, True])
@pytest.mark.parametrize("shows", ["120\n", f"{NOW_S - 3600:.0f}\n", "", "?\n"])
def test_a_chip_without_power_is_not_trusted(tmp_path: Path, has_chip: bool, shows: str) -> None:
    """A Pi 5 has a chip, but its battery is sold apart."""
    machine = replace(pi(tmp_path), has_chip=has_chip)
    add_chip(machine, shows)
    assert keeper(machine, NOW_S) is None


def test_one_good_chip_is_enough(tmp_path: Path) -> None:
    machine = pi(tmp_path)
    add_chip(machine, "120\n")
    add_chip(machine, f"{NOW_S:.0f}\n", "rtc1")
    assert keeper(machine, NOW_S) == "battery"


def test_a_chip_that_breaks_while_it_is_read_is_none(tmp_path: Path) -> None:
    machine = pi(tmp_path)
    (machine.clock_chips / "rtc0" / "since_epoch").mkdir(parents=True)
    assert keeper(machine, NOW_S) is None


def test_a_container_on_a_pc_goes_by_its_host(tmp_path: Path) -> None:
    assert keeper(replace(pi(tmp_path), has_chip=True), NOW_S) == "host"


def test_a_time_before_all_this_was_written_is_never_trusted(tmp_path: Path) -> None:
    machine = replace(pi(tmp_path, kernel=True), has_chip=True)
    machine.synchronised.touch()
    add_chip(machine, "120\n")
    assert keeper(machine, 120.0) is None


def test_this_machine_can_be_asked() -> None:
    """With its own kernel and files: it is the time of a machine that people work on."""
    assert Machine().kernel_synchronised() in (True, False, None)
    assert keeper(Machine(), NOW_S) in ("network", "battery", "host", None)
