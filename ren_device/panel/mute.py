"""Whether the microphone is off: by its switch, or because somebody asked for it."""

import asyncio
from typing import Literal

from ren_device.bus import Bus
from ren_device.errors import MutedBySwitch
from ren_device.model import MuteChanged
from ren_device.ports import ControlPanel, PreferenceStore

_KEY = "muted"


class Mute:
    """The truth about the microphone. A switch that says muted cannot be overruled.

    Muting is in force at once, and until Ren stops even if it cannot be kept; unmuting only when
    it is kept. Until `load` has found otherwise the microphone is off.
    """

    def __init__(self, preferences: PreferenceStore, bus: Bus, controls: ControlPanel) -> None:
        """Looks at the switch, if there is one."""
        self._preferences = preferences
        self._bus = bus
        self._switch = controls.mute_is_switch and controls.is_down("mute")
        self._wanted = self._kept = True
        self._told = (self.muted, self.by)
        self._writing = asyncio.Lock()
        self._change = asyncio.Event()

    @property
    def muted(self) -> bool:
        """Whether it is off."""
        return self.by is not None

    @property
    def by(self) -> Literal["switch", "software"] | None:
        """What keeps it off; the switch, if both do."""
        if self._switch:
            return "switch"
        return "software" if self._wanted or self._kept else None

    async def load(self) -> None:
        """Take up what was asked for before the restart. Raises StoreError; then it stays off."""
        async with self._writing:
            self._wanted = self._kept = await self._preferences.get(_KEY) == "yes"
        self._tell()

    async def set(self, muted: bool) -> None:
        """Kept when it returns. Raises MutedBySwitch, and StoreError when it cannot be kept."""
        if self._switch and not muted:
            raise MutedBySwitch("The microphone is off by its switch; only the switch turns it on.")
        self._wanted = muted
        self._tell()
        async with self._writing:
            await self._preferences.put(_KEY, "yes" if muted else "no")
            self._kept = muted
        self._tell()

    async def toggle(self) -> None:
        """The other way round. Raises as `set` does."""
        await self.set(not self.muted)

    def line(self, down: bool) -> None:
        """The switch is now so."""
        self._switch = down
        self._tell()

    async def wait(self, muted: bool) -> None:
        """Until it is off, or on."""
        while self.muted != muted:
            await self._change.wait()

    def _tell(self) -> None:
        if (now := (self.muted, self.by)) != self._told:
            self._told = now
            self._change.set()
            self._change = asyncio.Event()
            self._bus.publish(MuteChanged(self.muted))
