"""Profiles for the tests of the panel's engine, and a panel that is opened from one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from ren_device.engines.gpio import open_panel
from ren_device.hardware_profile import HardwareProfile
from ren_device.ports import ControlPanel, Lamp, PanelOnScreen

RGB = {"kind": "rgb", "red": 16, "green": 20, "blue": 21}
LIGHTS: dict[str, dict[str, Any]] = {
    "rgb": RGB,
    "rgb with a common anode": {**RGB, "common": "anode"},
    "red, green and blue leds": {
        "kind": "leds",
        "leds": [
            {"pin": 16, "colour": "#ff0000"},
            {"pin": 20, "colour": "#00ff00", "active": "low"},
            {"pin": 21, "colour": "#0000ff"},
        ],
    },
    "apa102 on an SPI port": {"kind": "apa102", "pixels": 12, "clock": 11, "data": 10},
    "apa102 on any pins": {"kind": "apa102", "pixels": 3, "clock": 6, "data": 5, "order": "rgb"},
    "ws2812": {"kind": "ws2812", "pixels": 8, "data": 10},
    "ws2812 on port 1": {"kind": "ws2812", "pixels": 1, "data": 20, "order": "rgb"},
}


def board(
    lights: dict[str, Any] | None = None, lights_ma: int = 3000, pixel_ma: int = 20, **controls: Any
) -> HardwareProfile:
    return HardwareProfile.model_validate(
        {
            "title": "a test",
            "wiring": "none.svg",
            "lights": lights,
            "controls": controls,
            "power": {"supply_a": 3, "lights_ma": lights_ma, "pixel_ma": pixel_ma},
        }
    )


@asynccontextmanager
async def panel(
    profile: HardwareProfile, now: Callable[[], float] | None = None
) -> AsyncGenerator[tuple[ControlPanel, Lamp, PanelOnScreen], None]:
    """On mock pins; closed in the end."""
    controls, lamp, screen = open_panel(profile, mock=True, **({"now": now} if now else {}))
    assert screen is not None
    try:
        yield controls, lamp, screen
    finally:
        await controls.close()
        await lamp.close()
