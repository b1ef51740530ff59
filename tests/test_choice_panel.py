"""Which board REN_HARDWARE means, and what becomes of one that cannot be used."""

from pathlib import Path

import pytest

from ren_device import choice
from ren_device.settings import Settings


def test_without_a_board_there_is_nothing_and_nothing_is_wrong() -> None:
    parts = choice.panel(Settings(hardware="none"))
    assert (parts.profile, parts.trouble, parts.controls.trouble) == (None, None, None)
    assert not parts.controls.is_down("mute")


@pytest.mark.parametrize("broken", ["nosuch", "/no/such/file.toml", "broken.toml"])
def test_a_board_that_cannot_be_read_may_have_a_switch_that_says_muted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.toml").write_text("title = 1")
    parts = choice.panel(Settings(hardware=broken))
    assert parts.profile is None
    assert parts.trouble is not None
    assert parts.trouble == parts.controls.trouble
    assert broken in parts.trouble
    assert parts.trouble.endswith(". What mutes it cannot be read, so the microphone stays off.")
    assert parts.controls.mute_is_switch
    assert parts.controls.is_down("mute")


def test_simulated_pins_come_with_a_finger() -> None:
    parts = choice.panel(Settings(hardware="respeaker-2mic", gpio="mock"))
    assert (parts.name, parts.trouble) == ("respeaker-2mic", None)
    assert parts.on_screen is not None
    parts.on_screen.press("talk")
    assert parts.controls.is_down("talk")
