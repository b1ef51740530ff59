"""The other side of simulated pins: fingers that push them, and eyes that read what drives them."""

from collections.abc import Callable
from typing import get_args

import gpiozero
from gpiozero.pins.mock import MockFactory, MockPWMPin

from ren_device.engines.gpio_leds import led_light
from ren_device.engines.gpio_pins import Pins
from ren_device.engines.gpio_spi import CLOCK_HIGH, CLOCK_OF, DATA_HIGH, SoftwareSpi, Spi
from ren_device.engines.led_eyes import Apa102Eye, Ws2812Eye
from ren_device.engines.light_levels import Light, looks
from ren_device.hardware_profile import Apa102, HardwareProfile, Led, Leds, Line, RgbLed, Ws2812
from ren_device.model import Colour, Control

_PI_4B = "c03114"


class _MockPin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
    """gpiozero's mock pin, which tells when it rises and does not remember all it ever was."""

    on_rise: Callable[[], None] | None = None
    _state: float

    def _change_state(self, value: float) -> bool:
        self.states.clear()
        changed: bool = super()._change_state(value)
        return changed

    def _set_state(self, value: float) -> None:
        if self._function != "output":
            super()._set_state(value)  # says that this is wrong
        elif value != self._state:
            self._state = float(value)
            if value and self.on_rise is not None:
                self.on_rise()


class MockPins(Pins):
    """Pins that are wired to nothing but a `MockPanel`."""

    def __init__(self) -> None:
        """All of a Pi 4, unused."""
        super().__init__(MockFactory(revision=_PI_4B, pin_class=_MockPin))

    def spi(self, clock: int, data: int, hz: int) -> Spi:  # noqa: ARG002  as fast as it can
        """The two pins, moved by hand: on a Pi the hardware makes the same signal."""
        opened = [gpiozero.OutputDevice(pin, pin_factory=self.factory) for pin in (clock, data)]
        clock_pin, data_pin = (device.pin for device in opened)

        before = 0

        def move(levels: int) -> None:
            nonlocal before
            if (levels ^ before) & DATA_HIGH:
                data_pin.state = bool(levels & DATA_HIGH)
            if (levels ^ before) & CLOCK_HIGH:
                clock_pin.state = bool(levels & CLOCK_HIGH)
            before = levels

        def close() -> None:
            for device in opened:
                device.close()

        return SoftwareSpi(move, close, slow=False)


class MockPanel:
    """Implements ports.PanelOnScreen over the pins of a `MockPins`."""

    def __init__(self, profile: HardwareProfile, pins: MockPins) -> None:
        """Watches before anything is opened, so that it sees all; see `rest`."""
        self._pin = pins.factory.pin
        self._lines: dict[Control, Line] = {}
        for control in get_args(Control):
            line: Line | None = getattr(profile.controls, control)
            if line is not None:
                self._lines[control] = line
        self._knob = profile.controls.encoder
        self._lights = profile.lights
        self._eye = self._watch()
        self.controls = frozenset(self._lines)
        self.has_knob = self._knob is not None

    def rest(self) -> None:
        """Nothing is pressed, once the lines are inputs: the springs of the buttons, so to say."""
        for control in self._lines:
            self.release(control)
        if self._knob is not None:
            for contact in (self._knob.a, self._knob.b):
                self._drive(contact, high=True)

    def press(self, control: Control) -> None:
        """Push it down, or put the switch to muted."""
        if (line := self._lines.get(control)) is not None:
            self._drive(line.pin, high=line.active == "high")

    def release(self, control: Control) -> None:
        """Let go, or put the switch back."""
        if (line := self._lines.get(control)) is not None:
            self._drive(line.pin, high=line.active == "low")

    def turn(self, steps: int) -> None:
        """Each step closes and opens both contacts; `a` first is clockwise."""
        if self._knob is None:
            return
        first, second = self._knob.a, self._knob.b
        if steps < 0:
            first, second = second, first
        for _ in range(abs(steps)):
            for high in (False, True):
                self._drive(first, high=high)
                self._drive(second, high=high)

    def is_down(self, control: Control) -> bool:
        """Whether it is pressed."""
        line = self._lines.get(control)
        return line is not None and bool(self._pin(line.pin).state) == (line.active == "high")

    def seen(self) -> tuple[Colour, ...]:
        """What the lights show: of LEDs of one colour, their light together."""
        match self._lights:
            case None:
                return ()
            case RgbLed(red=red, green=green, blue=blue, common=common):
                high = common == "cathode"
                return (
                    looks((self._lit(red, high), self._lit(green, high), self._lit(blue, high))),
                )
            case Leds(leds=leds):
                return (looks(self._together(leds)),)
            case _:
                return tuple(looks(light) for light in self._eye.lights) if self._eye else ()

    def _drive(self, pin: int, *, high: bool) -> None:
        """As from outside; a pin that nobody reads is left alone."""
        driven = self._pin(pin)
        if driven.function == "input":
            (driven.drive_high if high else driven.drive_low)()

    def _lit(self, pin: int, active_high: bool) -> float:
        """How much of the time a pin lights its LED: the duty of its pulses, or its level."""
        driving = self._pin(pin)
        if driving.function != "output":
            return 0.0
        return float(driving.state if active_high else 1 - driving.state)

    def _together(self, leds: tuple[Led, ...]) -> Light:
        total = [0.0, 0.0, 0.0]
        for led in leds:
            amount = self._lit(led.pin, led.active == "high")
            total = [had + amount * part for had, part in zip(total, led_light(led), strict=True)]
        red, green, blue = (min(1.0, part) for part in total)
        return red, green, blue

    def _watch(self) -> Apa102Eye | Ws2812Eye | None:
        """An eye on the wires of a row of pixels."""
        eye: Apa102Eye | Ws2812Eye
        match self._lights:
            case Apa102(pixels=pixels, order=order, clock=clock, data=data):
                eye = Apa102Eye(pixels, order)
            case Ws2812(pixels=pixels, order=order, data=data):
                eye, clock = Ws2812Eye(pixels, order), CLOCK_OF[data]
            case _:
                return None
        data_pin = self._pin(data)
        self._pin(clock).on_rise = lambda: eye.bit(bool(data_pin.state))
        return eye
