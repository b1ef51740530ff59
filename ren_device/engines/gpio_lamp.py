"""The lights of the panel, which go dark by themselves."""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from ren_device.engines.gpio_pins import Pins, reason
from ren_device.engines.light_levels import Light, light
from ren_device.model import Colour

_log = logging.getLogger(__name__)


class Lights(Protocol):
    """What gives the light."""

    pixels: int
    slow: bool
    """Whether `write` is no work for an event loop."""

    def write(self, lights: Sequence[Light]) -> None:
        """Show these, as many as `pixels`. Raises what its pins raise."""

    def close(self) -> None:
        """Release the pins."""


class GpioLamp:
    """Implements ports.Lamp.

    One thread looks after the time, so that a light ends even if nobody says so. Lights that are
    slow are written by that thread, too; of several that wait only the latest is shown.
    """

    def __init__(self, lights: Lights, pins: Pins) -> None:
        """Dark at once."""
        self.pixels = lights.pixels
        self.trouble: str | None = None
        self._lights = lights
        self._pins = pins
        self._dark: list[Light] = [(0.0, 0.0, 0.0)] * lights.pixels
        self._changed = threading.Condition()
        self._shown = self._dark
        self._waiting = False  # for the thread to write it
        self._dark_at = float("inf")
        self._looks_at = float("inf")
        self._open = True
        self._write(self._dark)  # it may be lit from before
        pins.enter()
        self._thread = threading.Thread(target=self._keep_time, name="lamp", daemon=True)
        self._thread.start()

    def show(self, pixels: Sequence[Colour], for_s: float = 3.0) -> None:
        """Light up so, now, and for `for_s` at most. Never fails: see `trouble`."""
        wanted = [light(colour) for colour in pixels]
        with self._changed:
            if not self._open or wanted == self._shown == self._dark:
                return
            self._shown = wanted
            self._dark_at = float("inf") if wanted == self._dark else time.monotonic() + for_s
            if self._lights.slow:
                self._waiting = True
            else:
                self._write(wanted)
            if self._waiting or self._dark_at < self._looks_at:
                self._changed.notify()

    async def close(self) -> None:
        """Dark; the pins are released."""
        if self._pins.slow:
            await asyncio.to_thread(self._close)
        else:
            self._close()

    def _close(self) -> None:
        with self._changed:
            if not self._open:
                return
            self._open = False
            self._changed.notify()
        self._thread.join()
        self._write(self._dark)
        self._lights.close()
        self._pins.leave()

    def _write(self, lights: Sequence[Light]) -> None:
        try:
            self._lights.write(lights)
        except self._pins.errors as error:
            if self.trouble is None:
                _log.warning("the lights cannot be written: %s", error)
            self.trouble = f"The lights do not answer ({reason(error)})."
        else:
            self.trouble = None

    def _keep_time(self) -> None:
        """The thread: dark when it is time, and whatever waits to be written."""
        while True:
            with self._changed:
                while self._open and not self._waiting:
                    left_s = self._dark_at - time.monotonic()
                    if left_s <= 0:
                        self._shown, self._dark_at, self._waiting = self._dark, float("inf"), True
                        break
                    self._looks_at = self._dark_at
                    self._changed.wait(min(left_s, threading.TIMEOUT_MAX))
                self._looks_at = float("-inf")
                if not self._open:
                    return
                self._waiting = False
                lights = self._shown
                if not self._lights.slow:
                    self._write(lights)
                    continue
            self._write(lights)
