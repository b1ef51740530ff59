"""Ren's nouns in the words of the Messages API."""

from typing import Any

from ren_device.model import Message, MindRequest, Text, ToolCall, ToolResult, ToolSpec

MAX_TOKENS_SPOKEN = 1024
MAX_TOKENS_TYPED = 8192
MOST_TOKENS = 64_000
"""What the smallest of the models can write at once; a request for more gets this."""

_CACHED = {"cache_control": {"type": "ephemeral"}}


def body_of(request: MindRequest) -> dict[str, Any]:
    """The request. What never changes comes first and is marked for the service's cache."""
    system: list[dict[str, Any]] = [{"type": "text", "text": request.system, **_CACHED}]
    if request.context:
        system.append({"type": "text", "text": request.context})
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": _max_tokens(request),
        "system": system,
        "messages": [_message(message) for message in request.messages],
    }
    if request.tools:
        body["tools"] = [_tool(spec) for spec in request.tools]
        body["tools"][-1] |= _CACHED
        if not request.may_call_tools:
            body["tool_choice"] = {"type": "none"}
    return body


def _max_tokens(request: MindRequest) -> int:
    if request.max_tokens is not None:
        return min(request.max_tokens, MOST_TOKENS)
    return MAX_TOKENS_SPOKEN if request.spoken else MAX_TOKENS_TYPED


def _tool(spec: ToolSpec) -> dict[str, Any]:
    return {"name": spec.name, "description": spec.description, "input_schema": spec.schema}


def _message(message: Message) -> dict[str, Any]:
    return {"role": message.role, "content": [_block(part) for part in message.content]}


def _block(part: Text | ToolCall | ToolResult) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, ToolCall):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": part.arguments}
    return {
        "type": "tool_result",
        "tool_use_id": part.call_id,
        "content": part.content,
        "is_error": part.is_error,
    }
