"""POST /chat and POST /chat/stream: one turn, as one answer or as it is written.

The handler's own task runs the turn. When the client leaves, the server cancels the handler, and
the turn with it, even while the model is silent.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from ren_device.errors import RenError
from ren_device.model import Reply, ReplyPart, TextDelta, ToolRun
from ren_device.web.errors import BUG, ApiError
from ren_device.web.keys import SERVICES, STOPPING
from ren_device.web.schemas import ChatBody, read_body, reply_json
from ren_device.web.sse import ClientGone, EventStream, event_stream
from ren_device.web.stopping import Stopping

routes = web.RouteTableDef()

_log = logging.getLogger(__name__)


@routes.post("/chat")
async def chat(request: web.Request) -> web.Response:
    """Answer when the turn is over."""
    async with aclosing(await _begin(request)) as turn, request.app[STOPPING].ends_this():
        reply: Reply | None = None
        async for part in turn:
            if isinstance(part, Reply):
                reply = part
    return web.json_response(reply_json(_whole(reply)))


@routes.post("/chat/stream")
async def chat_stream(request: web.Request) -> web.StreamResponse:
    """Answer with server-sent events as the turn goes on; the last is `done` or `error`."""
    async with aclosing(await _begin(request)) as turn, event_stream(request) as events:
        try:
            await _relay(turn, events, request.app[STOPPING])
        except ClientGone:
            _log.debug("the client left its stream")
    return events.response


async def _begin(request: web.Request) -> AsyncGenerator[ReplyPart, None]:
    body = await read_body(request, ChatBody)
    async with request.app[STOPPING].ends_this():
        return await request.app[SERVICES].assistant.begin(
            body.message, thread_id=body.thread_id, tier=body.tier
        )


async def _relay(
    turn: AsyncGenerator[ReplyPart, None], events: EventStream, stopping: Stopping
) -> None:
    """Write every part of the turn, and say how it ended. Raises ClientGone."""
    try:
        # Closed in here, so that a turn that fails while it ends still gets its `error` frame.
        async with stopping.ends_this(), aclosing(turn):
            reply: Reply | None = None
            async for part in turn:
                match part:
                    case TextDelta(text):
                        await events.send("token", {"text": text})
                    case ToolRun(tool, status):
                        await events.send("tool_run", {"tool": tool, "status": status})
                    case Reply():
                        reply = part
        # Only now has the turn ended, and with it been stored.
        await events.send("done", reply_json(_whole(reply)))
    except ClientGone:
        raise
    except RenError as error:
        if not isinstance(error, ApiError):
            # The sentence may quote the service or the person, so it stays out of the log.
            _log.warning("a streamed turn failed: %s", type(error).__name__)
        await events.send("error", {"detail": str(error)})
    except Exception:  # noqa: BLE001 - a bug; the stream still never just drops
        _log.exception("a streamed turn failed")
        await events.send("error", {"detail": BUG})


def _whole(reply: Reply | None) -> Reply:
    if reply is None:
        raise RuntimeError("the turn ended without a reply")
    return reply
