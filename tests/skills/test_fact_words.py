import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.skills.fact_words import Facts, same, tidy
from ren_device.skills.speakable import Speech

about, sentence = Facts(Speech()).about, Facts(Speech()).sentence


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("my sister is Anna", "Your sister is Anna."),
        ("I'm allergic to nuts", "You're allergic to nuts."),
        ("I was born in Leeds and I am 40", "You were born in Leeds and you are 40."),
        ("Anna gave me the key", "Anna gave you the key."),
        ("we are called the Smiths", "We are called the Smiths."),
        ("call me Sam", 'You said "call me Sam".'),
        ("your name is Jeeves", 'You said "your name is Jeeves".'),
        ("amy is myopic", "Amy is myopic."),
    ],
)
def test_a_fact_is_turned_to_whoever_told_it(fact: str, said: str) -> None:
    assert sentence(fact) == said


def test_facts_are_found_by_the_words_that_say_something() -> None:
    facts = ["my sister's birthday is in May", "my sisters are twins", "the bus is late"]
    assert about(facts, "my sister") == [0, 1]
    assert about(facts, "my sister's birthday") == [0]
    assert about(facts, "birthdays") == [0]
    assert about(facts, "the") == []
    assert about(facts, "") == []
    assert about(facts, "THE BUS IS LATE!") == [2]


@given(text=st.text())
def test_tidied_text_stays_so_and_means_the_same(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert "\n" not in once
    assert same(text, once)
