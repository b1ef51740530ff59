"""The kernel with the real store, in real time, over restarts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.model import AlertChanged
from ren_device.store import open_store


@asynccontextmanager
async def life(data_dir: Path) -> AsyncIterator[tuple[AlertKernel, AsyncIterator[int]]]:
    """A running kernel, and the ids that ring in this life."""
    store = await open_store(data_dir)
    bus = Bus()
    kernel = AlertKernel(store.alerts, SystemClock(), bus)

    async def rings() -> AsyncIterator[int]:
        async for event in subscription:
            if isinstance(event, AlertChanged) and event.alert.state == "due":
                yield event.alert.id

    with bus.subscribe() as subscription:
        running = asyncio.create_task(kernel.run())
        yield kernel, rings()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    await store.close()


async def test_a_timer_outlives_restarts_until_it_is_acknowledged(tmp_path: Path) -> None:
    async with life(tmp_path) as (kernel, rings), asyncio.timeout(10):
        timer = await kernel.set("timer", "egg", in_s=0.05)
        assert await anext(rings) == timer.id
    async with life(tmp_path) as (kernel, rings), asyncio.timeout(10):
        assert await anext(rings) == timer.id
        assert [alert.text for alert in await kernel.acknowledge_all()] == ["egg"]
    async with life(tmp_path) as (kernel, _):
        await kernel.load()
        assert kernel.ringing() == ()
        assert kernel.pending() == ()
