"""A house with the tools for alerts."""

import asyncio

from ren_device.model import Alert
from ren_device.skills.alerts import AlertSkill
from ren_device.skills.tool import Tool, Toolbox
from tests.alerts.house import House
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.virtual_clock import VirtualClock

WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


class AlertHouse(House):
    """`ask` runs a tool as a mind would."""

    def __init__(
        self,
        language: str = "en",
        store: MemoryAlerts | None = None,
        clock: VirtualClock | None = None,
    ) -> None:
        super().__init__(store, clock)
        self.toolbox = Toolbox(self.tools(language))

    def tools(self, language: str = "en") -> list[Tool]:
        return AlertSkill(self.kernel, self.clock, language).tools()

    async def ask(self, name: str, /, **arguments: object) -> str:
        tool = self.toolbox.get(name)
        assert tool is not None
        return await tool.run(arguments)

    async def until_rings(self) -> Alert:
        """Time goes on to the next alert; what rings then."""
        (next_one, *_) = self.kernel.pending()
        await asyncio.sleep(self.kernel.remaining_s(next_one) + 1)
        return self.kernel.ringing()[-1]
