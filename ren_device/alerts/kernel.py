"""The kernel for timers, alarms and reminders: what is set, rings, and was missed.

Everything is in memory and in the store, and the store is the truth over a restart. One loop with
one timer looks at what comes due. What is due rings first and is written then: a slow or full disk
delays nothing, and whoever is killed in between rings it again.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from ren_device.alerts.alterations import Alterations
from ren_device.alerts.keeping import Kept
from ren_device.alerts.timing import LOOK_AGAIN_S, Timing
from ren_device.alerts.watch import Watch
from ren_device.bus import Bus
from ren_device.errors import AlertError
from ren_device.model import Alert, AlertChange, AlertChanged, AlertKind
from ren_device.ports import AlertStore, Timekeeper

SNOOZE_S = 540.0
"""Snoozing is nine minutes where nobody says how long."""
MOST_ALERTS = 20_000
"""A program that sets alerts in a circle is stopped here."""


class AlertKernel:
    """Sets, changes, rings and silences alerts; all that happens is published as AlertChanged.

    A change is on disk when its call returns. Should the disk fail, setting and changing raise
    StoreError; ringing and silencing go on without it and are written when that works again.
    """

    def __init__(
        self, store: AlertStore, clock: Timekeeper, bus: Bus, look_again_s: float = LOOK_AGAIN_S
    ) -> None:
        """Nothing is read before `load`. A clock that was set is noticed within `look_again_s`."""
        self._clock = clock
        self._bus = bus
        self._kept = Kept(store)
        self._timing = Timing(clock, look_again_s)
        self._alterations = Alterations(clock, self._timing)
        self.revision = 0
        """Another one whenever anything has changed."""
        self._watch = Watch(self._kept, self._timing, clock, self._publish)
        self._loaded = False
        self._loading = asyncio.Lock()
        self._changing = asyncio.Lock()  # so that what one undoes is nobody else's
        self._wake = asyncio.Event()

    # --- life -------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read what is kept, once; all other calls do it when needed. Raises StoreError."""
        if self._loaded:
            return
        async with self._loading:
            if not self._loaded:
                await self._kept.load()
                self._watch.begin()
                self._loaded = True

    async def reload(self) -> None:
        """Take up what the store holds now: it was replaced as a whole. Raises StoreError.

        What is not in it has ended, also where it rang; what came with it is published. What is the
        same goes on.
        """
        async with self._loading:
            before = dict(self._kept.alerts)
            await self._kept.load()
            now = self._kept.alerts
            same = {number for number, alert in before.items() if now.get(number) == alert}
            for number in before.keys() - same:
                self._publish(replace(before[number], state="done"), "cancelled")
            self._watch.begin(same)
            for alert in self.pending():
                if alert.id not in same:
                    self._publish(alert, "set")
            self._loaded = True

    async def run(self) -> None:
        """Ring what comes due, until cancelled. Raises StoreError when nothing can be read."""
        await self.load()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._kept.keep_saving(), name="alerts: save again")
                while True:
                    self._wake.clear()
                    try:
                        async with asyncio.timeout(self.look()):
                            await self._wake.wait()
                    except TimeoutError:
                        continue
        finally:
            await self._kept.settle()

    def look(self) -> float | None:
        """Make of everything what its time has made of it; `run` does so whenever it is time.

        The seconds until it should be done again; None: not before something changes.
        """
        self._watch.look()
        return self._watch.until_next_s()

    # --- setting and changing ---------------------------------------------------------------

    async def set(
        self,
        kind: AlertKind,
        text: str = "",
        *,
        in_s: float | None = None,
        at: datetime | None = None,
        rule: str = "",
        routine: str = "",
    ) -> Alert:
        """Set an alert: in so many seconds, or at a local time; one of both.

        With a `rule` it is a series from `at` on. Raises StoreError, and AlertError for a rule that
        cannot be used or never comes, for what has passed, and when there are too many.
        """
        if (in_s is None) == (at is None) or (in_s is not None and rule):
            raise ValueError("an alert is due after a while, or at a time and by a rule")
        if kind == "timer" and in_s is None:
            raise ValueError("a timer is due after a while")
        deadline = None if in_s is None else self._timing.deadline(in_s)  # before anything waits
        async with self._changing:
            await self.load()
            if len(self._kept.alerts) >= MOST_ALERTS:
                raise AlertError(f"{MOST_ALERTS} alerts are set, and there is no room for more.")
            now = self._clock.now()
            alert = Alert(self._kept.new_id(), kind, text, due_at=at or now, created_at=now)
            alert = replace(alert, routine=routine, duration_s=in_s if kind == "timer" else None)
            if deadline is not None:
                alert = self._alterations.due_by(alert, deadline)
            else:
                alert = self._alterations.due_at(alert, at, rule)
            self._watch.doubt(alert.id)
            return await self._keep(alert, "set")

    async def change(
        self,
        alert_id: int,
        *,
        text: str | None = None,
        at: datetime | None = None,
        in_s: float | None = None,
        rule: str | None = None,
        routine: str | None = None,
    ) -> Alert | None:
        """Change what is not None; an empty `rule` makes it happen once. None: no such alert.

        What rings and gets a new time falls silent. Raises as `set` does.
        """

        def altered(alert: Alert) -> Alert:
            text_now = alert.text if text is None else text
            routine_now = alert.routine if routine is None else routine
            alert = replace(alert, text=text_now, routine=routine_now)
            if in_s is not None:
                return self._alterations.moved(alert, in_s, rule)
            if at is not None or rule is not None:
                return self._alterations.due_at(alert, at, rule)
            return alert

        return await self._alter(alert_id, altered)

    async def adjust(self, alert_id: int, by_s: float) -> Alert | None:
        """Give a timer more time, or take some. One that rings runs again, for so long.

        None: no such alert. Raises AlertError when nothing would be left; StoreError.
        """
        return await self._alter(alert_id, lambda each: self._alterations.adjusted(each, by_s))

    async def pause(self, alert_id: int) -> Alert | None:
        """Hold a timer. None: no such alert. Raises AlertError if it does not run; StoreError."""
        return await self._alter(alert_id, self._alterations.paused)

    async def resume(self, alert_id: int) -> Alert | None:
        """Let a paused timer run on. None: no such alert. Raises AlertError; StoreError."""
        return await self._alter(alert_id, self._alterations.resumed)

    async def skip_next(self, alert_id: int) -> Alert | None:
        """Leave out the next occurrence of a series. None: no such alert.

        Raises AlertError for what is no series, or has no further occurrence; StoreError.
        """
        return await self._alter(alert_id, self._alterations.skipped)

    async def cancel(self, alert_id: int) -> Alert | None:
        """Take back an alert; a series with all that is to come, and what of it rings or snoozes.

        No routine starts. None when there is none. Raises StoreError, and then it is still there;
        what rang is silent all the same.
        """
        async with self._changing:
            alert = await self._one(alert_id)
            if alert is None:
                return None
            of_it = [each for each in self._kept.alerts.values() if each.series_id == alert_id]
            together = [alert, *(each for each in of_it if each.state != "missed")]
            if all(each.state == "due" for each in together):
                saved = self._kept.write_or_retry(remove=[alert_id])
            else:
                gone = [each.id for each in together]
                saved = self._kept.write_or_undo(remove=gone, undone=self._undone)
            for each in together:
                self._watch.unfollow(each.id)
                self._publish(replace(each, state="done"), "cancelled")
            await asyncio.shield(saved)
            return replace(alert, state="done")

    # --- silencing --------------------------------------------------------------------------

    async def snooze(self, alert_id: int, for_s: float = SNOOZE_S) -> Alert | None:
        """Silence what rings, for a while. None: no such alert. Raises AlertError if silent."""
        alert = await self._one(alert_id)
        if alert is None:
            return None
        snoozed = self._alterations.snoozed(alert, for_s)
        saved = self._kept.write_or_retry((snoozed,))
        self._watch.follow(snoozed)
        self._publish(snoozed, "snoozed")
        await asyncio.shield(saved)
        return snoozed

    async def acknowledge(self, alert_id: int) -> Alert | None:
        """Silence an alert that is due; None when it is not, or not any more.

        It is silent at once. On disk when the call returns, unless the disk fails.
        """
        alert = await self._one(alert_id)
        if alert is None or alert.state != "due":
            return None
        done = replace(alert, state="done")
        follows = self._alterations.routine_after(alert, self._kept.new_id)
        saved = self._kept.write_or_retry(follows, remove=(alert_id,), ended=(alert,))
        self._watch.unfollow(alert.id)
        self._publish(done, "acknowledged")
        for routine in follows:
            self._publish(routine, "due")
        await asyncio.shield(saved)
        return done

    async def acknowledge_all(self) -> list[Alert]:
        """Silence everything that rings; what was ringing, oldest first."""
        await self.load()
        silenced = await asyncio.gather(*(self.acknowledge(each.id) for each in self.ringing()))
        return [alert for alert in silenced if alert is not None]

    async def told(self, alerts: Iterable[Alert]) -> None:
        """That these were missed has been said: they are done. Others are left alone."""
        told = {(each.id, each.due_at) for each in alerts}
        await self.load()
        missed = [each for each in self.missed() if (each.id, each.due_at) in told]
        series = self._alterations.after(missed, self._kept.alerts)
        gone = [each.id for each in missed]
        saved = self._kept.write_or_retry(series, gone, ended=missed)
        for alert in missed:
            self._publish(replace(alert, state="done"), "told")
        await asyncio.shield(saved)

    # --- looking ----------------------------------------------------------------------------

    def get(self, alert_id: int) -> Alert | None:
        """The alert of this id."""
        return self._kept.alerts.get(alert_id)

    def pending(self, kind: AlertKind | None = None) -> tuple[Alert, ...]:
        """What is set and not yet due, soonest first; paused timers last."""
        found = [
            alert
            for alert in self._kept.alerts.values()
            if alert.state in ("pending", "paused") and kind in (None, alert.kind)
        ]
        found.sort(key=lambda each: (each.state == "paused", self.remaining_s(each), each.id))
        return tuple(found)

    def ringing(self) -> tuple[Alert, ...]:
        """What is due and not yet acknowledged, oldest first; never a routine."""
        return tuple(self._kept.alerts[alert_id] for alert_id in self._watch.rings_since)

    def due_routines(self) -> tuple[Alert, ...]:
        """The routines that are to run now, oldest first."""
        return self._oldest_first(
            alert
            for alert in self._kept.alerts.values()
            if alert.state == "due" and alert.kind == "routine"
        )

    def missed(self) -> tuple[Alert, ...]:
        """What was missed and not told, oldest first."""
        return self._oldest_first(
            alert for alert in self._kept.alerts.values() if alert.state == "missed"
        )

    def remaining_s(self, alert: Alert) -> float:
        """Seconds until it is due, by the clock that it follows; negative when overdue."""
        return self._timing.remaining_s(alert)

    def rang_s(self, alert: Alert) -> float:
        """For how long it has been ringing, in this life; 0 when it does not."""
        since_s = self._watch.rings_since.get(alert.id)
        return 0.0 if since_s is None else self._clock.monotonic() - since_s

    def waits_for_clock(self) -> bool:
        """Whether something is set that has to wait until the clock is known to be right."""
        return self._timing.waits_for_clock

    # --- within -----------------------------------------------------------------------------

    async def _one(self, alert_id: int) -> Alert | None:
        await self.load()
        return self._kept.alerts.get(alert_id)

    async def _alter(self, alert_id: int, altered: Callable[[Alert], Alert]) -> Alert | None:
        async with self._changing:
            alert = await self._one(alert_id)
            return None if alert is None else await self._keep(altered(alert), "changed")

    async def _keep(self, alert: Alert, change: AlertChange) -> Alert:
        """It is like this from now on; when that cannot be kept, all is as it was: StoreError."""
        saved = self._kept.write_or_undo((alert,), undone=self._undone)
        self._watch.follow(alert)
        self._publish(alert, change)
        await asyncio.shield(saved)
        return alert

    def _undone(self, alert: Alert) -> None:
        if alert.state == "done":
            self._watch.unfollow(alert.id)
            self._publish(alert, "cancelled")
        else:
            self._watch.follow(alert)
            self._publish(alert, "changed")

    def _oldest_first(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        return tuple(sorted(alerts, key=lambda each: (each.due_at, each.id)))

    def _publish(self, alert: Alert, change: AlertChange) -> None:
        self.revision += 1
        self._bus.publish(AlertChanged(alert, change))
        self._wake.set()
