"""What time it is."""

from ren_device.ports import Clock
from ren_device.skills import speakable
from ren_device.skills.tool import Tool, tool


class ClockSkill:
    """Tells the time and the date where the speaker stands."""

    def __init__(self, clock: Clock) -> None:
        """Ask this clock."""
        self._clock = clock

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [tool(self.get_time), tool(self.get_date)]

    async def get_time(self) -> str:
        """Tell the local time of day. Use it whenever the person asks what time it is."""
        return f"It's {speakable.time_of_day(self._clock.now())}."

    async def get_date(self) -> str:
        """Tell today's date with the day of the week.

        Use it when the person asks for the date, the day, the month or the year.
        """
        return f"It's {speakable.full_date(self._clock.now().date())}."
