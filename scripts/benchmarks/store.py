"""The store beside sqlite3 and stock TinyDB, with little and with much in it, in one run.

A turn is the same work for all three: two remarks and their thread's last activity, in one durable
transaction. sqlite3 runs with WAL and synchronous=FULL. Stock TinyDB rewrites its file twice for
a turn and makes nothing durable; it is measured as it comes, with fewer samples where it is slow.
Everything is measured in a process of its own.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from ren_device.model import Summary
from ren_device.store.database import Database
from ren_device.store.remarks import Remarks
from ren_device.store.summaries import Summaries
from ren_device.store.threads import Threads
from scripts.benchmarks.figures import median, p95, resident_mb, table
from scripts.benchmarks.store_parties import ANSWERS, PARTIES, QUESTIONS, THREADS, Ren

TURNS = (1_000, 10_000, 100_000)
SAMPLES = 1_000
STOCK_SAMPLES = {1_000: 300, 10_000: 60, 100_000: 6}
NOW = datetime.fromisoformat("2026-06-25T12:00:00")


def run() -> str:
    """Measure; returns Markdown."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for turns in TURNS:
            for name in PARTIES:
                place = Path(folder) / f"{name} {turns}"
                place.mkdir()
                _apart("fill", name, place, turns)
                rows.append(_row(name, turns, _apart("measure", name, place, turns)))
        calls = _apart("calls", "Ren", Path(folder) / f"Ren {TURNS[-1]}", TURNS[-1])
    heads = ("turns kept", "store", "start-up", "memory", "turn", "95 %", "one insert", "95 %",
             "last 20", "written a turn", "to the disk")  # fmt: skip
    load = os.getloadavg()[0]
    return (
        f"{table(heads, rows)}\n\nThrough `Database` and `Remarks`, on the event loop, with"
        f" {TURNS[-1]:,} turns kept:\n\n"
        + table(("what", "median", "95th percentile", "the loop's longest block"), _calls(calls))
        + f"\n\nThe machine's load was {load:.1f} at the end."
    )


def _row(name: str, turns: int, seen: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{turns:,}",
        name,
        f"{seen['start_s']:.3f} s",
        f"{seen['memory_mb']:.0f} MB",
        *(f"{figure(seen[key]) * 1e3:.3f} ms" for key in ("turn", "insert") for figure in BOTH),
        f"{median(seen['latest']) * 1e3:.3f} ms",
        f"{seen['written']:,.0f} B",
        f"{seen['to_disk']:,.0f} B",
    )


BOTH = (median, p95)


def _calls(seen: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            what,
            f"{median(took) * 1e3:.3f} ms" if took else "-",
            f"{p95(took) * 1e3:.3f} ms" if took else "-",
            f"{block * 1e3:.1f} ms",
        )
        for what, (took, block) in seen.items()
    ]


def _apart(what: str, name: str, folder: Path, turns: int) -> dict[str, Any]:
    """Do it in a process of its own, and return what it found."""
    command = [sys.executable, "-m", __name__, what, name, str(folder), str(turns)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout or "{}")
    return found


# --- in the process ------------------------------------------------------------------------------


def fill(name: str, folder: Path, turns: int) -> dict[str, Any]:
    """Make a store with so many turns."""
    party = PARTIES[name](folder)
    party.fill(turns)
    if isinstance(party, Ren):
        party.settle()
    party.close()
    os.sync()
    return {}


def measure(name: str, folder: Path, turns: int) -> dict[str, Any]:
    """One party, with so many turns in it."""
    before_mb = resident_mb(os.getpid())
    began = time.perf_counter()
    party = PARTIES[name](folder)
    party.latest(1)
    start_s = time.perf_counter() - began
    memory_mb = resident_mb(os.getpid()) - before_mb
    dice = random.Random(0)
    samples = STOCK_SAMPLES[turns] if name == "stock TinyDB" else SAMPLES
    latest = _timed(lambda _: party.latest(dice.randint(1, THREADS)), min(samples, 200))
    _timed(party.turn, 3, first=turns)
    before = _io()
    turn = _timed(party.turn, samples, first=turns + 3)
    after = _io()
    insert = _timed(party.insert, samples)
    party.close()
    return {
        "start_s": start_s,
        "memory_mb": memory_mb,
        "latest": latest,
        "turn": turn,
        "insert": insert,
        "written": (after["wchar"] - before["wchar"]) / samples,
        "to_disk": (after["write_bytes"] - before["write_bytes"]) / samples,
    }


def _timed(do: Callable[[int], object], times: int, first: int = 0) -> list[float]:
    took = []
    for number in range(first, first + times):
        began = time.perf_counter()
        do(number)
        took.append(time.perf_counter() - began)
    return took


def _io() -> dict[str, int]:
    lines = Path("/proc/self/io").read_text().splitlines()
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}


def calls(_name: str, folder: Path, _turns: int) -> dict[str, Any]:
    """Through the repositories, and what the event loop notices of it."""
    return asyncio.run(_calls_on_the_loop(folder))


async def _calls_on_the_loop(folder: Path) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    database = Database(folder)
    remarks, threads, summaries = Remarks(database), Threads(database), Summaries(database)
    turn: list[tuple[Any, str]] = [("user", QUESTIONS[0]), ("assistant", ANSWERS[0])]
    long = count()
    jobs: dict[str, tuple[Callable[[], Any], int]] = {
        "nothing, for a second": (lambda: asyncio.sleep(0.001), 1000),
        "a turn": (lambda: remarks.add(1, turn, NOW), SAMPLES),
        "the last 20 of a thread": (lambda: remarks.latest(1, 20), SAMPLES),
        "the threads": (lambda: threads.recent(20), SAMPLES),
        "long summaries, until everything is compacted": (
            lambda: summaries.put(Summary(1, next(long), ANSWERS[0] * 300)),
            2000,
        ),
    }
    opening, block = await _watched(database.open, 1)
    seen["opening"] = (opening, block)
    for what, (job, times) in jobs.items():
        seen[what] = await _watched(job, times)
    compactions = database.figures().compactions
    await database.close()
    if not compactions:
        raise RuntimeError("nothing was compacted")
    return seen


async def _watched(job: Callable[[], Any], times: int) -> tuple[list[float], float]:
    """How long each took, and the longest time for which the loop did nothing else."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began - 0.001)

    watching = asyncio.create_task(watch())
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await job()
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0)  # a job that is done at once must not keep the watch waiting
    watching.cancel()
    return took, longest


if __name__ == "__main__":
    _what, _who, _where, _count = sys.argv[1:]
    _does = {"fill": fill, "measure": measure, "calls": calls}[_what]
    print(json.dumps(_does(_who, Path(_where), int(_count))))
