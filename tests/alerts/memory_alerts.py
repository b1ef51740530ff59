"""ports.AlertStore in memory, with a disk that can be broken or slow."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ren_device.errors import StoreError
from ren_device.model import Alert, Ended

Key = tuple[int, datetime]


def key(alert: Alert) -> Key:
    """What an alert is told for once."""
    return alert.id, alert.due_at


class MemoryAlerts:
    """`broken` makes every write fail and `unreadable` every reading; `slow` makes `write` hang.

    `write` hangs after it was done. `outbox` is what phones are to be told; `notified` are the ids
    that were taken out of it because one was, in order; `looked` is how often it was looked into.
    """

    def __init__(self) -> None:
        self.rows: dict[int, Alert] = {}
        self.outbox: dict[Key, Alert] = {}
        self.broken = False
        self.unreadable = False
        self.slow = False
        self.notified: list[int] = []
        self.looked = 0
        self._last_id = 0
        self._removed: set[int] = set()
        self._ended: set[Ended] = set()

    async def all(self) -> list[Alert]:
        await self._read()
        return sorted(self.rows.values(), key=_soonest)

    async def last_id(self) -> int:
        await self._read()
        return max([self._last_id, *self.rows])

    async def write(
        self,
        put: Sequence[Alert] = (),
        remove: Sequence[int] = (),
        tell: Sequence[Alert] = (),
        ended: Sequence[Alert] = (),
    ) -> None:
        put_ids = [alert.id for alert in put]
        assert len(set(put_ids)) == len(put_ids), "put twice in one write"
        assert not set(put_ids) & set(remove), "put and removed in one write"
        assert all(alert_id > 0 for alert_id in put_ids), "no id"
        assert all(alert.state != "done" for alert in put), "what is done is not kept"
        assert len(set(map(key, tell))) == len(tell), "told twice in one write"
        back = (self._removed - self.rows.keys()).intersection(put_ids)
        assert not back, f"{back} had been removed"
        if not self.broken:
            self.rows |= {alert.id: alert for alert in put}
            self._last_id = max(self._last_id, *self.rows, 0)
            for alert_id in remove:
                if self.rows.pop(alert_id, None):
                    self._removed.add(alert_id)
            for alert in tell:
                self.outbox.setdefault(key(alert), alert)
            self._ended |= {Ended(each.id, each.series_id, each.due_at) for each in ended}
        await self._written()
        if self.slow:
            await asyncio.sleep(3600)

    async def ended(self) -> list[Ended]:
        await self._read()
        return sorted(self._ended, key=lambda each: (each.due_at, each.alert_id))

    async def unnotified(self) -> list[Alert]:
        self.looked += 1
        await self._read()
        return sorted(map(self._as_now, self.outbox.values()), key=_soonest)

    async def mark_notified(self, alerts: Sequence[Alert]) -> None:
        if not self.broken:
            known = [alert for alert in alerts if self.outbox.pop(key(alert), None)]
            self.notified += [alert.id for alert in known]
        await self._written()

    def backup(self) -> tuple[dict[int, Alert], dict[Key, Alert]]:
        """What is kept now."""
        return dict(self.rows), dict(self.outbox)

    def restore(self, backup: tuple[dict[int, Alert], dict[Key, Alert]]) -> None:
        """Keep what was kept then; ids go on from the highest of both, and what ended has ended."""
        self._last_id = max([self._last_id, *self.rows])
        self.rows, self.outbox = dict(backup[0]), dict(backup[1])

    def _as_now(self, told: Alert) -> Alert:
        now = self.rows.get(told.id)
        return now if now and key(now) == key(told) else replace(told, state="done")

    async def _read(self) -> None:
        """As the real one, which reads in a thread."""
        failed = self.unreadable
        await asyncio.sleep(0)
        if failed:
            raise StoreError("the card is not there")

    async def _written(self) -> None:
        """As the real one, whose caller hears of it later."""
        failed = self.broken
        await asyncio.sleep(0)
        if failed:
            raise StoreError("no space left on device")


def _soonest(alert: Alert) -> tuple[datetime, int]:
    return alert.due_at, alert.id
