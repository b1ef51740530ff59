"""Turns, listeners that come and go, rubbish, and a model that fails in every way; then the bill.

    python -m scripts.benchmarks.soak [MINUTES]

Exits with 1 when memory has grown by more than GROWTH, when connections or tasks are left over, or
when Ren has answered 500 or logged a traceback.
"""

import asyncio
import logging
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from scripts.benchmarks.figures import machine, resident_mb, table
from tests.messages_server import Answer, Fail, Hangup, Json, MessagesServer, Scripted, Stall, Use
from tests.ren import Ren, running

GROWTH = 0.10
"""How much of the memory after the first fifth may come on top by the end."""

_SAMPLES = 10
_CLIENTS = 12
_METRIC = re.compile(r"^(ren_event_loop_tasks|ren_http_connections) ([\d.e+]+)$", re.M)
_WORDS = "what time will the pasta be done if the water boils in nine minutes".split()


def _moody(body: Json) -> Scripted:
    """A model on a bad day."""
    if any(part.get("type") == "tool_result" for part in _last_content(body)):
        return Answer("Done.")
    words = " ".join(random.choices(_WORDS, k=random.randint(1, 60)))
    return random.choices(
        (
            Answer(words),
            Answer(words, uses=(Use("list_timers"),)),
            Answer(words, uses=(Use("set_timer", {"duration_s": "rubbish"}),)),
            Answer(words, then="drop"),
            Answer(words, then="error"),
            Answer(words, then="garbage"),
            Answer(words, then="stall"),
            Fail(529, "Overloaded"),
            Fail(500, "<html>", body="<html>"),
            Stall(),
            Hangup(),
        ),
        weights=(60, 8, 4, 4, 4, 4, 2, 4, 4, 2, 4),
    )[0]


def _last_content(body: Json) -> list[Json]:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, list) else []


@dataclass
class Bill:
    """What was done, and what it cost."""

    done: Counter[str] = field(default_factory=Counter)
    samples: list[tuple[float, float, int, int, int]] = field(default_factory=list)
    """Seconds, MB, file descriptors, tasks, connections."""


async def soak(minutes: float) -> int:
    """Run; returns the exit code."""
    bill = Bill()
    with tempfile.TemporaryDirectory() as folder:
        async with MessagesServer(_moody, tokens_per_s=400) as model:
            settings = {
                "ANTHROPIC_API_KEY": model.key,
                "ANTHROPIC_BASE_URL": model.url,
                "REN_CHAT_TIMEOUT_S": "3",
                "REN_NOTIFICATIONS_INTERVAL_S": "2",
            }
            async with running(Path(folder), **settings) as ren:
                await ren.until_up()
                await _use(ren, minutes * 60, bill)
                await asyncio.sleep(5)  # what was cut off has ended by then
                await _sample(ren, minutes * 60, bill)
                log = ren.log()
    return _verdict(bill, log)


async def _use(ren: Ren, seconds: float, bill: Bill) -> None:
    ends_at = time.monotonic() + seconds
    habits = (_chat, _stream, _local, _leave_early, _look_around, _listen, _rubbish, _home)

    async def client(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < ends_at:
            habit = chance.choice(habits)
            timeout = aiohttp.ClientTimeout(total=20)
            async with aiohttp.ClientSession(ren.url, timeout=timeout) as http:
                try:
                    await habit(http, chance)
                    bill.done[habit.__name__.strip("_")] += 1
                except (aiohttp.ClientError, TimeoutError) as error:
                    bill.done[type(error).__name__] += 1

    async def watch() -> None:
        for number in range(_SAMPLES):
            await asyncio.sleep(seconds / _SAMPLES)
            await _sample(ren, seconds * (number + 1) / _SAMPLES, bill)

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        for number in range(_CLIENTS):
            group.create_task(client(number))


Habit = Callable[[aiohttp.ClientSession, random.Random], Awaitable[None]]


async def _read(response: aiohttp.ClientResponse) -> None:
    await response.read()
    if response.status == 500:
        raise SystemExit(f"{response.url.path} answered 500")


async def _chat(http: aiohttp.ClientSession, chance: random.Random) -> None:
    body = {"message": " ".join(chance.choices(_WORDS, k=8)), "tier": "fast"}
    async with http.post("/chat", json=body) as response:
        await _read(response)


async def _stream(http: aiohttp.ClientSession, chance: random.Random) -> None:
    thread = chance.choice((1, None))
    async with http.post(
        "/chat/stream", json={"message": "go on", "thread_id": thread}
    ) as response:
        await _read(response)


async def _local(http: aiohttp.ClientSession, chance: random.Random) -> None:
    said = chance.choice(("set a timer for 1 second", "add milk to my list", "stop", "gibberish"))
    async with http.post("/chat", json={"message": said, "tier": "local"}) as response:
        await _read(response)


async def _leave_early(http: aiohttp.ClientSession, chance: random.Random) -> None:
    async with http.post("/chat/stream", json={"message": "tell me", "tier": "hard"}) as response:
        with suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0.0, 0.3)):
                await response.read()
        response.close()


