"""Rows of pixels: APA102 (DotStar), which have a clock, and WS2812 (NeoPixel), which count time.

**APA102**: 32 bits of zeros, then 32 bits a pixel: three ones, a brightness of 5 bits for all three
colours, and a byte for each. The brightness is used to have fine steps where it is dark.

**WS2812** has no clock: a bit is how long the line is high. Four bits of SPI at 3.3 MHz make one of
its own, 1000 for 0 (0.30 µs high) and 1110 for 1 (0.91 µs high), which is within the data sheets of
WS2812B and WS2812B-V5; a clock that the Pi rounds down by 2 percent is too. A line that is low for
0.3 ms ends a frame.
"""

import math
from collections.abc import Sequence

from ren_device.engines.gpio_pins import Pins
from ren_device.engines.gpio_spi import CLOCK_OF
from ren_device.engines.light_levels import Light, affordable, steps, visible
from ren_device.hardware_profile import Apa102, Power, Ws2812

APA102_HZ = 4_000_000
WS2812_HZ = 3_300_000
WS2812_RESET = bytes(125)
"""0.3 ms of a low line."""

_FINEST = 31 * 255
_WS2812_BITS = tuple(
    int("".join("1110" if byte >> place & 1 else "1000" for place in range(7, -1, -1)), 2).to_bytes(
        4, "big"
    )
    for byte in range(256)
)


class LedStrip:
    """Lights of gpio_lamp.GpioLamp: a row of pixels behind an SPI."""

    def __init__(self, profile: Apa102 | Ws2812, power: Power, pins: Pins) -> None:
        """Opens the pins. Raises EngineError."""
        self.pixels = profile.pixels
        self._profile = profile
        self._power = power
        data = profile.data
        clocked = isinstance(profile, Apa102)
        clock = profile.clock if isinstance(profile, Apa102) else CLOCK_OF[data]
        with pins.naming("lights", clock, data):
            self._spi = pins.spi(clock, data, APA102_HZ if clocked else WS2812_HZ)
        self.slow = self._spi.slow

    def write(self, lights: Sequence[Light]) -> None:
        """Show these. Raises what the pins raise."""
        finest = _FINEST if isinstance(self._profile, Apa102) else 255
        wanted = [visible(light, 1 / finest) for light in lights]
        dim = affordable(
            [part for light in wanted for part in light],
            self._power.pixel_ma / 3,
            self._power.lights_ma,
        )
        afforded = [(red * dim, green * dim, blue * dim) for red, green, blue in wanted]
        encode = encode_apa102 if isinstance(self._profile, Apa102) else encode_ws2812
        self._spi.write(encode(afforded, self._profile.order))

    def close(self) -> None:
        """Release the pins."""
        self._spi.close()


def encode_apa102(lights: Sequence[Light], order: str) -> bytes:
    """One frame; `order` is that of the three bytes, such as "bgr". Never more light than asked."""
    frame = bytearray(4)
    for light in lights:
        brightness = min(31, math.ceil(max(light) * 31))
        scale = 31 / brightness if brightness else 0.0
        values = {name: steps(part * scale, 255) for name, part in zip("rgb", light, strict=True)}
        frame.append(0xE0 | brightness)
        frame.extend(values[name] for name in order)
    # Each pixel delays the clock by half a bit, which has to be pushed through to the last one;
    # and pixels of the SK9822 kind show nothing before the next 32 bits of zeros.
    frame.extend(bytes(4 + math.ceil(len(lights) / 16)))
    return bytes(frame)


def encode_ws2812(lights: Sequence[Light], order: str) -> bytes:
    """One frame as SPI bits, with the pause before and after it. Never more light than asked."""
    frame = bytearray(WS2812_RESET)
    for light in lights:
        values = {name: steps(part, 255) for name, part in zip("rgb", light, strict=True)}
        for name in order:
            frame += _WS2812_BITS[values[name]]
    return bytes(frame + WS2812_RESET)
