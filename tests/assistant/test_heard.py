"""What was heard, made plain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assistant.corpus import ENGLISH

halves = ENGLISH.hearing.halves
plain = ENGLISH.hearing.plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Set a timer for 5 minutes.", "set a timer for 5 minutes"),
        ("Okay, so, um, set a timer, please, thanks!", "set a timer"),
        ("Hey Jarvis, could you please turn it up?", "turn it up"),
        ("Wake me at 7:30 P.M.", "wake me at 7:30 pm"),
        ("at 7.30 to-morrow", "at 7.30 tomorrow"),
        ("volume 50%", "volume 50 percent"),
        ("fifty per cent", "fifty percent"),
        ("what\u2019s the time", "what is the time"),
        ("don't do that", "do not do that"),
        ("set set a timer", "set a timer"),
        ("twenty twenty", "twenty twenty"),
        ("Never mind. Never mind.", "never mind"),
        ("Add milk, eggs, and bread to the list", "add milk and eggs and bread to the list"),
        ("set a ten-minute timer", "set a ten minute timer"),
        ("thank you", "thank you"),
        ("hi there", "hi there"),
        ("hello, what time is it", "what time is it"),
        ("um, please", ""),
    ],
)
def test_fillers_and_politeness_go(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text())
def test_plain_text_stays_plain(text: str) -> None:
    once = plain(text)
    assert once == " ".join(once.split()).lower()


def test_a_second_command_may_begin_after_and() -> None:
    assert halves("add milk to the list and set a timer") == [
        ("add milk to the list", "set a timer")
    ]
    assert halves("turn it up and then stop") == [("turn it up", "stop")]
    assert halves("add milk and eggs to the list") == []
