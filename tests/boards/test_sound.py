"""A profile says what the person has not said."""

from pathlib import Path

import pytest

from ren_device.boards import reading
from ren_device.boards.sound import card_of, with_card
from ren_device.hardware_profile import HardwareProfile
from ren_device.settings import Settings
from tests.boards.profiles import profile

BOARD = """
[sound.microphone]
device = "wm8960"
channels = 2
use = [2]
[sound.speaker]
device = "HDMI"
"""


def with_profile(settings: Settings, board: HardwareProfile) -> Settings:
    return with_card(settings, card_of(settings, board))


def chosen(settings: Settings) -> tuple[str, tuple[int, ...], str]:
    return settings.microphone, settings.microphone_channels, settings.speaker


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({}, ("wm8960", (2,), "HDMI")),
        ({"microphone": "none"}, ("none", (), "HDMI")),
        ({"microphone": "Jabra"}, ("Jabra", (), "HDMI")),
        ({"microphone": "Jabra", "microphone_channels": "3"}, ("Jabra", (3,), "HDMI")),
        ({"microphone_channels": "1,2"}, ("wm8960", (1, 2), "HDMI")),
        ({"speaker": "wav:out.wav"}, ("wm8960", (2,), "wav:out.wav")),
    ],
)
def test_only_what_is_not_set(
    tmp_path: Path, given: dict[str, str], then: tuple[str, tuple[int, ...], str]
) -> None:
    board = reading.read(profile(tmp_path, BOARD))
    before = Settings.model_validate(given)
    after = with_profile(before, board)
    assert chosen(after) == then
    rest = {"microphone", "microphone_channels", "speaker"}
    assert after.model_dump(exclude=rest) == before.model_dump(exclude=rest)


def test_all_channels_need_no_choice(tmp_path: Path) -> None:
    both = BOARD.replace("use = [2]", "use = [1, 2]")
    assert chosen(with_profile(Settings(), reading.read(profile(tmp_path, both)))) == (
        "wm8960", (), "HDMI",
    )  # fmt: skip


def test_a_board_without_sound_changes_nothing(tmp_path: Path) -> None:
    settings = Settings()
    assert with_profile(settings, reading.read(profile(tmp_path))) == settings


def test_a_simulated_board_has_no_card(tmp_path: Path) -> None:
    settings = Settings.model_validate({"gpio": "mock"})
    assert with_profile(settings, reading.read(profile(tmp_path, BOARD))) == settings
