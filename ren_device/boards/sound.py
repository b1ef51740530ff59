"""What a profile says of the sound, where the person who runs this Ren has said nothing."""

from ren_device.hardware_profile import HardwareProfile, Sound
from ren_device.settings import Settings


def card_of(settings: Settings, profile: HardwareProfile | None) -> Sound:
    """What the profile says of the card; beside simulated pins there is none of the board's."""
    return Sound() if profile is None or settings.gpio == "mock" else profile.sound


def with_card(settings: Settings, card: Sound) -> Settings:
    """The settings with the card's microphone and loudspeaker where theirs are `auto`.

    Channels are those of a device: they come from the card only together with its microphone.
    """
    microphone, speaker = card.microphone, card.speaker
    update: dict[str, object] = {}
    if microphone is not None and settings.microphone == "auto":
        update["microphone"] = microphone.device
        everything = tuple(range(1, microphone.channels + 1))
        if not settings.microphone_channels and microphone.use != everything:
            update["microphone_channels"] = microphone.use
    if speaker is not None and settings.speaker == "auto":
        update["speaker"] = speaker.device
    return settings.model_copy(update=update)
