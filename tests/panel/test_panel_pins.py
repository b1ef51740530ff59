"""Every gesture through gpiozero's mock pins, with contacts that bounce, in virtual time."""

import asyncio
import logging

import pytest

from ren_device.errors import DeviceError, StoreError
from ren_device.model import Edge, PanelChanged
from ren_device.panel.lanes import PATIENCE_S
from tests.panel.counter import BUTTONS, KNOB, SWITCH, TOGGLE, Counter
from tests.virtual_time import run, stand_still


async def hold(counter: Counter, seconds: float) -> None:
    """Press the talk button, and let go so much later, with bounces of 5 ms at both."""
    began = counter.clock.monotonic()
    await counter.bounce("talk", True, [0.001] * 5)
    await asyncio.sleep(began + seconds - counter.clock.monotonic())
    await counter.bounce("talk", False, [0.001] * 5)


def test_a_press_is_done_before_the_contact_has_stopped_bouncing() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            counter.finger.press("talk")
            await asyncio.sleep(0.001)
            assert counter.deeds.take() == ["talk_down"]

    run(scene())


@pytest.mark.parametrize(
    ("seconds", "deeds"),
    [
        (0.010, ["talk_down"]),
        (0.2, ["talk_down"]),
        (0.34, ["talk_down"]),
        (0.36, ["talk_down", "talk_held", "talk_up"]),
        (9.9, ["talk_down", "talk_held", "talk_up"]),
        (10.1, ["talk_down", "talk_held", "stop", "warning", "warned"]),
        (14.9, ["talk_down", "talk_held", "stop", "warning", "warned"]),
        (15.1, ["talk_down", "talk_held", "stop", "warning", "warned", "factory_reset"]),
        (24.9, ["talk_down", "talk_held", "stop", "warning", "warned", "factory_reset"]),
        (25.1, ["talk_down", "talk_held", "stop", "warning", "warned"]),
    ],
)
def test_the_talk_button_held_for_so_long(seconds: float, deeds: list[str]) -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            await hold(counter, seconds)
            await asyncio.sleep(60)
            assert sorted(counter.deeds.said, key=deeds.index) == deeds
            # A warning does not wait for a slow deed; all else is in order.
            order = [deed for deed in counter.deeds.said if not deed.startswith("warn")]
            assert order == [deed for deed in deeds if not deed.startswith("warn")]
            assert counter.trouble() is None

    run(scene())


def test_the_warning_is_told_several_times_a_second() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            await hold(counter, 16)
            await asyncio.sleep(1)
            assert counter.deeds.warned == [step / 50 for step in range(51)] + [None]

    run(scene())


def test_two_taps_repeat() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            await hold(counter, 0.1)
            await asyncio.sleep(0.2)
            await hold(counter, 0.1)
            await asyncio.sleep(5)
            assert counter.deeds.take() == ["talk_down", "repeat"]

    run(scene())


def test_a_chattering_contact_is_settled_by_its_level() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            await counter.bounce("volume_up", True, [0.004] * 4)
            await asyncio.sleep(0.3)
            counter.finger.release("volume_up")
            await asyncio.sleep(5)
            assert counter.deeds.take() == ["volume +10"]

    run(scene())


# --- deeds that are slow, or fail ------------------------------------------------------------


def test_edges_during_a_slow_deed_are_neither_lost_nor_reordered() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            counter.deeds.slow_s = 1.0
            await hold(counter, 0.5)
            await asyncio.sleep(0.01)
            assert counter.deeds.said == ["talk_down"]  # let go while it is still at it
            await asyncio.sleep(5)
            assert counter.deeds.said == ["talk_down", "talk_held", "talk_up"]
            assert counter.deeds.ended == counter.deeds.said

    run(scene())


def test_the_switch_and_the_volume_do_not_wait_for_a_slow_deed() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS, SWITCH).running() as counter:
            counter.deeds.take()
            counter.deeds.slow_s = 5.0
            await hold(counter, 0.1)
            counter.finger.press("mute")
            counter.finger.press("volume_down")
            await asyncio.sleep(0.01)
            assert counter.deeds.take() == ["talk_down", "mute line down", "volume -10"]

    run(scene())


