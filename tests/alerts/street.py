"""A house with notices in virtual time, and the phones that listen to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from ren_device.alerts.notices import Listener, Notices
from ren_device.model import Alert
from tests import virtual_time
from tests.alerts.house import House, settle

INTERVAL_S = 15.0


class Phone:
    """One client; `takes` says whether what it is told reaches it, or it has silently gone."""

    def __init__(self, takes: bool = True) -> None:
        self.takes = takes
        self.told: list[Alert] = []
        self.listener: Listener | None = None

    @property
    def ids(self) -> list[int]:
        return [alert.id for alert in self.told]

    async def listen(self, notices: Notices) -> None:
        async with notices.listen() as self.listener:
            while True:
                alerts = await self.listener.next(INTERVAL_S)
                self.told += alerts
                if self.takes:
                    self.listener.took(alerts)


class Street:
    """A house with notices and the phones that listen to it."""

    def __init__(self, house: House, most_waiting: int = 256) -> None:
        self.house = house
        self.store = house.store
        self.notices = Notices(house.store, house.bus, most_waiting)
        self._tasks: dict[Phone | None, asyncio.Task[None]] = {}

    def start(self) -> None:
        self._tasks[None] = asyncio.create_task(self.notices.run())

    async def connect(self, takes: bool = True) -> Phone:
        phone = Phone(takes)
        self._tasks[phone] = asyncio.create_task(phone.listen(self.notices))
        await settle()
        return phone

    async def leave(self, phone: Phone | None) -> None:
        task = self._tasks.pop(phone)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        await settle()

    async def leave_all(self) -> None:
        for phone in list(self._tasks):
            await self.leave(phone)

    async def due(self) -> Alert:
        """An alert comes due."""
        alert = await self.house.timer(1.0)
        await asyncio.sleep(1.5)
        return alert

    async def left_behind(self) -> Alert:
        """One that rings, of which only the store knows."""
        at = self.house.in_s(0)
        alert = Alert(await self.store.last_id() + 1, "alarm", "", at, at, state="due")
        await self.store.write((alert,), tell=(alert,))
        return alert


@asynccontextmanager
async def street(house: House | None = None, most_waiting: int = 256) -> AsyncIterator[Street]:
    async with house or House() as lived_in:
        made = Street(lived_in, most_waiting)
        made.start()
        await settle()
        try:
            yield made
        finally:
            await made.leave_all()


def plays(scene: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test in virtual time."""

    def test() -> None:
        virtual_time.run(scene())

    test.__name__ = scene.__name__
    return test
