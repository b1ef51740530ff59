"""ports.AlertStore in memory, with a disk that can be broken or slow."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from ren_device.errors import StoreError
from ren_device.model import Alert, AlertState


class MemoryAlerts:
    """`broken` makes every write fail and `unreadable` every reading; `slow` makes `add` hang.

    `add` hangs after it was done. `notified` is what was marked so, in order; `looked` is how
    often it was asked what was not.
    """

    def __init__(self) -> None:
        self.rows: dict[int, Alert] = {}
        self.broken = False
        self.unreadable = False
        self.notified: list[int] = []
        self.looked = 0
        self.slow = False
        self._last_id = 0

    async def add(self, alert: Alert) -> Alert:
        self._write()
        self._last_id += 1
        self.rows[self._last_id] = replace(alert, id=self._last_id)
        if self.slow:
            await asyncio.sleep(3600)
        return self.rows[self._last_id]

    async def set_state(self, alert_id: int, state: AlertState) -> Alert | None:
        self._write()
        if alert_id not in self.rows:
            return None
        self.rows[alert_id] = replace(self.rows[alert_id], state=state)
        return self.rows[alert_id]

    async def remove(self, alert_id: int) -> Alert | None:
        self._write()
        return self.rows.pop(alert_id, None)

    async def all(self) -> list[Alert]:
        self._read()
        open_ones = [alert for alert in self.rows.values() if alert.state != "done"]
        return sorted(open_ones, key=lambda alert: (alert.due_at, alert.id))

    async def unnotified(self) -> list[Alert]:
        self.looked += 1
        self._read()
        await asyncio.sleep(0)  # as the real one, which reads in a thread
        came_due = [each for each in self.rows.values() if each.state != "pending"]
        missed = [alert for alert in came_due if alert.id not in self.notified]
        return sorted(missed, key=lambda alert: (alert.due_at, alert.id))

    async def mark_notified(self, alert_ids: Sequence[int]) -> None:
        self._write()
        await asyncio.sleep(0)
        self.notified += alert_ids

    def _read(self) -> None:
        if self.unreadable:
            raise StoreError("the card is not there")

    def _write(self) -> None:
        if self.broken:
            raise StoreError("no space left on device")
