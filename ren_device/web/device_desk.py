"""What /device shows and does, put together from the parts that know it."""

from collections.abc import Callable

from ren_device.model import VoicePhase
from ren_device.panel.hands import Hands
from ren_device.panel.mute import Mute
from ren_device.voice.volume import Volume
from ren_device.web.device_control import DeviceHardware, DeviceState


class DeviceDesk:
    """Implements device_control.DeviceControl with the same hands as the panel."""

    def __init__(
        self,
        hands: Hands,
        mute: Mute,
        volume: Volume,
        phase: Callable[[], VoicePhase],
        hardware: Callable[[], DeviceHardware | None],
        trouble: Callable[[], str | None],
    ) -> None:
        """`trouble`: what is broken that a person has to see to."""
        self._hands = hands
        self._mute = mute
        self._volume = volume
        self._phase = phase
        self._hardware = hardware
        self._trouble = trouble

    def state(self) -> DeviceState:
        """See DeviceControl."""
        return DeviceState(
            phase=self._phase(),
            trouble=self._trouble(),
            muted=self._mute.muted,
            muted_by=self._mute.by,
            volume_percent=self._volume.voice.percent,
            heard_percent=self._volume.voice.heard_percent,
            alarm_percent=self._volume.alarms.percent,
            hardware=self._hardware(),
        )

    async def talk(self, *, held: bool = False) -> bool:
        """See DeviceControl."""
        return await self._hands.talk(held=held)

    async def release(self) -> None:
        """See DeviceControl."""
        await self._hands.talk_up()

    async def stop(self) -> None:
        """See DeviceControl."""
        await self._hands.stop()

    async def set_volume(self, percent: int) -> None:
        """See DeviceControl."""
        await self._volume.voice.set(percent)

    async def step_volume(self, by: int) -> None:
        """See DeviceControl."""
        await self._volume.voice.step(by)

    async def set_mute(self, muted: bool) -> None:
        """See DeviceControl."""
        await self._mute.set(muted)
