"""GET /metrics: what Prometheus reads, and that nothing personal is in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

import pytest
from aiohttp import ClientSession, web
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from ren_device.bus import Bus
from ren_device.errors import StoreError
from ren_device.model import Alert, Tier, TurnEnded, TurnStarted, TurnTimed
from ren_device.store.storage import Figures
from ren_device.web.metrics import Metrics
from ren_device.web.sse import event_stream
from tests.virtual_time import run, until
from tests.web.web_house import client_of, house

NOON = datetime.fromisoformat("2026-06-25T12:00:00")
FIGURES = Figures(
    documents=12,
    live_bytes=3456,
    journal_bytes=789,
    changes=5,
    changed_bytes=1000,
    written_bytes=1500,
    compactions=1,
    last_sync_s=0.004,
    recovered="",
    trouble="",
)
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def alert(number: int, kind: str) -> Alert:
    assert kind in ("timer", "alarm", "reminder")
    return Alert(number, kind, "feed the canary", NOON, NOON)  # type: ignore[arg-type]


def store_figures() -> Figures:
    return FIGURES


class Family(Protocol):
    name: str


class Watched:
    """Metrics with a bus, and a server that shows them."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.pending: list[Alert] = []
        self.ringing: list[Alert] = []
        self.store = store_figures
        self.metrics = Metrics(
            self.bus,
            alerts=lambda: (self.pending, self.ringing),
            store=lambda: self.store(),
        )

    @asynccontextmanager
    async def shown(self, *tables: web.RouteTableDef) -> AsyncIterator[ClientSession]:
        services, _ = house(
            extra_routes=(self.metrics.routes(), *tables), extensions=(self.metrics.extend,)
        )
        counting = asyncio.create_task(self.metrics.run())
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            async with client_of(services) as client:
                yield client
        finally:
            counting.cancel()
            await asyncio.wait([counting])


def samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scraped(client: ClientSession) -> Samples:
    async with client.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return samples(await response.text())


async def test_turns_are_counted_by_tier_and_outcome() -> None:
    watched = Watched()
    async with watched.shown() as client:
        watched.bus.publish(TurnStarted(1, Tier.FAST))
        watched.bus.publish(TurnStarted(2, Tier.HARD))
        watched.bus.publish(TurnEnded(1, "replied", Tier.LOCAL, 0.7, 0.2))
        await asyncio.sleep(0)
        seen = await scraped(client)
    labels = (("outcome", "replied"), ("tier", "local"))
    assert seen["ren_turns_total", labels] == 1
    assert seen["ren_turns_running", ()] == 1
    assert seen["ren_turn_seconds_sum", (("tier", "local"),)] == 0.7
    assert seen["ren_turn_seconds_bucket", (("le", "0.5"), ("tier", "local"))] == 0
    assert seen["ren_turn_seconds_bucket", (("le", "0.75"), ("tier", "local"))] == 1
    assert seen["ren_turn_first_token_seconds_sum", (("tier", "local"),)] == 0.2


async def test_a_turn_without_a_word_has_no_first_token() -> None:
    watched = Watched()
    async with watched.shown() as client:
        watched.bus.publish(TurnEnded(1, "failed", Tier.FAST, 3.0, None))
        await asyncio.sleep(0)
        seen = await scraped(client)
    assert seen["ren_turns_total", (("outcome", "failed"), ("tier", "fast"))] == 1
    assert not [name for name, _ in seen if name.startswith("ren_turn_first_token_seconds_")]


async def test_voice_stages_are_timed() -> None:
    watched = Watched()
    async with watched.shown() as client:
        stages = {"transcript": 300, "committed": 100}
        watched.bus.publish(TurnTimed(900, stages, at=NOON, before_ms={}))
        await asyncio.sleep(0)
        seen = await scraped(client)
    assert seen["ren_voice_answer_seconds_sum", ()] == 0.9
    assert seen["ren_voice_stage_seconds_sum", (("stage", "transcript"),)] == 0.3
    assert seen["ren_voice_stage_seconds_count", (("stage", "committed"),)] == 1


