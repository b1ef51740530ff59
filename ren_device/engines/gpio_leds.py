"""LEDs that are dimmed by their pins: one of three colours, or some of one colour each.

lgpio makes the pulses in software, in steps of one percent. A LED that is dark or fully lit has no
pulses, so that a dark panel costs nothing.
"""

import math
from collections.abc import Sequence

import gpiozero

from ren_device.engines.gpio_pins import Pins
from ren_device.engines.light_levels import Light, affordable, light, steps, visible
from ren_device.hardware_profile import Led, Leds, Power, RgbLed

PULSE_HZ = 100
"""The shortest pulse is 0.1 ms, which the kernel's timers can keep; faster costs more wake-ups."""
_PERCENT = 100


class DimmedPin:
    """A pin with a LED, lit by so many percent."""

    def __init__(self, pin: int, pins: Pins, key: str, *, active_high: bool) -> None:
        """Dark. Raises EngineError, with the profile's `key`."""
        self._active_high = active_high
        with pins.naming(key, pin):
            self._device = gpiozero.OutputDevice(
                pin, active_high=active_high, initial_value=False, pin_factory=pins.factory
            )

    def set(self, percent: int) -> None:
        """0 to 100. Raises what the pins raise."""
        pin = self._device.pin
        high = percent if self._active_high else _PERCENT - percent
        if high in (0, _PERCENT):
            if pin.frequency is not None:
                pin.frequency = None
            pin.state = bool(high)
        else:
            if pin.frequency is None:
                pin.frequency = PULSE_HZ
            # gpiozero cuts the percent off: 0.29 * 100 would become 28.
            pin.state = math.nextafter(high / _PERCENT, 1)

    def close(self) -> None:
        """Release the pin."""
        self._device.close()


class DimmedLeds:
    """Lights of gpio_lamp.GpioLamp: LEDs that together are one place of light."""

    pixels = 1
    slow = False

    def __init__(self, profile: RgbLed | Leds, power: Power, pins: Pins) -> None:
        """Opens the pins. Raises EngineError."""
        self._profile = profile
        self._limit_ma = power.lights_ma
        self._ma_each = power.pixel_ma / 3 if isinstance(profile, RgbLed) else power.pixel_ma
        self._leds: list[DimmedPin] = []
        try:
            for key, pin, active_high in _pins(profile):
                self._leds.append(DimmedPin(pin, pins, key, active_high=active_high))
        except BaseException:
            self.close()
            raise

    def write(self, lights: Sequence[Light]) -> None:
        """Show this one. Raises what the pins raise."""
        (wanted,) = lights
        shares = wanted if isinstance(self._profile, RgbLed) else share(wanted, self._profile.leds)
        amounts = visible(shares, 1 / _PERCENT)
        dim = affordable(amounts, self._ma_each, self._limit_ma)
        for led, amount in zip(self._leds, amounts, strict=True):
            led.set(steps(amount * dim, _PERCENT))

    def close(self) -> None:
        """Release the pins."""
        for led in self._leds:
            led.close()


def share(wanted: Light, leds: Sequence[Led]) -> list[float]:
    """How much of the light each LED shows: what is of its colour.

    The brightest LED is never less bright than the light. So a light in a colour that no LED has is
    not lost: it shows in the colours that come near, or in all of them.
    """
    peak = max(wanted)
    shares = []
    for led in leds:
        own = led_light(led)
        likeness = sum(a * b for a, b in zip(wanted, own, strict=True))
        shares.append(min(peak, likeness / max(sum(part * part for part in own), 1e-6)))
    strongest = max(shares)
    if strongest <= peak / 100:  # none has any of it, or it is dark
        return [peak] * len(leds)
    return [part / strongest * peak for part in shares]


def led_light(led: Led) -> Light:
    """The light that the LED gives when all of it is lit."""
    red, green, blue = (int(led.colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return light((red, green, blue))


def _pins(profile: RgbLed | Leds) -> list[tuple[str, int, bool]]:
    """Each LED's key in the profile, its pin, and whether a high pin lights it."""
    if isinstance(profile, Leds):
        return [
            (f"lights.leds[{index}]", led.pin, led.active == "high")
            for index, led in enumerate(profile.leds)
        ]
    high = profile.common == "cathode"
    return [
        ("lights.red", profile.red, high),
        ("lights.green", profile.green, high),
        ("lights.blue", profile.blue, high),
    ]
