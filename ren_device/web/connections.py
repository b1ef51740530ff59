"""Holds every connection to the limits, below the level at which routes exist.

aiohttp bounds lines, headers and idle connections, but not how many connections there are, how long
a request's head may take to arrive, how large it may be in all, or how long a client may leave its
answer unread; and what is not HTTP it answers with plain text and a traceback in the log. None of
that can be set, so this file, and no other, leans on the inside of aiohttp's server:

- `RequestHandler`, one per connection, is subclassed. Of its insides are used `_waiter` (pending
  while it waits for a request), `_request_count` (heads that came), `_messages` (requests that are
  not handled yet; an `_ErrInfo` among them becomes an error), `_current_request`, `_upgraded`;
- `Server`, which makes one per connection, is subclassed; used are `_connections` and `_kwargs`;
- `AppRunner._make_server` is where ours takes the place of theirs.

tests/web/test_web_connections.py notices when another aiohttp does any of this differently.
"""

import asyncio
import json
import logging
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from ren_device.web.errors import BUG
from ren_device.web.limits import Limits

_log = logging.getLogger(__name__)

_READ_ON_S = 5.0  # the rest of a body is swallowed for so long, so that the refusal can be read
_REFUSED_S = 2.0  # what a client has to send its request and take the 503 for it
_REFUSED_AT_ONCE = 64  # clients with that much attention; more are cut off without a word
_FULL = json.dumps({"detail": "Too many connections are open; try again soon."}).encode()
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\n"
    b"Retry-After: 10\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
) % (len(_FULL), _FULL)
_TOLD = {
    408: "The request took too long to arrive.",
    414: "The request's address is too long.",
    431: "The request's headers are too large.",
    500: BUG,
    504: BUG,
}


class _BadHead(Exception):
    """The first line and the headers of a request are too large or too slow."""


