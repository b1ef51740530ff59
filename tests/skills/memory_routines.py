"""ports.RoutineStore in memory, which can be broken."""

import asyncio

from ren_device.errors import StoreError
from ren_device.model import Routine, Step


class MemoryRoutines:
    """`unreadable` makes every call fail."""

    def __init__(self, **routines: tuple[Step, ...]) -> None:
        self.kept = {name.casefold(): Routine(name, steps) for name, steps in routines.items()}
        self.unreadable = False

    async def all(self) -> list[Routine]:
        await self._disk()
        return [self.kept[name] for name in sorted(self.kept)]

    async def get(self, name: str) -> Routine | None:
        await self._disk()
        return self.kept.get(name.casefold())

    async def put(self, routine: Routine) -> None:
        await self._disk()
        self.kept[routine.name.casefold()] = routine

    async def remove(self, name: str) -> Routine | None:
        await self._disk()
        return self.kept.pop(name.casefold(), None)

    async def _disk(self) -> None:
        """As the real one, whose caller hears of it later."""
        failed = self.unreadable
        await asyncio.sleep(0)
        if failed:
            raise StoreError("The card is not there.")
