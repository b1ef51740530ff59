"""What each key of the simulation presses, on gpiozero's mock pins, and for how long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

from ren_device.bus import Bus
from ren_device.commands.terminal_fingers import BETWEEN_S, HOLD_S, TAP_S, Fingers
from ren_device.engines.gpio import open_panel
from ren_device.hardware_profile import Controls, Encoder, HardwareProfile, Line, MuteLine, Power
from ren_device.model import ControlEvent, Edge
from tests.virtual_time import run
from tests.web.device_porch import BOARD, Speaker

SWITCH = Controls(talk=Line(pin=17), mute=MuteLine(pin=27, kind="switch"))
BUTTONS = Controls(
    mute=MuteLine(pin=27, kind="toggle"), volume_up=Line(pin=5), volume_down=Line(pin=6)
)


class Scene:
    """A board on simulated pins, and what its driver hears of the fingers."""

    def __init__(self, controls: Controls) -> None:
        power = Power(supply_a=3)
        profile = HardwareProfile(title="Test", wiring="test.svg", controls=controls, power=power)
        loop = asyncio.get_running_loop()
        self.controls, self.lamp, panel = open_panel(profile, mock=True, now=loop.time)
        assert panel is not None
        board = replace(BOARD, mute_is_switch=self.controls.mute_is_switch)
        self.speaker = Speaker(Bus(), board)
        self.fingers = Fingers(panel, self.speaker)
        self.heard: list[tuple[ControlEvent, float]] = []

    async def listen(self) -> None:
        async for event in self.controls.events():
            self.heard.append((event, asyncio.get_running_loop().time()))

    def said(self) -> list[str]:
        """In words, without times."""
        return [
            f"{each.control} {'down' if each.down else 'up'}"
            if isinstance(each, Edge)
            else f"turn {each.step}"
            for each, _ in self.heard
        ]


@asynccontextmanager
async def board(controls: Controls) -> AsyncIterator[Scene]:
    scene = Scene(controls)
    listening = asyncio.create_task(scene.listen())
    await asyncio.sleep(0.1)
    try:
        yield scene
    finally:
        listening.cancel()
        await asyncio.wait({listening})
        await scene.lamp.close()
        await scene.controls.close()


def test_a_tap_and_two() -> None:
    async def scene() -> None:
        async with board(SWITCH) as it:
            assert await it.fingers.key(" ") == ""
            await asyncio.sleep(1)
            assert it.said() == ["talk down", "talk up"]
            it.heard.clear()
            await it.fingers.key("d")
            await asyncio.sleep(1)
            assert it.said() == ["talk down", "talk up"] * 2
            times = [at for _, at in it.heard]
            lengths = [round(b - a, 2) for a, b in pairwise(times)]
            assert lengths == [TAP_S, BETWEEN_S, TAP_S]

    run(scene())


def test_a_hold_ends_by_itself_before_it_erases_anything() -> None:
    async def scene() -> None:
        async with board(SWITCH) as it:
            await it.fingers.key("h")
            await asyncio.sleep(HOLD_S - 0.1)
            assert it.said() == ["talk down"]
            await asyncio.sleep(0.2)
            assert it.said() == ["talk down", "talk up"]
            for _ in range(2):  # or by the same key
                await it.fingers.key("h")
                await asyncio.sleep(1)
            await asyncio.sleep(2 * HOLD_S)
            assert it.said() == ["talk down", "talk up"] * 2

    run(scene())


def test_a_very_long_hold_ends_by_its_key_alone() -> None:
    async def scene() -> None:
        async with board(SWITCH) as it:
            await it.fingers.key("x")
            await asyncio.sleep(60)
            assert it.said() == ["talk down"]
            await it.fingers.key("x")
            await asyncio.sleep(1)
            assert it.said() == ["talk down", "talk up"]

    run(scene())


def test_what_a_very_long_hold_means_is_said_all_the_time() -> None:
    async def scene() -> None:
        async with board(SWITCH) as it:
            assert it.fingers.hint("idle") == ""
            await it.fingers.key("x")
            assert "After 10 s a warning rises" in it.fingers.hint("listening")
            await asyncio.sleep(12)
            assert "nothing is erased" in it.fingers.hint("reset_warning")
            await asyncio.sleep(5)
            assert it.fingers.hint("reset_warning").startswith("Press x within 8 s")
            for key in "hd ":  # a slip erases nothing
                assert await it.fingers.key(key) == "The button is held; x lets go."
            await asyncio.sleep(10)
            assert "nothing is erased" in it.fingers.hint("fault")
            assert it.said() == ["talk down"]
            await it.fingers.key("x")
            assert it.fingers.hint("idle") == ""
            await it.fingers.key("h")
            assert await it.fingers.key("x") == "h holds the button; h lets go."
            assert "9 s" in it.fingers.hint("listening")
            assert it.controls.is_down("talk")

    run(scene())


def test_whoever_leaves_in_the_warning_erases_nothing() -> None:
    async def scene() -> None:
        async with board(SWITCH) as it:
            await it.fingers.key("x")
            await asyncio.sleep(17)
            it.fingers.rest()
            await asyncio.sleep(1)
            assert it.said() == ["talk down"]

    run(scene())


def test_a_mute_switch_is_put_and_a_mute_button_pressed() -> None:
    async def scene() -> None:
        async with board(SWITCH) as it:
            for down in (True, False):
                await it.fingers.key("m")
                assert it.controls.is_down("mute") is down
            await it.speaker.set_mute(True)
            await it.fingers.key("m")  # no switch can undo that
            assert not it.speaker.now.muted
            assert not it.controls.is_down("mute")
        async with board(BUTTONS) as it:
            await it.fingers.key("m")
            await asyncio.sleep(1)
            assert it.said() == ["mute down", "mute up"]

    run(scene())


def test_the_volume_has_buttons_or_a_knob() -> None:
    async def scene() -> None:
        async with board(BUTTONS) as it:
            await it.fingers.key("+")
            await it.fingers.key("-")
            await asyncio.sleep(1)
            words = ("volume_up down", "volume_up up", "volume_down down", "volume_down up")
            assert it.said() == list(words)
        async with board(Controls(encoder=Encoder(a=5, b=6))) as it:
            await it.fingers.key("+")
            await it.fingers.key("-")
            await asyncio.sleep(1)
            assert it.said() == ["turn 1", "turn -1"]

    run(scene())


def test_where_there_is_no_button_the_speaker_is_asked() -> None:
    async def scene() -> None:
        async with board(Controls()) as it:
            for key in " hhm+-":
                assert await it.fingers.key(key) == ""
            assert it.speaker.asked == ["talk", "hold", "release"]
            assert it.speaker.now.muted_by == "software"
            assert it.speaker.now.volume_percent == 60
            for key in "dx":
                assert await it.fingers.key(key) == "This board has no talk button."
            it.speaker.become("idle")
            assert await it.fingers.key(" ") == "The microphone is off."
            it.speaker.has_voice = False
            assert await it.fingers.key(" ") == "The voice is off."
            assert it.said() == []

    run(scene())


def test_other_keys_do_nothing() -> None:
    async def scene() -> None:
        async with board(SWITCH) as it:
            for key in "aé1\t\r":
                assert await it.fingers.key(key) == ""
            await asyncio.sleep(1)
            assert (it.said(), it.speaker.asked) == ([], [])

    run(scene())
