"""A light that ends by itself, and one that is slow."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from ren_device.engines.gpio_lamp import GpioLamp
from ren_device.engines.gpio_mock import MockPins
from ren_device.engines.light_levels import Light, light
from tests.engines.gpio_boards import LIGHTS, board, panel

DARK: Light = (0.0, 0.0, 0.0)
RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
SOON_S = 10.0  # the longest that a test waits for another thread


class Lantern:
    """One pixel that notes what was written to it, and by which thread."""

    pixels = 1

    def __init__(self, *, slow: bool = False) -> None:
        self.slow = slow
        self.written: list[Light] = []
        self.threads: set[int] = set()
        self.closed = False
        self.broken = False
        self.went_dark = threading.Event()
        self.may_write = threading.Event()
        self.may_write.set()
        self.begun = threading.Semaphore(0)

    def write(self, lights: Sequence[Light]) -> None:
        self.begun.release()
        assert self.may_write.wait(SOON_S)
        if self.broken:
            raise OSError("no answer")
        (shown,) = lights
        self.threads.add(threading.get_ident())
        self.written.append(shown)
        if shown == DARK and len(self.written) > 1:
            self.went_dark.set()

    def close(self) -> None:
        self.closed = True


def test_it_is_dark_from_the_start_whatever_it_showed_before() -> None:
    lantern = Lantern()
    lamp = GpioLamp(lantern, MockPins())
    assert lantern.written == [DARK]
    asyncio.run(lamp.close())


@pytest.mark.parametrize("slow", [False, True])
def test_a_light_ends_though_the_event_loop_hangs(slow: bool) -> None:
    lantern = Lantern(slow=slow)
    lamp = GpioLamp(lantern, MockPins())

    async def scene() -> None:
        lamp.show([RED], for_s=0.02)
        assert lantern.went_dark.wait(SOON_S)  # nobody else gets a turn meanwhile
        await lamp.close()

    asyncio.run(scene())
    assert lantern.written[-1] == DARK
    assert slow or RED in lantern.written


def test_a_light_that_is_shown_again_lasts_and_one_that_is_made_shorter_ends_sooner() -> None:
    lantern = Lantern()
    lamp = GpioLamp(lantern, MockPins())
    lamp.show([RED], for_s=0.02)
    lamp.show([GREEN], for_s=3600)
    assert not lantern.went_dark.wait(0.2)
    lamp.show([BLUE], for_s=0.02)
    assert lantern.went_dark.wait(SOON_S)
    assert lantern.written == [DARK, RED, GREEN, BLUE, DARK]
    asyncio.run(lamp.close())


def test_darkness_is_written_once_and_then_costs_nothing() -> None:
    lantern = Lantern()
    lamp = GpioLamp(lantern, MockPins())
    lamp.show([DARK])
    lamp.show([RED])
    for _ in range(5):
        lamp.show([DARK])
    assert lantern.written == [DARK, RED, DARK]
    asyncio.run(lamp.close())


def test_the_same_light_is_written_again_for_pixels_forget() -> None:
    lantern = Lantern()
    lamp = GpioLamp(lantern, MockPins())
    lamp.show([RED])
    lamp.show([RED])
    assert lantern.written == [DARK, RED, RED]
    asyncio.run(lamp.close())


def test_of_a_slow_light_only_the_latest_picture_is_written_and_nobody_waits() -> None:
    lantern = Lantern(slow=True)
    lamp = GpioLamp(lantern, MockPins())
    assert lantern.begun.acquire(timeout=SOON_S)  # the first, when it was opened
    lantern.may_write.clear()
    lamp.show([RED], for_s=3600)
    assert lantern.begun.acquire(timeout=SOON_S)  # it is being written, and hangs
    for step in range(100):
        lamp.show([(0.0, step / 100, 0.0)], for_s=3600)
    lamp.show([BLUE], for_s=3600)
    assert lantern.written == [DARK]
    lantern.may_write.set()
    assert lantern.begun.acquire(timeout=SOON_S)
    asyncio.run(lamp.close())
    assert lantern.written == [DARK, RED, BLUE, DARK]


def test_lights_that_are_fast_are_written_before_show_returns() -> None:
    lantern = Lantern()
    lamp = GpioLamp(lantern, MockPins())
    lamp.show([GREEN])
    assert lantern.written == [DARK, GREEN]
    assert lantern.threads == {threading.get_ident()}
    asyncio.run(lamp.close())


def test_lights_that_do_not_answer_are_named_until_they_do() -> None:
    lantern = Lantern()
    lamp = GpioLamp(lantern, MockPins())
    lantern.broken = True
    lamp.show([RED])
    lamp.show([RED])
    trouble = lamp.trouble
    assert trouble == "The lights do not answer (no answer)."
    lantern.broken = False
    lamp.show([RED])
    assert lamp.trouble is None
    asyncio.run(lamp.close())


@pytest.mark.parametrize("slow", [False, True])
def test_closing_leaves_it_dark_and_ends_the_thread(slow: bool) -> None:
    before = threading.active_count()
    lantern = Lantern(slow=slow)
    lamp = GpioLamp(lantern, MockPins())
    assert threading.active_count() == before + 1
    lamp.show([RED])
    asyncio.run(lamp.close())
    assert lantern.written[-1] == DARK
    assert lantern.closed
    assert threading.active_count() == before
    lamp.show([RED])
    asyncio.run(lamp.close())
    assert lantern.written[-1] == DARK


async def test_two_loops_of_life_on_one_lamp_do_not_mix_pictures() -> None:
    """The lamp is shown from the event loop while its thread makes it dark, over and over."""
    async with panel(board(LIGHTS["apa102 on an SPI port"])) as (_, lamp, screen):
        for number in range(100):
            colour = (RED, GREEN, BLUE)[number % 3]
            lamp.show([colour] * 12, for_s=0.0005 * (number % 4))
            seen = set(screen.seen())
            assert seen <= {colour, DARK}
        lamp.show([GREEN] * 12)
        assert [light(colour) for colour in screen.seen()] == [GREEN] * 12
