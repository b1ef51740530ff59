"""The kernel for timers, alarms and reminders: what is set, what is due, what rings.

It keeps everything in memory and in the store, and the store is the truth over a restart. One
loop with one timer marks what comes due. Timers run on the monotonic clock while Ren is up, and go
on from their stored `due_at` after a restart; alarms and reminders follow the wall clock.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ren_device.bus import Bus
from ren_device.errors import StoreError
from ren_device.model import Alert, AlertChanged, AlertKind, AlertState
from ren_device.ports import AlertStore, Clock

LOOK_AGAIN_S = 30.0
"""A wall clock that was set is noticed, and a failed write is tried again, within this time."""

_log = logging.getLogger(__name__)


class AlertKernel:
    """Sets, cancels and rings alerts; every change is published as AlertChanged.

    A change is on disk when its call returns. Should the disk fail, setting fails; ringing and
    silencing go on without it and are written as soon as that works again.
    """

    def __init__(self, store: AlertStore, clock: Clock, bus: Bus) -> None:
        """Nothing is read before `load`."""
        self._store = store
        self._clock = clock
        self._bus = bus
        self._alerts: dict[int, Alert] = {}  # pending and due
        self._ends: dict[int, float] = {}  # a pending timer's end, on the monotonic clock
        self._announced: set[int] = set()  # due, and told so in this life
        self._unsaved: dict[int, AlertState] = {}  # what the store does not know for sure
        self._loaded = False
        self._changing = asyncio.Lock()  # one change at a time, from memory to disk
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Read what is kept, once; all other calls do it when needed. Raises StoreError."""
        async with self._changing:
            await self._load()

    async def reload(self) -> None:
        """Take up what the store holds now: it was replaced as a whole. Raises StoreError.

        What is not in it has ended, also where it rang; what came with it is published.
        """
        async with self._changing:
            stored = {alert.id: alert for alert in await self._store.all()}
            for alert in list(self._alerts.values()):
                if stored.get(alert.id) != alert:
                    self._end(alert.id)
            self._unsaved.clear()
            known = set(self._alerts)
            self._loaded = False
            await self._load()
            for alert in self._sorted(self._alerts.values()):
                if alert.id not in known and alert.state == "pending":
                    self._publish(alert)
        self._wake.set()

    async def run(self) -> None:
        """Ring what comes due, until cancelled. Raises StoreError when nothing can be read."""
        while True:
            self._wake.clear()
            async with self._changing:
                await self._load()
                await self._ring()
                await self._save_again()
            try:
                async with asyncio.timeout(self._until_next_s()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def set(
        self, kind: AlertKind, text: str, due_at: datetime, duration_s: float | None = None
    ) -> Alert:
        """Set an alert; a timer needs its `duration_s`, and counts from now. Raises StoreError."""
        if kind == "timer" and duration_s is None:
            raise ValueError("a timer needs a duration")
        set_at_s = self._clock.monotonic()
        wanted = Alert(0, kind, text, due_at, self._clock.now(), duration_s)
        async with self._changing:
            await self._load()
            try:
                alert = await self._store.add(wanted)
            except asyncio.CancelledError:
                self._reload_soon()  # nobody knows whether it was kept
                raise
            self._alerts[alert.id] = alert
            if kind == "timer" and duration_s is not None:
                self._ends[alert.id] = set_at_s + duration_s
            self._publish(alert)
        return alert

    async def cancel(self, alert_id: int) -> Alert | None:
        """Take back an alert, or silence it; None when there is none. Raises StoreError."""
        async with self._changing:
            await self._load()
            alert = self._alerts.get(alert_id)
            if alert is None:
                return None
            if alert.state == "due":
                return await self._silence(alert_id)
            try:
                await self._store.remove(alert_id)
            except asyncio.CancelledError:
                self._reload_soon()
                raise
            return self._end(alert_id)

    async def acknowledge(self, alert_id: int) -> Alert | None:
        """Silence an alert that rings; None when it does not ring."""
        async with self._changing:
            await self._load()
            alert = self._alerts.get(alert_id)
            if alert is None or alert.state != "due":
                return None
            return await self._silence(alert_id)

    async def acknowledge_all(self) -> list[Alert]:
        """Silence everything that rings; what was ringing, oldest first."""
        silenced = [await self.acknowledge(alert.id) for alert in self.ringing()]
        return [alert for alert in silenced if alert is not None]

    def pending(self, kind: AlertKind | None = None) -> tuple[Alert, ...]:
        """What is set and not yet due, soonest first."""
        return self._sorted(
            alert
            for alert in self._alerts.values()
            if alert.state == "pending" and kind in (None, alert.kind)
        )

    def ringing(self) -> tuple[Alert, ...]:
        """What is due and not yet acknowledged, oldest first."""
        return self._sorted(alert for alert in self._alerts.values() if alert.state == "due")

    def remaining_s(self, alert: Alert) -> float:
        """Seconds until it is due, by the clock that it follows; negative when overdue."""
        end_s = self._ends.get(alert.id)
        if end_s is not None:
            return end_s - self._clock.monotonic()
        return (alert.due_at - self._clock.now()).total_seconds()

    # --- within self._changing --------------------------------------------------------------

    async def _load(self) -> None:
        if self._loaded:
            return
        stored = {alert.id: alert for alert in await self._store.all()}
        for gone in self._alerts.keys() - stored.keys():
            self._end(gone)
        now, monotonic = self._clock.now(), self._clock.monotonic()
        for alert in stored.values():
            if alert.id in self._alerts or alert.id in self._unsaved:
                continue  # memory knows better
            self._alerts[alert.id] = alert
            if alert.kind == "timer" and alert.state == "pending":
                self._ends[alert.id] = monotonic + (alert.due_at - now) / timedelta(seconds=1)
        self._loaded = True

    async def _ring(self) -> None:
        for alert in self._sorted(self._alerts.values()):
            if alert.state == "pending" and self.remaining_s(alert) <= 0:
                # Ring even when the disk fails: then a restart rings it again.
                self._alerts[alert.id] = replace(alert, state="due")
                self._ends.pop(alert.id, None)
                await self._save(alert.id, "due")
            if self._alerts[alert.id].state == "due" and alert.id not in self._announced:
                self._announced.add(alert.id)
                self._publish(self._alerts[alert.id])

    async def _silence(self, alert_id: int) -> Alert:
        silenced = self._end(alert_id)  # first, whatever the disk does
        await self._save(alert_id, "done")
        return silenced

    async def _save(self, alert_id: int, state: AlertState) -> None:
        self._unsaved[alert_id] = state  # and stays so when this is cancelled
        try:
            await self._store.set_state(alert_id, state)
        except StoreError as error:
            _log.warning("alert %d is %s, but cannot be saved so: %s", alert_id, state, error)
        else:
            del self._unsaved[alert_id]

    async def _save_again(self) -> None:
        for alert_id, state in list(self._unsaved.items()):
            await self._save(alert_id, state)

    # --- at any time ------------------------------------------------------------------------

    def _end(self, alert_id: int) -> Alert:
        alert = replace(self._alerts.pop(alert_id), state="done")
        self._ends.pop(alert_id, None)
        self._announced.discard(alert_id)
        self._publish(alert)
        return alert

    def _publish(self, alert: Alert) -> None:
        self._bus.publish(AlertChanged(alert))
        self._wake.set()

    def _reload_soon(self) -> None:
        self._loaded = False
        self._wake.set()

    def _sorted(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        return tuple(sorted(alerts, key=lambda alert: (self.remaining_s(alert), alert.id)))

    def _until_next_s(self) -> float | None:
        """How long to sleep; None when only a change can wake."""
        waits = [
            self.remaining_s(alert)
            if alert.kind == "timer"
            else min(self.remaining_s(alert), LOOK_AGAIN_S)
            for alert in self._alerts.values()
            if alert.state == "pending"
        ]
        if self._unsaved:
            waits.append(LOOK_AGAIN_S)
        return min(waits, default=None)
