"""POST /chat and POST /chat/stream: one turn, as one answer or as it is written.

The handler's own task runs the turn. When the client leaves, the server cancels the handler, and
the turn with it, even while the model is silent.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from ren_device.errors import RenError
from ren_device.model import Reply, ReplyPart, TextDelta, Tier, ToolRun
from ren_device.web import answers
from ren_device.web.describe import Described, Event
from ren_device.web.errors import BUG, ApiError
from ren_device.web.keys import SERVICES, STOPPING, TURNS
from ren_device.web.schemas import ChatBody, answer_json, read_body, reply_json
from ren_device.web.sse import ClientGone, EventStream, event_stream
from ren_device.web.stopping import Stopping

routes = web.RouteTableDef()

_log = logging.getLogger(__name__)

_ASK = {"message": "remind me to call mom at 6pm", "tier": "fast"}
_REPLY: answers.Reply = {
    "reply": "Call mom, at 6 pm. I'll remind you.",
    "model": "claude-haiku-4-5-20251001",
    "tier": Tier.FAST,
    "thread_id": 1,
}
_ERRORS = {
    404: "`thread_id` names no thread.",
    429: "Too many turns run or wait, in all or in this thread.",
    502: "The model's service failed, or cannot be reached.",
    503: "A cloud tier was asked for and `ANTHROPIC_API_KEY` is not set.",
    504: "The turn ran past `REN_CHAT_TIMEOUT_S` (60 s).",
}


@routes.post("/chat")
@Described(
    "One turn, answered whole",
    tag="Chat",
    body=ChatBody,
    body_example=_ASK,
    answer=answers.Reply,
    example=_REPLY,
    errors=_ERRORS,
)
async def chat(request: web.Request) -> web.Response:
    """Answers when the turn is over. A client that closes the connection cancels the turn."""
    body = await read_body(request, ChatBody)
    with request.app[TURNS].one(body.thread_id, local=body.tier is Tier.LOCAL):
        async with aclosing(await _begin(request, body)) as turn, request.app[STOPPING].ends_this():
            reply: Reply | None = None
            async for part in turn:
                if isinstance(part, Reply):
                    reply = part
    return answer_json(reply_json(_whole(reply)))


@routes.post("/chat/stream")
@Described(
    "One turn, as it is written",
    tag="Chat",
    body=ChatBody,
    body_example={"message": "plan my week", "tier": "hard"},
    events={
        "token": Event(answers.Token, {"text": "Here"}),
        "tool_run": Event(answers.ToolRun, {"tool": "list_reminders", "status": "running"}),
        "done": Event(answers.Reply, _REPLY),
        "error": Event(answers.Problem, {"detail": "The model's service is overloaded."}),
    },
    errors={status: text for status, text in _ERRORS.items() if status not in (502, 504)},
)
async def chat_stream(request: web.Request) -> web.StreamResponse:
    """Answers with events as the turn goes on. Exactly one `done` or `error` ends the stream.

    What is known before the turn begins is still a status. A comment comes after 15 s of silence. A
    client that closes the connection cancels the turn, and so does one that leaves what was sent
    unread for 20 s.
    """
    body = await read_body(request, ChatBody)
    with request.app[TURNS].one(body.thread_id, local=body.tier is Tier.LOCAL):
        async with aclosing(await _begin(request, body)) as turn, event_stream(request) as events:
            try:
                await _relay(turn, events, request.app[STOPPING])
            except ClientGone:
                _log.debug("the client left its stream")
    return events.response


async def _begin(request: web.Request, body: ChatBody) -> AsyncGenerator[ReplyPart, None]:
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
