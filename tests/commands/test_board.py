"""The board's sound card, as commands open it."""

from pathlib import Path

import pytest

from ren_device.boards import reading
from ren_device.boards.sound import card_of
from ren_device.commands import board
from ren_device.hardware_profile import Sound
from ren_device.settings import Settings


def test_the_microphone_is_that_of_the_board() -> None:
    settings = Settings(hardware="bare-i2s")
    profile = board.profile_of(settings)
    assert profile is not None
    wired = board.as_wired(settings, profile)
    assert (wired.microphone, wired.microphone_channels) == ("googlevoicehat", (1,))
    assert wired.speaker == "googlevoicehat"
    card = card_of(settings, profile)
    assert (card.gain_db, card.loudest) == (20, 1)


def test_a_small_loudspeaker_is_spared(tmp_path: Path) -> None:
    text = reading.find("bare-i2s").read_text()
    path = tmp_path / "small.toml"
    path.write_text(text.replace("loudest_percent = 100", "loudest_percent = 40"))
    settings = Settings(hardware=str(path))
    assert card_of(settings, board.profile_of(settings)).loudest == 0.4


@pytest.mark.parametrize(
    "settings",
    [
        Settings(hardware="none"),
        Settings(hardware="no such board"),
        Settings(hardware="/no/such/file.toml"),
        Settings(hardware="bare-i2s", gpio="mock"),
    ],
)
def test_without_a_board_the_settings_are_as_they_are(settings: Settings) -> None:
    profile = board.profile_of(settings)
    assert profile is None
    assert board.as_wired(settings, profile) == settings
    assert card_of(settings, profile) == Sound()
