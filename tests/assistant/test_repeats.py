import pytest

from ren_device.assistant.repeats import find_repeated
from tests.assistant.corpus import ENGLISH

WORDS = ENGLISH.words.repeats


@pytest.mark.parametrize(
    ("said", "kind", "once"),
    [
        (
            "remind me every day at 8 to take my pills",
            "reminder",
            "remind me at 8 to take my pills",
        ),
        ("remind me every monday at 7 to swim", "reminder", "remind me on monday at 7 to swim"),
        ("wake me up every morning at 7", "alarm", "wake me up tomorrow morning at 7"),
        ("set an alarm for 6:30 am every weekday", "alarm", "set an alarm for 6:30 am"),
        ("remind me on mondays and fridays at 9 to run", "reminder", ""),
        ("set a timer every 5 mins", "timer", "set a timer"),
        ("remind me to stretch twice a day", "reminder", "remind me to stretch"),
    ],
)
def test_a_recurrence_is_found_with_the_same_wish_for_once(said: str, kind: str, once: str) -> None:
    found = find_repeated(said, WORDS)
    assert found is not None
    assert found.kind == kind
    assert not once or found.once == once


@pytest.mark.parametrize(
    "said",
    [
        "remind me on sunday to call everyone",
        "remind me tomorrow at 8 to take my daily vitamins",
        "remind me about the weekly meeting at 9",
        "remind me to water every plant this morning",
        "cancel my daily alarm",
        "what alarms do i have every day",
        "add every day cream to my shopping list",
        "i walk the dog every day",
    ],
)
def test_what_does_not_recur_is_left_alone(said: str) -> None:
    assert find_repeated(said, WORDS) is None


def test_the_kind_may_be_known_from_elsewhere() -> None:
    assert find_repeated("beep in five minutes every day", WORDS) is None
    found = find_repeated("beep in five minutes every day", WORDS, "timer")
    assert found is not None
    assert found.kind == "timer"
