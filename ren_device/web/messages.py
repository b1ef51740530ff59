"""POST /v1/messages: Ren for programs, in the wire format of the Messages API.

Every request needs a key. The conversation is the one in the request and nothing of it is kept. A
stream begins with the first thing that happens, so that what fails before that has a status.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Protocol

from aiohttp import web
from pydantic import BaseModel

from ren_device.assistant.guest import GuestAsk, GuestPart
from ren_device.errors import CloudKeyMissing, RenError
from ren_device.model import ToolRun
from ren_device.web import messages_wire as wire
from ren_device.web.describe import Described
from ren_device.web.describe import Event as Told
from ren_device.web.doorkeeper import Doorkeeper
from ren_device.web.errors import BUG, ApiError, status_of
from ren_device.web.keys import STOPPING, TURNS
from ren_device.web.messages_body import MessagesBody, tier_of
from ren_device.web.messages_errors import Error, error_answer, error_json
from ren_device.web.schemas import read_body, read_path
from ren_device.web.sse import ClientGone, EventStream, event_stream

_log = logging.getLogger(__name__)

_PROGRAMS = 0
"""All programs share one line of turns, which is no thread's, and leave room for the people."""

_TAG = "Programs"
_KEY = {401: "The key is missing or wrong.", 429: "Too many wrong keys, or too many turns."}
_NO_MODEL = {404: "There is no such model."}
_USAGE: wire.Usage = {"input_tokens": 1204, "output_tokens": 12}
_MESSAGE: wire.AnswerMessage = {
    "id": "msg_5f0c",
    "type": "message",
    "role": "assistant",
    "model": "astra",
    "content": [{"type": "text", "text": "About four minutes."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": _USAGE,
}
_BEGUN: wire.AnswerMessage = {
    **_MESSAGE,
    "content": [],
    "stop_reason": None,
    "usage": {"input_tokens": 0, "output_tokens": 0},
}


class Guest(Protocol):
    """Who answers programs."""

    def begin(self, ask: GuestAsk) -> AsyncGenerator[GuestPart, None]:
        """Start a turn and return its parts; see assistant.guest. Raises CloudKeyMissing."""


class ModelPath(BaseModel):
    """Which model."""

    id: str


class MessagesApi:
    """The routes under /v1."""

    def __init__(self, guest: Guest, doorkeeper: Doorkeeper) -> None:
        """Let in whom the doorkeeper admits."""
        self._guest = guest
        self._doorkeeper = doorkeeper

    def routes(self) -> web.RouteTableDef:
        """What to add to the application."""
        routes = web.RouteTableDef()
        routes.post("/v1/messages")(self._messages)
        routes.get("/v1/models")(self._models)
        routes.get("/v1/models/{id}")(self._model)
        return routes

    @Described(
        "Ask Ren from a program",
        tag=_TAG,
        bearer=True,
        body=MessagesBody,
        body_example={
            "model": "astra",
            "messages": [{"role": "user", "content": "How long does a soft egg take?"}],
        },
        answer=wire.AnswerMessage,
        example=_MESSAGE,
        events={
            "message_start": Told(wire.MessageStart, {"type": "message_start", "message": _BEGUN}),
            "ping": Told(wire.Ping, {"type": "ping"}),
            "content_block_start": Told(
                wire.BlockStart,
                {
                    "type": "content_block_start",
                    "index": 0,
                    "content_block": {"type": "text", "text": ""},
                },
            ),
            "content_block_delta": Told(
                wire.BlockDelta,
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": "About four"},
                },
            ),
            "content_block_stop": Told(wire.BlockStop, {"type": "content_block_stop", "index": 0}),
            "message_delta": Told(
                wire.MessageDelta,
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                    "usage": _USAGE,
                },
            ),
            "message_stop": Told(wire.MessageStop, {"type": "message_stop"}),
            "error": Told(Error, error_json(502, "The model's service failed.")),
        },
        errors={
            **_KEY,
            **_NO_MODEL,
            400: "The body does not fit this API.",
            502: "The model's service failed, or cannot be reached.",
            503: "A cloud tier is needed and no key for it is set.",
            504: "The turn ran past `REN_CHAT_TIMEOUT_S`.",
        },
        error=Error,
    )
    async def _messages(self, request: web.Request) -> web.StreamResponse:
        """One turn of a conversation that the caller keeps, in the wire format of the Messages API.

        With `stream` it is answered with events, else as one message. A client that closes the
        connection cancels the turn.
        """
        await self._doorkeeper.admit(request)
        body = await read_body(request, MessagesBody)
        ask = body.ask()
        with request.app[TURNS].one(_PROGRAMS):
            try:
                turn = self._guest.begin(ask)
            except CloudKeyMissing as error:
                return _final(error)
            async with aclosing(turn):
                answer = _streamed if body.stream else _whole
                return await answer(request, wire.MessageWriter(body.model), turn)

    @Described(
        "List the models",
        tag=_TAG,
        bearer=True,
        answer=wire.ModelList,
        example=wire.model_list(),
        errors=_KEY,
        error=Error,
    )
    async def _models(self, request: web.Request) -> web.Response:
        """The names that a program can ask for: `astra` routes by intent, the others pin a tier."""
        await self._doorkeeper.admit(request)
        return web.json_response(wire.model_list())

    @Described(
        "Look at a model",
        tag=_TAG,
        bearer=True,
        path=ModelPath,
        answer=wire.ModelInfo,
        example=wire.model_info("astra"),
        errors={**_KEY, **_NO_MODEL},
        error=Error,
    )
    async def _model(self, request: web.Request) -> web.Response:
        """One of the names."""
        await self._doorkeeper.admit(request)
        name = read_path(request, ModelPath).id
        tier_of(name)
        return web.json_response(wire.model_info(name))


