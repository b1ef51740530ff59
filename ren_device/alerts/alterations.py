"""Alerts as they are after a change; nothing is kept or published here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ren_device.alerts.recurrence import checked, ending_by, without_count
from ren_device.alerts.timing import Timing
from ren_device.errors import AlertError
from ren_device.model import Alert, Deadline
from ren_device.ports import Timekeeper

_JUST_BEFORE = timedelta(microseconds=1)


class Alterations:
    """Makes alerts due at another time. Raises AlertError for times that cannot be."""

    def __init__(self, clock: Timekeeper, timing: Timing) -> None:
        """By these clocks."""
        self._clock = clock
        self._timing = timing

    def due_by(self, alert: Alert, deadline: Deadline) -> Alert:
        """Pending, until this deadline."""
        due_at = self._clock.local(deadline.timestamp)
        return replace(_once(alert), deadline=deadline, due_at=due_at)

    def due_at(self, alert: Alert, at: datetime | None, rule: str | None) -> Alert:
        """Pending, at a local time (None: as before), once or by a rule (None: as before)."""
        if alert.kind == "timer":
            raise AlertError("A timer has no time of day; give or take time instead.")
        if alert.series_id is not None and rule is not None:
            raise AlertError("It is one occurrence: change the series that it is of.")
        changed = replace(_once(alert), due_at=at or alert.due_at)
        if rule is None and alert.rule:
            # The last one, where the rule names one, moves with the others.
            return self._series(changed, ending_by(alert.rule, changed.due_at.time()))
        if rule:
            return self._series(changed, checked(rule))
        if changed.due_at <= self._clock.now():
            raise AlertError("That time has already passed.")
        return changed

    def snoozed(self, alert: Alert, for_s: float) -> Alert:
        """What rings, put off."""
        if alert.state != "due" or alert.kind == "routine":
            raise AlertError("It does not ring.")
        return self._due_in(alert, for_s)

    def moved(self, alert: Alert, in_s: float, rule: str | None) -> Alert:
        """Due so many seconds from now; a series only if an empty `rule` says that it ends."""
        if alert.rule and rule is None:
            raise AlertError("It recurs: say that it is to happen once, or give a time of day.")
        if rule:
            raise AlertError("What recurs begins at a time of day.")
        return self._due_in(alert, in_s)

    def adjusted(self, alert: Alert, by_s: float) -> Alert:
        """A timer with more time, or less; one that rings or was missed runs again."""
        if alert.kind != "timer":
            raise AlertError("Only a timer can be given time.")
        over = alert.state in ("due", "missed")
        left_s = by_s + (0.0 if over else self._timing.remaining_s(alert))
        if left_s <= 0:
            raise AlertError("The timer does not have that much time left.")
        running = self._due_in(alert, left_s)
        return self.paused(running) if alert.state == "paused" else running

    def paused(self, alert: Alert) -> Alert:
        """A timer that is held."""
        if alert.kind != "timer" or alert.state != "pending":
            raise AlertError("Only a timer that runs can be paused.")
        left_s = max(0.0, self._timing.remaining_s(alert))
        return replace(alert, state="paused", left_s=left_s, deadline=None)

    def resumed(self, alert: Alert) -> Alert:
        """A paused timer that runs on."""
        if alert.state != "paused":
            raise AlertError("Only a paused timer can run on.")
        return self._due_in(alert, alert.left_s or 0.0)

    def skipped(self, alert: Alert) -> Alert:
        """A series without its next occurrence."""
        if not alert.rule:
            raise AlertError("It happens only once: cancel it instead.")
        due_at = self._timing.next_of(alert, max(alert.due_at, self._clock.now()))
        if due_at is None:
            raise AlertError("It has no further occurrence: cancel it instead.")
        return replace(alert, due_at=due_at, skip_until=alert.due_at)

    def after(self, told: Iterable[Alert], alerts: Mapping[int, Alert]) -> tuple[Alert, ...]:
        """The series of which these were missed: what was told does not come again."""
        last: dict[int, datetime] = {}
        for alert in told:
            if alert.series_id in alerts and alert.series_id is not None:
                latest = last.get(alert.series_id, alerts[alert.series_id].last_at)
                last[alert.series_id] = max(latest or alert.due_at, alert.due_at)
        return tuple(replace(alerts[number], last_at=last_at) for number, last_at in last.items())

    def routine_after(self, alert: Alert, new_id: Callable[[], int]) -> tuple[Alert, ...]:
        """The routine that an acknowledged alert starts, due now; or nothing."""
        if not alert.routine or alert.kind == "routine":
            return ()
        now = self._clock.now()
        started = Alert(new_id(), "routine", "", due_at=now, created_at=now, state="due")
        return (replace(started, routine=alert.routine),)

    def _due_in(self, alert: Alert, in_s: float) -> Alert:
        return self.due_by(alert, self._timing.deadline(in_s))

    def _series(self, alert: Alert, rule: str) -> Alert:
        """The series that begins when `alert` is due."""
        start = alert.due_at.replace(microsecond=0)  # rules know whole seconds
        series = replace(alert, rule=without_count(rule, start), starts_at=start)
        # The first one may be at the start itself.
        due_at = self._timing.next_of(series, max(self._clock.now(), start - _JUST_BEFORE))
        if due_at is None:
            raise AlertError("By this rule it never comes.")
        return replace(series, due_at=due_at)


def _once(alert: Alert) -> Alert:
    """Pending, without all that says when."""
    return replace(
        alert,
        state="pending",
        deadline=None,
        left_s=None,
        rule="",
        starts_at=None,
        last_at=None,
        skip_until=None,
    )
