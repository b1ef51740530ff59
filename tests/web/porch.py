"""A server, its alerts and the bus between them."""

import asyncio
from datetime import datetime

from ren_device.alerts.notices import Notices
from ren_device.bus import Bus
from ren_device.model import Alert, AlertChanged
from tests.alerts.memory_alerts import MemoryAlerts
from tests.virtual_time import until

AT = datetime.fromisoformat("2026-06-25T18:00:00.25")


class Porch:
    """A server, its alerts, and the phones that listen to it."""

    def __init__(self, notices: Notices, store: MemoryAlerts, bus: Bus, port: int) -> None:
        self.notices = notices
        self.store = store
        self.bus = bus
        self.port = port

    async def due(self, text: str = "call mom") -> int:
        """An alert comes due; its id."""
        alert = await self.left_behind(text)
        self.bus.publish(AlertChanged(alert, "due"))
        return alert.id

    async def left_behind(self, text: str = "call mom") -> Alert:
        """An alert that came due, of which only the store knows."""
        alert_id = await self.store.last_id() + 1
        alert = Alert(alert_id, "reminder", text, AT, AT, state="due")
        await self.store.write((alert,), tell=(alert,))
        return alert

    async def until_marked(self, *alert_ids: int) -> None:
        await until(lambda: self.store.notified == list(alert_ids), within_s=10)


def open_streams() -> int:
    """How many the server keeps alive."""
    tasks = asyncio.all_tasks()
    return sum(task.get_name() == "event stream keep-alive" for task in tasks)
