"""The panel on GPIO pins: what a profile says is there, opened."""

import time
from collections.abc import Callable

from ren_device.engines.gpio_controls import GpioControls
from ren_device.engines.gpio_lamp import GpioLamp
from ren_device.engines.gpio_leds import DimmedLeds
from ren_device.engines.gpio_mock import MockPanel, MockPins
from ren_device.engines.gpio_pins import Pins, PiPins
from ren_device.engines.led_strip import LedStrip
from ren_device.engines.no_panel import DarkLamp, NoControls
from ren_device.errors import EngineError
from ren_device.hardware_profile import Apa102, HardwareProfile, Ws2812
from ren_device.ports import ControlPanel, Lamp, PanelOnScreen


def open_panel(
    profile: HardwareProfile, *, mock: bool, now: Callable[[], float] = time.monotonic
) -> tuple[ControlPanel, Lamp, PanelOnScreen | None]:
    """Open the controls and the lights; with `mock` simulated ones, and the panel on screen.

    Blocks for up to a second: for a thread. Never fails: what cannot be opened is left out, with a
    `trouble` that says why and what to do. `now` is the monotonic clock.
    """
    if mock:
        mock_pins = MockPins()
        panel = MockPanel(profile, mock_pins)
        opened = _open(profile, mock_pins, now)
        panel.rest()
        return (*opened, panel)
    if not any(True for _ in profile.pins()):
        return NoControls(), DarkLamp(), None
    try:
        pins = PiPins()
    except EngineError as error:
        return _unread(profile, error), DarkLamp(str(error)), None
    return (*_open(profile, pins, now), None)


def _open(
    profile: HardwareProfile, pins: Pins, now: Callable[[], float]
) -> tuple[ControlPanel, Lamp]:
    pins.enter()  # so that the chip stays open until both have had their turn
    controls: ControlPanel
    lamp: Lamp
    try:
        controls = GpioControls(profile.controls, pins, now)
    except EngineError as error:
        controls = _unread(profile, error)
    try:
        lamp = _open_lamp(profile, pins)
    except EngineError as error:
        lamp = DarkLamp(str(error))
    pins.leave()
    return controls, lamp


def _unread(profile: HardwareProfile, error: EngineError) -> NoControls:
    """Nobody may be listened to by a Ren that cannot see whether its switch says muted."""
    mute = profile.controls.mute
    if mute is None or mute.kind != "switch":
        return NoControls(str(error))
    why = f"{error} The mute switch cannot be read, so the microphone stays off."
    return NoControls(why, hides_switch=True)


def _open_lamp(profile: HardwareProfile, pins: Pins) -> Lamp:
    match profile.lights:
        case None:
            return DarkLamp()
        case Apa102() | Ws2812() as row:
            return GpioLamp(LedStrip(row, profile.power, pins), pins)
        case leds:
            return GpioLamp(DimmedLeds(leds, profile.power, pins), pins)
