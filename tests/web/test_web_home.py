"""GET /home/events and /home/devices over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector

from ren_device.assistant.local_mind import LocalMind
from ren_device.assistant.turn import Assistant, TurnConfig
from ren_device.bus import Bus
from ren_device.engines.hassil_intents import HassilMatcher
from ren_device.home.house import House
from ren_device.skills.home import HomeSkill
from ren_device.skills.tool import Toolbox
from ren_device.web.home import HomeRoutes
from ren_device.web.server import serving
from tests.fakes import FixedClock, MemoryRemarks, MemoryThreads
from tests.home.homes import FakeHome, house_of, light
from tests.virtual_time import until
from tests.web.web_house import house as services_of

LAMP = light("Living Room Lamp", "Living Room", brightness=50)
BULB = light("Bulb", "Attic")
ON: dict[str, Any] = {
    "accessory_id": LAMP.id,
    "name": "Living Room Lamp",
    "service_type": "lightbulb",
    "char_key": "on",
    "value": True,
    "previous": False,
}


class Server:
    """A server of a home, and a client of it."""

    def __init__(self, home: FakeHome, house: House, port: int, client: ClientSession) -> None:
        self.home = home
        self.house = house
        self.port = port
        self.client = client

    @asynccontextmanager
    async def listening(self, query: str = "?interval=0.25") -> AsyncIterator[ClientResponse]:
        async with self.client.get(f"/home/events{query}") as response:
            assert response.status == 200, await response.text()
            yield response

    @property
    def listeners(self) -> int:
        return len(self.house._listeners)


@asynccontextmanager
async def serving_home(*, looks: bool = True, **changes: Any) -> AsyncIterator[Server]:
    """`looks` is whether the house looks by itself."""
    home = FakeHome(LAMP, BULB)
    house = house_of(home)
    services, _ = services_of(**changes)
    services = replace(services, extra_routes=(HomeRoutes(house).routes(),))
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(services, "127.0.0.1", 0))
        client = await stack.enter_async_context(
            ClientSession(
                f"http://127.0.0.1:{port}",
                connector=TCPConnector(limit=0),
                timeout=ClientTimeout(total=30),
            )
        )
        group = await stack.enter_async_context(asyncio.TaskGroup())
        running = group.create_task(house.run()) if looks else None
        if running is not None:
            stack.callback(running.cancel)
        yield Server(home, house, port, client)


async def frame(response: ClientResponse) -> tuple[str, Any]:
    """The next event."""
    async with asyncio.timeout(10):
        while True:
            block = (await response.content.readuntil(b"\n\n")).decode()
            if not block.startswith(":"):
                event, data, *_ = block.splitlines()
                return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def nothing(response: ClientResponse, for_s: float = 0.6) -> None:
    """Fail when there is another event within this time."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(for_s):
            raise AssertionError(f"there was {await frame(response)}")


# --- what is sent ---------------------------------------------------------------------------


async def test_how_it_is_at_first_is_not_sent_and_each_change_is() -> None:
    async with serving_home() as it, it.listening() as stream:
        assert stream.content_type == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-cache"
        await nothing(stream)
        it.home.change(LAMP.id, on=True, brightness=70)
        assert await frame(stream) == ("device_change", ON)
        assert await frame(stream) == (
            "device_change",
            ON | {"char_key": "brightness", "value": 70, "previous": 50},
        )
        await nothing(stream)


async def test_what_changed_before_a_client_came_is_its_baseline() -> None:
    async with serving_home(looks=False) as it:
        await it.house.look()
        it.home.change(LAMP.id, on=True)  # and nobody has looked since
        async with it.listening() as stream:
            it.home.change(BULB.id, on=True)
            await it.house.look()
            name, data = await frame(stream)
            assert (data["accessory_id"], name) == (BULB.id, "device_change")


async def test_what_is_switched_is_sent_at_once_to_all() -> None:
    async with (
        serving_home(looks=False) as it,
        it.listening("?interval=3600") as one,
        it.listening("") as other,
    ):
        await it.house.set(LAMP.id, {"on": True})
        assert await frame(one) == await frame(other) == ("device_change", ON)


async def test_a_change_right_after_the_head_is_not_lost() -> None:
    async with serving_home(looks=False) as it:
        for on in [True, False] * 20:
            async with it.listening() as stream:
                await it.house.set(LAMP.id, {"on": on})
                _, data = await frame(stream)
                assert (data["value"], data["previous"]) == (on, not on)


@pytest.mark.parametrize("interval", ["0.25", "1", "0.0001"])
async def test_drivers_are_looked_at_as_often_as_was_asked(interval: str) -> None:
    async with serving_home() as it, it.listening(f"?interval={interval}") as stream:
        it.home.change(LAMP.id, on=True)
        assert await frame(stream) == ("device_change", ON)


@pytest.mark.parametrize("interval", ["0", "-1", "soon", "", "nan", "inf", "3601", "true"])
async def test_an_interval_that_is_none_is_refused(interval: str) -> None:
    async with serving_home() as it:
        async with it.client.get(f"/home/events?interval={interval}") as response:
            assert response.status == 422
            (mistake,) = (await response.json())["detail"]
            assert mistake["loc"] == ["query", "interval"]
        assert it.listeners == 0