async def test_alerts_store_process_and_build_are_looked_at_when_asked_for() -> None:
    watched = Watched()
    async with watched.shown() as client:
        watched.pending = [alert(1, "timer"), alert(2, "timer"), alert(3, "reminder")]
        watched.ringing = [alert(4, "alarm")]
        seen = await scraped(client)
        watched.pending = []
        later = await scraped(client)
    assert seen["ren_alerts", (("kind", "timer"), ("state", "pending"))] == 2
    assert seen["ren_alerts", (("kind", "alarm"), ("state", "ringing"))] == 1
    assert later["ren_alerts", (("kind", "timer"), ("state", "pending"))] == 0
    assert seen["ren_store_documents", ()] == 12
    assert seen["ren_store_written_bytes_total", ()] == 1500
    assert seen["ren_store_last_sync_seconds", ()] == 0.004
    assert seen["ren_store_failing", ()] == 0
    assert seen["process_resident_memory_bytes", ()] > 1_000_000
    assert seen["process_open_fds", ()] > 3
    assert seen["process_cpu_seconds_total", ()] > 0
    assert any(name == "ren_build_info" and ("version", "1.0.0") in at for name, at in seen)


async def test_a_store_that_is_closed_leaves_the_rest() -> None:
    def closed() -> Figures:
        raise StoreError("the store is not open")

    watched = Watched()
    watched.store = closed
    async with watched.shown() as client:
        seen = await scraped(client)
    assert ("ren_store_documents", ()) not in seen
    assert ("ren_turns_running", ()) in seen


async def test_requests_are_counted_by_the_route_as_it_is_written() -> None:
    watched = Watched()
    async with watched.shown() as client:
        await client.get("/threads/1")
        await client.get("/threads/77777")
        await client.get("/canary-in-a-path?canary=query")
        await client.request("PROPFIND", "/threads")
        async with client.get("/metrics") as response:
            text = await response.text()
    seen = samples(text)
    route = ("route", "/threads/{id}")
    assert seen["ren_http_requests_total", (("method", "GET"), route, ("status", "200"))] == 1
    assert seen["ren_http_requests_total", (("method", "GET"), route, ("status", "404"))] == 1
    nowhere = (("method", "GET"), ("route", "none"), ("status", "404"))
    assert seen["ren_http_requests_total", nowhere] == 1
    odd = (("method", "other"), ("route", "none"), ("status", "405"))
    assert seen["ren_http_requests_total", odd] == 1
    assert "canary" not in text.lower()
    assert "77777" not in text


async def test_listeners_come_and_go() -> None:
    watched = Watched()
    table = web.RouteTableDef()

    @table.get("/stream")
    async def stream(request: web.Request) -> web.StreamResponse:
        async with event_stream(request) as events:
            await asyncio.Event().wait()
        return events.response

    here = ("ren_event_stream_listeners", (("route", "/stream"),))
    async with watched.shown(table) as client:
        async with client.get("/stream"), client.get("/stream"):
            seen = await scraped(client)
            assert seen[here] == 2
            assert seen["ren_http_connections", ()] == 3
        async with asyncio.timeout(5):
            while seen[here] > 0 or seen["ren_http_connections", ()] > 1:
                seen = await scraped(client)


async def test_openmetrics_for_who_asks_for_it() -> None:
    watched = Watched()
    async with watched.shown() as client:
        watched.bus.publish(TurnEnded(1, "replied", Tier.FAST, 0.7, 0.2))
        accept = "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"
        async with client.get("/metrics", headers={"Accept": accept}) as response:
            assert response.headers["Content-Type"].startswith("application/openmetrics-text")
            parse: Callable[[str], Iterable[Family]] = openmetrics_families
            names = {family.name for family in parse(await response.text())}
    assert "ren_turns" in names


@pytest.mark.parametrize(
    "accept", ["text/plain; version=none", "application/openmetrics-text; version=x", ";;,,"]
)
async def test_an_accept_that_is_nonsense_gets_the_plain_form(accept: str) -> None:
    async with (
        Watched().shown() as client,
        client.get("/metrics", headers={"Accept": accept}) as response,
    ):
        assert response.status == 200
        assert await response.text()


def test_a_late_event_loop_shows() -> None:
    watched = Watched()

    def lag() -> float:
        return sum(
            sample.value
            for family in watched.metrics._registry.collect()
            for sample in family.samples
            if sample.name == "ren_event_loop_lag_seconds_count"
        )

    async def scene() -> None:
        counting = asyncio.create_task(watched.metrics.run())
        await until(lambda: lag() >= 3)
        counting.cancel()
        await asyncio.wait([counting])

    run(scene())


def test_every_family_says_what_it_is() -> None:
    for family in Watched().metrics._registry.collect():
        assert family.documentation, family
