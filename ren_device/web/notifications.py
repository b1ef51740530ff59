"""GET /notifications: due alerts as server-sent events, to whoever listens."""

import logging
from contextlib import AsyncExitStack

from aiohttp import hdrs, web

from ren_device.alerts.notices import Listener, Notices
from ren_device.web import answers
from ren_device.web.describe import Described, Event
from ren_device.web.errors import ApiError
from ren_device.web.keys import STOPPING
from ren_device.web.schemas import NotificationsQuery, read_query, reminder_json
from ren_device.web.sse import ClientGone, EventStream, event_stream, stream_head

SHORTEST_INTERVAL_S = 1.0
"""A shorter `interval` is answered as if it were this."""
DOUBT_AFTER_S = 5.0
"""When a client has confirmed nothing for so long, others are told what it was told."""

_log = logging.getLogger(__name__)

_REMINDER: answers.Reminder = {
    "id": 12,
    "text": "call mom",
    "kind": "reminder",
    "due_at": "2026-06-25T18:00:00",
    "state": "due",
}


class Notifications:
    """The route. `interval_s` is for clients that give none."""

    def __init__(
        self, notices: Notices, interval_s: float, doubt_after_s: float = DOUBT_AFTER_S
    ) -> None:
        """Tell what `notices` knows."""
        self._notices = notices
        self._interval_s = interval_s
        self._doubt_after_s = doubt_after_s

    def routes(self) -> web.RouteTableDef:
        """For `Services.extra_routes`."""
        table = web.RouteTableDef()
        table.get("/notifications")(self.stream)
        return table

    @Described(
        "Due timers, alarms and reminders",
        tag="Events",
        query=NotificationsQuery,
        events={"reminder": Event(answers.Reminder, _REMINDER)},
        errors={406: "A browser fetches it as a picture, a script or a page."},
    )
    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Sends each alert once, as it comes due.

        It goes to every client then connected; one that came due while nobody listened goes to the
        first that connects. The stream ends when Ren stops.
        """
        query = read_query(request, NotificationsQuery)
        _refuse_pictures(request)
        if request.method == hdrs.METH_HEAD:
            return stream_head()
        interval_s = max(query.interval or self._interval_s, SHORTEST_INTERVAL_S)
        stopping = request.app[STOPPING]
        async with AsyncExitStack() as stack:
            async with stopping.ends_this():  # a 503, while there is still a status to be sent
                listener = await stack.enter_async_context(self._notices.listen())
            events = await stack.enter_async_context(event_stream(request, interval_s))
            try:
                async with stopping.ends_this():
                    await self._tell(listener, events, interval_s)
            except ClientGone:
                _log.debug("the client left its stream")
            except ApiError:
                _log.debug("the server stops: the stream ends, and its client will come again")
        return events.response

    async def _tell(self, listener: Listener, events: EventStream, interval_s: float) -> None:
        """Write what the listener hears, and say what was taken. Raises ClientGone."""
        while True:
            alerts = await listener.next(interval_s)
            for alert in alerts:
                await events.send("reminder", reminder_json(alert))
            with events.delivery() as delivery:
                try:
                    while not await delivery.wait(self._doubt_after_s):
                        listener.doubt()
                finally:
                    if delivery.taken:  # also when the client has just left with it
                        listener.took(alerts)


def _refuse_pictures(request: web.Request) -> None:
    """Raise ApiError 406 when a browser fetches this as what it is not.

    A foreign page may name this address as a picture or a script. Over plain http a browser then
    says neither where the page is from nor what it is for; but unlike an EventSource it does not
    ask for an event stream. What it would be told would count as told.
    """
    headers = request.headers
    is_browser = headers.get(hdrs.USER_AGENT, "").startswith("Mozilla/")
    says_whence = hdrs.ORIGIN in headers or "Sec-Fetch-Site" in headers
    if is_browser and not says_whence and "text/event-stream" not in headers.get(hdrs.ACCEPT, ""):
        raise ApiError(406, "This is an event stream: ask with Accept: text/event-stream.")
