"""What comes due, and what becomes of it: it rings, or it was missed."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ren_device.alerts.agenda import Agenda
from ren_device.alerts.keeping import Kept
from ren_device.alerts.timing import GRACE_S, Timing
from ren_device.errors import AlertError
from ren_device.model import Alert, AlertChange, AlertState
from ren_device.ports import Timekeeper

CAP_S = 900.0
"""What nobody has stopped for so long falls silent, and counts as missed."""

_JUST_BEFORE = timedelta(microseconds=1)
_log = logging.getLogger(__name__)

Publish = Callable[[Alert, AlertChange], None]


@dataclass(slots=True)
class _Changes:
    """What one look has found; made at once, told in order."""

    put: dict[int, Alert] = field(default_factory=dict)
    remove: list[int] = field(default_factory=list)
    tell: list[Alert] = field(default_factory=list)
    events: list[tuple[Alert, AlertChange]] = field(default_factory=list)
    occurrences: dict[int, list[Alert]] | None = None
    """Those that there were before, by series; None: not looked for yet."""


class Watch:
    """Looks at the clocks. Everything here is done at once: nothing waits for the disk."""

    def __init__(self, kept: Kept, timing: Timing, clock: Timekeeper, publish: Publish) -> None:
        """Nothing is watched before `begin`."""
        self._kept = kept
        self._timing = timing
        self._clock = clock
        self._publish = publish
        self._caps: Agenda[float] = Agenda()
        self._set_in_doubt: dict[int, float] = {}  # and what the clock was ahead by then
        self.rings_since: dict[int, float] = {}
        """What rings, oldest first, and since when on the monotonic clock."""

    def begin(self, going_on: Collection[int] = ()) -> None:
        """Watch what there is now, and nothing else. What rang before rings again.

        What is in `going_on` rings on as if nothing had been.
        """
        self._timing.forget_all()
        self._caps = Agenda()
        rang, self.rings_since = self.rings_since, {}
        changes = _Changes()
        for alert in sorted(self._kept.alerts.values(), key=lambda each: (each.due_at, each.id)):
            if alert.state != "due":
                self.follow(alert)
            elif alert.id in rang and alert.id in going_on:
                self._ring(alert, rang[alert.id])
            elif self._timing.believes_clock and self._timing.is_too_late(alert):
                self._becomes(alert, "missed", "unanswered", changes)
            else:
                self.follow(alert)
                changes.events.append((alert, "due"))
        for alert_id in self._kept.set_back:
            series = self._kept.alerts[alert_id]
            if series.last_at is not None and series.due_at <= series.last_at:
                due_at = self._next_of(series, series.last_at) or series.due_at
                self._put_if_changed(series, replace(series, due_at=due_at), changes)
        self._restate(changes)  # the clock may have been set meanwhile
        if self._timing.believes_clock:
            self._put_right(changes)
        self._make(changes)

    def follow(self, alert: Alert) -> None:
        """Watch it as it is now. What rings rings on, if it is still due."""
        since_s = self.rings_since.get(alert.id)
        self.unfollow(alert.id)
        if alert.state == "pending":
            self._timing.put(alert)
        elif alert.state == "due" and alert.kind != "routine":
            self._ring(alert, self._clock.monotonic() if since_s is None else since_s)

    def doubt(self, alert_id: int) -> None:
        """It was set for a time of day while nobody knew which day it is."""
        if not self._clock.synchronised():
            self._set_in_doubt[alert_id] = self._timing.shown_ahead_s()

    def unfollow(self, alert_id: int) -> None:
        """It neither comes nor rings any more."""
        self._timing.drop(alert_id)
        self._caps.drop(alert_id)
        self.rings_since.pop(alert_id, None)

    def _ring(self, alert: Alert, since_s: float) -> None:
        self.rings_since[alert.id] = since_s
        self._caps.put(alert.id, since_s + CAP_S)

    def look(self) -> None:
        """Make of everything what its time has made of it."""
        self._follow_clock()
        changes = _Changes()
        for alert_id in self._timing.take_due():
            self._comes_due(self._kept.alerts[alert_id], changes)
        for alert_id in self._caps.take_until(self._clock.monotonic()):
            if alert_id in changes.put:
                continue  # a later occurrence has ended it already
            self._becomes(self._kept.alerts[alert_id], "missed", "unanswered", changes)
        self._make(changes)

    def until_next_s(self) -> float | None:
        """When to look again, in seconds from now; None: not before something changes."""
        waits = [self._timing.until_next_s()]
        if (cap_s := self._caps.next()) is not None:
            waits.append(cap_s - self._clock.monotonic())
        return min((each for each in waits if each is not None), default=None)

    def _comes_due(self, alert: Alert, changes: _Changes) -> None:
        if alert.rule:
            self._occurs(alert, changes)
        elif self._timing.is_too_late(alert):
            self._becomes(alert, "missed", "missed", changes)
        else:
            self._becomes(alert, "due", "due", changes)

    def _occurs(self, series: Alert, changes: _Changes) -> None:
        """One or more occurrences are due. Of those that can still ring, only the latest does."""
        now = self._clock.now()
        first = series.due_at
        ring: datetime | None = None
        occurrence: datetime | None = first
        oldest = self._timing.oldest_that_rings()
        if first < oldest:
            occurrence = self._next_of(series, oldest - _JUST_BEFORE)
        while occurrence is not None and occurrence <= now:
            ring = occurrence
            occurrence = self._next_of(series, occurrence)
        self._end_earlier(series, changes)
        if first < oldest:
            self._becomes(self._occurrence(series, first), "missed", "missed", changes)
        if ring is not None:
            self._becomes(self._occurrence(series, ring), "due", "due", changes)
        if occurrence is None:
            changes.remove.append(series.id)
            changes.events.append((replace(series, state="done"), "changed"))
        else:
            # One that nobody heard may come again, if the clock was wrong.
            going_on = replace(series, due_at=occurrence, last_at=ring or series.last_at)
            changes.put[series.id] = going_on
            changes.events.append((going_on, "changed"))

    def _occurrence(self, series: Alert, at: datetime) -> Alert:
        return Alert(
            id=self._kept.new_id(),
            kind=series.kind,
            text=series.text,
            due_at=at,
            created_at=self._clock.now(),
            series_id=series.id,
            routine=series.routine,
        )

    def _end_earlier(self, series: Alert, changes: _Changes) -> None:
        """Of one series only the latest occurrence rings, and only the latest missed is told."""
        if changes.occurrences is None:
            changes.occurrences = {}
            for alert in self._kept.alerts.values():
                if alert.series_id is not None:
                    changes.occurrences.setdefault(alert.series_id, []).append(alert)
        for alert in changes.occurrences.get(series.id, ()):
            if alert.state == "missed":
                changes.remove.append(alert.id)
                changes.events.append((replace(alert, state="done"), "told"))
            elif alert.state == "due" and alert.kind != "routine":
                self._becomes(alert, "missed", "unanswered", changes)

    def _becomes(
        self, alert: Alert, state: AlertState, change: AlertChange, changes: _Changes
    ) -> None:
        now = replace(alert, state=state)
        if state == "due" and now.deadline is None:
            # From now on its age is reckoned by the clock that cannot be set.
            now = replace(now, deadline=self._timing.deadline(0.0))
        changes.put[alert.id] = now
        changes.events.append((now, change))
        if change != "unanswered" and alert.kind != "routine":
            changes.tell.append(now)  # phones

    def _make(self, changes: _Changes) -> None:
        if changes.put or changes.remove:
            for alert in changes.put.values():
                self.follow(alert)
            for alert_id in changes.remove:
                self.unfollow(alert_id)
            put = tuple(changes.put.values())
            self._kept.write_or_retry(put, changes.remove, changes.tell)
        for alert, change in changes.events:
            self._publish(alert, change)

    def _follow_clock(self) -> None:
        """Put right what the wall clock says of ends, and what a wrong clock has done."""
        moved = self._timing.follow_clock()
        if not (moved.set or moved.became_right):
            return
        changes = _Changes()
        for alert_id in self._timing.guessed():
            self._timing.put(self._kept.alerts[alert_id])  # reckoned anew
        self._restate(changes)
        if moved.became_right:
            for alert_id, ahead_s in self._set_in_doubt.items():
                alert = self._kept.alerts.get(alert_id)
                if alert and abs(self._timing.shown_ahead_s() - ahead_s) > GRACE_S:
                    self._put_if_changed(alert, self._timing.meant(alert), changes)
            self._set_in_doubt.clear()
        if moved.back:
            self._put_right(changes, skips=True)
        self._make(changes)

    def _restate(self, changes: _Changes) -> None:
        """Say on the wall clock as it is now when timers end."""
        for alert_id in self._timing.exact():
            alert = self._kept.alerts[alert_id]
            self._put_if_changed(alert, self._timing.restated(alert), changes)

    def _put_right(self, changes: _Changes, *, skips: bool = False) -> None:
        """Take back what a clock that was ahead has put off, or missed; or `skips`, skipped."""
        now = self._clock.now()
        for alert in list(self._kept.alerts.values()):
            if alert.due_at <= now:
                continue
            if alert.rule and alert.state == "pending":
                series = alert
                first = self._next_of(replace(alert, last_at=None, skip_until=None), now)
                if skips and first and alert.skip_until and alert.skip_until > first:
                    series = replace(alert, skip_until=None)
                due_at = self._next_of(series, now)
                if due_at and due_at < alert.due_at:
                    self._put_if_changed(alert, replace(series, due_at=due_at), changes)
            elif alert.state == "missed" and alert.deadline is None and alert.series_id is None:
                self._put_if_changed(alert, replace(alert, state="pending"), changes)

    def _put_if_changed(self, was: Alert, now: Alert, changes: _Changes) -> None:
        if now != was:
            changes.put[now.id] = now
            changes.events.append((now, "changed"))

    def _next_of(self, series: Alert, after: datetime) -> datetime | None:
        """See Timing.next_of. A kept rule that cannot be read must not stop all the others."""
        try:
            return self._timing.next_of(series, after)
        except AlertError:
            _log.error("alert %d has a rule that cannot be used: it ends", series.id)
            return None
