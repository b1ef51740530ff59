"""GET /alerts/events: what happens to alerts, as it happens, to whoever watches.

Other than /notifications this tells of everything and marks nothing as told.
"""

import logging

from aiohttp import web

from ren_device.bus import Bus, Subscription
from ren_device.model import AlertChanged, RingingHeard
from ren_device.web.alert_json import Shown
from ren_device.web.errors import ApiError
from ren_device.web.keys import STOPPING
from ren_device.web.sse import ClientGone, EventStream, event_stream

MOST_WAITING = 256
"""A client that is behind by more events than this gets everything anew."""

_log = logging.getLogger(__name__)


class AlertEvents:
    """Streams of one server."""

    def __init__(self, shown: Shown, bus: Bus, most_waiting: int = MOST_WAITING) -> None:
        """Tell what the bus says, in these words."""
        self._shown = shown
        self._bus = bus
        self._most_waiting = most_waiting

    async def tell(self, request: web.Request) -> web.StreamResponse:
        """Open a stream, and write to it until the client leaves or the server stops."""
        async with event_stream(request) as events:
            try:
                async with request.app[STOPPING].ends_this():
                    while True:
                        with self._bus.subscribe(self._most_waiting) as heard:
                            # No await between the two: nothing is lost, and nothing comes twice.
                            snapshot = self._shown.all()
                            await events.send("snapshot", snapshot)
                            await self._until_behind(heard, events)
            except ClientGone:
                _log.debug("the client left its stream")
            except ApiError:
                _log.debug("the server stops: the stream ends, and its client will come again")
        return events.response

    async def _until_behind(self, heard: Subscription, events: EventStream) -> None:
        """Write every event as it comes; return when some were lost. Raises ClientGone."""
        async for event in heard:
            if heard.dropped:
                return
            if isinstance(event, AlertChanged):
                shown = self._shown.changed(event.alert, event.change)
                await events.send("alert", shown)
            elif isinstance(event, RingingHeard):
                await events.send("ringing_heard", {"trouble": event.trouble})
