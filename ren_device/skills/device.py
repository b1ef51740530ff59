"""The speaker itself: how loud it is."""

from typing import Annotated

from ren_device.ports import VolumeControl
from ren_device.skills.tool import Tool, between, tool

AFTER_MUTE = 50
"""Percent, when nobody knows how loud it was before."""


class DeviceSkill:
    """Sets the voice volume."""

    def __init__(self, volume: VolumeControl) -> None:
        """Turn this knob."""
        self._volume = volume
        self._before_mute = AFTER_MUTE

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.set_volume),
            tool(self.change_volume),
            tool(self.unmute),
            tool(self.get_volume),
        ]

    async def set_volume(self, percent: Annotated[int, between(0, 100)]) -> str:
        """Set the speaker's volume to a level from 0 (silent) to 100 (loudest) percent.

        Use it when the person names a level: "volume 40", "half volume" (50), "mute" (0),
        "full volume" (100). For "louder" or "quieter" use change_volume, for "unmute" use unmute.
        """
        await self._set(percent)
        return f"Okay, volume {self._volume.percent} percent."

    async def change_volume(self, by: Annotated[int, between(-100, 100)]) -> str:
        """Make the speaker louder (positive) or quieter (negative) by some percent points.

        Use it for "louder", "turn it down", "a bit quieter". One step is 10; "a lot" is 30.
        """
        before = self._volume.percent
        await self._set(max(0, min(100, before + by)))
        after = self._volume.percent
        if after == before and by > 0:
            return "The volume is already at its loudest."
        if after == before and by < 0:
            return "The volume is already at zero."
        return f"Okay, volume {after} percent."

    async def unmute(self) -> str:
        """Make a muted speaker as loud as it was before. Use it for "unmute", "sound back on"."""
        if self._volume.percent == 0:
            await self._set(self._before_mute)
        return f"Okay, volume {self._volume.percent} percent."

    async def get_volume(self) -> str:
        """Tell how loud the speaker is. Use it when the person asks for the volume."""
        return f"The volume is at {self._volume.percent} percent."

    async def _set(self, percent: int) -> None:
        if percent == 0 and self._volume.percent > 0:
            self._before_mute = self._volume.percent
        await self._volume.set(percent)
