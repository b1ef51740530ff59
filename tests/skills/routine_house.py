"""A house where routines run: a kernel, a runner with a few tools, and what was said aloud."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Self

from ren_device.errors import HomeError
from ren_device.model import Routine, Step
from ren_device.skills.clock import ClockSkill
from ren_device.skills.routine_runner import NobodyHears, RoutineRunner
from ren_device.skills.routines import RoutineSkill
from ren_device.skills.tool import Tool, Toolbox, length, tool
from tests.alerts.house import House
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.virtual_clock import VirtualClock
from tests.skills.memory_routines import MemoryRoutines

SPEAKING_S = 2.0
"""A sentence takes so long."""


class Room:
    """A ports.Announcer: `said` are the sentences that came to their end, with their times."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.at_s: list[float] = []
        self._one = asyncio.Lock()
        self._broken_in = asyncio.Event()

    async def say(self, text: str) -> bool:
        async with self._one:
            self._broken_in.clear()
            try:
                async with asyncio.timeout(SPEAKING_S):
                    await self._broken_in.wait()
            except TimeoutError:
                self.said.append(text)
                self.at_s.append(asyncio.get_running_loop().time())
                return True
            return False

    def break_in(self) -> None:
        """Somebody speaks to Ren."""
        self._broken_in.set()


class RoutineHouse(House):
    """A House with routines; `done` are the calls of the tools, in order."""

    def __init__(
        self,
        routines: MemoryRoutines | None = None,
        store: MemoryAlerts | None = None,
        clock: VirtualClock | None = None,
        language: str = "en",
        more: Sequence[Tool] = (),
    ) -> None:
        super().__init__(store, clock)
        self.routines = routines or MemoryRoutines()
        self.room = Room()
        self.announcer: Room | NobodyHears = self.room
        self.done: list[str] = []
        self.runner = RoutineRunner(
            self.routines,
            lambda: self.toolbox,
            self.kernel,
            lambda: self.announcer,
            self.clock,
            self.bus,
            language,
        )
        skill = RoutineSkill(self.routines, self.runner, self.kernel, self.clock, language)
        own = (
            tool(self.set_power, dangerous=True),
            tool(self.list_reminders, read_only=True),
            tool(self.wait_for_the_kettle),
            tool(self.stop_everything),
            tool(self.break_down),
        )
        clock_tools = ClockSkill(self.clock, language).tools()
        self.toolbox = Toolbox([*own, *more, *skill.tools(), *clock_tools])

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._tasks.append(asyncio.create_task(self.runner.run()))
        await asyncio.sleep(0.001)
        return self

    async def keep(self, name: str, *steps: Step) -> None:
        await self.routines.put(Routine(name, steps))

    async def run_tool(self, called: str, /, **arguments: object) -> str:
        found = self.toolbox.get(called)
        assert found is not None
        return await found.run(arguments)

    async def is_dangerous(self, called: str, /, **arguments: object) -> bool:
        found = self.toolbox.get(called)
        assert found is not None
        return await found.is_dangerous(arguments)

    # --- tools ------------------------------------------------------------------------------

    async def set_power(self, device: Annotated[str, length(1, 50)], on: bool) -> str:
        """Switch a device."""
        self.done.append(f"{device} {'on' if on else 'off'}")
        if device == "lamp":
            raise HomeError("The lamp does not answer.")
        return f"Okay, the {device} is {'on' if on else 'off'}."

    async def list_reminders(self, day: str = "") -> str:
        """Tell reminders."""
        self.done.append(f"reminders {day}")
        return "You have no reminders."

    async def wait_for_the_kettle(self, seconds: float = 3600.0) -> str:
        """Take a while."""
        self.done.append("kettle")
        await asyncio.sleep(seconds)
        return "The kettle boils."

    async def stop_everything(self) -> str:
        """As stop_ringing does."""
        self.done.append(f"stopped {len(self.runner.stop())}")
        return "Okay."

    async def break_down(self) -> str:
        """Have a bug."""
        raise ZeroDivisionError
