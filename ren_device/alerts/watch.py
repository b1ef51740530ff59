"""What comes due, and what becomes of it: it rings, or it was missed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ren_device.alerts.agenda import Agenda
from ren_device.alerts.keeping import Kept
from ren_device.alerts.timing import Timing
from ren_device.model import Alert, AlertChange, AlertState
from ren_device.ports import Timekeeper

CAP_S = 900.0
"""What nobody has stopped for so long falls silent, and counts as missed."""

_JUST_BEFORE = timedelta(microseconds=1)

Publish = Callable[[Alert, AlertChange], None]


@dataclass(slots=True)
class _Changes:
    """What one look has found; made at once, told in order."""

    put: dict[int, Alert] = field(default_factory=dict)
    remove: list[int] = field(default_factory=list)
    tell: list[Alert] = field(default_factory=list)
    events: list[tuple[Alert, AlertChange]] = field(default_factory=list)


class Watch:
    """Looks at the clocks. Everything here is done at once: nothing waits for the disk."""

    def __init__(self, kept: Kept, timing: Timing, clock: Timekeeper, publish: Publish) -> None:
        """Nothing is watched before `begin`."""
        self._kept = kept
        self._timing = timing
        self._clock = clock
        self._publish = publish
        self._caps: Agenda[float] = Agenda()
        self.rings_since: dict[int, float] = {}
        """What rings, oldest first, and since when on the monotonic clock."""

    def begin(self) -> None:
        """Watch what there is now, and nothing else. What rang before rings again."""
        self._timing.forget_all()
        self.rings_since.clear()
        changes = _Changes()
        for alert in sorted(self._kept.alerts.values(), key=lambda each: (each.due_at, each.id)):
            self._caps.drop(alert.id)
            if alert.state != "due":
                self.follow(alert)
            elif self._timing.believes_clock and self._timing.is_too_late(alert):
                self._becomes(alert, "missed", "unanswered", changes)
            else:
                self.follow(alert)
                changes.events.append((alert, "due"))
        self._make(changes)

    def follow(self, alert: Alert) -> None:
        """Watch it as it is now."""
        self.unfollow(alert.id)
        if alert.state == "pending":
            self._timing.put(alert)
        elif alert.state == "due" and alert.kind != "routine":
            now_s = self._clock.monotonic()
            self.rings_since[alert.id] = now_s
            self._caps.put(alert.id, now_s + CAP_S)

    def unfollow(self, alert_id: int) -> None:
        """It neither comes nor rings any more."""
        self._timing.drop(alert_id)
        self._caps.drop(alert_id)
        self.rings_since.pop(alert_id, None)

    def look(self) -> None:
        """Make of everything what its time has made of it."""
        self._follow_clock()
        changes = _Changes()
        for alert_id in self._timing.take_due():
            self._comes_due(self._kept.alerts[alert_id], changes)
        for alert_id in self._caps.take_until(self._clock.monotonic()):
            self._becomes(self._kept.alerts[alert_id], "missed", "unanswered", changes)
        self._make(changes)

    def until_next_s(self) -> float | None:
        """When to look again, in seconds from now; None: when something was changed."""
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
        first = last = series.due_at
        ring: datetime | None = None
        occurrence: datetime | None = first
        oldest = self._timing.oldest_that_rings()
        if first < oldest:
            occurrence = self._timing.next_of(series, oldest - _JUST_BEFORE)
        while occurrence is not None and occurrence <= now:
            ring = last = occurrence
            occurrence = self._timing.next_of(series, occurrence)
        self._end_earlier(series, changes)
        if first < oldest:
            self._becomes(self._occurrence(series, first), "missed", "missed", changes)
        if ring is not None:
            self._becomes(self._occurrence(series, ring), "due", "due", changes)
        if occurrence is None:
            changes.remove.append(series.id)
            changes.events.append((replace(series, state="done"), "changed"))
        else:
            going_on = replace(series, due_at=occurrence, last_at=last)
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
        for alert in self._kept.alerts.values():
            if alert.series_id != series.id or alert.kind == "routine":
                continue
            if alert.state == "missed":
                changes.remove.append(alert.id)
                changes.events.append((replace(alert, state="done"), "told"))
            elif alert.state == "due":
                self._becomes(alert, "missed", "unanswered", changes)

    def _becomes(
        self, alert: Alert, state: AlertState, change: AlertChange, changes: _Changes
    ) -> None:
        now = replace(alert, state=state)
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
            self._kept.change_anyway(put, changes.remove, changes.tell)
        for alert, change in changes.events:
            self._publish(alert, change)

    def _follow_clock(self) -> None:
        """Put right what the wall clock says of ends, and what a wrong clock has put off."""
        moved = self._timing.follow_clock()
        changes = _Changes()
        if moved.became_right:
            for alert_id in self._timing.guessed():
                self._timing.put(self._kept.alerts[alert_id])
        if moved.set or moved.became_right:
            for alert_id in self._timing.with_deadlines():
                alert = self._kept.alerts[alert_id]
                self._put_if_changed(alert, self._timing.restated(alert), changes)
        if moved.far_back:
            now = self._clock.now()
            for alert in [each for each in self._kept.alerts.values() if each.rule]:
                ahead = alert.last_at is not None and alert.last_at > now  # that was no occurrence
                series = replace(alert, last_at=None) if ahead else alert
                if due_at := self._timing.next_of(series, now):
                    self._put_if_changed(alert, replace(series, due_at=due_at), changes)
        self._make(changes)

    def _put_if_changed(self, was: Alert, now: Alert, changes: _Changes) -> None:
        if now != was:
            changes.put[now.id] = now
            changes.events.append((now, "changed"))