async def test_without_a_home_the_stream_is_silent_and_the_list_empty() -> None:
    services, _ = services_of(keep_alive_s=0.05)
    routes = HomeRoutes(House((), Bus())).routes()
    services = replace(services, extra_routes=(routes,))
    async with (
        serving(services, "127.0.0.1", 0) as port,
        ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        async with client.get("/home/events") as stream:
            assert (await stream.content.readuntil(b"\n\n")).startswith(b":")
        async with client.get("/home/devices") as response:
            assert await response.json() == {"devices": []}


async def test_devices_are_listed_as_they_are_now() -> None:
    async with serving_home(looks=False) as it:
        it.home.change(LAMP.id, on=True)
        async with it.client.get("/home/devices") as response:
            devices = (await response.json())["devices"]
        assert [each["accessory_id"] for each in devices] == [LAMP.id, BULB.id]
        number = {"writable": True, "minimum": 0, "maximum": 100, "choices": []}
        assert devices[0] == {
            "accessory_id": LAMP.id,
            "name": "Living Room Lamp",
            "room": "Living Room",
            "service_type": "lightbulb",
            "characteristics": {
                "on": {"value": True, **number, "minimum": None, "maximum": None},
                "brightness": {"value": 50, **number},
            },
        }


# --- clients --------------------------------------------------------------------------------


async def test_a_quiet_stream_is_kept_alive() -> None:
    async with serving_home(keep_alive_s=0.05) as it, it.listening() as stream:
        for _ in range(3):
            assert (await stream.content.readuntil(b"\n\n")).startswith(b":")


async def test_head_is_answered_and_ends() -> None:
    async with serving_home() as it, it.client.head("/home/events") as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        assert it.listeners == 0


async def test_who_has_left_is_forgotten() -> None:
    async with serving_home() as it:
        for _ in range(5):
            async with it.listening():
                assert it.listeners == 1
            await until(lambda: it.listeners == 0, within_s=5)


async def test_a_client_that_does_not_read_is_dropped_and_others_are_told() -> None:
    async with serving_home(looks=False, stalled_s=0.3) as it:
        verbose = light("x" * 100_000, "Attic", brightness=0)  # fills the kernel's buffers sooner
        it.home.there[verbose.id] = verbose
        _, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=1024)
        writer.write(b"GET /home/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: it.listeners == 1, within_s=5)
        for number in range(300):
            await it.house.set(verbose.id, {"brightness": 1 + number % 2})
            await asyncio.sleep(0.001)
        async with it.listening() as stream:
            await it.house.set(LAMP.id, {"on": True})
            assert await frame(stream) == ("device_change", ON)
            await until(lambda: it.listeners == 1, within_s=5)
        writer.transport.abort()


async def test_hundreds_listen_at_once() -> None:
    async with serving_home() as it, AsyncExitStack() as stack:
        looks = it.home.looks
        streams = await asyncio.gather(
            *(stack.enter_async_context(it.listening("?interval=5")) for _ in range(300))
        )
        assert it.listeners == 300
        assert it.home.looks - looks < 100  # looks are shared
        await it.house.set(LAMP.id, {"on": True})
        assert await asyncio.gather(*map(frame, streams)) == [("device_change", ON)] * 300


async def test_when_the_server_stops_the_stream_ends() -> None:
    async with AsyncExitStack() as outside:
        async with serving_home(looks=False) as it:
            client = await outside.enter_async_context(ClientSession(str(it.client._base_url)))
            stream = await outside.enter_async_context(client.get("/home/events"))
            assert stream.status == 200
        assert await stream.content.read() == b""


# --- turns ----------------------------------------------------------------------------------


@asynccontextmanager
async def speaker() -> AsyncIterator[tuple[Server, Assistant]]:
    """A Ren with a home and the offline mind."""
    home = FakeHome(LAMP, BULB)
    house = house_of(home)
    threads = MemoryThreads()
    clock = FixedClock()
    assistant = Assistant(
        cloud=None,
        local=LocalMind(await asyncio.to_thread(HassilMatcher.load), clock),
        toolbox=Toolbox(HomeSkill(house).tools()),
        threads=threads,
        remarks=MemoryRemarks(threads),
        clock=clock,
        bus=Bus(),
        config=TurnConfig(),
    )
    services, _ = services_of(
        assistant=assistant, threads=threads, extra_routes=(HomeRoutes(house).routes(),)
    )
    async with (
        serving(services, "127.0.0.1", 0) as port,
        ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        yield Server(home, house, port, client), assistant


@pytest.mark.engine
async def test_a_typed_turn_switches_only_where_it_may_and_all_listeners_hear_of_it() -> None:
    async with speaker() as (it, _), it.listening("?interval=3600") as stream:
        turn = {"message": "turn on the living room lamp", "tier": "local", "thread_id": 1}
        async with it.client.post("/chat", json=turn) as response:
            refused = (await response.json())["reply"]
        assert refused.startswith("I did not do that, because it acts on the home")
        assert it.home.written == []
        async with it.client.patch("/threads/1", json={"allow_dangerous": True}) as response:
            assert response.status == 200
        async with it.client.post("/chat", json=turn) as response:
            assert (await response.json())["reply"] == "Okay, the living room lamp is on."
        assert await frame(stream) == ("device_change", ON)
        assert it.home.written == [(LAMP.id, {"on": True})]


@pytest.mark.engine
async def test_a_stream_shows_the_tool_that_was_refused() -> None:
    async with speaker() as (it, _):
        turn = {"message": "turn on the living room lamp", "tier": "local"}
        async with it.client.post("/chat/stream", json=turn) as response:
            assert await frame(response) == (
                "tool_run",
                {"tool": "set_power", "status": "running"},
            )
            assert await frame(response) == ("tool_run", {"tool": "set_power", "status": "error"})


@pytest.mark.engine
async def test_looking_needs_no_permission() -> None:
    async with speaker() as (it, _):
        for message, reply in (
            ("is the living room lamp on", "The living room lamp is off."),
            ("what devices are in the attic", "In the attic there is the bulb."),
        ):
            turn = {"message": message, "tier": "local"}
            async with it.client.post("/chat", json=turn) as response:
                assert (await response.json())["reply"] == reply
