"""The simulated panel in a terminal: lights as coloured dots, keys as fingers, the log below."""

import asyncio
import os
import re
import sys
import textwrap
from collections import deque
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

from ren_device.commands.terminal import Terminal
from ren_device.commands.terminal_fingers import KEYS, Fingers
from ren_device.model import Colour
from ren_device.panel.lights import Lights
from ren_device.panel.scenes import LightState
from ren_device.ports import PanelOnScreen
from ren_device.web.device_control import DeviceControl, DeviceState

_LOOK_S = 0.25  # the pins are looked at so often, even when nothing is said to have happened
_LOG_LINES = 100
_MOST_KEYS = 16  # that wait; somebody leans on the keyboard
_ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|.)?", re.S)  # arrows and the like
_BAR = 20


class TerminalPanel:
    """Shows the panel until cancelled; sets `stop` when the person quits."""

    def __init__(self, stop: asyncio.Event, log: Path) -> None:
        """`log` is where the log goes meanwhile, lest it writes over the lights."""
        self._stop = stop
        self._log = log
        self._woken = asyncio.Event()
        self._keys: asyncio.Queue[str] = asyncio.Queue(_MOST_KEYS)
        self._said = ""

    async def show(
        self, panel: PanelOnScreen, device: DeviceControl, lights: Lights, url: str
    ) -> None:
        """Draw; `url` is where the page is."""
        loop, keyboard = asyncio.get_running_loop(), sys.stdin.fileno()
        fingers = Fingers(panel, device)
        lines: deque[str] = deque(maxlen=_LOG_LINES)
        with Terminal(self._log) as terminal:
            loop.add_reader(keyboard, self._typed, keyboard)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._press(fingers), name="terminal keys")
                    group.create_task(self._watch(lights), name="terminal lights")
                    while True:
                        self._woken.clear()
                        lines.extend(terminal.logged())
                        try:
                            size = os.get_terminal_size(sys.stdout.fileno())
                            rows = self._rows(panel, device, lights.state, url, fingers, size)
                            if terminal.log is not None:
                                rows += _wrapped(f"log, kept in {terminal.log}:", size.columns)
                            room = max(0, size.lines - len(rows))
                            below = [row for each in lines for row in _wrapped(each, size.columns)]
                            terminal.draw(rows + (below[-room:] if room else []))
                        except OSError:  # the terminal has gone
                            self._stop.set()
                        await self._wait()
            finally:
                loop.remove_reader(keyboard)
                fingers.rest()

    def _rows(
        self,
        panel: PanelOnScreen,
        device: DeviceControl,
        light: LightState,
        url: str,
        fingers: Fingers,
        size: os.terminal_size,
    ) -> list[str]:
        """Everything but the log."""
        columns = size.columns
        words = dict.fromkeys(filter(None, (self._said, fingers.hint(light))))
        said = _wrapped(" ".join(words), columns) or [""]
        rows = _panel(panel, device.state(), light, url, columns)
        return [*rows, *said, "", *_keys(columns), ""]

    def _typed(self, keyboard: int) -> None:
        try:
            typed = os.read(keyboard, 256).decode(errors="replace")
        except OSError:
            typed = ""
        if not typed:  # the terminal has gone
            asyncio.get_running_loop().remove_reader(keyboard)
            self._stop.set()
        for key in _ESCAPE.sub("", typed).lower():
            if key == "q":
                self._stop.set()
            elif not self._keys.full():
                self._keys.put_nowait(key)

    async def _press(self, fingers: Fingers) -> None:
        while True:
            self._said = await fingers.key(await self._keys.get())
            self._woken.set()

    async def _watch(self, lights: Lights) -> None:
        async with aclosing(lights.changes()) as changes:
            async for _ in changes:
                self._woken.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_S):
                await self._woken.wait()
        except TimeoutError:
            pass  # look all the same


def _panel(
    panel: PanelOnScreen, state: DeviceState, light: LightState, url: str, columns: int
) -> Iterator[str]:
    board = state.hardware.title if state.hardware is not None else "no board"
    down = [each.replace("_", " ") for each in sorted(panel.controls) if panel.is_down(each)]
    heard = (
        "" if state.heard_percent == state.volume_percent else f", heard {state.heard_percent} %"
    )
    bar = "█" * round(state.volume_percent / 100 * _BAR)
    yield _cut(f"{board}, simulated", columns)
    yield _cut(url, columns)
    yield ""
    dots = [_dot(each) for each in panel.seen()]
    yield (" " if 2 * len(dots) <= columns else "").join(dots) + "\x1b[0m"
    yield ""
    yield _cut(f"light       {light.replace('_', ' ')}", columns)
    yield _cut(f"phase       {state.phase}", columns)
    muted = f"off, by {state.muted_by}" if state.muted else "on"
    yield _cut(f"microphone  {muted}", columns)
    yield _cut(f"volume      {state.volume_percent:3} % {bar:·<{_BAR}}{heard}", columns)
    yield _cut(f"pressed     {', '.join(down) or '-'}", columns)
    wrong = [state.trouble, state.hardware.trouble if state.hardware is not None else None]
    trouble = " ".join(dict.fromkeys(filter(None, wrong))) or "-"
    yield from _wrapped(f"trouble     {trouble}", columns, indent=12)
    yield ""


def _dot(colour: Colour) -> str:
    red, green, blue = (round(255 * part) for part in colour)
    return f"\x1b[38;2;{red};{green};{blue}m●" if red or green or blue else "\x1b[0;2m○"


def _keys(columns: int) -> list[str]:
    """All of them, on as many lines as it takes."""
    rows = [KEYS[0]]
    for key in KEYS[1:]:
        longer = f"{rows[-1]} · {key}"
        if len(longer) <= columns:
            rows[-1] = longer
        else:
            rows.append(key)
    return [_cut(each, columns) for each in rows]


def _wrapped(line: str, columns: int, indent: int = 0) -> list[str]:
    """All of it, on as many lines as it takes."""
    blank = " " * (indent if columns > 2 * indent else 0)
    return textwrap.wrap(line, max(1, columns), subsequent_indent=blank)


def _cut(line: str, columns: int) -> str:
    return line[:columns]
