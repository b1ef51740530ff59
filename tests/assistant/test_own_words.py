import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.assistant.own_words import own_words
from tests.assistant.corpus import ENGLISH

plain = ENGLISH.hearing.plain


@pytest.mark.parametrize(
    ("original", "kept", "own"),
    [
        ("Remember that Jo's PIN is 12-34.", "jo's pin is 12 34", "Jo's PIN is 12-34"),
        ("Remember: Anna can't eat nuts!", "anna cannot eat nuts", "Anna can't eat nuts"),
        ("remember I'm Sam, thanks", "i am sam", "I'm Sam"),
        ("Remember, um, the code, uh, is Blue", "the code is blue", "the code is Blue"),
        (
            "remember it is 50% off at 7 p.m.",
            "it is 50 percent off at 7 pm",
            "it is 50% off at 7 p.m",
        ),
        ("remember we meet at 7:30", "we meet at 7:30", "we meet at 7:30"),
        ("Remember that that is Bob\u2019s", "that is bob's", "that is Bob\u2019s"),
        ("yes", "my sister is ann", "my sister is ann"),
        ("", "my sister", "my sister"),
        ("Remember that", "", ""),
    ],
)
def test_the_words_are_those_of_the_person(original: str, kept: str, own: str) -> None:
    assert own_words(original, kept, ENGLISH.hearing) == own


@given(
    words=st.lists(
        st.sampled_from("Jo's PIN is my um WiFi 7:30 blue-pot O\u2019Neill".split()),
        min_size=1,
        unique=True,
    )
)
def test_what_is_found_means_the_same(words: list[str]) -> None:
    text = " ".join(words)
    kept = plain(text)
    assert plain(own_words(f"Remember that {text}!", kept, ENGLISH.hearing)) == kept
