"""The rules of the Messages API that a request can break; for `messages_server`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_FIELDS = {
    "max_tokens",
    "messages",
    "model",
    "stream",
    "system",
    "tool_choice",
    "tools",
}


def mistake_in(headers: Mapping[str, str], raw: str) -> str | None:
    """The first rule that this request breaks, or None."""
    try:
        return next(_mistakes(headers, json.loads(raw)), None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"malformed: {type(error).__name__}: {error}"


def _mistakes(headers: Mapping[str, str], body: dict[str, Any]) -> Iterator[str]:
    if not headers.get("anthropic-version"):
        yield "anthropic-version: header is required"
    if headers.get("Content-Type") != "application/json":
        yield "content-type: must be application/json"
    for name in sorted(body.keys() - _FIELDS):
        yield f"{name}: extra inputs are not permitted"
    if not body["model"] or not isinstance(body["model"], str):
        yield "model: must be a name"
    if not isinstance(body["max_tokens"], int) or body["max_tokens"] < 1:
        yield "max_tokens: must be positive"
    if body["stream"] is not True:
        yield "stream: this server only streams"
    yield from _tool_mistakes(body)
    yield from _message_mistakes(body["messages"], has_tools=bool(body.get("tools")))
    marked = [*body["system"], *body.get("tools", [])]
    for block in body["system"]:
        if block["type"] != "text" or not block["text"].strip():
            yield "system: text content blocks must be non-empty"
    if sum("cache_control" in each for each in marked) > 4:
        yield "cache_control: at most 4 blocks"
    if any(each.get("cache_control", _EPHEMERAL) != _EPHEMERAL for each in marked):
        yield "cache_control: unknown kind"


_EPHEMERAL = {"type": "ephemeral"}


def _tool_mistakes(body: dict[str, Any]) -> Iterator[str]:
    tools = body.get("tools", [])
    names = [tool["name"] for tool in tools]
    if len(set(names)) < len(names):
        yield "tools: names must be unique"
    for tool in tools:
        if tool.keys() - {"name", "description", "input_schema", "cache_control"}:
            yield "tools: extra inputs are not permitted"
        if tool["input_schema"]["type"] != "object":
            yield "tools.input_schema.type: must be object"
    if "tool_choice" in body and not tools:
        yield "tool_choice: may only be given with tools"
    if body.get("tool_choice", {"type": "auto"})["type"] not in ("auto", "none"):
        yield "tool_choice: unknown kind"


def _message_mistakes(messages: list[dict[str, Any]], *, has_tools: bool) -> Iterator[str]:
    if not messages or messages[-1]["role"] != "user":
        yield "messages: must end with the user"
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        if message["role"] != ("user", "assistant")[number % 2]:
            yield "messages: roles must alternate, the user first"
        blocks = message["content"]
        if not blocks:
            yield "messages.content: must not be empty"
        if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            yield "messages: text content blocks must contain non-whitespace text"
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if results != open_calls:
            yield "messages: each tool_use needs its tool_result in the next message"
        calls = [block for block in blocks if block["type"] == "tool_use"]
        if calls and message["role"] != "assistant":
            yield "messages: tool_use is for the assistant"
        if (calls or results) and not has_tools:
            yield "tools: must be given when messages hold tool blocks"
        if any(not isinstance(call["input"], dict) for call in calls):
            yield "messages: tool_use.input must be an object"
        open_calls = [call["id"] for call in calls]
