"""The speaker itself: how loud it speaks, and how loud alarms ring."""

from typing import Annotated, Literal, Protocol

from ren_device import languages
from ren_device.ports import VolumeControl
from ren_device.skills.tool import Tool, between, tool

AFTER_MUTE = 50
"""Percent, when nobody knows how loud it was before."""

What = Literal["voice", "alarms"]


class Knobs(Protocol):
    """See voice.volume.Volume."""

    @property
    def voice(self) -> VolumeControl:
        """Of what Ren says."""

    @property
    def alarms(self) -> VolumeControl:
        """Of what rings."""


class DeviceSkill:
    """Sets how loud the voice and the alarms are."""

    def __init__(self, knobs: Knobs, language: str = "en") -> None:
        """Turn these. Raises KeyError when the language's data lacks a sentence."""
        self._knobs = knobs
        self._say: dict[str, str] = languages.read(language, "voice")["device"]
        self._before_mute = AFTER_MUTE

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.set_volume),
            tool(self.change_volume),
            tool(self.unmute),
            tool(self.get_volume, read_only=True),
        ]

    async def set_volume(self, percent: Annotated[int, between(0, 100)], of: What = "voice") -> str:
        """Set the speaker's volume to a level from 0 (silent) to 100 (loudest) percent.

        Use it when the person names a level: "volume 40", "half volume" (50), "mute" (0),
        "full volume" (100). For "louder" or "quieter" use change_volume, for "unmute" use unmute.
        `of` is "alarms" only when alarms, timers or reminders are named ("alarm volume 70"); they
        have a level of their own, which the voice's does not touch.
        """
        if of == "voice":
            self._remember(percent)
        await self._knob(of).set(percent)
        return self._now(of)

    async def change_volume(
        self, by: Annotated[int, between(-100, 100)], of: What = "voice"
    ) -> str:
        """Make the speaker louder (positive) or quieter (negative) by some percent points.

        Use it for "louder", "turn it down", "a bit quieter". One step is 10; "a lot" is 30. `of` is
        "alarms" only when alarms, timers or reminders are named ("make the alarm louder").
        """
        knob = self._knob(of)
        before = knob.percent
        if of == "voice":
            self._remember(before + by)
        await knob.step(by)
        if knob.percent == before and by:
            alarms = "_alarms" if of == "alarms" else ""
            if by > 0:
                return self._say[f"loudest{alarms}"]
            return self._say["quietest_alarms" if alarms else "silent"].format(percent=before)
        return self._now(of)

    async def unmute(self) -> str:
        """Make a muted speaker as loud as it was before. Use it for "unmute", "sound back on"."""
        if self._knobs.voice.percent == 0:
            await self._knobs.voice.set(self._before_mute)
        return self._now("voice")

    async def get_volume(self, of: What = "voice") -> str:
        """Tell how loud the speaker is. Use it when the person asks for the volume.

        `of` is "alarms" when the person asks how loud alarms, timers or reminders ring.
        """
        way = "tell_alarms" if of == "alarms" else "tell"
        return self._say[way].format(percent=self._knob(of).percent)

    def _knob(self, of: What) -> VolumeControl:
        return self._knobs.alarms if of == "alarms" else self._knobs.voice

    def _remember(self, percent: int) -> None:
        """What unmuting goes back to."""
        if percent <= 0 < self._knobs.voice.percent:
            self._before_mute = self._knobs.voice.percent

    def _now(self, of: What) -> str:
        knob = self._knob(of)
        said = self._say["set_alarms" if of == "alarms" else "set"].format(percent=knob.percent)
        if knob.heard_percent < knob.percent:
            said += " " + self._say["capped"].format(percent=knob.heard_percent)
        return said
