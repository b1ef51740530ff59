"""What doctor finds of the clock."""

from dataclasses import replace
from pathlib import Path

import pytest

from ren_device.clock import Machine
from ren_device.commands.checks import clock
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.settings import Settings
from tests.clock.machines import move_to, pi


def found(machine: Machine, timezone: str = "") -> dict[str, Finding]:
    patient = Patient(Settings(timezone=timezone), None)
    return {each.name: each for each in clock.check(patient, machine)}


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.delenv("TZ", raising=False)
    return pi(tmp_path)


def test_a_clock_that_nobody_has_set(board: Machine) -> None:
    told = found(board)["time"]
    assert told.state == "note"
    assert "timedatectl set-ntp true" in told.advice


def test_a_clock_that_is_kept(board: Machine) -> None:
    assert found(replace(board, has_chip=True))["time"].text == "the time is the host's"
    board.synchronised.touch()
    told = found(board)["time"]
    assert (told.state, told.text) == ("ok", "the time is set by a time service")


def test_the_zone_and_whose_it_is(board: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(board)["zone"].state == "note"
    move_to(board, "Etc/UTC")
    assert "REN_TIMEZONE" in found(board)["zone"].advice
    move_to(board, "Europe/Berlin")
    assert found(board)["zone"].text == "the machine's (Europe/Berlin), also when it is changed"
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert found(board)["zone"].text == "TZ=Asia/Tokyo"
    assert found(board, "Europe/London")["zone"].text == "REN_TIMEZONE=Europe/London"