class _Connection(RequestHandler):
    """One connection: aiohttp's, with a watch on the heads of requests and on unread answers."""

    __slots__ = (
        "_failed",
        "_head_bytes",
        "_head_since",
        "_limits",
        "_server",
        "_stalled_s",
        "_unsent",
        "_unsent_since",
    )

    def __init__(self, server: "_Server", limits: Limits, stalled_s: float, **kwargs: Any) -> None:
        super().__init__(server, **kwargs)
        self._server = server
        self._limits = limits
        self._stalled_s = stalled_s
        self._failed = False
        self._head_bytes = 0  # of a head that is not whole yet
        self._head_since: float | None = None
        self._unsent = 0
        self._unsent_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._server.is_full():
            self._server.refuse(transport)
            return
        self._head_since = self._unsent_since = self._loop.time()
        super().connection_made(transport)
        self._server.watch()

    def data_received(self, data: bytes) -> None:
        if self._failed:
            return
        seen = self._request_count
        in_head = self._is_in_head()
        super().data_received(data)
        if self._request_count != seen:
            self._head_since = None
            size, self._head_bytes = self._head_bytes + len(data), 0
            if size > self._limits.head and any(map(self._is_large, self._messages)):
                self._messages.clear()
                self._fail(431)
        elif in_head:
            self._head_bytes += len(data)
            if self._head_since is None:
                self._head_since = self._loop.time()
            if self._head_bytes > self._limits.head:
                self._fail(431)

    def check(self, transport: asyncio.Transport, now: float) -> None:
        """Give up on a client that is too slow; called again and again."""
        unsent = transport.get_write_buffer_size()
        if not unsent or unsent < self._unsent:
            self._unsent_since = now
        self._unsent = unsent
        if now - self._unsent_since > self._stalled_s:
            transport.abort()  # a polite close would wait until the rest is read
        elif self._head_since is not None and now - self._head_since > self._limits.head_s:
            if self._head_bytes:
                self._fail(408)
            elif self._is_waiting():
                self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is not HTTP, or not within the limits; never a traceback."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("a request failed outside of its route", exc_info=exc)
        else:
            _log.debug("what came is not a request: %s", type(exc).__name__)
        if isinstance(exc, LineTooLong):
            status = 414 if exc.args[1] == self.max_line_size else 431
        if message and message.startswith("Too many headers"):
            status = 431
        told = _TOLD.get(status) or f"This is not HTTP: {_first_line(message)}."
        answer = web.json_response({"detail": told}, status=status)
        answer.force_close()
        return answer

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """Send it; what aiohttp says before a route is reached (417) in our words, too."""
        if isinstance(resp, web.HTTPException) and resp.status >= HTTPStatus.BAD_REQUEST:
            resp = web.json_response({"detail": resp.reason}, status=resp.status)
        return super().finish_response(request, resp, start_time)

    def _is_waiting(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def _is_in_head(self) -> bool:
        """Whether what comes now belongs to a head that is not whole yet, and to no body."""
        if self._upgraded:
            return False
        if self._messages:
            return self._messages[-1][1].is_eof()
        if self._current_request is not None:
            return self._current_request.content.is_eof()
        return self._is_waiting()

    def _is_large(self, message: tuple[RawRequestMessage | _ErrInfo, object]) -> bool:
        head = message[0]
        if isinstance(head, _ErrInfo):
            return False
        size = sum(len(name) + len(value) + 4 for name, value in head.raw_headers)
        return size + len(head.path) > self._limits.head

    def _fail(self, status: int) -> None:
        """Answer with an error and close; cut the line where an answer is under way already."""
        self._failed = True
        if self._current_request is not None or self._waiter is None:
            if self.transport is not None:
                self.transport.abort()
            return
        self._messages.append((_ErrInfo(status, _BadHead(), ""), EMPTY_PAYLOAD))
        if not self._waiter.done():
            self._waiter.set_result(None)


class _Refusal(asyncio.Protocol):
    """A connection too many: waits for its request, answers 503, and lets it read that."""

    def __init__(self, refused: "set[_Refusal]") -> None:
        self._refused = refused
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if len(self._refused) >= _REFUSED_AT_ONCE:
            self._transport.abort()
            return
        self._refused.add(self)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_REFUSED_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  inherited
        if self._transport is not None and not self._answered:
            self._answered = True
            self._transport.write(_REFUSAL)
            self._transport.write_eof()  # not a close, which would drop the answer with a reset

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  inherited
        self._refused.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()


class _Server(web.Server):
    """Makes our connections, counts them, and looks after them about once a second."""

    def __init__(self, theirs: web.Server, limits: Limits, stalled_s: float) -> None:
        super().__init__(
            theirs.request_handler,
            request_factory=theirs.request_factory,
            handler_cancellation=theirs.handler_cancellation,
            **theirs._kwargs,  # noqa: SLF001  see the module
        )
        self._limits = limits
        self._stalled_s = stalled_s
        self._refused: set[_Refusal] = set()
        self._look_s = min(1.0, limits.head_s / 4, stalled_s / 4)
        self._next_look: asyncio.TimerHandle | None = None

    def __call__(self) -> RequestHandler:
        return _Connection(self, self._limits, self._stalled_s, loop=self._loop, **self._kwargs)

    def is_full(self) -> bool:
        """Whether there is no room for another connection."""
        return len(self._connections) >= self._limits.connections

    def refuse(self, transport: asyncio.BaseTransport) -> None:
        """Answer 503 there, whatever is asked."""
        refusal = _Refusal(self._refused)
        cast("asyncio.Transport", transport).set_protocol(refusal)
        refusal.connection_made(transport)

    def watch(self) -> None:
        """Look after the connections for as long as there are any."""
        if self._next_look is None:
            self._next_look = self._loop.call_later(self._look_s, self._look)

    async def shutdown(self, timeout: float | None = None) -> None:
        for refusal in tuple(self._refused):
            refusal.abort()
        await super().shutdown(timeout)
        if self._next_look is not None:
            self._next_look.cancel()

    def _look(self) -> None:
        self._next_look = None
        now = self._loop.time()
        for connection, transport in tuple(self._connections.items()):
            cast("_Connection", connection).check(transport, now)
        if self._connections:
            self.watch()


class LimitedRunner(web.AppRunner):
    """Runs an application, and holds whoever connects to the limits."""

    def __init__(
        self, app: web.Application, limits: Limits, *, stalled_s: float, **kwargs: Any
    ) -> None:
        """A client may leave what it was sent unread for `stalled_s`; `kwargs` go to AppRunner."""
        super().__init__(
            app,
            keepalive_timeout=limits.idle_s,
            lingering_time=_READ_ON_S,
            max_line_size=limits.line,
            max_field_size=limits.field,
            max_headers=limits.headers,
            **kwargs,
        )
        self._limits = limits
        self._stalled_s = stalled_s

    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), self._limits, self._stalled_s)


def _first_line(message: str | None) -> str:
    return (message or "").partition("\n")[0].strip(" .:") or "it cannot be read"
