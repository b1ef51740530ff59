"""Dialogues about alerts, on the real matcher: what Ren asks back, and what comes of the answer.

It is Thursday, 25 June 2026, two minutes past two in the afternoon.
"""

from typing import Any

import pytest

from ren_device.assistant.language import Language
from ren_device.engines.hassil_intents import HassilMatcher
from tests.assistant.alert_sentences import comparable, understand_alert

pytestmark = pytest.mark.engine

WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
TOMORROW_AT_7 = "2026-06-26T07:00:00"


@pytest.fixture(scope="module")
def matchers() -> dict[str, HassilMatcher]:
    return {code: HassilMatcher.load(code) for code in ("en", "de")}


def alarm(at: str, repeat: str = "") -> list[Any]:
    return ["set_alarm", {"at": at, "name": ""} | ({"repeat": repeat} if repeat else {})]


def reminder(text: str, at: str, repeat: str = "") -> list[Any]:
    return ["set_reminder", {"text": text, "at": at} | ({"repeat": repeat} if repeat else {})]


def change(what: str, **how: object) -> list[Any]:
    return [f"change_{what}", {"which": "", **how}]


def cancel_all(*kinds: str) -> list[list[Any]]:
    return [[f"cancel_{kind}", {"which": "all"}] for kind in kinds]


CANCEL_ALL = [
    ("en", "cancel everything", "yes", cancel_all("timer", "alarm", "reminder")),
    ("en", "cancel everything", "no", []),
    ("en", "cancel all my alarms and timers", "yes", cancel_all("timer", "alarm")),
    ("en", "cancel the timers and my reminders", "yes", cancel_all("timer", "reminder")),
    ("de", "lösche alles", "ja", cancel_all("timer", "alarm", "reminder")),
    ("de", "brich alles ab", "nein", []),
    ("de", "lösche alle wecker und erinnerungen", "ja", cancel_all("alarm", "reminder")),
]


@pytest.mark.parametrize(("language", "said", "answer", "calls"), CANCEL_ALL)
async def test_all_of_several_kinds_is_cancelled_only_after_a_yes(
    matchers: dict[str, HassilMatcher],
    language: str,
    said: str,
    answer: str,
    calls: list[list[Any]],
) -> None:
    asked = await understand_alert(matchers[language], language, said)
    assert asked.words.endswith("?")
    assert asked.calls == []
    then = await understand_alert(matchers[language], language, said, asked.words, answer)
    assert then.calls == calls


