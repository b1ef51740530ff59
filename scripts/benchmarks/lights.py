"""How late a light is while both cores are busy, and what lights cost that are dark, or that move.

The real loop, bus and clock. The lamp only notes when it was told: what pins take comes on top.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace

from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.model import Colour, VoicePhase, VoicePhaseChanged
from ren_device.panel.brightness import Brightness
from ren_device.panel.lights import Lights
from ren_device.panel.patterns import FRAME_S
from ren_device.panel.truth import Truth
from ren_device.voice.volume import QuietHours
from scripts.benchmarks.alerts import busy_cores
from scripts.benchmarks.figures import median, p95, table

PRESSES = 1000
COST_S = 20.0
PIXELS = 12
PHASES: tuple[VoicePhase, ...] = ("listening", "thinking", "idle", "speaking", "idle")
SCENES = {
    "dark": Truth(),
    "muted": Truth(muted=True),
    "listening": Truth(phase="listening", level=0.5),
    "thinking": Truth(phase="thinking"),
}
NOTHING = "nothing: waking up 25 times a second"


def run() -> str:
    """Measure; returns Markdown."""
    rows = []
    for busy in (False, True):
        with busy_cores() if busy else nullcontext():
            late = _apart("lateness")
        p99 = sorted(late)[round(0.99 * len(late)) - 1]
        figures = (median(late), p95(late), p99, max(late))
        cores = "both busy" if busy else "free"
        rows.append((cores, *(f"{each * 1000:.2f} ms" for each in figures)))
    costs = []
    for name in (*SCENES, NOTHING):
        (share,) = _apart("cost", name)
        costs.append((name, f"{share * 1e6:.0f} µs"))
    return (
        f"{PRESSES} events at random moments, from a thread as pins have it, until `Lamp.show`;"
        " most of them while the lights move. Aim: a median of 5 ms, and with both cores busy 99 %"
        " within 50 ms.\n\n"
        + table(("cores", "median", "95 %", "99 %", "latest"), rows)
        + f"\n\nThe loop's CPU on {PIXELS} pixels, without that of the pins:\n\n"
        + table(("shown", "CPU a second"), costs)
    )


def _apart(*arguments: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.benchmarks.lights", *arguments],
        check=True,
        capture_output=True,
    )
    measured: list[float] = json.loads(done.stdout)
    return measured


class _Lamp:
    """Notes when it was told first after `told` was cleared."""

    pixels = PIXELS
    trouble: str | None = None
    at = 0.0

    def __init__(self) -> None:
        self.told = asyncio.Event()

    def show(self, pixels: Sequence[Colour], for_s: float = 3.0) -> None:  # noqa: ARG002
        if not self.told.is_set():
            self.at = time.monotonic()
            self.told.set()

    async def close(self) -> None:
        pass


class _Panel:
    def __init__(self, truth: Truth) -> None:
        self.truth, self.bus, self.lamp = truth, Bus(), _Lamp()
        clock = SystemClock()
        brightness = Brightness(60, 10, QuietHours.parse("22:00-07:00", 0), clock)
        self.lights = Lights(self.lamp, lambda: self.truth, clock, self.bus, brightness)

    def happens(self, phase: VoicePhase) -> None:
        self.lamp.told.clear()
        self.truth = replace(self.truth, phase=phase)
        self.bus.publish(VoicePhaseChanged(phase))


async def _lateness() -> list[float]:
    panel = _Panel(Truth())
    running = asyncio.create_task(panel.lights.run())
    loop, chance, late = asyncio.get_running_loop(), random.Random(11), []

    def press(after_s: float, phase: VoicePhase) -> float:
        time.sleep(after_s)
        began = time.monotonic()
        loop.call_soon_threadsafe(panel.happens, phase)
        return began

    for number in range(PRESSES):
        began = await asyncio.to_thread(
            press, chance.uniform(0.005, 0.06), PHASES[number % len(PHASES)]
        )
        await panel.lamp.told.wait()
        late.append(panel.lamp.at - began)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return late


async def _cost(scene: str) -> list[float]:
    if scene == NOTHING:
        running = asyncio.create_task(_sleep_on())
    else:
        running = asyncio.create_task(_Panel(SCENES[scene]).lights.run())
    await asyncio.sleep(1.0)
    used = time.process_time()
    await asyncio.sleep(COST_S)
    used = time.process_time() - used
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return [used / COST_S]


async def _sleep_on() -> None:
    while True:  # noqa: ASYNC110
        await asyncio.sleep(FRAME_S)


if __name__ == "__main__":
    if sys.argv[1] == "cost":
        print(json.dumps(asyncio.run(_cost(sys.argv[2]))))
    else:
        print(json.dumps(asyncio.run(_lateness())))
