"""What /device needs of the speaker: how it is, and what a person at its buttons could do."""

from dataclasses import dataclass
from typing import Literal, Protocol

from ren_device.model import Control, VoicePhase

MutedBy = Literal["switch", "software"]


@dataclass(frozen=True, slots=True)
class DeviceHardware:
    """The board: what its profile says, and whether it works."""

    name: str
    """Of the profile, such as `bare-i2s`."""
    title: str
    """For people."""
    trouble: str | None = None
    """Why its buttons or its lights do not work, in one sentence."""
    controls: frozenset[Control] = frozenset()
    """What people can touch."""
    knob: bool = False
    """Whether the volume is turned."""
    mute_is_switch: bool = False
    """Whether `mute` stays where it is put."""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """The speaker at this moment, without its lights."""

    phase: VoicePhase
    trouble: str | None
    """What is broken that a person has to see to, in one sentence."""
    muted: bool
    muted_by: MutedBy | None
    """None while it is not; the switch wins over software."""
    volume_percent: int
    heard_percent: int
    """Less than `volume_percent` in quiet hours."""
    alarm_percent: int
    hardware: DeviceHardware | None
    """None: a speaker without buttons and lights."""


class DeviceControl(Protocol):
    """What somebody could do who stands in front of the speaker."""

    def state(self) -> DeviceState:
        """How it is now. Cheap: asked for at every change, for every client."""

    async def talk(self, *, held: bool = False) -> bool:
        """As the talk button does when pressed: stop what sounds, else listen.

        `held`: listen until `release`. Whether it did anything: False when there was nothing to
        stop and the microphone is off. Raises EngineError or DeviceError when there is nobody to
        listen.
        """

    async def release(self) -> None:
        """The end of `talk(held=True)`; harmless without one. Never fails."""

    async def stop(self) -> None:
        """Silence: what rings, what is said, what runs."""

    async def set_volume(self, percent: int) -> None:
        """Of the voice, 0 to 100. Raises StoreError."""

    async def step_volume(self, by: int) -> None:
        """Louder or quieter by percent points. Raises StoreError."""

    async def set_mute(self, muted: bool) -> None:
        """Kept over a restart. Raises MutedBySwitch when the switch says otherwise, StoreError."""