ENGLISH: list[tuple[list[str], list[Any]]] = [
    # what a reminder is about is kept
    (
        ["remind me about the dentist on june 30th at 14:30"],
        reminder("about the dentist", "2026-06-30T14:30:00"),
    ),
    (
        ["remind me at 4 pm that dad's train is late"],
        reminder("that dad's train is late", "2026-06-25T16:00:00"),
    ),
    # how often it rings is kept over the question for the time
    (["wake me every weekday", "seven"], alarm(TOMORROW_AT_7, WEEKDAYS)),
    (["wake me every weekday", "at seven o'clock please"], alarm(TOMORROW_AT_7, WEEKDAYS)),
    (["set a daily alarm", "7 am"], alarm(TOMORROW_AT_7, "FREQ=DAILY")),
    (["wake me up", "every day at 7"], alarm(TOMORROW_AT_7, "FREQ=DAILY")),
    (["set a repeating alarm for 7", "every weekday"], alarm(TOMORROW_AT_7, WEEKDAYS)),
    (
        ["set a repeating alarm", "on weekends", "at nine"],
        alarm("2026-06-27T09:00:00", "FREQ=WEEKLY;BYDAY=SA,SU"),
    ),
    (
        ["remind me every monday to take the bins out", "at 7 pm"],
        reminder("take the bins out", "2026-06-29T19:00:00", "FREQ=WEEKLY;BYDAY=MO"),
    ),
    (
        ["remind me", "to swim", "every monday", "at six pm"],
        reminder("swim", "2026-06-29T18:00:00", "FREQ=WEEKLY;BYDAY=MO"),
    ),
    (
        ["remind me weekly to call mom", "on monday at six pm"],
        reminder("call mom", "2026-06-29T18:00:00", "FREQ=WEEKLY;BYDAY=MO"),
    ),
    # which of several moments
    (["wake me up at 12", "noon"], alarm("2026-06-26T12:00:00")),
    (["wake me up at 12", "midnight"], alarm("2026-06-26T00:00:00")),
    (["wake me up at 12", "the first one"], alarm("2026-06-26T00:00:00")),
    (["wake me up at 12", "the last"], alarm("2026-06-26T12:00:00")),
    (["wake me up at 12", "no, at seven"], alarm(TOMORROW_AT_7)),
    (
        ["remind me monday at nine or ten to swim", "ten"],
        reminder("swim", "2026-06-29T10:00:00"),
    ),
    (
        ["remind me monday at nine or ten to swim", "the second"],
        reminder("swim", "2026-06-29T10:00:00"),
    ),
    # what is vague or has passed
    (["remind me to call mom later", "at six"], reminder("call mom", "2026-06-25T18:00:00")),
    (
        ["remind me to call mom soon", "in ten minutes"],
        ["set_reminder", {"text": "call mom", "in_s": 600.0}],
    ),
    (["set an alarm for today at nine am", "tomorrow at nine am"], alarm("2026-06-26T09:00:00")),
    (["set an alarm for yesterday at nine", "at ten pm"], alarm("2026-06-25T22:00:00")),
    # changes
    (["move my alarm to tomorrow", "at eight"], change("alarm", at="2026-06-26T08:00:00")),
    (["reschedule the alarm", "to 8 am"], change("alarm", at="08:00")),
    (["reschedule the alarm", "tomorrow at 8"], change("alarm", at="2026-06-26T08:00:00")),
    (["postpone my alarm", "half an hour later"], change("alarm", by_s=1800.0)),
    (["postpone my alarm", "half an hour", "later"], change("alarm", by_s=1800.0)),
    (["move my alarm forward an hour", "earlier"], change("alarm", by_s=-3600.0)),
    (["move my alarm forward an hour", "an hour later"], change("alarm", by_s=3600.0)),
    (["postpone the reminder", "to five pm"], change("reminder", at="17:00")),
    (["restart the timer", "ten minutes"], change("timer", to_s=600.0)),
    (["add a few minutes to the timer", "three minutes"], change("timer", by_s=180.0)),
    (["shorten the timer", "by two minutes"], change("timer", by_s=-120.0)),
    # near misses are asked before anything changes
    (["Caused the pasta timer.", "yes"], ["pause_timer", {"which": "pasta"}]),
    (["More my alarm to 8.", "yes"], change("alarm", at="08:00")),
    (["skip tomorrow's allarm", "yes please"], ["skip_alarm", {"which": "tomorrow"}]),
]
GERMAN: list[tuple[list[str], list[Any]]] = [
    (["Weck mich werktags", "um sieben"], alarm(TOMORROW_AT_7, WEEKDAYS)),
    (["Stell einen täglichen Wecker", "um sieben"], alarm(TOMORROW_AT_7, "FREQ=DAILY")),
    (["Weck mich", "jeden Tag um sieben"], alarm(TOMORROW_AT_7, "FREQ=DAILY")),
    (
        ["Erinnere mich jeden Montag an den Müll", "um 19 Uhr"],
        reminder("den müll", "2026-06-29T19:00:00", "FREQ=WEEKLY;BYDAY=MO"),
    ),
    (["Weck mich um 12", "mittags"], alarm("2026-06-26T12:00:00")),
    (["Weck mich um 12", "der erste"], alarm("2026-06-26T00:00:00")),
    (["Erinnere mich später an Oma", "um sechs"], reminder("oma", "2026-06-25T18:00:00")),
    (
        ["Stell einen Wecker für gestern um neun", "morgen um neun"],
        alarm("2026-06-26T09:00:00"),
    ),
    (["Verschieb den Wecker", "auf acht"], change("alarm", at="08:00")),
    (["Verschieb den Wecker", "um eine halbe Stunde"], change("alarm", by_s=1800.0)),
    (["Verschieb den Wecker auf morgen", "um acht"], change("alarm", at="2026-06-26T08:00:00")),
    (["Starte den Timer neu", "zehn Minuten"], change("timer", to_s=600.0)),
    (["Verlängere den Timer", "um fünf Minuten"], change("timer", by_s=300.0)),
    (["Ändere den Timer", "auf zehn Minuten"], change("timer", to_s=600.0)),
]


