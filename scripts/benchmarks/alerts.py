"""How late alerts ring while both cores are busy, and what ten thousand that wait cost.

The kernel with the real store and clock, beside a loop that looks every second (what many speakers
do) and a thread with a `threading.Timer` for each alert. Busy is a process for each core that only
counts, at the same priority as Ren. Everything runs in processes of their own, one after the other.
"""

import asyncio
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.model import AlertChanged
from ren_device.store import open_store
from scripts.benchmarks.figures import median, p95, resident_mb, table

COUNT = 400
WITHIN_S = 20.0
IDLE_S = 20.0
PENDING = (0, 1, 10_000)
AIM_S = 0.3


def run() -> str:
    """Measure; returns Markdown."""
    rows = []
    for busy in (False, True):
        for name in LATENESS:
            late = _apart("lateness", name, busy)["late"]
            p99 = sorted(late)[round(0.99 * len(late)) - 1]
            figures = (median(late), p95(late), p99, max(late))
            cores = "both busy" if busy else "free"
            rows.append((cores, name, *(f"{each * 1000:.1f} ms" for each in figures)))
    idle = []
    for count in PENDING:
        seen = _apart("idle", str(count), False)
        cpu = f"{seen['cpu_s'] / IDLE_S * 1e6:.0f} µs"
        idle.append((f"{count:,}", cpu, f"{seen['mb']:.0f} MB", f"{seen['load_s']:.2f} s"))
    return (
        f"{COUNT} alerts at random moments within {WITHIN_S:g} s, half of them timers and half by"
        f" the wall clock, with the real store. Aim: 99 % within {AIM_S:g} s with both cores"
        " busy.\n\n"
        + table(("cores", "who", "median", "95 %", "99 %", "latest"), rows)
        + "\n\nWaiting, nothing due:\n\n"
        + table(("alarms set", "CPU a second", "memory of all", "time to load"), idle)
    )


def _apart(what: str, name: str, busy: bool) -> Any:
    with busy_cores() if busy else nullcontext():
        done = subprocess.run(
            [sys.executable, "-m", "scripts.benchmarks.alerts", what, name],
            check=True,
            capture_output=True,
        )
    return json.loads(done.stdout)


@contextmanager
def busy_cores() -> Iterator[None]:
    """A process for each core that only counts."""
    workers = [
        multiprocessing.Process(target=_count, daemon=True) for _ in range(os.cpu_count() or 1)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _count() -> None:
    number = 0
    while True:
        number += 1


def _moments() -> list[float]:
    chance = random.Random(11)
    return [0.5 + chance.uniform(0, WITHIN_S) for _ in range(COUNT)]


async def _kernel() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(Path(folder))
        clock, bus = SystemClock(), Bus()
        kernel = AlertKernel(store.alerts, clock, bus)
        ends: dict[int, Callable[[], float]] = {}
        late: list[float] = []
        with bus.subscribe(limit=10_000) as events:
            running = asyncio.create_task(kernel.run())
            setting = asyncio.create_task(_set_all(kernel, clock, ends))
            async for event in events:
                if isinstance(event, AlertChanged) and event.change == "due":
                    late.append(ends[event.alert.id]())
                    if len(late) == COUNT:
                        break
        await setting
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await store.close()
        return late


async def _set_all(
    kernel: AlertKernel, clock: SystemClock, ends: dict[int, Callable[[], float]]
) -> None:
    # All are set before the first is due.
    begin_s, begin = clock.monotonic() + 8.0, clock.now() + timedelta(seconds=8)
    for number, seconds in enumerate(_moments()):
        if number % 2:
            end_s = begin_s + seconds
            alert = await kernel.set("timer", in_s=end_s - clock.monotonic())
            ends[alert.id] = lambda end_s=end_s: clock.monotonic() - end_s  # type: ignore[misc]
        else:
            due_at = begin + timedelta(seconds=seconds)
            alert = await kernel.set("alarm", at=due_at)
            ends[alert.id] = lambda at=due_at: (  # type: ignore[misc]
                clock.now() - at
            ).total_seconds()


async def _every_second() -> list[float]:
    ends = sorted(time.monotonic() + seconds for seconds in _moments())
    late: list[float] = []
    while ends:
        await asyncio.sleep(1.0)
        while ends and ends[0] <= time.monotonic():
            late.append(time.monotonic() - ends.pop(0))
    return late


async def _threads() -> list[float]:
    late: list[float] = []
    timers = []
    for seconds in _moments():
        end_s = time.monotonic() + seconds
        ring = lambda end_s=end_s: late.append(time.monotonic() - end_s)  # noqa: E731
        timers.append(threading.Timer(end_s - time.monotonic(), ring))
        timers[-1].start()
    for timer in timers:
        await asyncio.to_thread(timer.join)
    return late


LATENESS: dict[str, Callable[[], Awaitable[list[float]]]] = {
    "Ren": _kernel,
    "a look every second": _every_second,
    "a thread for each": _threads,
}


async def _idle(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(Path(folder))
        clock = SystemClock()
        kernel = AlertKernel(store.alerts, clock, Bus())
        far = clock.now() + timedelta(days=1)
        for number in range(count):
            await kernel.set("alarm", f"number {number}", at=far + timedelta(seconds=number))
        kernel = AlertKernel(store.alerts, clock, Bus())
        began = time.perf_counter()
        await kernel.load()
        load_s = time.perf_counter() - began
        running = asyncio.create_task(kernel.run())
        await asyncio.sleep(1.0)
        used = time.process_time()
        await asyncio.sleep(IDLE_S)
        used = time.process_time() - used
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await store.close()
        return {"cpu_s": used, "mb": resident_mb(os.getpid()), "load_s": load_s}


if __name__ == "__main__":
    if sys.argv[1] == "idle":
        print(json.dumps(asyncio.run(_idle(int(sys.argv[2])))))
    else:
        print(json.dumps({"late": asyncio.run(LATENESS[sys.argv[2]]())}))  # type: ignore[arg-type]
