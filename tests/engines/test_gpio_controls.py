"""Buttons, switches and a knob on gpiozero's mock pins."""

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device.engines.gpio_controls import MOST_WAITING, GpioControls
from ren_device.engines.gpio_mock import MockPanel, MockPins
from ren_device.model import Control, ControlEvent, Edge, Turned
from tests.engines.gpio_boards import board, panel
from tests.virtual_time import run

ALL: dict[str, Any] = {
    "talk": {"pin": 17},
    "mute": {"pin": 27, "kind": "switch", "pull": "down", "active": "high"},
    "volume_up": {"pin": 22, "pull": "none"},
    "volume_down": {"pin": 23, "pull": "none", "active": "high"},
    "encoder": {"a": 5, "b": 6},
}
BUTTONS: tuple[Control, ...] = ("talk", "mute", "volume_up", "volume_down")


def test_every_control_is_there_at_rest_and_says_what_its_line_says() -> None:
    async def scene() -> None:
        async with panel(board(**ALL)) as (controls, _, screen):
            assert controls.controls == screen.controls == frozenset(BUTTONS)
            assert controls.mute_is_switch
            assert screen.has_knob
            assert controls.trouble is None
            for control in BUTTONS:
                assert not controls.is_down(control)
                screen.press(control)
                screen.press(control)
                assert [name for name in BUTTONS if controls.is_down(name)] == [control]
                assert screen.is_down(control)
                screen.release(control)
                assert not controls.is_down(control)

    run(scene())


@pytest.mark.parametrize("pull", ["up", "down", "none"])
@pytest.mark.parametrize("active", ["low", "high"])
def test_any_pull_goes_with_any_active_level(pull: str, active: str) -> None:
    async def scene() -> list[ControlEvent]:
        profile = board(talk={"pin": 17, "pull": pull, "active": active})
        async with panel(profile, asyncio.get_running_loop().time) as (controls, _, screen):
            assert not controls.is_down("talk")
            events = controls.events()
            screen.press("talk")
            screen.release("talk")
            return [await anext(events), await anext(events)]

    assert run(scene()) == [Edge("talk", True, 1000.0), Edge("talk", False, 1000.0)]


def test_a_control_that_is_not_there_is_never_down_and_cannot_be_pressed() -> None:
    async def scene() -> None:
        async with panel(board(talk={"pin": 17})) as (controls, _, screen):
            assert controls.controls == {"talk"}
            assert not controls.mute_is_switch
            screen.press("mute")
            screen.turn(3)
            assert not controls.is_down("mute")
            assert not screen.is_down("mute")
            assert not screen.has_knob

    run(scene())


def test_what_happens_comes_in_order_and_with_its_moment() -> None:
    async def scene() -> list[ControlEvent]:
        loop = asyncio.get_running_loop()
        async with panel(board(**ALL), loop.time) as (controls, _, screen):
            screen.press("talk")  # before anybody listens: seen in the line only
            events = controls.events()
            assert controls.is_down("talk")
            screen.release("talk")
            await asyncio.sleep(0.5)
            screen.turn(2)
            screen.press("mute")
            await asyncio.sleep(0.25)
            screen.turn(-1)
            return [await anext(events) for _ in range(5)]

    assert run(scene()) == [
        Edge("talk", False, 1000.0),
        Turned(1, 1000.5),
        Turned(1, 1000.5),
        Edge("mute", True, 1000.5),
        Turned(-1, 1000.75),
    ]


def test_bounces_are_handed_on_as_they_are() -> None:
    async def scene() -> list[bool]:
        async with panel(board(talk={"pin": 17})) as (controls, _, screen):
            events = controls.events()
            for _ in range(3):
                screen.press("talk")
                screen.release("talk")
            screen.press("talk")
            edges = [await anext(events) for _ in range(7)]
            assert controls.is_down("talk")
            return [edge.down for edge in edges if isinstance(edge, Edge)]

    assert run(scene()) == [True, False] * 3 + [True]


def test_of_too_many_the_oldest_go() -> None:
    async def scene() -> list[ControlEvent]:
        numbers = iter(range(10_000))
        async with panel(board(talk={"pin": 17}), lambda: float(next(numbers))) as opened:
            controls, _, screen = opened
            events = controls.events()
            for _ in range(MOST_WAITING):
                screen.press("talk")
                screen.release("talk")
            return [await anext(events) for _ in range(MOST_WAITING)]

    events = run(scene())
    assert [event.at for event in events] == list(range(MOST_WAITING, 2 * MOST_WAITING))


def test_a_storm_of_edges_wakes_the_loop_once() -> None:
    async def scene() -> int:
        loop = asyncio.get_running_loop()
        wakes = 0
        handed_over = loop.call_soon_threadsafe

        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal wakes
            wakes += 1
            return handed_over(*args, **kwargs)

        loop.call_soon_threadsafe = counted  # type: ignore[method-assign, assignment]
        async with panel(board(talk={"pin": 17})) as (controls, _, screen):
            events = controls.events()
            for _ in range(1000):
                screen.press("talk")
                screen.release("talk")
            await anext(events)
            return wakes

    assert run(scene()) == 1


