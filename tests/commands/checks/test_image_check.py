"""What doctor finds of the image on the card."""

from pathlib import Path

import pytest

from ren_device.commands.checks import image
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.settings import Settings
from tests.supervision.images import started, updated


def found(root: Path) -> dict[str, Finding]:
    findings = list(image.check(Patient(Settings(), None), root))
    assert {each.group for each in findings} <= {"image"}
    return {each.name: each for each in findings}


def test_another_system_is_not_spoken_of(tmp_path: Path) -> None:
    assert found(tmp_path) == {}


def test_all_is_well(tmp_path: Path) -> None:
    updated(started(tmp_path), "kept", "no loopback: the microphone was not tried")
    findings = found(tmp_path)
    assert {each.state for each in findings.values()} == {"ok"}
    assert findings["system"].text == "1.1.0, build 20261121, in slot a"
    assert "from 1.0.0 to 1.1.0" in findings["update"].text
    assert "/data/log/ren.log" in findings["log"].text


@pytest.mark.parametrize(
    ("word", "state"),
    [("fresh", "ok"), ("repaired", "note"), ("replaced", "note"), ("volatile", "wrong"),
     ("melted", "note")],
)  # fmt: skip
def test_the_data_is_judged_by_what_the_start_has_found(
    tmp_path: Path, word: str, state: str
) -> None:
    assert found(started(tmp_path, word))["data"].state == state


def test_what_was_replaced_some_time_ago_is_remembered(tmp_path: Path) -> None:
    started(tmp_path)
    (tmp_path / "data/set-aside.txt").touch()
    assert "beyond repair" in found(tmp_path)["card"].text


@pytest.mark.parametrize(
    ("state", "word"), [("failed", "failed: it was mute"), ("installed", "trial")]
)
def test_an_update_that_is_not_through_is_noted(tmp_path: Path, state: str, word: str) -> None:
    updated(started(tmp_path, trial=state == "installed"), state, "it was mute")
    findings = found(tmp_path)
    assert findings["update"].state == "note"
    assert word in findings["update"].text
    assert ("on trial" in findings["system"].text) == (state == "installed")


def test_an_image_that_is_not_whole_is_named(tmp_path: Path) -> None:
    started(tmp_path)
    (tmp_path / "usr/lib/ren/image.json").write_text("{")
    (tmp_path / "data/log").rmdir()
    findings = found(tmp_path)
    assert findings["system"].state == "wrong"
    assert (findings["data"].state, findings["log"].state) == ("ok", "note")
