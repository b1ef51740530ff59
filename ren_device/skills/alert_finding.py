"""Which alerts somebody means: "the pasta timer", "7:30", "tomorrow", "the second one"."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from ren_device.alerts.recurrence import next_after
from ren_device.languages.numbers import Numbers, NumberWords
from ren_device.languages.tables import rewritten, table
from ren_device.model import Alert, AlertKind
from ren_device.skills.alert_words import AlertWords

HALF_HOUR_S = 1800
DAYS_AHEAD = 8
"""For so many days a day of the week says which one is meant."""
MOST_A_DAY = 24
"""So many occurrences of a series on one day are looked at."""
_MOST_KEPT = 2_000  # times of the day, with all that they are called
_ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001  local
_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Mind:
    numbers: NumberWords


@dataclass(frozen=True, slots=True)
class Found:
    """Those that may be meant. `day` is there when it was said which day's."""

    alerts: tuple[Alert, ...] = ()
    day: date | None = None


class AlertFinder:
    """Understands how people call their alerts, in one language. Any text is fine."""

    def __init__(self, words: AlertWords) -> None:
        """By these words."""
        self._words = words
        self._table = words.table
        self._speech = words.speech
        self._time_keys = lru_cache(_MOST_KEPT)(self._keys_of_time)
        self._length_keys = lru_cache(_MOST_KEPT)(self._keys_of_length)
        self._numbers = Numbers(table(words.speech.language, "mind", _Mind).numbers)

    def means_all(self, which: str, kind: AlertKind) -> bool:
        """Whether `which` asks for every one: `all`, `all my timers`."""
        return self._key(self._table.of_mine.sub("", which), kind) in self._table.all

    def is_place(self, which: str, kind: AlertKind) -> bool:
        """Whether `which` only counts: `next`, `the first alarm`."""
        place = self._table.place.fullmatch(self._key(which, kind))
        return place is not None and not place[2]

    def matching(
        self, alerts: Iterable[Alert], which: str, kind: AlertKind, now: datetime
    ) -> Found:
        """Those that `which` may mean: by name, length, time, day, recurrence or words of its text.

        What fits exactly goes before what fits by some of its words. `first`, `second pasta` and
        `last` count in the order given.
        """
        key = self._key(which, kind)
        candidates = tuple(alerts)
        exact = [alert for alert in candidates if key and key in self._keys(alert)]
        if exact:
            return Found(tuple(exact))
        on_a_day = self._on_a_day(candidates, key, kind, now)
        if on_a_day.alerts:
            return on_a_day
        key_without_one = key.removesuffix(f" {self._table.one.strip()}")  # "the pasta one"
        some = [alert for alert in candidates if self._has_words(alert, key)] or [
            alert for alert in candidates if self._has_words(alert, key_without_one)
        ]
        place = None if some else self._table.place.fullmatch(key)
        if place is None:
            return Found(tuple(some))
        among = (
            self.matching(candidates, place[2], kind, now) if place[2] else Found(candidates, None)
        )
        return Found(among.alerts[dict(self._table.places)[place[1]] :][:1], among.day)

    # --- by name ----------------------------------------------------------------------------

    def _keys(self, alert: Alert) -> frozenset[str]:
        """All that it is called, but for its day."""
        if alert.kind == "timer":
            keys = self._length_keys(alert.duration_s or 0)
        else:
            keys = self._time_keys(alert.due_at.time(), alert.kind)
        named = [*self._table.recurring, *self._words.recurring_names(alert)] if alert.rule else []
        return keys | {self._key(each, alert.kind) for each in (*named, alert.text) if each}

    def _keys_of_length(self, length_s: float) -> frozenset[str]:
        said = {self._speech.duration(length_s), self._speech.duration_before_noun(length_s)}
        said |= {each.removeprefix(self._table.one) for each in said}  # "the hour timer"
        if length_s == HALF_HOUR_S:
            said.update(self._table.half_hour)
        return frozenset(self._key(each, "timer") for each in said)

    def _keys_of_time(self, at: time, kind: AlertKind) -> frozenset[str]:
        said = {self._speech.time_of_day(_ANY_DAY.replace(hour=at.hour, minute=at.minute))}
        said |= {f"{at:%H:%M}", f"{at:%H:%M:%S}"}
        for minutes, template in self._table.times:
            if f"{at.minute:02}".endswith(minutes):
                said.add(
                    template.format(
                        hour=at.hour,
                        hour12=at.hour % 12 or 12,
                        next12=at.hour % 12 + 1,
                        minute=at.minute,
                        half=self._table.halves[at.hour >= 12],
                    )
                )
        if at.minute == 0:
            named = {0: self._table.midnight, 12: self._table.noon}
            said.update(named.get(at.hour, ()))
        return frozenset(self._key(each, kind) for each in said)

    def _has_words(self, alert: Alert, key: str) -> bool:
        """Whether all words of `key` are in its text, or in how it recurs."""
        words = set(key.split())
        texts = [alert.text, *(self._words.recurring_names(alert) if alert.rule else ())]
        return bool(words) and any(
            words <= set(self._key(text, alert.kind).split()) for text in texts
        )

    # --- by day -----------------------------------------------------------------------------

    def _on_a_day(self, alerts: Sequence[Alert], key: str, kind: AlertKind, now: datetime) -> Found:
        """Those that come on the day that is named in `key`, and fit what else it says."""
        today = now.date()
        near = {today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)}
        days: dict[date, str] = {}
        for day in sorted(near | {alert.due_at.date() for alert in alerts}):
            rest = self._without_day(key, day, kind, today)
            if rest is not None:
                days[day] = rest
        found = [
            (alert, day)
            for alert in alerts
            for day, rest in days.items()
            if occurrences_on(alert, day)
            and (not rest or rest in self._keys(alert) or self._has_words(alert, rest))
        ]
        fitting = dict.fromkeys(alert for alert, _ in found)
        return Found(tuple(fitting), min(day for _, day in found) if found else None)

    def _without_day(self, key: str, day: date, kind: AlertKind, today: date) -> str | None:
        """What else `key` says; None when it does not name this day."""
        for name in self._day_names(day, today):
            named = self._key(name, kind)
            before, found, after = f" {key} ".partition(f" {named} ")
            if named and found:
                rest = self._table.around_day.sub("", " ".join(f"{before} {after}".split()))
                return self._table.kind(kind).sub("", rest).strip()
        return None

    def _day_names(self, day: date, today: date) -> Iterator[str]:
        ahead = (day - today).days
        for name, days in self._table.days:
            if days == ahead:
                yield name
        yield day.isoformat()
        yield self._speech.day_from(day, today)
        if 0 <= ahead < DAYS_AHEAD:
            yield self._speech.weekday(day.weekday())

    # --- keys -------------------------------------------------------------------------------

    def _key(self, said: str, kind: AlertKind) -> str:
        """The same for all ways to say it: `The twenty-five minute timer.` is `25 minute`."""
        key = re.sub(r"[-:]|(?<=\d)t(?=\d)", " ", said.casefold())
        key = re.sub(r"[.,!?'\"’]", "", key)
        words = self._table.articles.sub("", " ".join(key.split())).split()
        kind_word = self._table.kind(kind)
        if len(words) > 1 and not kind_word.sub("", words[0]):  # "alarm for tomorrow"
            words = self._table.articles.sub("", " ".join(words[1:])).split()
        return kind_word.sub("", rewritten(self._in_digits(words), self._table.rewrites))

    def _in_digits(self, words: Sequence[str]) -> str:
        told = []
        at = 0
        while at < len(words):
            number = None if words[at].isdigit() else self._numbers.number_at(words, at)
            told.append(f"{number[0]:g}" if number else words[at])
            at = number[1] if number else at + 1
        return " ".join(told)


def occurrences_on(alert: Alert, day: date) -> list[datetime]:
    """When it still comes on this day, in order; at most MOST_A_DAY."""
    if not alert.rule:
        return [alert.due_at] if alert.due_at.date() == day else []
    if alert.due_at.date() > day:
        return []
    after = max(datetime.combine(day, time()), alert.due_at) - _JUST_BEFORE
    found: list[datetime] = []
    while len(found) < MOST_A_DAY:
        at = next_after(alert.rule, alert.starts_at or alert.due_at, after)
        if at is None or at.date() != day:
            break
        found.append(at)
        after = at
    return found
