"""The board that the settings mean, for commands that open its sound card as Ren would."""

from typing import TYPE_CHECKING

from ren_device.errors import SettingError

if TYPE_CHECKING:
    from ren_device.hardware_profile import HardwareProfile
    from ren_device.settings import Settings


def profile_of(settings: "Settings") -> "HardwareProfile | None":
    """Its profile; None without a board, or with one in which something is wrong. Blocks.

    No pin is touched. Beside simulated pins the sound card is none of the board's: None, too.
    """
    from ren_device.boards import reading, recognising

    if settings.hardware == "none" or settings.gpio == "mock":
        return None
    try:
        if settings.hardware != "auto":
            return reading.read(reading.find(settings.hardware))
        found = recognising.recognise()
        return reading.read(found.path) if found is not None else None
    except SettingError:
        return None  # the doctor says so


def as_wired(settings: "Settings", profile: "HardwareProfile | None") -> "Settings":
    """The settings with the board's microphone and loudspeaker where they name none."""
    from ren_device.boards.sound import card_of, with_card

    return with_card(settings, card_of(settings, profile))
