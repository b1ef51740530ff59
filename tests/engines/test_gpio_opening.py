"""Opening the panel: what cannot be used is left out, and says why in one sentence."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ren_device.engines.gpio import open_panel
from ren_device.engines.gpio_mock import MockPins
from ren_device.engines.gpio_pins import PiPins, look_for_port
from ren_device.engines.no_panel import DarkLamp, NoControls
from ren_device.errors import EngineError
from tests.engines.gpio_boards import LIGHTS, RGB, board, panel


def imported(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_ren_without_a_panel_does_not_load_the_pins() -> None:
    code = "import sys, ren_device.app; print({'gpiozero', 'lgpio'} & set(sys.modules))"
    assert imported(code) == "set()"


def test_the_global_pins_of_gpiozero_are_never_made() -> None:
    code = """
import asyncio, gpiozero
from ren_device.engines.gpio import open_panel
from tests.engines.gpio_boards import LIGHTS, board
for lights in LIGHTS.values():
    controls, lamp, screen = open_panel(board(lights, encoder={"a": 2, "b": 3}), mock=True)
    assert lamp.trouble is controls.trouble is None
    lamp.show([(1.0, 0.0, 0.0)] * lamp.pixels)
    asyncio.run(controls.close())
    asyncio.run(lamp.close())
print(gpiozero.Device.pin_factory)
"""
    assert imported(code) == "None"


@contextmanager
def nobody() -> Generator[None]:
    """Root may do everything; this may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def devices() -> Generator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_machine_without_pins(devices: Path) -> None:
    with pytest.raises(EngineError, match=r"has no GPIO pins: set REN_HARDWARE=none") as caught:
        PiPins(devices)
    assert str(caught.value).endswith(".")


def test_pins_that_may_not_be_used(devices: Path) -> None:
    (devices / "gpiochip0").touch()
    (devices / "gpiochip0").chmod(0o600 if os.geteuid() == 0 else 0)
    with nobody(), pytest.raises(EngineError, match=r"group gpio \(sudo usermod -aG gpio USER\)"):
        PiPins(devices)


def test_pins_without_lgpio(devices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (devices / "gpiochip0").touch()
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(EngineError, match=r"need lgpio, which is not installed: install Ren with"):
        PiPins(devices)


async def test_a_machine_whose_pins_cannot_be_opened_goes_without_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    controls, lamp, screen = open_panel(board(RGB, talk={"pin": 17}), mock=False)
    assert screen is None
    assert controls.controls == frozenset()
    assert lamp.pixels == 0
    assert controls.trouble == lamp.trouble
    assert "GPIO pins" in str(controls.trouble)


@pytest.mark.parametrize(("kind", "muted"), [("switch", True), ("toggle", False)])
async def test_a_mute_switch_that_cannot_be_read_says_muted(
    monkeypatch: pytest.MonkeyPatch, kind: str, muted: bool
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    profile = board(RGB, mute={"pin": 4, "kind": kind})
    controls, _, _ = open_panel(profile, mock=False)
    assert controls.is_down("mute") is controls.mute_is_switch is muted
    assert ("the microphone stays off" in str(controls.trouble)) is muted


@pytest.mark.parametrize(("port", "line"), [(0, "dtparam=spi=on"), (1, "dtoverlay=spi1-1cs")])
def test_an_spi_port_that_is_off_or_may_not_be_used(devices: Path, port: int, line: str) -> None:
    with pytest.raises(EngineError, match=f"SPI, which is off: add {line} to config.txt"):
        look_for_port(port, devices)
    device = devices / f"spidev{port}.0"
    device.touch()
    device.chmod(0o600 if os.geteuid() == 0 else 0)
    with nobody(), pytest.raises(EngineError, match=r"group spi \(sudo usermod -aG spi USER\)"):
        look_for_port(port, devices)
    device.chmod(0o666)
    with nobody():
        look_for_port(port, devices)


async def test_a_board_without_anything_needs_no_pins() -> None:
    controls, lamp, screen = open_panel(board(), mock=False)
    assert (controls.trouble, lamp.trouble, screen) == (None, None, None)
    async with panel(board()) as (controls, lamp, screen):
        assert (controls.trouble, lamp.trouble) == (None, None)
        assert (controls.controls, lamp.pixels, screen.seen()) == (frozenset(), 0, ())


async def test_lights_that_cannot_be_opened_leave_the_buttons_working() -> None:
    async with panel(board(RGB, talk={"pin": 20})) as (controls, lamp, screen):
        assert controls.trouble is None
        screen.press("talk")
        assert controls.is_down("talk")
        assert lamp.pixels == 0
        assert lamp.trouble is not None
        assert lamp.trouble.startswith("lights.green of the hardware profile cannot use GPIO20 (")
        lamp.show([])
        assert screen.seen() == ((0.0, 0.0, 0.0),)


async def test_a_button_that_cannot_be_opened_leaves_the_lights_working() -> None:
    async with panel(board(RGB, talk={"pin": 3, "pull": "none"})) as (controls, lamp, screen):
        assert controls.trouble is not None
        assert controls.trouble.startswith("controls.talk of the hardware profile cannot use GPIO3")
        assert controls.trouble.endswith('say pull = "up" there.')
        assert not controls.is_down("talk")
        assert [event async for event in controls.events()] == []
        lamp.show([(1.0, 0.0, 0.0)])
        assert screen.seen() == ((1.0, 0.0, 0.0),)


async def test_pins_of_an_spi_port_are_its_own() -> None:
    async with panel(board(LIGHTS["ws2812"], talk={"pin": 11})) as (controls, lamp, _):
        assert controls.trouble is None
        assert lamp.trouble is not None
        assert "lights of the hardware profile cannot use GPIO11 and GPIO10" in lamp.trouble


async def test_what_was_closed_can_be_opened_again() -> None:
    pins = MockPins()
    pins.enter()
    pins.enter()
    pins.factory.pin(17)
    pins.leave()
    assert pins.factory.pins
    pins.leave()
    assert not pins.factory.pins


async def test_no_panel_is_quiet() -> None:
    controls, lamp = NoControls("why"), DarkLamp("why")
    assert controls.trouble == lamp.trouble == "why"
    assert not controls.is_down("mute")
    lamp.show([(1.0, 1.0, 1.0)])
    await asyncio.gather(controls.close(), lamp.close())
