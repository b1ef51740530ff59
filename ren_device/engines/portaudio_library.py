"""PortAudio itself: loading it quietly, finding a device in it by name, and how it says no."""

import contextlib
import ctypes
import re
from typing import Any, Literal

from ren_device.errors import DeviceError
from ren_device.model import SAMPLE_RATE_HZ

Kind = Literal["input", "output"]

INVALID_CHANNELS, INVALID_RATE, UNAVAILABLE = -9998, -9997, -9985
"""PortAudio's numbers for some reasons to refuse; unavailable is what somebody else holds."""


class DeviceMissing(DeviceError):
    """No device of this name is among those that PortAudio knows, or it is there no more."""


_RATES = (48_000, 44_100, 32_000, 96_000, 8_000)
_FEW = 8  # channels; a sound server offers 32 that no hardware has, and mixes better than we do
_PLACE = re.compile(r" ?\(hw:\d+,\d+\)")  # where a device was plugged in; not its name


def load_pyaudio() -> Any:
    """The `pyaudio` module, with the chatter of the libraries under it turned off."""
    import pyaudio

    # ALSA and JACK report every device that is not there on standard error. They take handlers for
    # that; pointing standard error elsewhere would lose other threads' lines. The handler is a C
    # function that ignores its arguments, so that no Python runs in their threads.
    nothing = ctypes.cast(ctypes.CDLL(None).getppid, ctypes.c_void_p)
    for library, setters in (
        ("libasound.so.2", ["snd_lib_error_set_handler"]),
        ("libjack.so.0", ["jack_set_error_function", "jack_set_info_function"]),
    ):
        with contextlib.suppress(OSError, AttributeError):
            for setter in setters:
                getattr(ctypes.CDLL(library), setter)(nothing)
    return pyaudio


def find(audio: Any, kind: Kind, device: str, setting: str) -> dict[str, Any]:
    """What PortAudio knows about the device of this name, or its default. Raises DeviceMissing."""
    if device == "auto":
        try:
            return dict(getattr(audio, f"get_default_{kind}_device_info")())
        except OSError:
            raise DeviceMissing(f"no audio {kind} device was found ({setting})") from None
    able = [
        info
        for info in map(audio.get_device_info_by_index, range(audio.get_device_count()))
        if most_channels(info, kind) > 0
    ]
    for plain in (str, _without_place):
        for info in able:
            if plain(device).lower() in plain(str(info["name"])).lower():
                return dict(info)
    there = ", ".join(repr(info["name"]) for info in able) or "none at all"
    raise DeviceMissing(f"no audio {kind} device has such a name ({setting}); there are: {there}")


def most_channels(info: dict[str, Any], kind: Kind) -> int:
    """How many channels the device says that it has."""
    return int(info[f"max{kind.capitalize()}Channels"])


def rates(info: dict[str, Any]) -> list[int]:
    """The rates to try, best first."""
    return list(dict.fromkeys((SAMPLE_RATE_HZ, int(info["defaultSampleRate"]), *_RATES)))


def channel_counts(info: dict[str, Any], kind: Kind, chosen: tuple[int, ...]) -> list[int]:
    """The numbers of channels to try, best first; each has the `chosen` ones, counted from 1."""
    most = most_channels(info, kind)
    if kind == "output":
        first: tuple[int, ...] = (1, 2)  # Ren has one voice
    elif chosen:
        # A sound server that is asked for one gives a mix, and knows pairs only.
        first = (max(chosen) + max(chosen) % 2,)
    else:
        first = (most if most <= _FEW else 1, 1, 2)
    every = dict.fromkeys((*first, *range(3, min(most, _FEW) + 1), most))
    return [channels for channels in every if max(chosen, default=1) <= channels <= most]


def _without_place(name: str) -> str:
    return _PLACE.sub("", name)
