"""How recurrences are said, in both languages; each stands before "at 7:30 AM"."""

from datetime import datetime

import pytest

from ren_device.alerts.recurrence import checked
from ren_device.errors import AlertError
from ren_device.skills.recurrence_words import RecurrenceWords
from ren_device.skills.speakable import Speech

AT = datetime.fromisoformat("2026-06-25T07:30:00")  # a Thursday

SAID = [
    ("FREQ=DAILY", "every day", "jeden Tag"),
    ("FREQ=DAILY;INTERVAL=2", "every other day", "jeden zweiten Tag"),
    ("FREQ=DAILY;INTERVAL=10", "every 10 days", "alle 10 Tage"),
    ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "every weekday", "montags bis freitags"),
    ("FREQ=DAILY;BYHOUR=7;BYMINUTE=30", "every day", "jeden Tag"),
    (
        "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0",
        "every day at 8:00 AM and 8:00 PM, next",
        "jeden Tag um 8 Uhr und 20 Uhr, das nächste Mal",
    ),
    ("FREQ=WEEKLY", "every Thursday", "jeden Donnerstag"),
    ("FREQ=WEEKLY;BYDAY=TH,MO", "every Monday and Thursday", "jeden Montag und Donnerstag"),
    (
        "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "every Monday, Wednesday and Friday",
        "jeden Montag, Mittwoch und Freitag",
    ),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday", "montags bis freitags"),
    ("FREQ=WEEKLY;BYDAY=SA,SU", "every weekend", "jedes Wochenende"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every day", "jeden Tag"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "every other Tuesday", "alle 2 Wochen am Dienstag"),
    (
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU",
        "every other Saturday and Sunday",
        "alle 2 Wochen am Samstag und Sonntag",
    ),
    ("FREQ=WEEKLY;INTERVAL=3", "every 3 weeks on Thursday", "alle 3 Wochen am Donnerstag"),
    ("FREQ=HOURLY", "every hour, next", "jede Stunde, das nächste Mal"),
    ("FREQ=HOURLY;INTERVAL=2", "every 2 hours, next", "alle 2 Stunden, das nächste Mal"),
    ("FREQ=MINUTELY;INTERVAL=30", "every 30 minutes, next", "alle 30 Minuten, das nächste Mal"),
    ("FREQ=MONTHLY", "every month on the 25th", "jeden Monat am 25."),
    ("FREQ=MONTHLY;BYMONTHDAY=15", "every month on the 15th", "jeden Monat am 15."),
    (
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "every month on the 1st and 15th",
        "jeden Monat am 1. und 15.",
    ),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day", "jeden Monat am letzten Tag"),
    (
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1",
        "every 3 months on the 1st",
        "alle 3 Monate am 1.",
    ),
    ("FREQ=MONTHLY;BYDAY=1MO", "every month on the first Monday", "jeden Monat am ersten Montag"),
    (
        "FREQ=MONTHLY;BYDAY=-1FR",
        "every month on the last Friday",
        "jeden Monat am letzten Freitag",
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=WE;BYSETPOS=3",
        "every other month on the third Wednesday",
        "jeden zweiten Monat am dritten Mittwoch",
    ),
    ("FREQ=YEARLY", "every year on June 25th", "jedes Jahr am 25. Juni"),
    ("FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=5", "every year on June 5th", "jedes Jahr am 5. Juni"),
    (
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "every year on February 29th",
        "jedes Jahr am 29. Februar",
    ),
    (
        "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=31",
        "every year on March 31st",
        "jedes Jahr am 31. März",
    ),
    (
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=9;BYDAY=1MO",
        "every other year on the first Monday of September",
        "jedes zweite Jahr am ersten Montag im September",
    ),
    (
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260701",
        "every Monday until July 1st",
        "jeden Montag bis zum 1. Juli",
    ),
    (
        "FREQ=DAILY;UNTIL=20270701T120000",
        "every day until July 1st, 2027",
        "jeden Tag bis zum 1. Juli 2027",
    ),
    ("FREQ=DAILY;COUNT=7", "every day until July 1st", "jeden Tag bis zum 1. Juli"),
    (
        "FREQ=HOURLY;INTERVAL=2;COUNT=4",
        "every 2 hours until 1:30 PM, next",
        "alle 2 Stunden bis 13 Uhr 30, das nächste Mal",
    ),
]

UNUSUAL = [
    "FREQ=YEARLY;BYWEEKNO=20",
    "FREQ=YEARLY;BYYEARDAY=100",
    "FREQ=YEARLY;BYMONTHDAY=5",  # in every month
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;BYMONTH=1,2,3,4,5;BYMONTHDAY=1",
    "FREQ=YEARLY;BYMONTH=6,9;BYDAY=1MO",
    "FREQ=YEARLY;BYMONTH=6;BYDAY=MO",  # every Monday in June
    "FREQ=MONTHLY;BYDAY=MO",  # all of them
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;BYDAY=-2FR",
    "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=1,2,3",
    "FREQ=MONTHLY;BYDAY=1MO,3MO;BYSETPOS=1",
    "FREQ=MONTHLY;BYMONTHDAY=-2",
    "FREQ=MONTHLY;BYMONTHDAY=1,2,3,4,5",
    "FREQ=MONTHLY;BYMONTHDAY=1,2;BYSETPOS=1",
    "FREQ=MONTHLY;BYMONTH=6;BYMONTHDAY=5",
    "FREQ=WEEKLY;BYMONTH=7;BYDAY=MO",
    "FREQ=DAILY;BYMONTH=7",
    "FREQ=DAILY;BYMONTHDAY=13",
    "FREQ=DAILY;INTERVAL=2;BYDAY=MO",
    "FREQ=DAILY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=DAILY;BYHOUR=8,12,16,20,22",
    "FREQ=HOURLY;BYHOUR=9,10,11",
    "FREQ=HOURLY;BYMINUTE=0,30",
    "FREQ=HOURLY;BYDAY=MO",
    "FREQ=MINUTELY;BYHOUR=9",
]


@pytest.mark.parametrize(("rule", "english", "german"), SAID)
def test_what_is_said_of_a_rule(rule: str, english: str, german: str) -> None:
    assert RecurrenceWords(Speech("en")).said(rule, AT) == english
    assert RecurrenceWords(Speech("de")).said(checked(rule), AT) == german


@pytest.mark.parametrize("rule", UNUSUAL)
def test_nothing_wrong_is_said_of_an_unusual_rule(rule: str) -> None:
    assert checked(rule)
    english, german = (RecurrenceWords(Speech(code)).said(rule, AT) for code in ("en", "de"))
    assert english == "every so often, next on June 25th, 2026"
    assert german == "immer wieder, das nächste Mal am 25. Juni 2026"


def test_no_rule_is_an_error() -> None:
    with pytest.raises(AlertError):
        RecurrenceWords(Speech()).said("every day", AT)
