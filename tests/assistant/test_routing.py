import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.assistant.routing import ASTRA, CLAUDE, route
from ren_device.model import Tier

LONG = "tell me about the weather, the sea and whatever else comes to your mind today, please"


@pytest.mark.parametrize(
    "word",
    """plan plans planned planning architect architects architected architecting architecture
    architectures prove proves proved proven proving debug debugs debugged debugging analyze
    analyzes analyzed analyzing analyse analyses analysed analysing analysis""".split(),
)
def test_words_of_planning_and_debugging_are_hard(word: str) -> None:
    assert route(f"please {word} it", None, Tier.DEFAULT) is Tier.HARD
    assert route(word.upper(), None, Tier.DEFAULT) is Tier.HARD
    assert route(f"{LONG}. Then ({word})!", None, Tier.DEFAULT) is Tier.HARD
    assert route(f"the {word}'s end", None, Tier.DEFAULT) is Tier.HARD


@pytest.mark.parametrize(
    "word",
    """plant plants airplane planet plane explanation improve improved approve proverb provence
    province bug analyst analytics planed provide""".split(),
)
def test_words_that_only_look_alike_are_not(word: str) -> None:
    assert route(f"the {word}", None, Tier.DEFAULT) is Tier.FAST
    assert route(f"{LONG} {word}", None, Tier.DEFAULT) is Tier.DEFAULT


def test_eighty_characters_are_no_longer_short() -> None:
    assert route("x" * 79, None, Tier.DEFAULT) is Tier.FAST
    assert route("x" * 80, None, Tier.DEFAULT) is Tier.DEFAULT


@given(st.text(), st.sampled_from(Tier), st.sampled_from(Tier))
def test_a_pinned_tier_always_wins(message: str, pinned: Tier, default: Tier) -> None:
    assert route(message, pinned, default) is pinned


@given(st.text())
def test_a_local_default_turns_routing_off(message: str) -> None:
    assert route(message, None, Tier.LOCAL) is Tier.LOCAL


@given(st.text(min_size=80, alphabet="xyz "), st.sampled_from([Tier.FAST, Tier.DEFAULT, Tier.HARD]))
def test_the_default_serves_what_is_neither_hard_nor_short(message: str, default: Tier) -> None:
    assert route(message, None, default) is default
    assert route("hello", None, default) is Tier.FAST
    assert route(f"{message} debug", None, default) is Tier.HARD


@given(st.text(alphabet="abdelnoprstuvy", min_size=1, max_size=8))
def test_a_hard_word_counts_only_as_a_whole_word(letters: str) -> None:
    assert route(f"x{letters}x plan", None, Tier.DEFAULT) is Tier.HARD
    assert route(f"plan{letters}x", None, Tier.DEFAULT) is Tier.FAST


def test_every_tier_has_its_model() -> None:
    assert {tier: CLAUDE.model_of(tier) for tier in Tier} == {
        Tier.FAST: "claude-haiku-4-5-20251001",
        Tier.DEFAULT: "claude-sonnet-4-6",
        Tier.HARD: "claude-opus-4-8",
        Tier.LOCAL: "local",
    }
    assert [ASTRA.model_of(tier) for tier in Tier] == ["astra", "astra", "astra", "local"]
