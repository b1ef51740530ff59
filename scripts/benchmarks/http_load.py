"""What the benchmark of the server sends, and how it reads the answers."""

import asyncio
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from scripts.benchmarks.figures import median, p95

KEY = "test-key"
CONNECTIONS = 16
SECONDS = 4

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
_WRONG = re.compile(r"(Non-2xx|Socket errors).*")
_UNIT_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """What a server did under load."""

    per_s: float
    p99_ms: float


def load(url: str) -> Load:
    """Ask for `url` as often as the server can, over kept connections, with wrk."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", url]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate, p99 = _RATE.search(out), _P99.search(out)
    if _WRONG.search(out) or rate is None or p99 is None:
        raise RuntimeError(f"{url}: {out}")
    return Load(float(rate[1]), float(p99[1]) * _UNIT_MS[p99[2]])


async def token_delays_ms(frames: AsyncIterator[str]) -> list[float]:
    """How old each token is; its text is when it was sent, on the monotonic clock in ns."""
    delays = []
    async for text in frames:
        now = time.monotonic_ns()
        delays += [(now - int(sent)) / 1e6 for sent in text.split()]
    return delays


async def raw_tokens(http: aiohttp.ClientSession, upstream: str) -> AsyncIterator[str]:
    """Tokens straight from the Messages API."""
    body = {
        "model": "claude-haiku-4-5-20251001",
        "max_tokens": 1000,
        "stream": True,
        "messages": [{"role": "user", "content": "go"}],
    }
    headers = {"Authorization": f"Bearer {KEY}", "anthropic-version": "2023-06-01"}
    async with http.post(f"{upstream}/v1/messages", json=body, headers=headers) as response:
        response.raise_for_status()
        async for data in _data(response):
            if data["type"] == "content_block_delta":
                yield data["delta"]["text"]


async def served_tokens(http: aiohttp.ClientSession, url: str) -> AsyncIterator[str]:
    """Tokens through /chat/stream."""
    body = {"message": "go", "tier": "fast", "thread_id": 1}
    async with http.post(f"{url}/chat/stream", json=body) as response:
        response.raise_for_status()
        async for data in _data(response):
            if "text" in data:
                yield data["text"]


async def until_reminded(http: aiohttp.ClientSession, url: str, listening: asyncio.Barrier) -> int:
    """Listen to /notifications; when the first reminder came, in ns on the monotonic clock."""
    async with http.get(f"{url}/notifications", timeout=aiohttp.ClientTimeout()) as response:
        response.raise_for_status()
        await listening.wait()
        async for line in response.content:
            if line.startswith(b"event: reminder"):
                return time.monotonic_ns()
    raise RuntimeError("the stream ended without a reminder")


def spread(values_ms: list[float]) -> tuple[str, str, str]:
    """Median, 95th and 99th percentile, to be read."""
    ordered = sorted(values_ms)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    return f"{median(ordered):.2f} ms", f"{p95(ordered):.2f} ms", f"{p99:.2f} ms"


async def _data(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    async for line in response.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])
