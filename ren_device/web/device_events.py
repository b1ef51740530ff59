"""GET /device/events: the lights, the volume, mute and phase, as they change.

Nothing waits for a slow client: it gets what is so when it can take it, and never a line of old
frames. So each client costs one flag, whatever happens meanwhile.
"""

import asyncio
import logging
from contextlib import aclosing

from aiohttp import web

from ren_device.bus import Bus
from ren_device.panel.lights import Lights
from ren_device.web.device_json import DeviceShown, Frames
from ren_device.web.errors import ApiError
from ren_device.web.keys import STOPPING
from ren_device.web.sse import ClientGone, EventStream, event_stream

_LOOK_S = 10.0  # the quiet hours begin without an event

_log = logging.getLogger(__name__)


class DeviceEvents:
    """Streams of one server."""

    def __init__(self, shown: DeviceShown, lights: Lights, bus: Bus) -> None:
        """`run` watches; a stream that is opened before is told later."""
        self._shown = shown
        self._lights = lights
        self._bus = bus
        self._clients: set[asyncio.Event] = set()

    async def run(self) -> None:
        """Wake the streams whenever something may have changed, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_lights(), name="device lights")
            group.create_task(self._watch_bus(), name="device bus")
            group.create_task(self._watch_clock(), name="device clock")

    async def tell(self, request: web.Request) -> web.StreamResponse:
        """Open a stream, and write to it until the client leaves or the server stops."""
        async with event_stream(request) as events:
            woken = asyncio.Event()
            self._clients.add(woken)
            try:
                async with request.app[STOPPING].ends_this():
                    await self._follow(events, woken)
            except ClientGone:
                _log.debug("the client left its stream")
            except ApiError:
                _log.debug("the server stops: the stream ends, and its client will come again")
            finally:
                self._clients.discard(woken)
        return events.response

    async def _follow(self, events: EventStream, woken: asyncio.Event) -> None:
        """Write every frame once, and then those that are no longer true. Raises ClientGone."""
        sent: Frames = {}
        while True:
            woken.clear()
            for name, frame in self._shown.frames().items():
                if sent.get(name) != frame:
                    sent[name] = frame
                    await events.send(name, frame)
            await woken.wait()

    def _wake(self) -> None:
        for each in self._clients:
            each.set()

    async def _watch_lights(self) -> None:
        async with aclosing(self._lights.changes()) as changes:
            async for _ in changes:
                self._wake()

    async def _watch_bus(self) -> None:
        with self._bus.subscribe(limit=1) as heard:  # which event it was does not matter
            async for _ in heard:
                self._wake()

    async def _watch_clock(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            self._wake()
