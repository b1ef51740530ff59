from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device.model import Alert, AlertKind
from ren_device.skills.alert_finding import AlertFinder
from ren_device.skills.alert_words import AlertWords
from ren_device.skills.speakable import Speech
from tests.skills.alert_house import WEEKDAYS


@cache
def finder(language: str) -> AlertFinder:
    return AlertFinder(AlertWords(Speech(language)))


_NOW = datetime.fromisoformat("2026-06-25T14:02:11")
_ALERTS = [
    Alert(1, "alarm", "work", _NOW + timedelta(days=1), _NOW),
    Alert(2, "reminder", "take the first pill on Monday", _NOW + timedelta(hours=1), _NOW),
    Alert(3, "timer", "", _NOW + timedelta(hours=1), _NOW, duration_s=3600),
    Alert(4, "alarm", "", datetime.fromisoformat("9999-12-31T23:59"), _NOW),
    Alert(5, "alarm", "", _NOW + timedelta(days=1), _NOW, rule=WEEKDAYS, starts_at=_NOW),
]
_SAID = st.text() | st.lists(
    st.sampled_from(
        "the my first last next alarm timer tomorrow monday 's 7:30 am pm half 1 every . - at "
        "day hundred and point 5.5 ² ٣ der erste Wecker morgen halb acht montags T".split()
    )
).map(" ".join)


@pytest.mark.parametrize("language", ["en", "de"])
@settings(deadline=None)
@given(which=_SAID)
def test_any_text_can_be_looked_for(language: str, which: str) -> None:
    words = finder(language)
    for kind in get_args(AlertKind):
        found = words.matching(_ALERTS, which, kind, _NOW)
        assert set(found.alerts) <= set(_ALERTS)
        words.means_all(which, kind)


@pytest.mark.parametrize("language", ["en", "de"])
@settings(deadline=None)
@given(
    at=st.datetimes(_NOW, _NOW + timedelta(days=500)),
    name=st.from_regex(r"[a-z]{4,9}", fullmatch=True),
)
def test_what_it_is_called_in_an_answer_finds_it(language: str, at: datetime, name: str) -> None:
    """A list of alarms is answered with what it said of one of them."""
    speech = Speech(language)
    alarm = Alert(1, "alarm", "", at.replace(second=0, microsecond=0), _NOW)
    for which in (
        speech.moment(alarm.due_at, _NOW),
        speech.on_moment(alarm.due_at, _NOW),
        speech.time_of_day(alarm.due_at),
        alarm.due_at.isoformat(timespec="minutes"),
        alarm.due_at.isoformat(timespec="seconds"),
    ):
        assert finder(language).matching([alarm], which, "alarm", _NOW).alerts == (alarm,), which
    named = replace(alarm, text=name)
    assert finder(language).matching([named], name, "alarm", _NOW).alerts == (named,)
