"""All kinds of lights, read off gpiozero's mock pins."""

import asyncio
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ren_device.engines.gpio_lamp import GpioLamp
from ren_device.engines.gpio_leds import PULSE_HZ, DimmedLeds, DimmedPin, share
from ren_device.engines.gpio_mock import MockPanel, MockPins
from ren_device.engines.light_levels import GAMMA, Light, affordable, light, looks, steps
from ren_device.hardware_profile import Led, RgbLed
from ren_device.model import Colour
from tests.engines.gpio_boards import LIGHTS, RGB, board, panel
from tests.virtual_time import run

share_of_light = st.floats(0, 1)
colours = st.tuples(share_of_light, share_of_light, share_of_light)
FINENESS = {"rgb": 1 / 100, "leds": 1 / 100, "apa102": 1 / 255, "ws2812": 1 / 255}


def seen_of(lights: dict[str, Any], shown: list[Colour], **power: int) -> list[Light]:
    """The amounts of light that can be seen once this has been shown."""

    async def scene() -> list[Light]:
        async with panel(board(lights, **power)) as (_, lamp, screen):
            assert lamp.trouble is None
            assert lamp.pixels == len(shown) == len(screen.seen())
            lamp.show(shown)
            return [light(colour) for colour in screen.seen()]

    return run(scene())


