"""What the offline mind makes of facts; whole sentences are in corpus.yaml."""

import pytest

from ren_device.assistant.fact_answers import FactAnswers
from tests.assistant.corpus import ENGLISH

answers = FactAnswers(ENGLISH)
from_facts, contradicted = answers.from_facts, answers.contradicted
plain = ENGLISH.hearing.plain

FACTS = (
    "my sister's birthday is the third of May",
    "my dog's name is Rex",
    "Paul is my neighbour",
    "we put the ladder behind the shed",
    "the bins are collected on Tuesday",
    "your name is Jeeves",
    "the 12th of June is our anniversary",
)


def answer(said: str, *facts: str) -> str:
    found = from_facts(plain(said), said, facts or FACTS)
    return found.answer if found else ""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("When is my sister's birthday?", "Your sister's birthday is the third of May."),
        ("who is my neighbour", "Paul is your neighbour."),
        ("where is the ladder", "We put the ladder behind the shed."),
        ("Where did we put the ladder?", "We put the ladder behind the shed."),
        ("what day is our anniversary", "The 12th of June is our anniversary."),
        ("do you remember what my dog's name is", "Your dog's name is Rex."),
    ],
)
def test_a_question_is_answered_by_the_fact_of_its_form(said: str, told: str) -> None:
    assert answer(said) == told


@pytest.mark.parametrize(
    "said",
    [
        "what is my name",  # a dog's name is another thing
        "what is my sister",
        "where is my neighbour",
        "when is the ladder",
        "what is your name",
        "what is jeeves",
        "who is the",
        "where",
        "is my sister's birthday in May",
    ],
)
def test_whatever_is_not_clear_is_not_answered(said: str) -> None:
    assert answer(said) == ""


def test_two_facts_that_would_do_are_none() -> None:
    assert answer("who is my neighbour", "my neighbour is Ann", "my neighbour is Bob") == ""
    assert answer("who is my neighbour", "my neighbour is Ann") == "Your neighbour is Ann."


def test_a_change_keeps_the_words_of_the_fact_and_of_the_person() -> None:
    said = "Change my dog's name to Sir Barks"
    found = from_facts(plain(said), said, FACTS)
    assert found is not None
    assert found.calls == (
        ("correct_fact", {"which": "my dog's name is Rex", "text": "my dog's name is Sir Barks"}),
    )


def test_the_same_again_contradicts_nothing() -> None:
    assert contradicted("My dog's name is REX.", FACTS) is None
    assert contradicted("my dog's name is Max", FACTS) == "my dog's name is Rex"
    assert contradicted("my cat's name is Max", FACTS) is None
    assert contradicted("we put the ladder in the shed", FACTS) is None


def test_without_facts_nothing_is_made_up() -> None:
    for said in ("when is my sister's birthday", "no my dog is Rex", "change my dog to Rex"):
        assert from_facts(said, said, ()) is None
