"""REN_MICROPHONE_CHANNELS: which channels of a stereo or multi-microphone device are heard."""

from ren_device.errors import DeviceError


def check_channels(chosen: tuple[int, ...], there: int, name: str) -> None:
    """Raises DeviceError when a chosen channel, counted from 1, is not there."""
    if chosen and max(chosen) > there:
        raise DeviceError(
            f"REN_MICROPHONE_CHANNELS={','.join(map(str, chosen))}: {name} has {_count(there)}"
        )


def form_words(rate_hz: int, channels: int, chosen: tuple[int, ...] = ()) -> str:
    """For people: 48000 Hz, 2 channels, of which 1 is heard."""
    heard = f", of which {' and '.join(map(str, chosen))} {_are(chosen)} heard" if chosen else ""
    return f"{rate_hz} Hz, {_count(channels)}{heard}"


def _are(chosen: tuple[int, ...]) -> str:
    return "is" if len(chosen) == 1 else "are"


def _count(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"