async def _whole(
    request: web.Request, writer: wire.MessageWriter, turn: AsyncGenerator[GuestPart, None]
) -> web.StreamResponse:
    """The answer as one message."""
    acted = False
    try:
        async with request.app[STOPPING].ends_this():
            async for part in turn:
                acted = acted or isinstance(part, ToolRun)
                writer.take(part)
    except RenError as error:
        if not acted:
            raise
        return _final(error)
    except Exception:
        if not acted:
            raise
        _log.exception("a turn failed after a tool had run")
        return _final(ApiError(500, BUG))
    return web.json_response(writer.message)


async def _streamed(
    request: web.Request, writer: wire.MessageWriter, turn: AsyncGenerator[GuestPart, None]
) -> web.StreamResponse:
    """The answer as events."""
    stopping = request.app[STOPPING]
    async with stopping.ends_this():
        begun = await anext(turn)
    async with event_stream(request) as events:
        try:
            async with stopping.ends_this():
                await _send(events, writer.take(begun))
                async for part in turn:
                    await _send(events, writer.take(part))
        except ClientGone:
            _log.debug("the client left its stream")
        except RenError as error:
            if not isinstance(error, ApiError):
                # The sentence may quote the service or the person, so it stays out of the log.
                _log.warning("a streamed turn failed: %s", type(error).__name__)
            await _send_last(events, error_json(status_of(error), str(error)))
        except Exception:  # noqa: BLE001 - a bug; the stream still never just drops
            _log.exception("a streamed turn failed")
            await _send_last(events, error_json(500, BUG))
    return events.response


async def _send(events: EventStream, frames: list[wire.Event]) -> None:
    for frame in frames:
        await events.send(frame["type"], frame)


async def _send_last(events: EventStream, error: Error) -> None:
    with suppress(ClientGone):
        await events.send("error", error)


def _final(error: RenError) -> web.Response:
    """An error after which the SDKs must not ask again by themselves, as they do after most.

    Without a key it would be in vain; and what tools have done must not be done twice.
    """
    status = status_of(error)
    if not isinstance(error, ApiError):
        _log.warning("a program's turn failed: %s", type(error).__name__)
    answer = error_answer(status, str(error))
    answer.headers["X-Should-Retry"] = "false"
    return answer
