"""Cutting a reply while it is being written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.voice.clauses import ClauseCutter, spoken_form


def cut(text: str, size: int = 4) -> list[str]:
    cutter = ClauseCutter()
    pieces = [
        piece for at in range(0, len(text), size) for piece in cutter.feed(text[at : at + size])
    ]
    return pieces + cutter.flush()


def test_a_first_clause_then_sentences() -> None:
    assert cut("Okay, five minutes, starting now. I'll ring, then stop. Bye.") == [
        "Okay,",
        "five minutes, starting now.",
        "I'll ring, then stop.",
        "Bye.",
    ]


def test_the_first_clause_is_there_before_the_text_ends() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("Sure, here ") == ["Sure,"]
    assert cutter.feed("it is. And") == ["here it is."]


@pytest.mark.parametrize(
    "text",
    [
        "It is 7:30 p.m. on Tuesday.",
        "Dr. Smith is in.",
        "That makes 3.5 litres.",
        "J. S. Bach wrote it.",
    ],
)
def test_a_full_stop_that_ends_no_sentence(text: str) -> None:
    assert cut(text) == [text]


def test_a_long_opening_is_cut_before_a_small_word() -> None:
    text = "The tallest mountain anybody has ever measured is Olympus Mons on the planet Mars."
    pieces = cut(text)
    assert len(pieces) > 1
    assert " ".join(pieces) == text
    assert len(pieces[0]) < 70


def test_markup_is_not_spoken() -> None:
    assert cut("# Title\n\n- **One** thing\n- `two` [things](http://x.y)\n\n---\n") == [
        "Title",
        "One thing",
        "two things",
    ]


def test_a_full_hour_is_said_as_people_say_it() -> None:
    assert spoken_form("11:00 PM, 7:00 a.m. or 11:30 PM") == "11 PM, 7 a.m. or 11:30 PM"


def test_nothing_to_say() -> None:
    assert cut("") == []
    assert cut("... \n *** \n") == []


@given(st.text(alphabet="ab .,!?\n1*", max_size=300), st.integers(1, 50))
def test_no_word_is_lost_or_said_twice(text: str, size: int) -> None:
    said = " ".join(cut(text, size))
    letters = [character for character in said if character.isalnum()]
    assert letters == [character for character in text if character.isalnum()]


@given(st.text(max_size=200))
def test_spoken_form_is_one_line(text: str) -> None:
    assert "\n" not in spoken_form(text)
