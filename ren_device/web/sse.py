"""Server-sent events: one stream to one client."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from ren_device.web.delivery import Delivery, drop_when_stalled
from ren_device.web.keys import SERVICES
from ren_device.web.schemas import dumps

_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # proxies must pass each frame on as it comes
}
_KEEP_ALIVE = b": still here\n\n"


class ClientGone(Exception):
    """The other end closed the connection, or has stopped reading."""


class EventStream:
    """Writes frames. Use `event_stream` to get one."""

    def __init__(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write to `response`, which is prepared already."""
        self.response = response
        self._request = request
        self._stalled_s = request.app[SERVICES].stalled_s
        self._written_at = asyncio.get_running_loop().time()

    async def send(self, event: str, data: Mapping[str, object]) -> None:
        """One frame; waits while the client is slow. Raises ClientGone."""
        # Half a surrogate pair, should a mind ever write one, must not break the stream.
        await self._write(f"event: {event}\ndata: {dumps(data)}\n\n".encode(errors="replace"))

    def delivery(self) -> Delivery:
        """Of everything that was sent so far. Raises ClientGone."""
        if self._request.transport is None:
            raise ClientGone
        return Delivery(self._request.transport)

    async def keep_alive(self, every_s: float) -> None:
        """Write a comment after each such silence, until cancelled or the client has gone."""
        now = asyncio.get_running_loop().time
        try:
            while True:
                await asyncio.sleep(self._written_at + every_s - now())
                if now() - self._written_at >= every_s:
                    await self._write(_KEEP_ALIVE)
        except ClientGone:
            pass  # the handler learns it by itself

    async def _write(self, frame: bytes) -> None:
        self._written_at = asyncio.get_running_loop().time()
        limit = asyncio.timeout(self._stalled_s)
        try:
            async with limit:
                await self.response.write(frame)
        except ConnectionError:
            raise ClientGone from None
        except TimeoutError:
            if not limit.expired():
                raise
            # What lies in the send buffer will never be read, so a polite close would wait forever.
            if self._request.transport is not None:
                self._request.transport.abort()
            raise ClientGone from None


@asynccontextmanager
async def event_stream(
    request: web.Request, silence_s: float = math.inf
) -> AsyncIterator[EventStream]:
    """Open a stream: headers go out at once, and comments keep it alive until the block ends.

    Between two frames pass at most `silence_s` seconds, or the server's own `keep_alive_s` if that
    is less. When the client leaves, or confirms nothing for `stalled_s`, the server cancels the
    handler, and with it the block.
    """
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    stream = EventStream(request, response)
    services = request.app[SERVICES]
    if request.transport is not None:
        drop_when_stalled(request.transport, services.stalled_s)
    every_s = min(silence_s, services.keep_alive_s)
    keeper = asyncio.create_task(stream.keep_alive(every_s), name="event stream keep-alive")
    try:
        yield stream
    finally:
        keeper.cancel()
        await asyncio.wait({keeper})


def stream_head() -> web.Response:
    """The answer to a HEAD: a stream's headers, and no stream."""
    return web.Response(headers=_HEADERS)
