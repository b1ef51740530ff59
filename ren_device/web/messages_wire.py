"""Ren's answers in the words of the Messages API: the message as a whole, and as events."""

import json
import secrets
from collections.abc import Iterator
from typing import Any, Literal

from typing_extensions import TypedDict

from ren_device.assistant.guest import GuestPart, GuestReply, GuestStart
from ren_device.model import Spent, TextDelta, Tier, ToolCall, ToolRun
from ren_device.web.messages_body import LOCAL_MODEL, MODELS

StopReason = Literal["end_turn", "max_tokens", "tool_use"]


class Usage(TypedDict):
    """Tokens of all steps of the turn, as the model's service counted them, or estimated."""

    input_tokens: int
    output_tokens: int


class Content(TypedDict, total=False):
    """Text, or a call of one of the caller's tools."""

    type: Literal["text", "tool_use"]
    text: str
    id: str
    name: str
    input: dict[str, Any]


class AnswerMessage(TypedDict):
    """What Ren said."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[Content]
    stop_reason: StopReason | None
    stop_sequence: None
    usage: Usage


class MessageStart(TypedDict):
    """The answer begins; what it costs is only known at the end."""

    type: Literal["message_start"]
    message: AnswerMessage


class Ping(TypedDict):
    """Something happens that cannot be seen, such as one of Ren's own tools."""

    type: Literal["ping"]


class BlockStart(TypedDict):
    """A text or a call begins."""

    type: Literal["content_block_start"]
    index: int
    content_block: Content


class BlockPiece(TypedDict, total=False):
    """`text` of a text_delta, or `partial_json` of an input_json_delta."""

    type: Literal["text_delta", "input_json_delta"]
    text: str
    partial_json: str


class BlockDelta(TypedDict):
    """More of it."""

    type: Literal["content_block_delta"]
    index: int
    delta: BlockPiece


class BlockStop(TypedDict):
    """It is whole."""

    type: Literal["content_block_stop"]
    index: int


class Ending(TypedDict):
    """Why the answer ends."""

    stop_reason: StopReason
    stop_sequence: None


class MessageDelta(TypedDict):
    """Why the answer ends, and what it cost."""

    type: Literal["message_delta"]
    delta: Ending
    usage: Usage


class MessageStop(TypedDict):
    """The answer is whole; the last event."""

    type: Literal["message_stop"]


class ModelInfo(TypedDict):
    """A name that a request can ask for."""

    type: Literal["model"]
    id: str
    display_name: str
    created_at: str
    lifecycle: Literal["active"]


class ModelList(TypedDict):
    """All of them, on one page."""

    data: list[ModelInfo]
    has_more: bool
    first_id: str
    last_id: str


Event = MessageStart | Ping | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop


class MessageWriter:
    """Writes one answer, from the parts of a guest's turn as they come."""

    def __init__(self, model: str) -> None:
        """`model` is what was asked for."""
        self.message: AnswerMessage = {
            "id": f"msg_{secrets.token_hex(12)}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _usage(Spent()),
        }
        """The answer so far."""
        self._text_open = False

    def take(self, part: GuestPart) -> list[Event]:
        """What goes over the wire for this part."""
        return list(self._events(part))

    def _events(self, part: GuestPart) -> Iterator[Event]:
        match part:
            case GuestStart(tier):
                if tier is Tier.LOCAL:
                    self.message["model"] = LOCAL_MODEL
                yield {"type": "message_start", "message": {**self.message, "content": []}}
                yield {"type": "ping"}
            case TextDelta(text):
                yield from self._text(text)
            case ToolRun():
                yield {"type": "ping"}
            case ToolCall():
                yield from self._call(part)
            case GuestReply(stop_reason, spent):
                yield from self._close()
                self.message["stop_reason"] = stop_reason
                self.message["usage"] = usage = _usage(spent)
                ending: Ending = {"stop_reason": stop_reason, "stop_sequence": None}
                yield {"type": "message_delta", "delta": ending, "usage": usage}
                yield {"type": "message_stop"}

    def _text(self, text: str) -> Iterator[Event]:
        content = self.message["content"]
        if not self._text_open:
            self._text_open = True
            content.append({"type": "text", "text": ""})
            yield self._opened({"type": "text", "text": ""})
        content[-1]["text"] += text
        yield self._more({"type": "text_delta", "text": text})

    def _call(self, call: ToolCall) -> Iterator[Event]:
        yield from self._close()
        start: Content = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        arguments = dict(call.arguments)
        self.message["content"].append({**start, "input": arguments})
        yield self._opened(start)
        yield self._more({"type": "input_json_delta", "partial_json": json.dumps(arguments)})
        yield {"type": "content_block_stop", "index": self._index}

    def _close(self) -> Iterator[Event]:
        if self._text_open:
            self._text_open = False
            yield {"type": "content_block_stop", "index": self._index}

    def _opened(self, block: Content) -> BlockStart:
        return {"type": "content_block_start", "index": self._index, "content_block": block}

    def _more(self, piece: BlockPiece) -> BlockDelta:
        return {"type": "content_block_delta", "index": self._index, "delta": piece}

    @property
    def _index(self) -> int:
        return len(self.message["content"]) - 1


def model_list() -> ModelList:
    """Every name that can be asked for."""
    names = list(MODELS)
    return {
        "data": [model_info(name) for name in names],
        "has_more": False,
        "first_id": names[0],
        "last_id": names[-1],
    }


def model_info(name: str) -> ModelInfo:
    """One of them."""
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "1970-01-01T00:00:00Z",  # this API's way to say that nobody knows
        "lifecycle": "active",
    }


def _usage(spent: Spent) -> Usage:
    return {"input_tokens": spent.input_tokens, "output_tokens": spent.output_tokens}
