"""A process with a real kernel on a real disk, spoken to in lines: what a kill is aimed at.

Standard input: `set SECONDS`, `acknowledge ID`. Standard output: `up`, `set ID`, `acknowledged ID`
(both only when it is on disk), and `due ID` or `missed ID` as it happens.
"""

import asyncio
import sys
from pathlib import Path

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus, Subscription
from ren_device.clock import SystemClock
from ren_device.model import AlertChanged
from ren_device.store import open_store


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def tell(events: Subscription) -> None:
    async for event in events:
        if isinstance(event, AlertChanged) and event.change in ("due", "missed"):
            say(f"{event.change} {event.alert.id}")


async def obey(kernel: AlertKernel, line: str) -> None:
    command, value = line.split()
    if command == "set":
        alert = await kernel.set("timer", in_s=float(value))
        say(f"set {alert.id}")
    elif await kernel.acknowledge(int(value)) is not None:
        say(f"acknowledged {value}")


async def live(data_dir: Path) -> None:
    store = await open_store(data_dir)
    bus = Bus()
    kernel = AlertKernel(store.alerts, SystemClock(), bus)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    with bus.subscribe(limit=10_000) as events:
        async with asyncio.TaskGroup() as group:
            group.create_task(tell(events))
            group.create_task(kernel.run())
            await kernel.load()
            say("up")
            while line := await lines.readline():
                group.create_task(obey(kernel, line.decode()))
    await store.close()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1])))
