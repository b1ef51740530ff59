"""GET /metrics: figures for Prometheus, fed by the bus and asked for when somebody looks.

Labels come from short fixed lists (tiers, kinds, paths as the routes are written): never from what
anybody said or sent.
"""

import asyncio
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import get_args

from aiohttp import hdrs, web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from ren_device import VERSION
from ren_device.bus import Bus
from ren_device.errors import StoreError
from ren_device.model import Alert, Event, Outcome, Tier, TurnEnded, TurnStarted, TurnTimed
from ren_device.store.storage import Figures
from ren_device.web.describe import Described

LOOK_EVERY_S = 1.0
"""How often the event loop's lag is measured."""

_WAITS_S = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_STAGES_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.1, 1.5, 2.0, 5.0)
_LAGS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_KINDS = ("timer", "alarm", "reminder")
_METHODS = frozenset(("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"))


class Metrics:
    """The figures of one Ren. `run` must run for turns to be counted."""

    def __init__(
        self,
        bus: Bus,
        *,
        alerts: Callable[[], tuple[Sequence[Alert], Sequence[Alert]]],
        store: Callable[[], Figures],
        glitches: Callable[[], tuple[int, int]] = lambda: (0, 0),
    ) -> None:
        """`alerts` gives what is pending and what rings, `store` how the store is doing.

        `glitches` are the microphone's lost blocks and the loudspeaker's breaks so far.
        """
        disable: Callable[[], None] = disable_created_metrics
        disable()  # a second series for each, which nobody asked for
        self._bus = bus
        self._registry = CollectorRegistry()
        registry = self._registry
        self._turns = Counter(
            "ren_turns",
            "Turns that ended, in chat and by voice.",
            ("tier", "outcome"),
            registry=registry,
        )
        for tier, outcome in product(Tier, get_args(Outcome)):
            self._turns.labels(tier.value, outcome)  # a rate needs the zero before the one
        self._running = Gauge("ren_turns_running", "Turns under way.", registry=registry)
        self._turn_s = Histogram(
            "ren_turn_seconds",
            "From the question to the end of the answer.",
            ("tier",),
            buckets=_WAITS_S,
            registry=registry,
        )
        self._first_text_s = Histogram(
            "ren_turn_first_token_seconds",
            "From the question to the first text of the answer.",
            ("tier",),
            buckets=_WAITS_S,
            registry=registry,
        )
        self._stage_s = Histogram(
            "ren_voice_stage_seconds",
            "How long each stage of a spoken turn took.",
            ("stage",),
            buckets=_STAGES_S,
            registry=registry,
        )
        self._spoken_s = Histogram(
            "ren_voice_answer_seconds",
            "From the last word of a spoken turn to the first sound of the answer.",
            buckets=_STAGES_S,
            registry=registry,
        )
        self._lag_s = Histogram(
            "ren_event_loop_lag_seconds",
            "How much later than asked for the event loop woke.",
            buckets=_LAGS_S,
            registry=registry,
        )
        self._requests = Counter(
            "ren_http_requests",
            "Answers by method, route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seen: dict[tuple[str, web.AbstractResource | None, int], Counter] = {}
        self._listeners = Gauge(
            "ren_event_stream_listeners", "Event streams open.", ("route",), registry=registry
        )
        self._connections = Gauge(
            "ren_http_connections", "Connections open, this one too.", registry=registry
        )
        self._tasks = Gauge(
            "ren_event_loop_tasks", "Tasks on the event loop, this one too.", registry=registry
        )
        self._lost = Counter(
            "ren_metrics_events_lost", "Events that were not counted.", registry=registry
        )
        Info("ren_build", "Which Ren this is.", registry=registry).info(
            {"version": VERSION, "python": platform.python_version()}
        )
        ProcessCollector(registry=registry)
        registry.register(_Kept(alerts, store, glitches))

    def routes(self) -> web.RouteTableDef:
        """For `Services.extra_routes`."""
        table = web.RouteTableDef()
        table.get("/metrics")(self.answer)
        return table

    def extend(self, app: web.Application) -> None:
        """For `Services.extensions`: counts the requests and streams of this application."""
        app.on_response_prepare.append(self._answered)

    async def run(self) -> None:
        """Count what happens, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="metrics: events")
            group.create_task(self._measure_lag(), name="metrics: lag")

    @Described("Figures for Prometheus", tag="The speaker", media="text/plain")
    async def answer(self, request: web.Request) -> web.Response:
        """Answers in Prometheus' text format, or as OpenMetrics to who asks for that."""
        # aiohttp counts its connections there and nowhere else; a test notices if it moves.
        server = request.protocol._manager  # noqa: SLF001
        self._connections.set(len(server.connections) if server else 0)
        self._tasks.set(len(asyncio.all_tasks()))
        # Not the library's own choice: it fails on versions that are none.
        encode: Callable[[CollectorRegistry], bytes] = generate_latest
        kind = CONTENT_TYPE_PLAIN_0_0_4
        if "application/openmetrics-text" in request.headers.get(hdrs.ACCEPT, ""):
            encode, kind = openmetrics.generate_latest, openmetrics.CONTENT_TYPE_LATEST
        return web.Response(body=encode(self._registry), headers={hdrs.CONTENT_TYPE: kind})

    # --- what happens -----------------------------------------------------------------------

    async def _follow(self) -> None:
        lost = 0
        with self._bus.subscribe(limit=1024) as events:
            async for event in events:
                self._count(event)
                self._lost.inc(events.dropped - lost)
                lost = events.dropped

    def _count(self, event: Event) -> None:
        match event:
            case TurnStarted():
                self._running.inc()
            case TurnEnded():
                tier = event.tier.value
                self._running.dec()
                self._turns.labels(tier, event.outcome).inc()
                self._turn_s.labels(tier).observe(event.duration_s)
                if event.first_text_s is not None:
                    self._first_text_s.labels(tier).observe(event.first_text_s)
            case TurnTimed():
                self._spoken_s.observe(event.total_ms / 1000)
                for stage, took_ms in event.stages_ms.items():
                    self._stage_s.labels(stage).observe(took_ms / 1000)
            case _:
                pass

    async def _measure_lag(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due = now() + LOOK_EVERY_S
            await asyncio.sleep(LOOK_EVERY_S)
            self._lag_s.observe(max(0.0, now() - due))

    async def _answered(self, request: web.Request, response: web.StreamResponse) -> None:
        """Called for every answer, so it does little."""
        resource = request.match_info.route.resource
        method = request.method if request.method in _METHODS else "other"
        seen = (method, resource, response.status)
        if seen not in self._seen:
            route = "none" if resource is None else resource.canonical
            self._seen[seen] = self._requests.labels(method, route, response.status)
        self._seen[seen].inc()
        stream = response.headers.get(hdrs.CONTENT_TYPE) == "text/event-stream"
        task = asyncio.current_task()  # aiohttp has one for each request
        if stream and resource is not None and task is not None:
            listeners = self._listeners.labels(resource.canonical)
            listeners.inc()
            task.add_done_callback(lambda _: listeners.dec())


class _Kept(Collector):
    """What is asked for when somebody looks."""

    def __init__(
        self,
        alerts: Callable[[], tuple[Sequence[Alert], Sequence[Alert]]],
        store: Callable[[], Figures],
        glitches: Callable[[], tuple[int, int]],
    ) -> None:
        self._alerts = alerts
        self._store = store
        self._glitches = glitches

    def collect(self) -> Iterable[Metric]:
        pending, ringing = self._alerts()
        family = GaugeMetricFamily(
            "ren_alerts", "Timers, alarms and reminders.", labels=("kind", "state")
        )
        for state, alerts in (("pending", pending), ("ringing", ringing)):
            for kind in _KINDS:
                count = sum(alert.kind == kind for alert in alerts)
                family.add_metric((kind, state), count)
        yield family
        lost, breaks = self._glitches()
        yield CounterMetricFamily(
            "ren_microphone_blocks_lost", "That nobody took in time.", value=lost
        )
        yield CounterMetricFamily(
            "ren_speaker_underruns", "How often the sound broke off.", value=breaks
        )
        try:
            figures = self._store()
        except StoreError:
            return  # it is being closed
        yield from _store_families(figures)


def _store_families(figures: Figures) -> Iterator[Metric]:
    for name, text, value in (
        ("documents", "Documents kept.", figures.documents),
        ("live_bytes", "Of all documents as they are.", figures.live_bytes),
        ("journal_bytes", "That a start reads after the snapshot.", figures.journal_bytes),
        ("last_sync_seconds", "How long the disk took for the last change.", figures.last_sync_s),
        ("failing", "1 while writing fails or the disk is full.", bool(figures.trouble)),
        ("recovered", "1 if the start found damage.", bool(figures.recovered)),
    ):
        yield GaugeMetricFamily(f"ren_store_{name}", text, value=value)
    for name, text, value in (
        ("changes", "Changes made durable.", figures.changes),
        ("changed_bytes", "That had to be written.", figures.changed_bytes),
        ("written_bytes", "That were written for it, snapshots too.", figures.written_bytes),
        ("compactions", "Snapshots written.", figures.compactions),
    ):
        yield CounterMetricFamily(f"ren_store_{name}", text, value=value)
