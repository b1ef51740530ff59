"""The clocks that alerts follow: one that people set, and one that nobody can.

Timers, snoozes and "in twenty minutes" end on the monotonic clock; all else when the clock on the
wall says so. After power-on the wall clock may be wrong until the network has set it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ren_device.alerts.agenda import Agenda
from ren_device.alerts.recurrence import next_after
from ren_device.errors import AlertError
from ren_device.model import Alert, Deadline
from ren_device.ports import Timekeeper

GRACE_S = 900.0
"""What is due rings if it is late by no more than this; else it was missed."""
PATIENCE_S = 300.0
"""For so long after power-on a clock that is not synchronised is not believed. Then alarms follow
it: one that may be late is better than none."""
LONGEST_S = 366 * 86_400.0
"""No timer or delay is longer."""
SET_BY_S = 0.5
"""The clock was set if it moved by more than this against the one that cannot be."""
SET_BACK = timedelta(hours=3)
"""What rang further ahead than this rang by a clock that was wrong. It is more than daylight saving
ever moves."""
LOOK_AGAIN_S = 10.0
"""A clock that was set is noticed within this time."""


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  local, as all wall clock times are


@dataclass(frozen=True, slots=True)
class Moved:
    """What has become of the wall clock."""

    set: bool
    """It was set, or what it shows was: another zone, daylight saving."""
    back: bool
    """It was set back; not by daylight saving."""
    became_right: bool
    """It is known to be right from now on."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The wall clock against the one that cannot be set; `shown` is with the zone."""

    right: bool
    ahead_s: float
    shown_s: float


