"""Cutting a reply while it is being written."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device import languages
from ren_device.voice.clauses import ClauseCutter

AT_ONCE = 10_000


def cut(text: str, size: int = 4, language: str = "en") -> list[str]:
    cutter = ClauseCutter(language)
    pieces = [
        piece for at in range(0, len(text), size) for piece in cutter.feed(text[at : at + size])
    ]
    return [piece.strip() for piece in pieces + cutter.flush()]


def test_a_first_clause_then_sentences() -> None:
    assert cut("Okay, five minutes, starting now. I'll ring, then stop. Bye.") == [
        "Okay,",
        "five minutes, starting now.",
        "I'll ring, then stop.",
        "Bye.",
    ]


def test_the_first_clause_is_there_before_the_text_ends() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("Sure, here ") == ["Sure, "]
    assert cutter.feed("it is. And") == ["here it is. "]


def test_a_very_short_clause_is_put_together_with_what_is_there_already() -> None:
    assert cut("Yes, of course. I can do that.", AT_ONCE) == ["Yes, of course.", "I can do that."]
    assert cut("No. 5 of them are left.", AT_ONCE) == ["No. 5 of them are left."]
    assert cut("No. I don't think so.")[0] == "No."


@pytest.mark.parametrize("size", [1, 4, AT_ONCE])
@pytest.mark.parametrize(
    "text",
    [
        "It is 7:30 p.m. on Tuesday.",
        "Dr. Smith is in.",
        "That makes 3.5 litres.",
        "J. S. Bach wrote it.",
        "See e.g. www.example.com for it.",
        "That is 1,000 of 12,345.",
        "Mr. and Mrs. Smith vs. St. John.",
        "It's the item No. 5 of them.",
        "12 - 5 is 7.",
        "It's -3 - 5 = -8.",
        "It makes 10 – 3 days.",
    ],
)
def test_a_full_stop_that_ends_no_sentence(text: str, size: int) -> None:
    assert cut(text, size) == [text]


def test_an_abbreviation_may_end_a_sentence_too() -> None:
    assert cut("It opens at 7 a.m. It closes at 9 p.m. every day. Bye.") == [
        "It opens at 7 a.m.",
        "It closes at 9 p.m. every day.",
        "Bye.",
    ]


def test_german_ordinals_and_abbreviations() -> None:
    text = "Am 3. Mai, z. B. bei Dr. Müller."
    assert cut(text, language="de") == ["Am 3. Mai,", "z. B. bei Dr. Müller."]


def test_a_dash_between_words_ends_a_clause_and_a_short_day_none() -> None:
    assert cut("Of course - here it is.") == ["Of course -", "here it is."]
    assert cut("On May 5 - if you like.") == ["On May 5 -", "if you like."]
    text = "Offen am Mo. und am Di. oder am Fr. bis drei."
    assert cut(text, language="de") == [text]


@pytest.mark.parametrize("size", [4, AT_ONCE])
def test_a_long_opening_is_cut_before_a_small_word(size: int) -> None:
    text = "The tallest mountain anybody has ever measured is Olympus Mons on the planet Mars."
    pieces = cut(text, size)
    assert pieces[0] == "The tallest mountain anybody has ever measured"
    assert " ".join(pieces) == text


def test_a_piece_is_not_much_longer_than_what_is_heard_while_it_is_made() -> None:
    text = (
        "Sure, the weather tomorrow will be sunny with a high of twenty degrees, and a light "
        "breeze from the west will come up in the afternoon, so that you can leave your coat at "
        "home, although it may rain in the night from Sunday to Monday. Enjoy it."
    )
    said = 0
    for piece in cut(text):
        assert len(piece) <= max(40, 3 * said)
        said += len(piece) + 1


def test_lines_are_pieces_and_markup_alone_is_none() -> None:
    assert cut("# Title\n\n- **One** thing\n- `two`\n\n---\n", AT_ONCE) == [
        "# Title",
        "- **One** thing",
        "- `two`",
    ]
    assert cut("1. Take 3 eggs.\n2. Eat.") == ["1. Take 3 eggs.", "2. Eat."]


def test_nothing_to_say() -> None:
    assert cut("") == []
    assert cut("... \n *** \n") == []


def test_a_word_without_end_is_cut_nevertheless() -> None:
    assert all(len(piece) <= 440 for piece in cut("a" * 5000))


TEXT = st.one_of(
    st.text(alphabet="ab .,!?\n1*Dr", max_size=300),
    st.lists(
        st.sampled_from(["Dr. ", "and ", "Yes, ", "3.5 ", "a.m. ", "It ", "- ", "\n", "— ", "so. "])
    ).map("".join),
)


@given(TEXT, st.integers(1, 50), st.sampled_from(languages.codes()))
def test_the_pieces_are_the_text(text: str, size: int, language: str) -> None:
    cutter = ClauseCutter(language)
    pieces = [
        piece for at in range(0, len(text), size) for piece in cutter.feed(text[at : at + size])
    ]
    pieces += cutter.flush()
    whole = "".join(pieces)
    assert text.startswith(whole)
    assert not any(map(str.isalnum, text[len(whole) :]))
    assert all(any(map(str.isalnum, piece)) for piece in pieces)


@pytest.mark.parametrize("bit", ["a", "a. ", "a, ", "\n", "and ", "Dr. ", "1. ", "— ", "a.m. "])
def test_nothing_takes_long(bit: str) -> None:
    """10 kB at once; what is quadratic takes seconds."""
    began = time.process_time()
    cut(bit * (10_000 // len(bit)), AT_ONCE)
    assert time.process_time() - began < 0.5
