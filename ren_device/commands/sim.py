"""`ren-device sim`: the same firmware, its buttons and lights on the screen instead of on pins.

The pins are simulated, and all else is as the settings say. The panel is on the /device page, and
in the terminal if this is one.
"""

import asyncio
import os
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ren_device.commands.serve import serve_with

if TYPE_CHECKING:
    from ren_device.app import View
    from ren_device.counter import Counter
    from ren_device.settings import Settings

SUMMARY = "be a speaker whose buttons and lights are on the screen"

BOARD = "bare-i2s"


def add_arguments(parser: ArgumentParser) -> None:
    """Define --hardware."""
    parser.add_argument(
        "--hardware",
        default=BOARD,
        metavar="NAME",
        help=f"the board: a profile of hardware/profiles, or a path (default {BOARD})",
    )


def run(arguments: Namespace) -> int:
    """Until q or a signal; 1 when the start fails. Raises SettingError for the board."""
    from ren_device import settings
    from ren_device.boards import reading

    reading.read(reading.find(arguments.hardware))
    simulated = {"hardware": arguments.hardware, "gpio": "mock"}
    loaded = settings.load().model_copy(update=simulated)
    return serve_with(loaded, lambda stop: _terminal_view(loaded, stop))


def _terminal_view(loaded: "Settings", stop: asyncio.Event) -> "View | None":
    """The panel, where there is a terminal to draw it in."""
    can_draw = os.environ.get("TERM", "dumb") != "dumb"
    if not (can_draw and sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    from ren_device.commands.terminal_panel import TerminalPanel

    panel = TerminalPanel(stop, loaded.data_dir / "sim.log")

    async def view(counter: "Counter", port: int) -> None:
        pins = counter.routes.on_screen
        if pins is not None:
            url = f"http://{_shown(loaded.host)}:{port}/device"
            await panel.show(pins, counter.routes.device, counter.lights, url)

    return view


def _shown(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104  only compared
        return "localhost"
    return f"[{host}]" if ":" in host else host
