"""What was just set is taken back or put right, on the real matcher.

It is Thursday, 25 June 2026, two minutes past two in the afternoon.
"""

from typing import Any

import pytest

from ren_device.assistant.language import Language
from ren_device.engines.hassil_intents import HassilMatcher
from tests.assistant.alert_sentences import understand_alert
from tests.assistant.corpus import NOW

pytestmark = pytest.mark.engine

SET = "Okay."
"""What a tool may have answered: no question."""


@pytest.fixture(scope="module")
def matchers() -> dict[str, HassilMatcher]:
    return {code: HassilMatcher.load(code) for code in ("en", "de")}


def moved(which: str, **how: object) -> list[Any]:
    return ["change_alarm", {"which": which, **how}]


SEVEN, EIGHT = "2026-06-26T07:00", {"at": "2026-06-26T08:00:00"}
WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


@pytest.mark.parametrize(
    ("code", "first", "then", "call"),
    [
        (
            "en",
            "set a timer for five minutes",
            "no make that nine",
            ["change_timer", {"which": "5 minutes", "to_s": 540.0}],
        ),
        (
            "en",
            "set a pasta timer for five minutes",
            "no, nine minutes",
            ["change_timer", {"which": "pasta", "to_s": 540.0}],
        ),
        (
            "en",
            "set a timer for five minutes",
            "cancel that",
            ["cancel_timer", {"which": "5 minutes"}],
        ),
        ("en", "wake me at seven tomorrow", "no eight", moved(SEVEN, **EIGHT)),
        ("en", "wake me at seven am tomorrow", "sorry, I meant eight", moved(SEVEN, **EIGHT)),
        (
            "en",
            "wake me at seven tomorrow",
            "make it half an hour earlier",
            moved(SEVEN, by_s=-1800.0),
        ),
        (
            "en",
            "wake me at seven tomorrow",
            "actually cancel that",
            ["cancel_alarm", {"which": SEVEN}],
        ),
        (
            "en",
            "wake me every weekday at seven",
            "no eight",
            moved("07:00", **EIGHT, repeat=WEEKDAYS),
        ),
        (
            "en",
            "remind me at six to call bob",
            "I meant tomorrow",
            ["change_reminder", {"which": "call bob", "at": "2026-06-26T18:00:00"}],
        ),
        (
            "en",
            "remind me at six to call bob",
            "undo that",
            ["cancel_reminder", {"which": "call bob"}],
        ),
        ("de", "Weck mich morgen um sieben", "nein, lieber um acht", moved(SEVEN, **EIGHT)),
        ("de", "Weck mich morgen um sieben", "mach acht draus", moved(SEVEN, **EIGHT)),
        (
            "de",
            "Stell einen Timer auf fünf Minuten",
            "lösch das wieder",
            ["cancel_timer", {"which": "5 Minuten"}],
        ),
    ],
)
async def test_what_was_just_set_is_put_right(
    matchers: dict[str, HassilMatcher], code: str, first: str, then: str, call: list[Any]
) -> None:
    done = await understand_alert(matchers[code], code, first, SET, then)
    assert done.calls == [call]


@pytest.mark.parametrize("then", ["wait", "no", "no thanks", "no way", "make it louder"])
async def test_nothing_is_changed_by_half(matchers: dict[str, HassilMatcher], then: str) -> None:
    done = await understand_alert(matchers["en"], "en", "wake me at seven", SET, then)
    assert not [name for name, _ in done.calls if name != "change_volume"]


@pytest.mark.parametrize("then", ["no make that nine", "cancel that", "no eight"])
async def test_what_was_not_set_is_not_taken_back(
    matchers: dict[str, HassilMatcher], then: str
) -> None:
    done = await understand_alert(matchers["en"], "en", "what time is it", "It is two.", then)
    assert done.calls == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("wake me at six no seven", "wake me at seven"),
        ("remind me at seven to buy two eggs no at eight", "remind me at eight to buy two eggs"),
        ("for an hour and a half no two", ""),  # two hours, or one and two minutes?
        ("remind me there is no 9 o'clock train", None),
        ("remind me that bus no 5 leaves at six pm", None),
        ("add two eggs no three eggs to the list", ""),
        ("call the number", None),
    ],
)
def test_only_what_is_clear_is_put_right(said: str, meant: str | None) -> None:
    assert Language().corrections.within(said, NOW) == meant