class Timing:
    """When each pending alert is due, by the clock that it follows."""

    def __init__(self, clock: Timekeeper, look_again_s: float = LOOK_AGAIN_S) -> None:
        """Nothing is due."""
        self._look_again_s = look_again_s
        self._clock = clock
        self._ends: Agenda[float] = Agenda()  # on the monotonic clock
        self._moments: Agenda[datetime] = Agenda()  # on the wall
        self._guessed: set[int] = set()  # ends reckoned by a clock that may be wrong
        self._was = self._reading()

    @property
    def believes_clock(self) -> bool:
        """Whether wall-clock alerts are judged by it: it is right, or nobody can say."""
        return self._clock.synchronised() or self._clock.monotonic() >= PATIENCE_S

    @property
    def waits_for_clock(self) -> bool:
        """Whether something is set that cannot be judged before the clock is right."""
        return bool(len(self._moments) or self._guessed) and not self.believes_clock

    def deadline(self, in_s: float) -> Deadline:
        """So many seconds from now. Raises AlertError when that is no time to wait."""
        if not 0 <= in_s <= LONGEST_S:
            raise AlertError("That is no time to wait: it has to be between now and a year.")
        clock = self._clock
        return Deadline(clock.timestamp() + in_s, clock.monotonic() + in_s, clock.boot_id)

    def forget_all(self) -> None:
        """Nothing is pending any more."""
        self._ends, self._moments = Agenda(), Agenda()
        self._guessed.clear()

    def drop(self, alert_id: int) -> None:
        """It is not pending any more."""
        self._ends.drop(alert_id)
        self._moments.drop(alert_id)
        self._guessed.discard(alert_id)

    def put(self, alert: Alert) -> None:
        """It is pending, as it is now."""
        self.drop(alert.id)
        end = alert.deadline
        if end is None:
            self._moments.put(alert.id, alert.due_at)
        elif end.boot_id == self._clock.boot_id:
            self._ends.put(alert.id, end.monotonic_s)
        else:
            in_s = end.timestamp - self._clock.timestamp()
            self._ends.put(alert.id, self._clock.monotonic() + in_s)
            if not self._clock.synchronised():
                self._guessed.add(alert.id)

    def remaining_s(self, alert: Alert) -> float:
        """Seconds until it is due; negative when overdue."""
        if alert.left_s is not None:
            return alert.left_s
        end_s = self._ends.moment(alert.id)
        if end_s is None and alert.deadline is not None:
            if alert.deadline.boot_id == self._clock.boot_id:
                end_s = alert.deadline.monotonic_s
            else:
                return alert.deadline.timestamp - self._clock.timestamp()
        if end_s is not None:
            return end_s - self._clock.monotonic()
        return (alert.due_at - self._clock.now()).total_seconds()

    def oldest_that_rings(self) -> datetime:
        """What was due before this, on the wall, is too late to ring.

        Reckoned on both clocks: the hour that is left out in spring makes nothing late, nor does
        the one that comes twice in autumn.
        """
        before = self._clock.local(self._clock.timestamp() - GRACE_S)
        return min(before, self._clock.now() - timedelta(seconds=GRACE_S))

    def is_too_late(self, alert: Alert) -> bool:
        """Whether it came due so long ago that it is not to ring any more."""
        if alert.deadline is not None:
            return -self.remaining_s(alert) > GRACE_S
        return alert.due_at < self.oldest_that_rings()

    def take_due(self) -> list[int]:
        """The ids of what has come due; they are not pending any more."""
        due = self._ends.take_until(self._clock.monotonic())
        if self.believes_clock:
            due += self._moments.take_until(self._clock.now())
        self._guessed.difference_update(due)
        return due

    def until_next_s(self) -> float | None:
        """How long nothing comes due or need be looked at; None: for ever."""
        waits: list[float] = []
        if (end_s := self._ends.next()) is not None:
            waits.append(end_s - self._clock.monotonic())
        if self.believes_clock and (moment := self._moments.next()) is not None:
            waits.append((moment - self._clock.now()).total_seconds())
        if len(self._ends) or len(self._moments):
            waits.append(self._look_again_s)
        return min(waits, default=None)

    def follow_clock(self) -> Moved:
        """What has become of the wall clock since it last moved."""
        was, now = self._was, self._reading()
        ahead_s, shown_s = now.ahead_s - was.ahead_s, now.shown_s - was.shown_s
        moved = Moved(
            set=abs(ahead_s) > SET_BY_S or abs(shown_s) > SET_BY_S,
            back=ahead_s < -SET_BY_S or shown_s < -SET_BACK.total_seconds(),
            became_right=now.right and not was.right,
        )
        if moved.set or moved.became_right:
            self._was = now
        return moved

    def restated(self, alert: Alert) -> Alert:
        """The alert with its end as the wall clock says it now; for one that has a deadline."""
        end_s = self._ends.moment(alert.id)
        if alert.deadline is None or end_s is None:
            return alert
        in_s = end_s - self._clock.monotonic()
        stamp = self._clock.timestamp() + in_s
        due_at = self._clock.local(stamp)
        same = alert.deadline.boot_id == self._clock.boot_id
        if same and abs((due_at - alert.due_at).total_seconds()) < SET_BY_S:
            return alert
        deadline = Deadline(stamp, end_s, self._clock.boot_id)
        return replace(alert, deadline=deadline, due_at=due_at)

    def shown_ahead_s(self) -> float:
        """By how much what the wall clock shows is ahead of the clock that cannot be set."""
        stamp, now_s = self._clock.timestamp(), self._clock.monotonic()
        return (self._clock.local(stamp) - _EPOCH).total_seconds() - now_s

    def meant(self, alert: Alert) -> Alert:
        """What was set for a time of day when nobody knew which day it was, now that it is known.

        As many whole days ahead as it was set for, and then the next such time.
        """
        now = self._clock.now()
        if alert.state != "pending" or alert.deadline is not None:
            return alert
        ahead = timedelta(days=(alert.due_at - alert.created_at).days)
        due_at = datetime.combine(now.date() + ahead, alert.due_at.time())
        due_at = due_at if due_at > now else due_at + timedelta(days=1)
        if not alert.rule:
            return replace(alert, due_at=due_at)
        start = datetime.combine(now.date(), (alert.starts_at or alert.due_at).time())
        series = replace(alert, starts_at=start, last_at=None, skip_until=None)
        return replace(series, due_at=self.next_of(series, now) or due_at)

    def exact(self) -> list[int]:
        """The ids of those whose end is known on the clock that cannot be set."""
        return [alert_id for alert_id in self._ends.ids() if alert_id not in self._guessed]

    def guessed(self) -> list[int]:
        """The ids of those whose end was reckoned by a clock that may be wrong."""
        return list(self._guessed)

    def next_of(self, series: Alert, after: datetime) -> datetime | None:
        """The next occurrence of a series that is not skipped, after this moment and the latest."""
        last_at = series.last_at
        if last_at is not None and last_at > self._clock.now() + SET_BACK:
            last_at = None
        floor = max(each for each in (after, last_at, series.skip_until) if each is not None)
        return next_after(series.rule, series.starts_at or series.due_at, floor)

    def _reading(self) -> "_Reading":
        ahead_s = self._clock.timestamp() - self._clock.monotonic()
        return _Reading(self._clock.synchronised(), ahead_s, self.shown_ahead_s())
