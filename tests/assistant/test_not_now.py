"""Sentences in which the words of a command stand, and after which nothing may happen now."""

import pytest

from ren_device.engines.hassil_intents import HassilMatcher
from tests.assistant.corpus import ENGLISH, UNKNOWN, understand

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def matcher() -> HassilMatcher:
    return HassilMatcher.load()


@pytest.mark.parametrize(
    "heard",
    [
        "Turn on the lights at seven.",
        "Turn on the lamp at two.",
        "Turn off the office at 2.",
        "Turn on the kitchen light at 7:30.",
        "Turn off the light in ten minutes.",
        "Turn off the lights in an hour.",
        "Turn on the fan for half an hour.",
        "Turn on the oven for ten minutes.",
        "Turn on the lamp tomorrow.",
        "Turn on the light at night.",
        "Turn off the heating tonight.",
        "Turn the heating up at six.",
        "Turn down the heating at ten.",
        "Set the heating at ten.",
        "Dim the lights to 30 percent at eight.",
        "Turn the lights down at eight.",
        "Open the blinds at noon.",
        "Open the blinds in the morning.",
        "Lock the front door in five minutes.",
        "Unlock the front door at eight.",
        "Unlock the back door tomorrow at ten.",
        "Start the coffee machine at six.",
    ],
)
async def test_what_is_wanted_at_another_time_is_not_done_now(
    matcher: HassilMatcher, heard: str
) -> None:
    what = await understand(matcher, heard)
    assert (what.calls, what.words) == ([], ENGLISH.say("home.later"))


@pytest.mark.parametrize(
    "heard",
    [
        "Don't turn on the light.",
        "Please don't turn off the oven.",
        "Never turn off the fridge.",
        "Turn on the light or not.",
        "Turn off the light, no, wait.",
        "Turn on the light until nine.",
        "Turn off all lights but the bedroom lamp.",
        "Turn off the lights except in the hall.",
        "Close the blinds before bed.",
        "Close the curtains at sunset.",
        "Unlock the front door when I get home.",
        "When I leave turn off the lights.",
        "If it rains close the window.",
        "If you turn of the lights.",
        "She said turn off the light.",
        "I told you to turn off the lights.",
        "Should I turn off the oven?",
        "How do I turn off the light?",
        "Keep the light on.",
        "Don't set a timer for five minutes.",
        "Don't add milk to the list.",
        "Don't cancel my alarm.",
        "If the timer rings wake me up.",
        "Remember this recipe.",
        "Do you remember that Jo is away?",
        "I can't remember where my keys are.",
        "Never mind the light.",
    ],
)
async def test_what_is_no_command_is_none(matcher: HassilMatcher, heard: str) -> None:
    what = await understand(matcher, heard)
    assert (what.calls, what.words) == ([], UNKNOWN)


@pytest.mark.parametrize(
    ("heard", "does"),
    [
        ("Set the thermostat at 21.", ["set_temperature", {"degrees_c": 21.0, "device": ""}]),
        (
            "Set the heating at ten degrees.",
            ["set_temperature", {"degrees_c": 10.0, "device": ""}],
        ),
        ("Lights at 30 percent.", ["set_brightness", {"device": "lights", "percent": 30}]),
        ("Turn on lamp two.", ["set_power", {"device": "lamp two", "on": True}]),
        ("Turn on the first light.", ["set_power", {"device": "first light", "on": True}]),
        ("Turn on the night light.", ["set_power", {"device": "night light", "on": True}]),
        ("Did I turn off the oven?", ["get_device", {"device": "oven"}]),
    ],
)
async def test_what_only_looks_like_a_time_is_done_now(
    matcher: HassilMatcher, heard: str, does: list[object]
) -> None:
    assert (await understand(matcher, heard)).calls == [does]


async def test_it_is_nothing_that_can_be_turned_on(matcher: HassilMatcher) -> None:
    what = await understand(matcher, "Turn it on.")
    assert (what.calls, what.words) == ([], "Please say what I should turn on.")


@pytest.mark.parametrize(
    ("answer", "does"),
    [
        (
            "The one in the kitchen.",
            [["set_power", {"device": "in the kitchen light", "on": True}]],
        ),
        ("None of them.", []),
        ("Neither.", []),
        ("Leave it.", []),
    ],
)
async def test_which_one_can_be_answered_with_a_place_or_with_none(
    matcher: HassilMatcher, answer: str, does: list[object]
) -> None:
    asked = "There are the ceiling light and the floor lamp. Which one do you mean?"
    what = await understand(matcher, "Turn on the light.", asked, answer)
    assert what.calls == does
    assert what.words == ("" if does else "Okay.")


async def test_a_timer_beside_a_light_does_not_delay_the_light(matcher: HassilMatcher) -> None:
    what = await understand(matcher, "Turn on the light and set a timer for five minutes.")
    assert [name for name, _ in what.calls] == ["set_power", "set_timer"]