@pytest.mark.parametrize(
    ("code", "said", "call"),
    [("en", *each) for each in ENGLISH] + [("de", *each) for each in GERMAN],
)
async def test_what_is_asked_is_answered(
    matchers: dict[str, HassilMatcher], code: str, said: list[str], call: list[Any]
) -> None:
    heard: list[str] = []
    for text in said[:-1]:
        heard.append(text)
        asked = await understand_alert(matchers[code], code, *heard)
        assert asked.calls == []
        assert asked.words.endswith("?")
        heard.append(asked.words)
    done = await understand_alert(matchers[code], code, *heard, said[-1])
    assert comparable(done.calls) == comparable([call])


@pytest.mark.parametrize(
    ("code", "said", "asked"),
    [
        (
            "en",
            "wake me up at 12",
            "Do you mean tomorrow at 12:00 AM or tomorrow at 12:00 PM?",
        ),
        ("de", "Weck mich um 12", "Meinst du morgen um 0 Uhr oder morgen um 12 Uhr?"),
        ("en", "remind me to call mom later", "When exactly?"),
        ("en", "set an alarm for yesterday at nine", "That time has passed. For when?"),
        ("en", "wake me every weekday", "At what time?"),
        ("en", "move my alarm forward an hour", "Earlier or later?"),
        ("de", "Stell einen wiederkehrenden Wecker", "Wie oft?"),
    ],
)
async def test_what_is_asked_names_what_is_not_clear(
    matchers: dict[str, HassilMatcher], code: str, said: str, asked: str
) -> None:
    assert (await understand_alert(matchers[code], code, said)).words == asked


@pytest.mark.parametrize(
    "said",
    [
        ["set a repeating alarm", "at seven", "at seven"],  # how often was not said
        ["wake me up at 12", "the third"],
        ["wake me up at 12", "hmm"],
        ["wake me up at 12", "no"],
        ["move my alarm forward an hour", "no"],
        ["More my alarm to 8.", "no"],
        ["wake me every full moon"],
        ["wake me daily at seven and at nine"],
        ["remind me to stretch twice a day"],
        ["wake me up", "twice a day"],
    ],
)
async def test_nothing_is_set_by_guessing(
    matchers: dict[str, HassilMatcher], said: list[str]
) -> None:
    heard: list[str] = []
    for text in said:
        heard.append(text)
        what = await understand_alert(matchers["en"], "en", *heard)
        assert what.calls == []
        heard.append(what.words)


ONE_DAY = Language().say("alarm.cancel_one_day", label="Your alarm", day="tomorrow")
WHICH = "You have 2 alarms: 7:00 AM and 8:00 AM. Which one should I change?"


@pytest.mark.parametrize(
    ("asked", "answer", "call"),
    [
        (ONE_DAY, "skip it", ["skip_alarm", {"which": "monday"}]),
        (ONE_DAY, "just that one", ["skip_alarm", {"which": "monday"}]),
        (ONE_DAY, "cancel all of it", ["cancel_alarm", {"which": "recurring"}]),
        (ONE_DAY, "the recurring alarm", ["cancel_alarm", {"which": "recurring"}]),
    ],
)
async def test_one_day_or_all_of_a_series(
    matchers: dict[str, HassilMatcher], asked: str, answer: str, call: list[Any]
) -> None:
    said = "cancel my monday alarm", asked, answer
    assert (await understand_alert(matchers["en"], "en", *said)).calls == [call]


async def test_what_rings_only_once_is_cancelled_after_a_yes(
    matchers: dict[str, HassilMatcher],
) -> None:
    asked = Language().say("alarm.only_once", labels="Your alarm for tomorrow")
    said = "don't wake me tomorrow", asked
    done = await understand_alert(matchers["en"], "en", *said, "yes please")
    assert done.calls == [["cancel_alarm", {"which": "tomorrow"}]]
    assert (await understand_alert(matchers["en"], "en", *said, "no")).words == "Okay."


async def test_one_day_or_all_may_be_neither(matchers: dict[str, HassilMatcher]) -> None:
    said = "cancel my monday alarm", ONE_DAY, "no"
    what = await understand_alert(matchers["en"], "en", *said)
    assert (what.calls, what.words) == ([], "Okay.")


@pytest.mark.parametrize(
    ("answer", "which"),
    [
        ("the 7 am one", "7 am"),
        ("the seven am alarm", "seven am"),  # names one, and sets none
        ("the second", "second"),
    ],
)
async def test_a_change_is_kept_over_which_one(
    matchers: dict[str, HassilMatcher], answer: str, which: str
) -> None:
    said = "push my alarm back half an hour", WHICH, answer
    done = await understand_alert(matchers["en"], "en", *said)
    assert done.calls == [["change_alarm", {"which": which, "by_s": 1800.0}]]