def test_a_new_reader_takes_the_place_of_the_one_before() -> None:
    async def scene() -> ControlEvent:
        async with panel(board(talk={"pin": 17}), lambda: 1.0) as (controls, _, screen):
            await controls.events().aclose()
            controls.events()
            screen.press("talk")
            second = controls.events()
            screen.release("talk")
            return await anext(second)

    assert run(scene()) == Edge("talk", False, 1.0)


async def test_presses_come_from_the_threads_of_the_pins() -> None:
    async with panel(board(talk={"pin": 17}, volume_up={"pin": 22})) as (controls, _, screen):
        events = controls.events()

        def finger(control: Control) -> None:
            for _ in range(20):
                screen.press(control)
                screen.release(control)

        fingers = [threading.Thread(target=finger, args=(name,)) for name in ("talk", "volume_up")]
        for thread in fingers:
            thread.start()
        seen = [await anext(events) for _ in range(80)]
        for thread in fingers:
            thread.join()
    for name in ("talk", "volume_up"):
        mine = [event for event in seen if isinstance(event, Edge) and event.control == name]
        assert [edge.down for edge in mine] == [True, False] * 20


def test_an_edge_after_the_loop_has_ended_is_nobodys() -> None:
    pins = MockPins()
    profile = board(talk={"pin": 17})
    screen = MockPanel(profile, pins)
    controls = GpioControls(profile.controls, pins, lambda: 0.0)

    async def listen() -> None:
        controls.events()

    asyncio.run(listen())
    screen.press("talk")
    assert controls.is_down("talk")
    asyncio.run(controls.close())


async def test_closing_releases_the_pins_and_may_be_done_twice() -> None:
    pins = MockPins()
    profile = board(**ALL)
    screen = MockPanel(profile, pins)
    for _ in range(2):
        controls = GpioControls(profile.controls, pins, lambda: 0.0)
        screen.rest()
        screen.press("talk")
        assert controls.is_down("talk")
        await controls.close()
        await controls.close()
        assert not controls.is_down("talk")
        assert not pins.factory.pins


@st.composite
def shaky_turns(draw: st.DrawFn) -> tuple[list[tuple[int, bool]], list[int]]:
    """Levels of the contacts a (5) and b (6) while the knob is turned, each change with bounces."""
    levels: list[tuple[int, bool]] = []
    turns = draw(st.lists(st.sampled_from([1, -1]), max_size=6))
    for step in turns:
        first, second = (5, 6) if step > 0 else (6, 5)
        for pin, high in ((first, False), (second, False), (first, True), (second, True)):
            for _ in range(draw(st.integers(0, 4))):
                levels += [(pin, high), (pin, not high)]
            levels.append((pin, high))
    return levels, turns


@settings(max_examples=50, deadline=None)
@given(shaky_turns())
def test_a_knob_counts_every_step_once_however_its_contacts_bounce(
    shaken: tuple[list[tuple[int, bool]], list[int]],
) -> None:
    levels, turns = shaken

    async def scene() -> None:
        pins = MockPins()
        profile = board(encoder={"a": 5, "b": 6}, talk={"pin": 17})
        screen = MockPanel(profile, pins)
        controls = GpioControls(profile.controls, pins, lambda: 0.0)
        events = controls.events()
        for number, high in levels:
            pin = pins.factory.pin(number)
            (pin.drive_high if high else pin.drive_low)()
        screen.press("talk")  # the last of all
        heard = []
        while isinstance(event := await anext(events), Turned):
            heard.append(event.step)
        assert heard == turns
        await controls.close()

    run(scene())


def test_a_knob_that_only_wobbles_has_not_been_turned() -> None:
    async def scene() -> ControlEvent:
        pins = MockPins()
        profile = board(encoder={"a": 5, "b": 6}, talk={"pin": 17})
        screen = MockPanel(profile, pins)
        controls = GpioControls(profile.controls, pins, lambda: 0.0)
        events = controls.events()
        a, b = pins.factory.pin(5), pins.factory.pin(6)
        for _ in range(3):  # half a step there, and back again
            a.drive_low()
            b.drive_low()
            b.drive_high()
            a.drive_high()
        screen.press("talk")
        first = await anext(events)
        await controls.close()
        return first

    assert isinstance(run(scene()), Edge)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-3, 3), max_size=8))
def test_the_knob_on_screen_turns_as_far_as_it_is_turned(turns: list[int]) -> None:
    async def scene() -> int:
        profile = board(encoder={"a": 5, "b": 6})
        async with panel(profile) as (controls, _, screen):
            events = controls.events()
            for steps in turns:
                screen.turn(steps)
            heard = [await anext(events) for _ in range(sum(abs(steps) for steps in turns))]
            return sum(event.step for event in heard if isinstance(event, Turned))

    assert run(scene()) == sum(turns)
