"""Buttons, switches and a knob on GPIO pins. Contacts bounce: that is for `panel/` to settle."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, get_args

import gpiozero

from ren_device.engines.gpio_pins import Pins
from ren_device.hardware_profile import Controls, Encoder, Line
from ren_device.model import Control, ControlEvent, Edge, Turned

MOST_WAITING = 256


class GpioControls:
    """Implements ports.ControlPanel with gpiozero's lines.

    The pins' thread puts what happens into a bounded queue and wakes the event loop once for all
    that is in it.
    """

    trouble: str | None = None

    def __init__(self, profile: Controls, pins: Pins, now: Callable[[], float]) -> None:
        """Opens the pins; `now` is the monotonic clock. Raises EngineError."""
        self._pins = pins
        self._now = now
        self._lines: dict[Control, _Line] = {}
        self._knob: _Knob | None = None
        self._open = True
        self._reader: _Reader | None = None
        self.mute_is_switch = profile.mute is not None and profile.mute.kind == "switch"
        pins.enter()
        try:
            for control in get_args(Control):
                line: Line | None = getattr(profile, control)
                if line is not None:
                    self._lines[control] = _Line(control, line, pins, self._edge)
            if profile.encoder is not None:
                self._knob = _Knob(profile.encoder, pins, self._turned)
        except BaseException:
            self._release(self._opened())
            raise
        self.controls = frozenset(self._lines)

    def is_down(self, control: Control) -> bool:
        """What the line says now; False for one that is not there."""
        line = self._lines.get(control)
        return line is not None and line.is_down()

    def events(self) -> AsyncGenerator[ControlEvent, None]:
        """What happens from now on; the reader before it, if any, hears nothing more."""
        self._reader = _Reader(asyncio.get_running_loop())
        return self._reader.read()

    async def close(self) -> None:
        """Release the pins."""
        if not self._open:
            return
        self._open = False
        opened, self._lines, self._knob = self._opened(), {}, None
        if self._pins.slow:
            await asyncio.to_thread(self._release, opened)
        else:
            self._release(opened)

    def _opened(self) -> "list[_Line | _Knob]":
        return [*self._lines.values(), *([self._knob] if self._knob is not None else [])]

    def _release(self, opened: "list[_Line | _Knob]") -> None:
        for part in opened:
            part.close()
        self._pins.leave()

    def _edge(self, control: Control, down: bool) -> None:
        self._happened(Edge(control, down, self._now()))

    def _turned(self, step: int) -> None:
        self._happened(Turned(step, self._now()))

    def _happened(self, event: ControlEvent) -> None:
        """In the pins' thread, which must not fail: it is one for all pins."""
        reader = self._reader
        if reader is not None:
            reader.put(event)


class _Line:
    """One input."""

    def __init__(
        self, control: Control, profile: Line, pins: Pins, on_edge: Callable[[Control, bool], None]
    ) -> None:
        self._control = control
        self._active_high = profile.active == "high"
        self._on_edge = on_edge
        pull_up = {"up": True, "down": False, "none": None}[profile.pull]
        with pins.naming(f"controls.{control}", profile.pin):
            # The device's own idea of "active" follows its pull; a profile's need not.
            self._device = gpiozero.InputDevice(
                profile.pin,
                pull_up=pull_up,
                active_state=self._active_high if pull_up is None else None,
                pin_factory=pins.factory,
            )
            self._device.pin.edges = "both"
            self._device.pin.when_changed = self._changed  # held weakly

    def is_down(self) -> bool:
        return bool(self._device.pin.state) == self._active_high

    def _changed(self, ticks: float, state: float) -> None:  # noqa: ARG002  gpiozero's signature
        self._on_edge(self._control, bool(state) == self._active_high)

    def close(self) -> None:
        _close(self._device, self._device)


class _Knob:
    """gpiozero's decoder: a step is a whole cycle of both contacts, so what bounces is undone."""

    def __init__(self, profile: Encoder, pins: Pins, on_step: Callable[[int], None]) -> None:
        with pins.naming("controls.encoder", profile.a, profile.b):
            self._device = gpiozero.RotaryEncoder(
                profile.a, profile.b, max_steps=0, pin_factory=pins.factory
            )
        self._device.when_rotated_clockwise = lambda: on_step(1)
        self._device.when_rotated_counter_clockwise = lambda: on_step(-1)

    def close(self) -> None:
        # gpiozero keeps these for the class, by the address of the device.
        self._device.when_rotated_clockwise = None
        self._device.when_rotated_counter_clockwise = None
        _close(self._device, self._device.a, self._device.b)


def _close(device: Any, *inputs: Any) -> None:
    """Stop listening, then close: lgpio's thread would call a pin that is gone, and die of it."""
    for line in inputs:
        line.pin.when_changed = None
    device.close()


class _Reader:
    """From the pins' thread to the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._wake = asyncio.Event()
        self._lock = threading.Lock()
        self._waiting: deque[ControlEvent] = deque(maxlen=MOST_WAITING)
        self._woken = False

    def put(self, event: ControlEvent) -> None:
        """From any thread. A full queue loses its oldest."""
        with self._lock:
            self._waiting.append(event)
            if self._woken:
                return
            self._woken = True
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            self._loop.call_soon_threadsafe(self._wake.set)

    async def read(self) -> AsyncGenerator[ControlEvent, None]:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while (event := self._take()) is not None:
                yield event

    def _take(self) -> ControlEvent | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._woken = False
            return None
