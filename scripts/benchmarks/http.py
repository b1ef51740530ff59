"""Ren's server beside its twin in FastAPI: requests a second, delay of tokens, many listeners."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path

import aiohttp

from ren_device.store import open_store
from scripts.benchmarks.figures import cpu_s, median, resident_mb, table
from scripts.benchmarks.http_load import (
    KEY,
    load,
    raw_tokens,
    served_tokens,
    spread,
    token_delays_ms,
    until_reminded,
)
from tests.ren import free_port, running

ROUNDS = 5
STREAMS = 10
TOKENS = 100
TOKENS_PER_S = 50
LISTENERS = 200
_PATHS = ("/health", "/threads", "/memory")


def run() -> str:
    """Measure; returns Markdown."""
    return asyncio.run(_run())


async def _run() -> str:
    with tempfile.TemporaryDirectory() as folder, _upstream() as upstream:
        ren_dir, twin_dir = Path(folder, "ren"), Path(folder, "twin")
        for each in (ren_dir / "data", twin_dir):
            await _fill(each)
        cloud = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": upstream}
        async with (
            running(ren_dir, **cloud) as ren,
            _twin(twin_dir, upstream) as (twin, twin_pid),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        ):
            await ren.until_up()
            pids = ren.process.pid, twin_pid
            parts = [
                await _rates(ren.url, twin),
                await _tokens(http, upstream, ren.url, twin),
                await _listeners(http, ren.url, twin, pids),
            ]
    return "\n\n".join(parts)


async def _rates(ren: str, twin: str) -> str:
    """In turns, so that both see the same machine."""
    rows = []
    for path in _PATHS:
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(await asyncio.to_thread(load, ren + path))
            theirs.append(await asyncio.to_thread(load, twin + path))
        mine, other = median([x.per_s for x in ours]), median([x.per_s for x in theirs])
        rows.append(
            (
                path,
                f"{mine:,.0f}",
                f"{other:,.0f}",
                f"{mine / other:.2f}",
                f"{median([x.p99_ms for x in ours]):.1f} ms",
                f"{median([x.p99_ms for x in theirs]):.1f} ms",
            )
        )
    heads = ("", "Ren, a second", "FastAPI, a second", "ratio", "Ren, 99 %", "FastAPI, 99 %")
    return table(heads, rows)


async def _tokens(http: aiohttp.ClientSession, upstream: str, ren: str, twin: str) -> str:
    delays: dict[str, list[float]] = {"straight from the model": [], "Ren": [], "FastAPI": []}
    for number in range(STREAMS + 1):
        streams = {
            "straight from the model": raw_tokens(http, upstream),
            "Ren": served_tokens(http, ren),
            "FastAPI": served_tokens(http, twin),
        }
        for name, frames in streams.items():
            found = await token_delays_ms(frames)
            if number:  # the first one opens connections
                delays[name] += found
    rows = [(name, *spread(found)) for name, found in delays.items()]
    return table(("age of a token when it is read", "median", "95 %", "99 %"), rows)


async def _listeners(
    http: aiohttp.ClientSession, ren: str, twin: str, pids: tuple[int, int]
) -> str:
    async def ren_due() -> None:
        body = {"message": "set a timer for 1 second", "tier": "local"}
        async with http.post(f"{ren}/chat", json=body) as response:
            response.raise_for_status()

    async def twin_due() -> None:
        async with http.post(f"{twin}/due") as response:
            response.raise_for_status()

    rows = []
    for name, url, due, pid in (
        ("Ren", ren, ren_due, pids[0]),
        ("FastAPI", twin, twin_due, pids[1]),
    ):
        before_mb, before_s = resident_mb(pid), cpu_s(pid)
        listening = asyncio.Barrier(LISTENERS + 1)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(until_reminded(http, url, listening)) for _ in range(LISTENERS)
            ]
            await listening.wait()
            await due()
        heard = sorted(task.result() for task in tasks)
        after_first = [(at - heard[0]) / 1e6 for at in heard]
        rows.append(
            (
                name,
                f"{median(after_first):.1f} ms",
                f"{after_first[-1]:.1f} ms",
                f"{cpu_s(pid) - before_s:.2f} s",
                f"{resident_mb(pid) - before_mb:+.1f} MB",
            )
        )
    heads = (f"{LISTENERS} listeners", "median after the first", "last", "CPU in all", "memory")
    return table(heads, rows)


async def _fill(data_dir: Path) -> None:
    """The same conversations for both."""
    store = await open_store(data_dir)
    at = datetime.fromisoformat("2026-06-25T14:02:11")
    for number in range(30):
        await store.threads.create(f"Thread {number}", at)
    for number in range(200):
        question, answer = f"What about number {number}?", f"It is {number}. " * 5
        await store.remarks.add(1, [("user", question), ("assistant", answer)], at)
    await store.close()


@contextmanager
def _upstream() -> Iterator[str]:
    """A model that stamps its tokens, in a process of its own."""
    port = free_port()
    command = (sys.executable, "-m", "scripts.benchmarks.stamping_model", str(port))
    with subprocess.Popen([*command, str(TOKENS), str(TOKENS_PER_S)]) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@asynccontextmanager
async def _twin(data_dir: Path, upstream: str) -> AsyncIterator[tuple[str, int]]:
    port = free_port()
    command = (sys.executable, "-m", "scripts.benchmarks.fastapi_twin", str(data_dir))
    process = await asyncio.create_subprocess_exec(*command, str(port), upstream)
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http:
            began = time.monotonic()
            while True:
                try:
                    async with http.get(f"{url}/health"):
                        break
                except aiohttp.ClientConnectionError:
                    if process.returncode is not None or time.monotonic() - began > 30:
                        raise
                    await asyncio.sleep(0.05)
        yield url, process.pid
    finally:
        process.terminate()
        await process.wait()