@pytest.mark.parametrize("kind", LIGHTS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_light_is_the_one_that_was_asked_for(kind: str, data: st.DataObject) -> None:
    lights = LIGHTS[kind]
    count = lights.get("pixels", 1)
    shown = data.draw(st.lists(colours, min_size=count, max_size=count))
    fineness = FINENESS[lights["kind"]]
    for asked, seen in zip(map(light, shown), seen_of(lights, shown), strict=True):
        for a, b in zip(asked, seen, strict=True):
            assert -fineness - 1e-6 <= b - a <= (fineness if max(asked) < fineness else 1e-6)
        if max(asked) > 0:
            assert max(seen) > 0, "a light that is not dark is never rounded to dark"


@pytest.mark.parametrize("kind", LIGHTS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_lights_never_draw_more_than_they_may(kind: str, data: st.DataObject) -> None:
    lights = LIGHTS[kind]
    count = lights.get("pixels", 1)
    limit_ma = data.draw(st.integers(1, 3 * count * 20))
    shown = data.draw(st.lists(colours, min_size=count, max_size=count))
    seen = seen_of(lights, shown, lights_ma=limit_ma, pixel_ma=20)
    each_ma = 20 if lights["kind"] == "leds" else 20 / 3
    assert sum(map(sum, seen)) * each_ma <= limit_ma + 1e-6


def test_what_is_too_much_is_dimmed_and_keeps_its_colour() -> None:
    lights = LIGHTS["apa102 on an SPI port"]
    asked = [(1.0, 0.5, 0.0)] * 6 + [(0.0, 0.0, 1.0)] * 6
    seen = seen_of(lights, asked, lights_ma=30, pixel_ma=60)
    draws_ma = sum(map(sum, seen)) * 20
    assert 29 < draws_ma <= 30
    assert seen[0][1] / seen[0][0] == pytest.approx(0.5**GAMMA, rel=0.05)
    assert seen[11][2] == pytest.approx(seen[0][0], rel=0.05)


@settings(deadline=None)
@given(st.lists(share_of_light, min_size=1), st.floats(0.1, 100), st.floats(1, 3000))
def test_nothing_is_dimmed_that_can_be_afforded(
    amounts: list[float], ma_each: float, limit_ma: float
) -> None:
    dim = affordable(amounts, ma_each, limit_ma)
    assert 0 < dim <= 1
    if dim == 1:
        assert sum(amounts) * ma_each <= limit_ma * (1 + 1e-9)
    else:
        assert sum(amounts) * ma_each * dim == pytest.approx(limit_ma)


@settings(deadline=None)
@given(colours)
def test_looking_at_a_light_gives_its_colour_back(colour: Colour) -> None:
    assert looks(light(colour)) == pytest.approx(colour)


def test_colours_out_of_range_are_brought_into_it() -> None:
    assert light((-1.0, 2.0, 0.5)) == (0.0, 1.0, 0.5**GAMMA)


@settings(deadline=None)
@given(st.integers(0, 255))
def test_a_step_is_not_lost_to_floating_point(step: int) -> None:
    assert steps(step / 255, 255) == step
    assert steps(step / 255 * 0.1 / 0.1, 255) == step


# --- LEDs on pins -------------------------------------------------------------------------------


@pytest.mark.parametrize(("common", "expected"), [("cathode", 0.25), ("anode", 0.75)])
def test_a_pin_is_on_for_its_share_of_the_time(common: str, expected: float) -> None:
    async def scene() -> None:
        pins = MockPins()
        profile = board({**RGB, "common": common})
        assert isinstance(profile.lights, RgbLed)
        screen = MockPanel(profile, pins)
        lamp = GpioLamp(DimmedLeds(profile.lights, profile.power, pins), pins)
        red, green = pins.factory.pin(16), pins.factory.pin(20)
        dark = 0.0 if common == "cathode" else 1.0
        assert (red.function, red.state, red.frequency) == ("output", dark, None)
        lamp.show([(looks((0.25, 0, 0))[0], 1.0, 0.0)])
        assert red.state == pytest.approx(expected)
        assert red.frequency == PULSE_HZ
        assert (green.state, green.frequency) == (1 - dark, None), "no pulses where none are needed"
        lamp.show([(0.0, 0.0, 0.0)])
        assert (red.state, red.frequency) == (dark, None)
        lamp.show([(1.0, 1.0, 1.0)])
        assert screen.seen() == ((1.0, 1.0, 1.0),)
        await lamp.close()
        assert screen.seen() == ((0.0, 0.0, 0.0),), "nothing drives it: no current"
        assert red.function == "input"

    run(scene())


@pytest.mark.parametrize("active_high", [True, False])
def test_every_percent_survives_how_gpiozero_hands_it_to_lgpio(active_high: bool) -> None:
    pins = MockPins()
    led = DimmedPin(16, pins, "lights", active_high=active_high)
    for percent in range(101):
        led.set(percent)
        state = pins.factory.pin(16).state
        assert int(state * 100) == (percent if active_high else 100 - percent)
    led.close()


LED_COLOURS = ["#ffffff", "#ff0000", "#0000ff", "#ffb000", "#00ff00"]


@pytest.mark.parametrize("own", LED_COLOURS)
@settings(deadline=None)
@given(colour=colours)
@example(colour=(1.0, 0.0, 0.0))
@example(colour=(0.0, 0.0, 1.0))
def test_a_single_led_shows_every_pattern_as_bright_as_it_is(own: str, colour: Colour) -> None:
    led = Led(pin=25, colour=own)
    asked = light(colour)
    assert share(asked, [led]) == pytest.approx([max(asked)])


def test_several_leds_share_a_light_by_its_colour() -> None:
    red, green, white = (
        Led(pin=pin, colour=colour)
        for pin, colour in ((1, "#ff0000"), (2, "#00ff00"), (3, "#fff000"))
    )
    assert share((0.5, 1.0, 0.0), [red, green]) == [0.5, 1.0]
    assert share((1.0, 0.0, 0.0), [red, green]) == [1.0, 0.0]
    assert share((0.0, 0.0, 0.7), [red, green]) == [0.7, 0.7], "blue is nobody's: all of them"
    assert share((0.2, 0.0, 1.0), [red, green]) == [1.0, 0.0], "what comes near, as bright as it is"
    assert share((0.0, 0.0, 0.0), [red, green, white]) == [0.0, 0.0, 0.0]
    assert share((1e-200, 0.0, 0.0), [red, green]) == [1e-200, 0.0], "a little is not nothing"


@settings(deadline=None)
@given(st.lists(st.sampled_from(LED_COLOURS), min_size=1, max_size=8), colours)
def test_a_light_is_never_lost_among_leds(own: list[str], colour: Colour) -> None:
    leds = [Led(pin=pin, colour=name) for pin, name in enumerate(own)]
    asked = light(colour)
    shares = share(asked, leds)
    assert all(0 <= part <= 1 + 1e-9 for part in shares)
    assert max(shares) >= max(asked) - 1e-9


def test_showing_12_pixels_takes_less_than_5_ms_of_processor_on_mock_pins() -> None:
    lights = LIGHTS["apa102 on an SPI port"]
    count = lights["pixels"]

    async def scene() -> list[float]:
        async with panel(board(lights)) as (_, lamp, _):
            took = []
            for number in range(15):
                shown = [((number + at) / 40, at / count, 0.5) for at in range(count)]
                began = time.thread_time()
                lamp.show(shown)
                took.append(time.thread_time() - began)
            return sorted(took)

    assert asyncio.run(scene())[7] < 0.005
