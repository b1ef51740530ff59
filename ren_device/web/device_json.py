"""The speaker as clients see it, and the frames that say what of it has changed."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from ren_device.model import Colour, Control, VoicePhase
from ren_device.panel.lights import Lights
from ren_device.panel.scenes import LightState
from ren_device.ports import PanelOnScreen
from ren_device.web.device_control import (
    DeviceControl,
    DeviceHardware,
    DeviceState,
    MutedBy,
)

Frames = dict[str, Mapping[str, object]]
"""By their names, in the order in which they are sent."""
Percent = Annotated[int, Field(ge=0, le=100)]
Pixel = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]


class LightsFrame(TypedDict):
    """The lights look so now; at most about twenty times a second."""

    state: Annotated[LightState, Field(description="What they say; `idle` is dark.")]
    pixels: Annotated[
        list[Pixel], Field(description="Each light's colour; none where there are no lights.")
    ]


class VolumeFrame(TypedDict):
    """How loud the voice is."""

    percent: Percent
    heard_percent: Annotated[Percent, Field(description="Less than `percent` in quiet hours.")]
    alarm_percent: Annotated[Percent, Field(description="How loud timers and alarms ring.")]


class MuteFrame(TypedDict):
    """Whether the microphone is off."""

    muted: bool
    muted_by: Annotated[
        MutedBy | None,
        Field(description="`switch`: only the switch on the speaker can end it."),
    ]


class PhaseFrame(TypedDict):
    """What the voice does."""

    phase: VoicePhase
    trouble: Annotated[
        str | None, Field(description="What is broken that a person has to see to, or null.")
    ]


class Hardware(TypedDict):
    """The board: its buttons and lights, as its profile says."""

    name: Annotated[str, Field(description="Of the profile, such as `bare-i2s`.")]
    title: str
    trouble: Annotated[str | None, Field(description="Why they do not work; null when they do.")]
    controls: Annotated[list[Control], Field(description="What people can touch.")]
    knob: Annotated[bool, Field(description="Whether the volume is turned.")]
    mute_is_switch: Annotated[bool, Field(description="Whether `mute` stays where it is put.")]


class Device(MuteFrame, PhaseFrame):
    """The speaker as it is now."""

    volume: VolumeFrame
    lights: LightsFrame
    hardware: Annotated[Hardware | None, Field(description="Null without buttons and lights.")]
    simulated: Annotated[
        bool, Field(description="Whether the pins are simulated: then they can be pressed here.")
    ]


LIGHTS: LightsFrame = {"state": "listening", "pixels": ["#0a64ff", "#053280", "#0a64ff"]}
VOLUME: VolumeFrame = {"percent": 60, "heard_percent": 30, "alarm_percent": 80}
MUTE: MuteFrame = {"muted": False, "muted_by": None}
PHASE: PhaseFrame = {"phase": "listening", "trouble": None}
DEVICE: Device = {
    **PHASE,
    **MUTE,
    "volume": VOLUME,
    "lights": LIGHTS,
    "hardware": {
        "name": "bare-i2s",
        "title": "I2S microphone, I2S amplifier, a button and a light",
        "trouble": None,
        "controls": ["talk", "mute"],
        "knob": False,
        "mute_is_switch": True,
    },
    "simulated": False,
}


class DeviceShown:
    """Looks at the speaker and writes down what it sees."""

    def __init__(
        self, device: DeviceControl, lights: Lights, on_screen: PanelOnScreen | None
    ) -> None:
        """With simulated pins (`on_screen`) the colours are what these drive."""
        self._device = device
        self._lights = lights
        self._on_screen = on_screen

    def all(self) -> Device:
        """Everything."""
        state = self._device.state()
        return {
            **_phase(state),
            **_mute(state),
            "volume": _volume(state),
            "lights": self._shine(),
            "hardware": None if state.hardware is None else _hardware(state.hardware),
            "simulated": self._on_screen is not None,
        }

    def frames(self) -> Frames:
        """Each frame of the stream as it is now, by its name."""
        state = self._device.state()
        return {
            "lights": self._shine(),
            "volume": _volume(state),
            "mute": _mute(state),
            "phase": _phase(state),
        }

    def _shine(self) -> LightsFrame:
        seen = self._lights.pixels if self._on_screen is None else self._on_screen.seen()
        return {"state": self._lights.state, "pixels": pixels(seen)}


def pixels(colours: Iterable[Colour]) -> list[str]:
    """As `#rrggbb`."""
    return [
        "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in colour)
        for colour in colours
    ]


def _volume(state: DeviceState) -> VolumeFrame:
    return {
        "percent": state.volume_percent,
        "heard_percent": state.heard_percent,
        "alarm_percent": state.alarm_percent,
    }


def _mute(state: DeviceState) -> MuteFrame:
    return {"muted": state.muted, "muted_by": state.muted_by}


def _phase(state: DeviceState) -> PhaseFrame:
    return {"phase": state.phase, "trouble": state.trouble}


def _hardware(board: DeviceHardware) -> Hardware:
    return {
        "name": board.name,
        "title": board.title,
        "trouble": board.trouble,
        "controls": sorted(board.controls),
        "knob": board.knob,
        "mute_is_switch": board.mute_is_switch,
    }
