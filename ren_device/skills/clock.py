"""What time it is."""

from ren_device.ports import Clock
from ren_device.skills.speakable import Speech
from ren_device.skills.tool import Tool, tool


class ClockSkill:
    """Tells the time and the date where the speaker stands."""

    def __init__(self, clock: Clock, language: str = "en") -> None:
        """Ask this clock; answer in this language."""
        self._clock = clock
        self._speech = Speech(language)

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [tool(self.get_time, read_only=True), tool(self.get_date, read_only=True)]

    async def get_time(self) -> str:
        """Tell the local time of day. Use it whenever the person asks what time it is."""
        time = self._speech.time_of_day(self._clock.now())
        return self._speech.say("clock.time", time=time)

    async def get_date(self) -> str:
        """Tell today's date with the day of the week.

        Use it when the person asks for the date, the day, the month or the year.
        """
        date = self._speech.full_date(self._clock.now().date())
        return self._speech.say("clock.date", date=date)