def test_taps_in_their_dozens_while_nothing_gets_done_do_not_pile_up() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            counter.deeds.slow_s = 9.0
            for _ in range(60):
                await hold(counter, 0.5)
                await asyncio.sleep(0.1)
            await asyncio.sleep(200)
            said = counter.deeds.said
            assert 9 <= len(said) <= 21
            assert said == ["talk_down", "talk_held", "talk_up"] * (len(said) // 3)
            counter.deeds.take()
            await hold(counter, 0.1)  # and then it works again
            assert counter.deeds.take() == ["talk_down"]

    run(scene())


def test_a_deed_that_hangs_is_given_up() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            counter.deeds.slow_s = 3600
            await hold(counter, 0.1)
            await asyncio.sleep(PATIENCE_S + 0.1)
            counter.deeds.slow_s = 0
            await hold(counter, 0.1)
            assert counter.deeds.take() == ["talk_down"] * 2

    run(scene())


def test_a_deed_that_fails_is_logged_once_and_the_panel_lives_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene() -> None:
        async with Counter(BUTTONS, SWITCH).running() as counter:
            deeds = counter.deeds
            deeds.failing = {
                "talk_down": DeviceError("no microphone"),
                "mute line down": StoreError("full"),
            }
            for _ in range(3):
                await hold(counter, 0.1)
                await asyncio.sleep(1)
            counter.finger.press("mute")
            await asyncio.sleep(1)
            said = ["mute line up"] + ["talk_down"] * 3 + ["mute line down"]
            assert deeds.take() == said
            told = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
            assert told == [
                "panel: talk_down failed: DeviceError",
                "panel: mute_line failed: StoreError",
            ]
            del deeds.failing["talk_down"]
            await hold(counter, 0.1)
            await asyncio.sleep(1)
            deeds.failing["talk_down"] = DeviceError("no microphone")
            await hold(counter, 0.1)
            assert caplog.text.count("talk_down failed") == 2  # it had worked in between

    run(scene())


def test_a_bug_in_a_deed_ends_the_panel() -> None:
    async def scene() -> None:
        counter = Counter(BUTTONS)
        counter.deeds.failing["talk_down"] = ZeroDivisionError()
        running = asyncio.create_task(counter.panel.run())
        await asyncio.sleep(0.1)
        counter.finger.press("talk")
        with pytest.raises(ExceptionGroup) as raised:
            await running
        assert raised.group_contains(ZeroDivisionError)
        await counter.controls.close()

    run(scene())


# --- the start, and what is stuck ------------------------------------------------------------


def test_what_is_down_at_the_start_means_nothing_until_let_go() -> None:
    async def scene() -> None:
        counter = Counter(BUTTONS, TOGGLE)
        counter.finger.press("talk")
        counter.finger.press("mute")
        async with counter.running():
            await asyncio.sleep(20)
            await counter.bounce("mute", False)
            await asyncio.sleep(5)
            assert counter.trouble() == "the talk button is stuck"
            await counter.bounce("talk", False)
            await asyncio.sleep(1)
            assert counter.trouble() is None
            assert counter.deeds.take() == []
            await hold(counter, 0.1)
            assert counter.deeds.take() == ["talk_down"]

    run(scene())


@pytest.mark.parametrize("down", [False, True])
def test_what_the_switch_says_is_told_at_the_start(down: bool) -> None:
    async def scene() -> None:
        counter = Counter(BUTTONS, SWITCH)
        if down:
            counter.finger.press("mute")
        async with counter.running():
            assert counter.deeds.take() == [f"mute line {'down' if down else 'up'}"]
            await asyncio.sleep(100)
            assert counter.trouble() is None
            await counter.bounce("mute", not down)
            await asyncio.sleep(1)
            assert counter.deeds.take() == [f"mute line {'up' if down else 'down'}"]

    run(scene())


def test_a_press_in_the_first_moment_is_not_missed() -> None:
    async def scene() -> None:
        counter = Counter(BUTTONS, SWITCH)
        running = asyncio.create_task(counter.panel.run())
        await asyncio.sleep(0)
        counter.finger.press("mute")
        counter.finger.press("volume_up")
        await asyncio.sleep(0.1)
        assert counter.deeds.take() == ["mute line up", "mute line down", "volume +10"]
        running.cancel()
        await asyncio.wait({running})
        await counter.controls.close()

    run(scene())


def test_a_stuck_button_is_a_trouble_until_it_comes_free() -> None:
    async def scene() -> None:
        counter = Counter(BUTTONS)
        with counter.bus.subscribe() as events:
            async with counter.running():
                await counter.bounce("talk", True)
                await asyncio.sleep(30)
                assert counter.trouble() == "the talk button is stuck"
                await counter.bounce("talk", False)
                await asyncio.sleep(1)
                assert counter.trouble() is None
                assert "factory_reset" not in counter.deeds.said
            told = events.__aiter__()
            assert [await anext(told), await anext(told)] == [PanelChanged(), PanelChanged()]
            assert events.dropped == 0

    run(scene())


# --- a loop that was busy --------------------------------------------------------------------


def test_a_hold_that_ended_while_nobody_had_time_is_as_long_as_it_was() -> None:
    """The pins' thread goes on while the loop stands still."""

    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            counter.finger.press("talk")
            await asyncio.sleep(12)
            stand_still(1.0)
            counter.finger.release("talk")
            stand_still(9.0)  # the time of a reset passes, with nobody at the button
            await asyncio.sleep(30)
            said = counter.deeds.take()
            assert said == ["talk_down", "talk_held", "stop", "warning", "warned"] or said == [
                "talk_down",
                "talk_held",
                "warning",
                "stop",
                "warned",
            ]
            assert 1.0 not in counter.deeds.warned

    run(scene())


def test_a_tap_while_nobody_had_time_is_a_tap() -> None:
    async def scene() -> None:
        async with Counter(BUTTONS).running() as counter:
            counter.finger.press("talk")
            stand_still(0.2)
            counter.finger.release("talk")
            stand_still(5)
            await asyncio.sleep(1)
            assert counter.deeds.take() == ["talk_down"]

    run(scene())


# --- the knob and the volume -----------------------------------------------------------------


def test_a_knob_that_is_spun_fast_is_a_few_deeds_and_no_step_is_lost() -> None:
    async def scene() -> None:
        async with Counter(KNOB).running() as counter:
            for _ in range(20):
                counter.finger.turn(1)
                await asyncio.sleep(0.01)
            await asyncio.sleep(1)
            said = counter.deeds.take()
            assert said[0] == "volume +3"  # the first is heard at once
            assert len(said) <= 6
            assert sum(int(each.split()[1]) for each in said) == 60
            counter.finger.turn(-2)
            await asyncio.sleep(1)
            assert counter.deeds.take() == ["volume -6"]
            counter.finger.turn(1)
            counter.finger.turn(-1)
            await asyncio.sleep(1)
            assert counter.deeds.take() == []

    run(scene())


def test_the_mute_button_pressed_while_it_is_slow_ends_as_it_was_left() -> None:
    async def scene() -> None:
        async with Counter(TOGGLE).running() as counter:
            counter.deeds.slow_s = 3.0
            for _ in range(3):
                await counter.bounce("mute", True)
                await asyncio.sleep(0.1)
                await counter.bounce("mute", False)
                await asyncio.sleep(0.1)
            await asyncio.sleep(10)
            assert counter.deeds.take() == ["mute"]  # once, and twice more is as it was

    run(scene())


def test_the_clock_of_the_edges_is_the_panel_s(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        counter = Counter(BUTTONS)
        events = counter.controls.events()
        counter.finger.press("talk")
        assert await anext(events) == Edge("talk", True, counter.clock.monotonic())
        await events.aclose()
        await counter.controls.close()

    run(scene())
    assert not caplog.records
