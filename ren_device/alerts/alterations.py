"""Alerts as they are after a change; nothing is kept or published here."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ren_device.alerts.recurrence import checked, without_count
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

    def due_in(self, alert: Alert, in_s: float) -> Alert:
        """Pending, so many seconds from now, by the clock that cannot be set."""
        return self.due_by(alert, self._timing.deadline(in_s))

    def due_by(self, alert: Alert, deadline: Deadline) -> Alert:
        """Pending, until this deadline."""
        due_at = self._clock.local(deadline.timestamp)
        return replace(_once(alert), deadline=deadline, due_at=due_at)

    def due_at(self, alert: Alert, at: datetime | None, rule: str | None) -> Alert:
        """Pending, at a local time (None: as before), once or by a rule (None: as before)."""
        rule = alert.rule if rule is None else rule
        changed = replace(_once(alert), due_at=at or alert.due_at)
        if rule:
            return self._series(changed, checked(rule))
        if changed.due_at <= self._clock.now():
            raise AlertError("That time has already passed.")
        return changed

    def routine_after(self, alert: Alert, new_id: Callable[[], int]) -> tuple[Alert, ...]:
        """The routine that an acknowledged alert starts, due now; or nothing."""
        if not alert.routine or alert.kind == "routine":
            return ()
        now = self._clock.now()
        started = Alert(new_id(), "routine", "", due_at=now, created_at=now, state="due")
        return (replace(started, routine=alert.routine),)

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
