"""What was missed, in one or two sentences."""

from collections.abc import Sequence
from datetime import datetime

from ren_device.model import Alert, AlertKind
from ren_device.skills.alert_words import AlertWords
from ren_device.skills.speakable import Speech, capitalised

MOST_OF_A_KIND = 3
"""More alarms or timers than this are only counted."""
MOST_TEXTS = 5
"""So many reminders are told with their text, the latest; they may be medicines."""


class MissedWords:
    """Tells it in one language."""

    def __init__(self, language: str = "en") -> None:
        """In this language."""
        self._words = AlertWords(Speech(language))
        self._speech = self._words.speech
        self._say = self._speech.say

    def said(self, alerts: Sequence[Alert], now: datetime) -> str:
        """`You missed your alarm at 7:30 AM and your pasta timer at 8:10 AM.`; empty for none.

        Many of a kind are counted, and what recurred is told once. `alerts` are those that were
        missed, of every kind, in any order.
        """
        alerts = sorted(alerts, key=lambda alert: (alert.due_at, alert.id))
        told = [
            *self._told(alerts, "alarm", MOST_OF_A_KIND, now),
            *self._told(alerts, "timer", MOST_OF_A_KIND, now),
            *self._told(alerts, "reminder", MOST_TEXTS, now),
        ]
        routines = self._told(alerts, "routine", MOST_OF_A_KIND, now)
        sentences = []
        if told:
            sentences.append(self._say("missed.said", alerts=self._speech.listing(told)))
        if routines:
            missed = self._speech.listing(routines)
            sentences.append(
                capitalised(self._say("missed.routines", len(routines), alerts=missed))
            )
        return " ".join(sentences)

    def _told(
        self, alerts: Sequence[Alert], kind: AlertKind, most: int, now: datetime
    ) -> list[str]:
        """Those of a kind, the latest last; what is too many is only counted."""
        groups: dict[object, list[Alert]] = {}
        for alert in alerts:
            if alert.kind == kind:
                thing = _one_thing(alert)
                groups[thing] = [*groups.pop(thing, ()), alert]  # by the latest of each
        one_by_one = list(groups.values())
        if len(one_by_one) <= most:
            return [self._item(group, now) for group in one_by_one]
        told = one_by_one[-most:] if kind == "reminder" else []
        others = sum(map(len, one_by_one)) - sum(map(len, told))
        return [
            *(self._item(group, now) for group in told),
            self._say(f"missed.more.{kind}", others),
        ]

    def _item(self, group: Sequence[Alert], now: datetime) -> str:
        """One, or what was missed several times."""
        latest = group[-1]
        unnamed = latest.kind == "alarm" and not latest.text
        label = self._say("missed.alarm") if unnamed else self._words.label(latest, now)
        if len(group) > 1:
            return self._say("missed.times", len(group), label=label)
        moment = self._words.at_moment(latest.due_at, now)
        return self._say("missed.one", label=label, moment=moment)


def _one_thing(alert: Alert) -> object:
    """The same for what is told once, however often it was missed."""
    if alert.kind in ("timer", "alarm"):
        return alert.id
    return alert.text.casefold(), alert.routine
