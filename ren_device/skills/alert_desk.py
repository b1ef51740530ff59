"""What the tools for timers, alarms and reminders have in common: which ones, and how to tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, TypeVar

from ren_device.alerts.kernel import AlertKernel
from ren_device.model import Alert, AlertKind
from ren_device.ports import Clock
from ren_device.skills.alert_finding import AlertFinder, occurrences_on
from ren_device.skills.alert_words import AlertWords
from ren_device.skills.speakable import Speech, capitalised
from ren_device.skills.tool import length

Name = Annotated[str, length(0, 100)]
At = Annotated[str, length(0, 60)]
Day = Annotated[str, length(0, 20)]
Repeat = Annotated[str, length(0, 300)]
T = TypeVar("T")
MOST_SAID = 6
"""So many alerts are said one by one; of more, how many they are. One more is said as well."""


def rule_of(repeat: str) -> str | None:
    """The rule in an argument: empty for `once`, None when nothing was said."""
    said = repeat.strip()
    return "" if said.casefold() == "once" else said or None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The alerts that are meant; or none, and `answer` says or asks why.

    `day` is there when it was said which day's.
    """

    alerts: tuple[Alert, ...] = ()
    answer: str = ""
    day: date | None = None


class AlertDesk:
    """Finds, tells and cancels alerts of any kind."""

    def __init__(self, kernel: AlertKernel, clock: Clock, language: str) -> None:
        """Those of this kernel, by this clock, in the words of this language."""
        self.kernel = kernel
        self.speech = Speech(language)
        self.say = self.speech.say
        self.words = AlertWords(self.speech)
        self._clock = clock
        self._finder = AlertFinder(self.words)

    def now(self) -> datetime:
        """Local wall clock, naive."""
        return self._clock.now()

    # --- which ------------------------------------------------------------------------------

    def present(self, kind: AlertKind) -> tuple[Alert, ...]:
        """What rings, then what is set, soonest first, paused timers last."""
        ringing = [alert for alert in self.kernel.ringing() if alert.kind == kind]
        return (*ringing, *self.kernel.pending(kind))

    def is_place(self, which: str, kind: AlertKind) -> bool:
        """Whether `which` only counts: `next`."""
        return self._finder.is_place(which, kind)

    def choose(
        self, kind: AlertKind, which: str, among: Sequence[Alert], question: str = "which_one"
    ) -> Chosen:
        """Those of `among`, which are not none, that `which` means.

        What rings goes first. Where several fit it asks with the reply `question` of this kind.
        """
        if self._finder.means_all(which, kind):
            return Chosen(tuple(among))
        ringing = tuple(alert for alert in among if alert.state == "due")
        if not self.words.clean_name(which, kind):
            meant, day = ringing or tuple(among), None
            ask = len(meant) > 1 and not ringing
        else:
            found = self._finder.matching(among, which, kind, self.now())
            if not found.alerts:
                return Chosen(answer=self.unknown(kind))
            meant = tuple(alert for alert in found.alerts if alert.state == "due") or found.alerts
            day, ask = found.day, len(meant) > 1
        if ask:
            return Chosen(answer=self.ask(kind, meant, question))
        return Chosen(meant, day=day)

    def ask(self, kind: AlertKind, alerts: Sequence[Alert], question: str) -> str:
        """What there is, and which of it is meant."""
        return f"{self.overview(kind, alerts)} {self.say(f'{kind}.{question}')}"

    def unknown(self, kind: AlertKind) -> str:
        """That nothing fits, and what there is."""
        present = self.present(kind)
        if not present:
            return self.say(f"{kind}.none")
        return f"{self.say(f'{kind}.unknown')} {self.overview(kind, present)}"

    def named(self, kind: AlertKind, which: str, among: Sequence[Alert]) -> tuple[Alert, ...]:
        """All of `among` that `which` may mean, also several; every one for no name."""
        if not self.words.clean_name(which, kind) or self._finder.means_all(which, kind):
            return tuple(among)
        return self._finder.matching(among, which, kind, self.now()).alerts

    def of_any_kind(self, alerts: Sequence[Alert], which: str) -> tuple[Alert, ...]:
        """Those that `which` may mean, by their kind too; every one for no name."""
        kinds = {alert.kind for alert in alerts}
        named = [
            self.named(kind, which, [alert for alert in alerts if alert.kind == kind])
            for kind in kinds
        ]
        return tuple(alert for alert in alerts if any(alert in each for each in named))

    # --- changing ---------------------------------------------------------------------------

    async def move(
        self,
        alert: Alert,
        at: str = "",
        by_s: float = 0.0,
        rule: str | None = None,
        *,
        in_s: float = 0.0,
        text: str | None = None,
    ) -> Alert | None:
        """Change what is given; `HH:MM` keeps the day. How it is then, None if it has gone.

        Raises ToolError for times that cannot be used, AlertError, StoreError.
        """
        now = self.now()
        if rule is not None and alert.series_id is not None:  # it rings, and its series is meant
            alert = self.kernel.get(alert.series_id) or alert
        due_at: datetime | None = None
        left_s = in_s or None
        if by_s and alert.state == "due":
            left_s = by_s  # from now on
        elif by_s and alert.deadline is not None:
            left_s = self.kernel.remaining_s(alert) + by_s
        elif by_s:
            due_at = alert.due_at + timedelta(seconds=by_s)
        elif at.strip():
            due_at = self.words.parse_at(at, now, alert.due_at.date())
            if alert.rule and self.words.is_clock(at):  # a series stays in step with its days
                due_at = datetime.combine(alert.due_at, due_at.time())
        if due_at is not None and not (alert.rule or rule):
            self.words.still_to_come(due_at, now)
        if left_s is not None:
            self.words.still_to_come(now + timedelta(seconds=left_s), now)
        return await self.kernel.change(alert.id, text=text, at=due_at, in_s=left_s, rule=rule)

    async def cancel(self, kind: AlertKind, which: str) -> str:
        """Cancel what is meant. A series is not, when only one day of it was named: it asks."""
        now = self.now()
        present = self.present(kind)
        if not present:
            return self.say(f"{kind}.none")
        chosen = self.choose(kind, which, present)
        if chosen.answer:
            return chosen.answer
        if chosen.day is not None and chosen.alerts[0].rule:
            return self.only_one_day(kind, "cancel_one_day", chosen.alerts[0], chosen.day)
        for alert in chosen.alerts:
            await self.kernel.cancel(alert.id)
        number = len(chosen.alerts)
        if all(alert.state == "due" for alert in chosen.alerts):
            return self.off(chosen.alerts)
        if number > 1:
            return self.say(f"{kind}.cancelled_{'both' if number == 2 else 'all'}", number)
        return self.say(f"{kind}.cancelled", label=self.words.label(chosen.alerts[0], now))

    # --- telling ----------------------------------------------------------------------------

    def listed(self, kind: AlertKind, day: str) -> str:
        """All of them, or those that come on a day (ISO date). Raises ToolError for no day."""
        present = self.present(kind)
        on = self.words.parse_day(day)
        if on is None:
            return self.overview(kind, present) if present else self.say(f"{kind}.none")
        said = self.words.on_day(on, self.now())
        coming = sorted(
            ((at, alert) for alert in present for at in occurrences_on(alert, on)),
            key=lambda each: each[0],
        )
        if not coming:
            return self.say(f"{kind}.none_on_day", day=said)
        told = self._listing(coming, lambda each: self._described_at(each[1], each[0]))
        return self.say(f"{kind}.overview_day", len(coming), day=said, alerts=told)

    def overview(self, kind: AlertKind, alerts: Sequence[Alert]) -> str:
        """How many there are, and each."""
        described = self._listing(alerts, self._described)
        return self.say(f"{kind}.overview", len(alerts), alerts=described)

    def status(self, alert: Alert) -> str:
        """How it is with a timer, or with what rings: `your pasta timer has 3 minutes left`."""
        label = self.words.label(alert, self.now())
        if alert.state == "due":
            return self.say(f"{alert.kind}.ringing", label=label)
        left = self.speech.remaining(self.kernel.remaining_s(alert))
        return self.say(
            "timer.paused" if alert.state == "paused" else "timer.left", label=label, duration=left
        )

    def off(self, alerts: Sequence[Alert]) -> str:
        """That these do not ring any more."""
        labels = self.labels(alerts)
        return self.say("ringing.off", len(alerts), labels=labels)

    def labels(self, alerts: Sequence[Alert]) -> str:
        """`your pasta timer and your alarm for today at 7:30 AM`."""
        now = self.now()
        return self._listing(alerts, lambda alert: self.words.label(alert, now))

    def sentences(self, told: Sequence[str]) -> str:
        """One after the other; of many only the first, and how many more there are."""
        most = _most_of(told)
        if most < len(told):
            told = [*told[:most], self.say("listing.more_sentence", len(told) - most)]
        return " ".join(told)

    def only_one_day(self, kind: AlertKind, reply: str, series: Alert, day: date) -> str:
        """A series was meant by one of its days: ask whether all of it is."""
        now = self.now()
        label, on_day = self.words.label(series, now), self.words.on_day(day, now)
        return capitalised(self.say(f"{kind}.{reply}", label=label, day=on_day))

    def overdue(self) -> tuple[Alert, ...]:
        """What is due by now and will ring in a moment."""
        pending = self.kernel.pending()
        return tuple(
            alert
            for alert in pending
            if alert.state == "pending" and self.kernel.remaining_s(alert) < 0
        )

    def with_doubt(self, answer: str) -> str:
        """The answer; and that the time may be wrong, while the clock is not known to be right."""
        doubt = self.kernel.waits_for_clock()
        return f"{answer} {self.say('moment.doubtful')}" if doubt else answer

    def _listing(self, things: Sequence[T], described: Callable[[T], str]) -> str:
        most = _most_of(things)
        told = [described(each) for each in things[:most]]
        if most < len(things):
            told.append(self.say("listing.more", len(things) - most))
        return self.speech.listing(told)

    def _described(self, alert: Alert) -> str:
        now = self.now()
        if alert.kind == "timer" or alert.state == "due":
            return self.status(alert)
        if alert.kind == "alarm" and not alert.text:
            return self.words.moment(alert, now)
        return self._described_by(alert, self.words.on_moment(alert, now))

    def _described_at(self, alert: Alert, at: datetime) -> str:
        """Of one day, so only with the time."""
        if alert.state == "due":
            return self.status(alert)
        if alert.kind == "alarm" and not alert.text:
            return self.speech.time_of_day(at)
        return self._described_by(alert, self.words.at_time(at))

    def _described_by(self, alert: Alert, moment: str) -> str:
        if alert.kind == "reminder":
            task = self.words.to_do(alert.text)
            return self.say("reminder.described", task=task, moment=moment)
        name = self.speech.noun(alert.text)
        return self.say("alarm.described_named", name=name, moment=moment)


def _most_of(things: Sequence[object]) -> int:
    """How many of these are said one by one."""
    return MOST_SAID if len(things) > MOST_SAID + 1 else len(things)