async def _look_around(http: aiohttp.ClientSession, chance: random.Random) -> None:
    for path in chance.choices(("/health", "/threads", "/memory", "/openapi.json", "/docs"), k=10):
        async with http.get(path) as response:
            await _read(response)


async def _listen(http: aiohttp.ClientSession, chance: random.Random) -> None:
    path = chance.choice(("/notifications", "/home/events?interval=1"))
    async with http.get(path) as response:
        with suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0.1, 4)):
                await response.read()
        response.close()


async def _rubbish(http: aiohttp.ClientSession, chance: random.Random) -> None:
    data = chance.randbytes(chance.randint(0, 3000))
    async with http.post("/chat", data=data, headers={"Content-Type": "application/json"}) as r:
        await _read(r)
    with suppress(aiohttp.WSServerHandshakeError):
        async with http.ws_connect("/ws/audio") as socket:
            await socket.send_str(data.decode("latin-1"))
            await socket.receive(timeout=5)


async def _home(http: aiohttp.ClientSession, chance: random.Random) -> None:
    said = chance.choice(("turn on all the lights", "what devices are there", "what do you know"))
    async with http.post("/chat", json={"message": said, "tier": "local"}) as response:
        await _read(response)


async def _sample(ren: Ren, at_s: float, bill: Bill) -> None:
    pid = ren.process.pid
    async with ren.http.get("/metrics") as response:
        figures = {name: float(value) for name, value in _METRIC.findall(await response.text())}
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  no Path in a coroutine
    tasks = int(figures["ren_event_loop_tasks"])
    connections = int(figures["ren_http_connections"])
    bill.samples.append((at_s, resident_mb(pid), descriptors, tasks, connections))


def _verdict(bill: Bill, log: str) -> int:
    done = ", ".join(f"{count} {name}" for name, count in bill.done.most_common())
    print(f"Measured on {machine()}.\n\nDone: {done}.\n")
    rows = [
        (f"{at_s:.0f} s", f"{memory:.1f} MB", descriptors, tasks, connections)
        for at_s, memory, descriptors, tasks, connections in bill.samples
    ]
    print(table(("after", "memory", "file descriptors", "tasks", "connections"), rows))
    early, late = bill.samples[_SAMPLES // 5][1], bill.samples[-1][1]
    wrong = []
    if late > early * (1 + GROWTH):
        wrong.append(f"memory grew from {early:.0f} to {late:.0f} MB")
    if bill.samples[-1][4] > 2:
        wrong.append(f"{bill.samples[-1][4]} connections are left")
    if "Traceback" in log:
        wrong.append("a traceback is in the log:\n" + log[log.index("Traceback") :][:3000])
    print("\n" + ("; ".join(wrong) or "Nothing was left behind."))
    return int(bool(wrong))


if __name__ == "__main__":
    # The scripted model's clients hang up all the time, which its server finds worth a traceback.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    sys.exit(asyncio.run(soak(float(sys.argv[1]) if len(sys.argv) > 1 else 10)))
