"""Years of schedules, with kills, power cuts, wrong clocks, other zones and both switches.

What is promised is written here a second time, without the kernel's code: rung at least once and at
its moment, acknowledged exactly once, missed only for a reason, nothing lost and nothing invented.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus, Subscription
from ren_device.model import Alert, AlertChanged
from tests.alerts.house import settle
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.physics import PhysicalClock
from tests.virtual_time import VirtualLoop

GRACE_S = CAP_S = 900.0
FAR_BACK = timedelta(hours=3)
ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time, in the southern summer
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Chatham",
    "America/Sao_Paulo",
    "Pacific/Kiritimati",
)
DAYS = "MO TU WE TH FR SA SU".split()
picks = st.integers(0, 10_000)
Name = tuple[int, datetime | None]


@dataclass
class Once:
    """Something that happens once; `end_s` in physical time, or `due` on the wall."""

    end_s: float | None = None
    due: datetime | None = None
    state: str = "pending"
    left_s: float = 0.0
    rings_since_s: float = 0.0
    series: int | None = None
    rang: bool = False


@dataclass
class Series:
    """On these days of the week, at this time."""

    days: frozenset[int]
    at: time
    start: datetime
    due: datetime
    last: datetime | None = None
    skip: datetime | None = None

    def after(self, moment: datetime) -> datetime:
        day = moment.date()
        while True:
            candidate = datetime.combine(day, self.at)
            if day.weekday() in self.days and candidate > moment and candidate >= self.start:
                return candidate
            day += timedelta(days=1)

    def next(self, now: datetime) -> datetime:
        last = None if self.last and self.last > now + FAR_BACK else self.last
        return self.after(max(each for each in (now, last, self.skip) if each))


class AlertsOverYears(RuleBasedStateMachine):
    """A kernel and a plain model of what it promises."""

    @initialize(
        zone=st.sampled_from(ZONES),
        start=st.datetimes(*map(datetime.fromisoformat, ("2025-01-01", "2027-12-31"))),
    )
    def begin(self, zone: str, start: datetime) -> None:
        self.loop = VirtualLoop()
        self.clock = PhysicalClock(start.replace(microsecond=250_000), zone)
        self.store = MemoryAlerts()
        self.once: dict[int, Once] = {}
        self.series: dict[int, Series] = {}
        self.over: set[tuple[int, datetime | None]] = set()  # acknowledged, for good
        self._live()

    def _live(self) -> None:
        self.bus = Bus()
        self.kernel = AlertKernel(self.store, self.clock, self.bus, look_again_s=float("inf"))
        self.hearing = self.bus.subscribe(limit=10_000)
        self.heard: Subscription = self.hearing.__enter__()
        self._do(self.kernel.load())

    def _do(self, work: object) -> object:
        async def scene() -> object:
            result = await work  # type: ignore[misc]
            await settle()
            return result

        return self.loop.run_until_complete(scene())

    def _kernel_looks(self) -> float | None:
        async def scene() -> float | None:
            return self.kernel.look()

        wait_s = self._do(scene())
        assert wait_s is None or isinstance(wait_s, float)
        return wait_s

    def _events(self) -> list[AlertChanged]:
        events: list[AlertChanged] = []
        queue = self.heard._events
        while not queue.empty():
            each = queue.get_nowait()
            assert isinstance(each, AlertChanged)
            events.append(each)
        return events

    # --- time passes ------------------------------------------------------------------------

    def _pass(self, seconds: float) -> None:
        """Time passes while Ren is up; it looks whenever it asked to."""
        end_s = self.clock.at_s + seconds
        self._events()
        while True:
            self._look()
            left_s = end_s - self.clock.at_s
            if left_s <= 0:
                return
            wait_s = self._kernel_looks()
            wait_s = left_s if wait_s is None else min(max(wait_s, 1e-6), left_s)
            self.clock.at_s += self.clock.until_switch_s(wait_s)

    def _look(self) -> None:
        self._events()  # what people did is known
        now, at_s = self.clock.now(), self.clock.at_s
        due, missed, unanswered = self._expected(now, at_s)
        self._kernel_looks()
        heard = self._events()
        if heard:
            event("something happened")
        assert {self._name(e.alert) for e in heard if e.change == "due"} == due
        assert {self._name(e.alert) for e in heard if e.change == "missed"} == missed
        assert {self._name(e.alert) for e in heard if e.change == "unanswered"} == unanswered
        for each in heard:
            self._learn(each)

    def _name(self, alert: Alert) -> Name:
        """A new occurrence is known by its series and time, everything else by its id."""
        if alert.id in self.once or alert.series_id is None:
            return (alert.id, None)
        return (alert.series_id, alert.due_at)

    def _expected(self, now: datetime, at_s: float) -> tuple[set[Name], set[Name], set[Name]]:
        due: set[Name] = set()
        missed: set[Name] = set()
        unanswered: set[Name] = set()
        oldest = self.clock.local(self.clock.timestamp() - GRACE_S)
        for number, each in self.once.items():
            if each.state == "due" and at_s - each.rings_since_s >= CAP_S:
                unanswered.add((number, None))
            if each.state != "pending":
                continue
            if each.end_s is not None:
                is_due, too_late = at_s >= each.end_s - 1e-5, at_s > each.end_s + GRACE_S + 1e-5
            else:
                assert each.due is not None
                is_due, too_late = each.due <= now, each.due < oldest
            if is_due:
                (missed if too_late else due).add((number, None))
        for number, series in self.series.items():
            if series.due > now:
                continue
            occurrences = [series.due]
            while (
                following := series.after(max(occurrences[-1], series.skip or series.due))
            ) <= now:
                occurrences.append(following)
            if occurrences[-1] >= oldest:
                due.add((number, occurrences[-1]))
            if occurrences[0] < oldest:
                missed.add((number, occurrences[0]))
            unanswered |= {
                (key, None)
                for key, each in self.once.items()
                if each.series == number and each.state == "due"
            }
        return due, missed, unanswered

    def _learn(self, each: AlertChanged) -> None:
        """Take over what was just found to be as expected."""
        alert = each.alert
        comes = each.change in ("due", "missed")
        if comes and alert.series_id and alert.id not in self.once:  # else it was snoozed
            assert (alert.series_id, alert.due_at) not in self.over, "rung after its end"
            self.once[alert.id] = Once(due=alert.due_at, series=alert.series_id)
        if each.change == "due":
            self.once[alert.id].state = "due"
            self.once[alert.id].rang = True
            self.once[alert.id].rings_since_s = self.clock.at_s
            event("rang")
        elif each.change in ("missed", "unanswered"):
            self.once[alert.id].state = "missed"
            event(each.change)
        elif each.change == "told":
            assert self.once.pop(alert.id).state == "missed"
        elif each.change == "changed" and alert.rule:
            series = self.series[alert.id]
            series.last = alert.last_at
            series.due = series.next(self.clock.now())
            assert alert.due_at == series.due

    @rule(seconds=st.integers(0, 4000))
    def a_while(self, seconds: int) -> None:
        self._pass(seconds)

    @rule(days=st.integers(1, 400))
    def days(self, days: int) -> None:
        if len(self.series) > 2:
            days = min(days, 40)
        self._pass(days * 86_400.0 + 0.5)

    # --- people -----------------------------------------------------------------------------

    @rule(seconds=st.integers(1, 100_000))
    def set_timer(self, seconds: int) -> None:
        alert = self._do(self.kernel.set("timer", in_s=float(seconds)))
        assert isinstance(alert, Alert)
        self.once[alert.id] = Once(end_s=self.clock.at_s + seconds)

    @rule(seconds=st.integers(1, 40_000_000))
    def set_alarm(self, seconds: int) -> None:
        due = self.clock.now() + timedelta(seconds=seconds)
        alert = self._do(self.kernel.set("alarm", at=due))
        assert isinstance(alert, Alert)
        self.once[alert.id] = Once(due=due)

    @rule(
        days=st.frozensets(st.integers(0, 6), min_size=1),
        hour=st.integers(0, 23),
        minute=st.sampled_from((0, 15, 30, 59)),
    )
    def set_series(self, days: frozenset[int], hour: int, minute: int) -> None:
        now = self.clock.now()
        at = time(hour, minute)
        start = datetime.combine(now.date(), at)
        names = ",".join(DAYS[day] for day in sorted(days))
        alert = self._do(
            self.kernel.set("reminder", "pill", at=start, rule=f"FREQ=WEEKLY;BYDAY={names}")
        )
        assert isinstance(alert, Alert)
        series = Series(days, at, start, start)
        series.due = series.after(max(now, start - timedelta(microseconds=1)))
        assert alert.due_at == series.due
        self.series[alert.id] = series

    def _pick(self, pick: int, *states: str) -> int | None:
        numbers = [number for number, each in self.once.items() if each.state in states]
        return numbers[pick % len(numbers)] if numbers else None

    @rule(pick=picks)
    def acknowledge(self, pick: int) -> None:
        number = self._pick(pick, "due")
        if number is None:
            return
        assert self._do(self.kernel.acknowledge(number)) is not None
        assert self._do(self.kernel.acknowledge(number)) is None
        self._ended(number)

    @rule()
    def acknowledge_all(self) -> None:
        ringing = {number for number, each in self.once.items() if each.state == "due"}
        silenced = self._do(self.kernel.acknowledge_all())
        assert isinstance(silenced, list)
        assert {alert.id for alert in silenced} == ringing
        for number in ringing:
            self._ended(number)

    def _ended(self, number: int) -> None:
        each = self.once.pop(number)
        # What rang by a clock that was far ahead comes again at its time.
        if each.series and (each.due is None or each.due <= self.clock.now() + FAR_BACK):
            self.over.add((each.series, each.due))

    @rule(pick=picks, seconds=st.integers(1, 2000))
    def snooze(self, pick: int, seconds: int) -> None:
        number = self._pick(pick, "due")
        if number is None:
            return
        self._do(self.kernel.snooze(number, float(seconds)))
        series = self.once[number].series
        self.once[number] = Once(end_s=self.clock.at_s + seconds, series=series)

    @rule(pick=picks)
    def pause(self, pick: int) -> None:
        number = self._pick(pick, "pending")
        if number is None or self.kernel.get(number).kind != "timer":  # type: ignore[union-attr]
            return
        self._do(self.kernel.pause(number))
        end_s = self.once[number].end_s
        assert end_s is not None
        self.once[number] = Once(state="paused", left_s=end_s - self.clock.at_s)

    @rule(pick=picks)
    def resume(self, pick: int) -> None:
        number = self._pick(pick, "paused")
        if number is None:
            return
        self._do(self.kernel.resume(number))
        self.once[number] = Once(end_s=self.clock.at_s + self.once[number].left_s)

    @rule(pick=picks)
    def skip(self, pick: int) -> None:
        if not self.series:
            return
        number = list(self.series)[pick % len(self.series)]
        series = self.series[number]
        skipped = series.due
        alert = self._do(self.kernel.skip_next(number))
        assert isinstance(alert, Alert)
        series.skip = skipped
        series.due = series.after(skipped)
        assert alert.due_at == series.due
        self.over.add((number, skipped))

    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        numbers = [*self.once, *self.series]
        if not numbers:
            return
        number = numbers[pick % len(numbers)]
        assert self._do(self.kernel.cancel(number)) is not None
        self.once.pop(number, None)
        if self.series.pop(number, None):
            self.once = {
                key: each
                for key, each in self.once.items()
                if each.series != number or each.state == "missed"
            }
        self._events()

    @rule()
    def tell_missed(self) -> None:
        missed = self.kernel.missed()
        self._do(self.kernel.told(missed))
        assert self.kernel.missed() == ()
        for alert in missed:
            if series := self.series.get(alert.series_id or 0):
                series.last = max(series.last or alert.due_at, alert.due_at)
        self.once = {key: each for key, each in self.once.items() if each.state != "missed"}

    # --- the clock on the wall ----------------------------------------------------------------

    @rule(by_s=st.integers(-100_000, 100_000))
    def set_the_clock(self, by_s: int) -> None:
        self._moved(lambda: setattr(self.clock, "wrong_s", self.clock.wrong_s + by_s))

    @rule(zone=st.sampled_from(ZONES))
    def move(self, zone: str) -> None:
        self._moved(lambda: setattr(self.clock, "zone", type(self.clock.zone)(zone)))

    def _moved(self, move: object) -> None:
        self._look()
        wrong_s, before = self.clock.wrong_s, self.clock.now()
        move()  # type: ignore[operator]
        now = self.clock.now()
        if self.clock.wrong_s < wrong_s - 0.5 or now < before - FAR_BACK:
            for series in self.series.values():
                plain = replace(series, skip=None)
                if now < series.due and series.after(now) < (series.skip or now):
                    series.skip = None if plain.next(now) < series.due else series.skip
            self._put_right(now)
        self._look()

    def _put_right(self, now: datetime) -> None:
        """What a clock that was ahead has put off or missed comes in its time."""
        for number, series in self.series.items():
            if series.due > now:
                series.due = min(series.due, series.next(now))
            self.over = {each for each in self.over if each[0] != number or (each[1] or now) < now}
        for each in self.once.values():
            by_mistake = each.state == "missed" and not each.rang and each.series is None
            if by_mistake and each.due and each.due > now:
                each.state = "pending"

    # --- the end of a life --------------------------------------------------------------------

    @rule(down_s=st.integers(0, 5000))
    def killed_and_started(self, down_s: int) -> None:
        """kill -9; the machine goes on."""
        self.hearing.__exit__(None, None, None)
        self.clock.at_s += down_s
        self._begin_again()

    @rule(down_s=st.integers(0, 5000), by_s=st.integers(-3_000_000, 3_000_000))
    def clock_set_while_ren_was_down(self, down_s: int, by_s: int) -> None:
        """The machine goes on."""
        self.hearing.__exit__(None, None, None)
        self.clock.at_s += down_s
        self.clock.wrong_s += by_s
        self._begin_again()

    @rule(down_s=st.integers(5, 200_000))
    def power_cut(self, down_s: int) -> None:
        """The clock is right again at once."""
        self.hearing.__exit__(None, None, None)
        self.clock.at_s += down_s
        self.clock.boot()
        self._begin_again()

    @rule(down_s=st.integers(5, 200_000), guessing_s=st.integers(1, 250), flag_first=st.booleans())
    def power_cut_without_battery(self, down_s: int, guessing_s: int, flag_first: bool) -> None:
        """The clock stood still, until the network is there."""
        self.hearing.__exit__(None, None, None)
        self.clock.at_s += down_s
        self.clock.boot()
        self.clock.wrong_s -= down_s
        self.clock.right = False
        self._live()
        right_again_s = self.clock.at_s + guessing_s
        self._hear_while_guessing()
        while (left_s := right_again_s - self.clock.at_s) > 0:
            wait_s = self._kernel_looks()
            self._hear_while_guessing()
            self.clock.at_s += left_s if wait_s is None else min(max(wait_s, 1e-6), left_s)
        self.clock.wrong_s += down_s
        if flag_first:
            self.clock.right = True
        else:  # the step is seen before anybody says that the clock is right
            self._kernel_looks()
            self._hear_while_guessing()
            self.clock.right = True
        self._put_right(self.clock.now())
        self._look()

    def _hear_while_guessing(self) -> None:
        """What rang before rings again, and what has ended by any reckoning; nothing else."""
        for each in self._events():
            assert each.change != "unanswered"
            if each.change == "missed":  # the clock is right, and only nobody has said so yet
                kept = self.once[each.alert.id]
                assert kept.end_s is not None
                assert self.clock.at_s > kept.end_s + GRACE_S
                kept.state = "missed"
            if each.change == "due":
                kept = self.once[each.alert.id]
                assert kept.state == "due" or (kept.end_s or 1e99) <= self.clock.at_s
                kept.state, kept.rings_since_s, kept.rang = "due", self.clock.at_s, True

    def _begin_again(self) -> None:
        now, at_s = self.clock.now(), self.clock.at_s
        rang: set[int] = set()
        for number, each in self.once.items():
            if each.state == "due":
                rang.add(number)
        self._live()
        for heard in self._events():
            if heard.change == "changed":
                continue  # said anew by the clock as it is now
            number = heard.alert.id
            assert number in rang
            rang.remove(number)
            kept = self.once[number]
            if heard.change == "due":
                kept.rings_since_s = at_s
            else:
                assert heard.change == "unanswered"
                kept.state = "missed"
        self._put_right(now)
        assert not rang, "what rang before neither rings nor counts as missed"
        assert now == self.clock.now()
        self._look()

    @precondition(lambda self: any(each.state == "due" for each in self.once.values()))
    @rule(pick=picks, cycles=st.integers(0, 6))
    def killed_while_acknowledging(self, pick: int, cycles: int) -> None:
        number = self._pick(pick, "due")
        assert number is not None

        async def scene() -> bool:
            task = asyncio.create_task(self.kernel.acknowledge(number))
            for _ in range(cycles):
                await asyncio.sleep(0)
            done = task.done()
            for each in asyncio.all_tasks() - {asyncio.current_task()}:
                each.cancel()
            await asyncio.gather(
                *(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True
            )
            return done

        okay_was_said = self.loop.run_until_complete(scene())
        kept = number in self.store.rows
        assert not (okay_was_said and kept), "acknowledged, and still there"
        if not kept:
            self._ended(number)
        self.hearing.__exit__(None, None, None)
        self._begin_again()

    # --- always -------------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_and_nothing_invented(self) -> None:
        kernel = self.kernel
        pending = {alert.id for alert in kernel.pending()}
        assert pending == set(self.series) | {
            number for number, each in self.once.items() if each.state in ("pending", "paused")
        }
        assert {alert.id for alert in kernel.ringing()} == {
            number for number, each in self.once.items() if each.state == "due"
        }
        assert {alert.id for alert in kernel.missed()} == {
            number for number, each in self.once.items() if each.state == "missed"
        }
        assert set(self.store.rows) == pending | {
            alert.id for alert in (*kernel.ringing(), *kernel.missed())
        }

    @invariant()
    def nothing_drifts(self) -> None:
        for number, each in self.once.items():
            alert = self.kernel.get(number)
            assert alert is not None
            if each.state == "paused":
                assert abs(self.kernel.remaining_s(alert) - each.left_s) < 1e-3
            elif each.state == "pending" and each.end_s is not None:
                assert abs(self.kernel.remaining_s(alert) - (each.end_s - self.clock.at_s)) < 1e-3
                shown = self.clock.local(alert.deadline.timestamp)  # type: ignore[union-attr]
                assert abs((alert.due_at - shown).total_seconds()) < 1
        for number, series in self.series.items():
            alert = self.kernel.get(number)
            assert alert is not None
            assert alert.due_at == series.due

    def teardown(self) -> None:
        self.hearing.__exit__(None, None, None)
        self.loop.close()


AlertsOverYears.TestCase.settings = settings(max_examples=55, stateful_step_count=30, deadline=None)
TestAlertsOverYears = AlertsOverYears.TestCase
