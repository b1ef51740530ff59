"""The matcher by itself: what is exact, what is near, and what it never takes for anything."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device import languages
from ren_device.engines.hassil_intents import THRESHOLD, HassilMatcher
from ren_device.errors import EngineError

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def matcher() -> HassilMatcher:
    return HassilMatcher.load()


@pytest.mark.parametrize(
    ("text", "name", "slots"),
    [
        ("set a timer for five minutes", "set_timer", {"duration": "five minutes"}),
        ("set a pasta timer for 10 min", "set_timer", {"label": "pasta", "duration": "10 min"}),
        ("Cancel the pasta timer", "cancel_timer", {"which": "pasta"}),
        ("what time is it", "get_time", {}),
        ("never mind", "never_mind", {}),
        ("add milk and eggs to my list", "add_to_list", {"items": "milk and eggs"}),
        ("mute", "set_volume", {"percent": 0}),
    ],
)
def test_an_exact_sentence_scores_100(
    matcher: HassilMatcher, text: str, name: str, slots: dict[str, str | int]
) -> None:
    intent = matcher.match(text)
    assert intent is not None
    assert (intent.name, dict(intent.slots), intent.score) == (name, slots, 100)


def test_common_devices_and_rooms_are_known(matcher: HassilMatcher) -> None:
    intent = matcher.match("turn off the kitchen lights")
    assert intent is not None
    assert (intent.name, intent.slots) == ("home_off", {"room": "kitchen", "thing": "lights"})
    misheard = matcher.match("turned off the kitchen lights")
    assert misheard is not None
    assert (misheard.name, misheard.slots) == (intent.name, intent.slots)
    assert misheard.score < 100


def test_a_device_by_another_name_has_to_be_said_exactly(matcher: HassilMatcher) -> None:
    intent = matcher.match("turn on the christmas tree")
    assert intent is not None
    assert (intent.name, intent.slots) == ("home_on", {"device": "the christmas tree"})
    assert matcher.match("turned on the christmas tree") is None


@pytest.mark.parametrize(
    ("text", "name", "matched"),
    [
        ("set a time for five minutes", "set_timer", "set a timer for five minutes"),
        ("set a tamer for 5 minutes", "set_timer", "set a timer for 5 minutes"),
        ("set a timer for five minuets", "set_timer", "set a timer for five minutes"),
        ("said a time or for five minutes", "set_timer", "set a timer for five minutes"),
        ("turn the volume app", "volume_up", "turn the volume up"),
        ("what time is is", "get_time", "what time is it"),
        ("cancel the pasta tamer", "cancel_timer", "cancel the pasta timer"),
    ],
)
def test_a_near_miss_is_corrected_and_scores_less(
    matcher: HassilMatcher, text: str, name: str, matched: str
) -> None:
    intent = matcher.match(text)
    assert intent is not None
    assert (intent.name, intent.matched) == (name, matched)
    assert THRESHOLD <= intent.score < 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "what time is it in tokyo",
        "tell me a joke about timers",
        "i was cooking five minutes",
        "set a timer for fiftine minutes ago",
        "maybe",
    ],
)
def test_other_sentences_are_nothing(matcher: HassilMatcher, text: str) -> None:
    assert matcher.match(text) is None


def test_a_number_is_not_guessed(matcher: HassilMatcher) -> None:
    for heard in ("vive", "fort", "nein", "sic"):
        intent = matcher.match(f"set a timer for {heard} minutes")
        assert intent is None or "duration" not in intent.slots


def test_near_misses_can_be_turned_off() -> None:
    exact = HassilMatcher.load(threshold=101)
    assert exact.match("set a time for five minutes") is None
    assert exact.match("set a timer for five minutes") is not None


def test_an_unknown_language_is_one_clear_error() -> None:
    with pytest.raises(EngineError, match="REN_LANGUAGE=xx"):
        HassilMatcher.load("xx")


def _sentence_files(code: str) -> list[Path]:
    return list(languages.folder(code).glob("sentences*.yaml"))


def test_the_words_of_the_rules_are_words() -> None:
    """YAML reads a bare `on`, `off` or `no` as true or false: they have to stand in quotes."""
    for path in (each for code in languages.codes() for each in _sentence_files(code)):
        own = yaml.safe_load(path.read_text(encoding="utf-8"))
        rules = own["slots"].values()
        words = [
            word
            for rule in rules
            for part in ("of", "some", "never")
            for word in rule.get(part, ())
        ]
        sounds = own["sounds_like"]
        words += [*sounds, *(other for others in sounds.values() for other in others)]
        assert [word for word in words if not isinstance(word, str)] == [], path.name


WORDS = (
    "set a timer for five minutes cancel the alarm add milk to list remind me volume up what time "
    "is it purple seven on turn said and"
).split()


@settings(max_examples=60, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=30))
def test_chatter_of_any_length_is_survived(matcher: HassilMatcher, words: list[str]) -> None:
    intent = matcher.match(" ".join(words))
    assert intent is None or THRESHOLD <= intent.score <= 100


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_survived(matcher: HassilMatcher, text: str) -> None:
    intent = matcher.match(text)
    assert intent is None or THRESHOLD <= intent.score <= 100
