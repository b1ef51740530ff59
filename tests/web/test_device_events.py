"""GET /device/events over real sockets: what is so, and then what is no longer so."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import ClientSession

from ren_device.web.server import serving
from tests.virtual_time import until
from tests.web.alert_porch import frame
from tests.web.device_porch import DevicePorch, device_porch

FRAMES = ("lights", "volume", "mute", "phase")


async def next_of(stream: Any, name: str) -> Any:
    """The next frame of this name."""
    while True:
        found, data = await frame(stream)
        if found == name:
            return data


async def test_first_each_frame_once_and_then_what_changes() -> None:
    async with device_porch() as it, it.watching() as stream:
        assert stream.content_type == "text/event-stream"
        told = await it.ask("GET", "/device")
        first = [await frame(stream) for _ in FRAMES]
        assert [name for name, _ in first] == list(FRAMES)
        assert dict(first)["volume"] == told["volume"]
        assert dict(first)["mute"] == {"muted": False, "muted_by": None}
        assert dict(first)["phase"] == {"phase": "idle", "trouble": None}
        assert dict(first)["lights"]["state"] == "idle"
        it.speaker.switch(muted=True)
        assert await next_of(stream, "mute") == {"muted": True, "muted_by": "switch"}
        await it.speaker.set_volume(20)
        assert (await next_of(stream, "volume"))["percent"] == 20
        it.speaker.become("fault", "no microphone")
        assert await next_of(stream, "phase") == {"phase": "fault", "trouble": "no microphone"}


async def test_the_lights_are_those_that_the_pins_drive() -> None:
    async with device_porch() as it, it.watching() as stream:
        await next_of(stream, "phase")
        it.speaker.become("thinking")
        lit = await next_of(stream, "lights")
        while not any(int(pixel[1:], 16) for pixel in lit["pixels"]):
            lit = await next_of(stream, "lights")
        assert lit["state"] == "thinking"
        assert len(lit["pixels"]) == 3
        it.speaker.become("idle")
        while lit != {"state": "idle", "pixels": ["#000000"] * 3}:
            lit = await next_of(stream, "lights")


async def test_who_does_not_read_costs_nothing_and_then_hears_what_is_so() -> None:
    """Far more happens than fits into a queue; only the latest of it is worth a line."""
    async with device_porch() as it, it.watching() as stream:
        await next_of(stream, "phase")
        for percent in range(5000):  # at once: nobody can have read any of them
            await it.speaker.set_volume(percent % 90)
        heard = await next_of(stream, "volume")
        assert heard["percent"] == 4999 % 90
        await it.speaker.set_volume(33)
        assert (await next_of(stream, "volume"))["percent"] == 33


async def test_a_quiet_stream_is_kept_alive_and_head_is_answered() -> None:
    async with device_porch(keep_alive_s=0.05) as it:
        async with it.watching() as stream:
            await next_of(stream, "phase")
            for _ in range(3):
                assert (await stream.content.readuntil(b"\n\n")).startswith(b":")
        async with it.client.head("/device/events") as head:
            assert (head.status, head.content_type) == (200, "text/event-stream")
        await until(lambda: not it.routes._events._clients, within_s=5)


async def test_when_the_server_stops_the_stream_ends() -> None:
    porch = DevicePorch()
    async with AsyncExitStack() as server, ClientSession() as client, asyncio.timeout(10):
        port = await server.enter_async_context(serving(porch.services, "127.0.0.1", 0))
        stream = await client.get(f"http://127.0.0.1:{port}/device/events")
        await next_of(stream, "phase")
        await server.aclose()
        assert await stream.content.read() == b""
        assert not porch.routes._events._clients


async def test_many_watch_at_once() -> None:
    async with device_porch() as it, AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(it.watching()) for _ in range(80)]
        for stream in streams:
            await next_of(stream, "phase")
        it.speaker.switch(muted=True)
        for stream in streams:
            assert (await next_of(stream, "mute"))["muted"] is True
