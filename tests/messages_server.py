"""A scripted server of the Messages API on loopback, strict about what it is asked.

    async with MessagesServer([Answer("Hello."), Fail(529)]) as server:
        mind = ClaudeMind(server.key, server.url)

Each request takes the next answer of the script; a callable script is given the request's body
instead. A request that breaks a rule of the API is answered 400 and noted in `server.mistakes`, so
a test ends with `assert not server.mistakes`.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from tests.messages_rules import mistake_in

Json = dict[str, Any]


@dataclass(frozen=True)
class Use:
    """The model asks for a tool. `raw` replaces the JSON of the arguments."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    id: str = "toolu_1"
    raw: str | None = None


@dataclass(frozen=True)
class Answer:
    """Text and tool calls, in order, streamed token by token.

    `then` says how it ends: whole; a `stall` without another byte; a `drop` of the connection; an
    early `end` of the body; an `error` event; or with `garbage`, a data line taken as it stands.
    """

    text: str = ""
    uses: tuple[Use, ...] = ()
    stop_reason: str | None = None
    then: Literal["whole", "stall", "drop", "end", "error", "garbage"] = "whole"
    error: str = "Overloaded"
    garbage: str = "{"
    counts: bool = True
    usage: Mapping[str, int] = field(default_factory=dict)
    """Told at the end; else one input token, and one output token a character."""


@dataclass(frozen=True)
class Fail:
    """An answer with an error status. `body` replaces the API's error shape."""

    status: int
    message: str = "scripted failure"
    kind: str = "api_error"
    body: str | None = None


@dataclass(frozen=True)
class Stall:
    """Take the request and never answer."""


@dataclass(frozen=True)
class Hangup:
    """Take the request and close the connection without a byte."""


Scripted = Answer | Fail | Stall | Hangup
Script = Iterable[Scripted] | Callable[[Json], Scripted]


class MessagesServer:
    """See the module. Delays are in seconds; a rate of 0 is as fast as the socket takes it."""

    def __init__(
        self,
        script: Script,
        *,
        first_token_s: float = 0.0,
        tokens_per_s: float = 0.0,
        key: str = "test-key",
        port: int = 0,
    ) -> None:
        self.key = key
        self.url = ""
        self.requests: list[Json] = []
        self.headers: list[Mapping[str, str]] = []
        self.mistakes: list[str] = []
        self.connections: set[object] = set()
        """The clients' addresses."""
        self.arrived = asyncio.Event()
        """A request has come in."""
        self.left = asyncio.Event()
        """A client went away before its answer was whole."""
        self._script = script if callable(script) else _in_turn(script)
        self._first_token_s = first_token_s
        self._token_s = 1 / tokens_per_s if tokens_per_s else 0.0
        self._port = port
        app = web.Application()
        app.router.add_post("/v1/messages", self._messages)
        # The handler is cancelled when its client goes away: that is how `left` is known.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        self.arrived.set()
        raw = await request.text()
        self.headers.append(request.headers)
        if request.transport is not None:
            self.connections.add(request.transport.get_extra_info("peername"))
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _failure(Fail(401, "invalid x-api-key", "authentication_error"))
        if mistake := mistake_in(request.headers, raw):
            self.mistakes.append(mistake)
            return _failure(Fail(400, mistake, "invalid_request_error"))
        body = json.loads(raw)
        self.requests.append(body)
        try:
            return await self._answered(request, self._script(body), body["model"])
        except (asyncio.CancelledError, ConnectionResetError):
            self.left.set()
            raise

    async def _answered(
        self, request: web.Request, scripted: Scripted, model: str
    ) -> web.StreamResponse:
        if isinstance(scripted, Fail):
            return _failure(scripted)
        if isinstance(scripted, Stall):
            await asyncio.Event().wait()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        if not isinstance(scripted, Answer):
            _drop(request)
            return response
        await response.prepare(request)
        await self._stream(response, scripted, model)
        if scripted.then == "stall":
            await asyncio.Event().wait()
        elif scripted.then == "drop":
            _drop(request)
        elif scripted.then == "error":
            error = {"type": "overloaded_error", "message": scripted.error}
            await _send(response, {"type": "error", "error": error})
        elif scripted.then == "garbage":
            await response.write(b"event: ping\ndata: {}\n\n")
            line = f"event: content_block_delta\ndata: {scripted.garbage}\n\n"
            await response.write(line.encode(errors="surrogateescape"))
        elif scripted.then == "whole":
            stop = scripted.stop_reason or ("tool_use" if scripted.uses else "end_turn")
            delta = {"stop_reason": stop, "stop_sequence": None}
            event: Json = {"type": "message_delta", "delta": delta}
            if scripted.counts:
                event["usage"] = scripted.usage or {"output_tokens": len(scripted.text)}
            await _send(response, event)
            await _send(response, {"type": "message_stop"})
        return response

    async def _stream(self, response: web.StreamResponse, answer: Answer, model: str) -> None:
        message: Json = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": model,
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 0},
        }
        if not answer.counts:
            del message["usage"]
        await _send(response, {"type": "message_start", "message": message})
        await _send(response, {"type": "ping"})
        await asyncio.sleep(self._first_token_s)
        index = 0
        if answer.text:
            deltas = [{"type": "text_delta", "text": token} for token in _tokens(answer.text)]
            whole = answer.then == "whole"
            await self._block(response, index, {"type": "text", "text": ""}, deltas, whole=whole)
            index += 1
        for use in answer.uses:
            block = {"type": "tool_use", "id": use.id, "name": use.name, "input": {}}
            text = json.dumps(use.arguments) if use.raw is None else use.raw
            pieces = ["", text[: len(text) // 2], text[len(text) // 2 :]]
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
            await self._block(response, index, block, deltas, whole=True)
            index += 1

    async def _block(
        self,
        response: web.StreamResponse,
        index: int,
        block: Json,
        deltas: Iterable[Json],
        *,
        whole: bool,
    ) -> None:
        start = {"type": "content_block_start", "index": index, "content_block": block}
        await _send(response, start)
        for number, delta in enumerate(deltas):
            if number:
                await asyncio.sleep(self._token_s)
            event = {"type": "content_block_delta", "index": index, "delta": delta}
            await _send(response, event)
        if whole:
            await _send(response, {"type": "content_block_stop", "index": index})


def _in_turn(script: Iterable[Scripted]) -> Callable[[Json], Scripted]:
    answers = iter(script)

    def following(_: Json) -> Scripted:
        return next(answers, Fail(500, "the script is at its end"))

    return following


def _tokens(text: str) -> list[str]:
    """Words with the space in front of them, about what a model writes at a time."""
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


async def _send(response: web.StreamResponse, event: Json) -> None:
    await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


def _failure(fail: Fail) -> web.Response:
    error = {"type": "error", "error": {"type": fail.kind, "message": fail.message}}
    text = json.dumps(error) if fail.body is None else fail.body
    kind = "application/json" if fail.body is None else "text/html"
    return web.Response(status=fail.status, text=text, content_type=kind)


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
