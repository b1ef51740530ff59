"""Claude, through the anthropic SDK: a mind behind the Messages API.

Importing the SDK takes seconds on a small board, so it happens at first use (or in `prewarm`), in
a thread. The SDK's own retries are off: a person who waits is better served by an error, or by
the local tier, than by a second silence. How long an answer may take is the turn's business, so
there is no read timeout here either: whoever loses patience closes the iterator.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ren_device.errors import CloudError, CloudKeyMissing, CloudUnreachable, SettingError
from ren_device.model import (
    Message,
    MindPart,
    MindRequest,
    Text,
    TextDelta,
    ToolCall,
    ToolResult,
    ToolSpec,
)

if TYPE_CHECKING:
    import anthropic
    from anthropic import AsyncAnthropic
    from anthropic.types import RawMessageStreamEvent

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 3.0
IDLE_CONNECTION_S = 60.0
"""A connection is kept for this long, so that a follow-up question needs no new handshake."""

MAX_TOKENS_SPOKEN = 1024
MAX_TOKENS_TYPED = 8192

DETAIL_CHARS = 300
"""How much of the service's own error message is passed on."""

_DEFAULT_BASE_URL = "https://api.anthropic.com"
"""Given to the SDK so that it never looks for one in the environment or in its own files."""

_CACHED = {"cache_control": {"type": "ephemeral"}}
_FIRST_ERROR_STATUS = 300  # an error in the middle of a reply has the reply's 200

REFUSED = "I can't help with that."
UNREADABLE_ARGUMENTS = "unreadable_arguments"
"""Names the only argument of a tool call whose JSON was broken; the tool's check refuses it."""


class ClaudeMind:
    """A cloud mind. `base_url` (with or without `/v1`) names another server of the same API."""

    def __init__(self, api_key: str, base_url: str = "") -> None:
        """Imports nothing yet. Raises SettingError for a key or a URL that cannot be one."""
        self._api_key = api_key.strip()
        if not (self._api_key.isascii() and self._api_key.isprintable()):
            raise SettingError("ANTHROPIC_API_KEY=***: has characters that a key cannot have")
        self._base_url = _server(base_url)
        self._making: asyncio.Task[AsyncAnthropic] | None = None

    async def prewarm(self) -> None:
        """Import the SDK now, in a thread, rather than within the first turn.

        Trouble with that is logged; the turns that need the SDK will raise it.
        """
        try:
            await self._client()
        except CloudError as error:
            log.warning("%s", error)

    async def close(self) -> None:
        """Drop every connection. The mind opens again when it is used again."""
        making, self._making = self._making, None
        if making is not None:
            await asyncio.wait([making])
            if making.exception() is None:
                await making.result().close()

    async def step(self, request: MindRequest) -> AsyncGenerator[MindPart, None]:
        """Stream text and tool calls; closing it closes the request.

        Raises CloudKeyMissing, CloudUnreachable when no connection came about, and CloudError
        with the service's own message for everything else, also in the middle of a reply.
        """
        if not self._api_key:
            raise CloudKeyMissing("ANTHROPIC_API_KEY is not set.")
        client = await self._client()
        # In memory by now; at the top of this file they would be on the start path.
        import anthropic
        import httpx2

        try:
            async with aclosing(_stream(client, request)) as parts:
                async for part in parts:
                    yield part
        except anthropic.APIStatusError as error:
            raise CloudError(self._explained(error)) from error
        except anthropic.APIConnectionError as error:
            if isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout):
                raise CloudUnreachable("The model's service cannot be reached.") from error
            raise CloudError("The model's service hung up without an answer.") from error
        except anthropic.AnthropicError as error:
            raise CloudError(self._sentence("The model's service failed", str(error))) from error
        except httpx2.HTTPError as error:
            raise CloudError("The model's service broke off in the middle.") from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise CloudError("The model's service sent something unreadable.") from error

    def _client(self) -> "asyncio.Future[AsyncAnthropic]":
        if self._making is None or (self._making.done() and self._making.exception()):
            self._making = asyncio.create_task(
                asyncio.to_thread(_make_client, self._api_key, self._base_url), name="claude-client"
            )
        # A turn that is cancelled must not take the client away from the next.
        return asyncio.shield(self._making)

    def _explained(self, error: "anthropic.APIStatusError") -> str:
        status = f" ({error.status_code})" if error.status_code >= _FIRST_ERROR_STATUS else ""
        return self._sentence(f"The model's service failed{status}", error.api_message)

    def _sentence(self, what: str, detail: str | None) -> str:
        """What failed and the service's own words, without the key and not too long."""
        detail = " ".join((detail or "").replace(self._api_key, "***").split())[:DETAIL_CHARS]
        return f"{what}: {detail}" if detail else f"{what}."


def _server(base_url: str) -> str:
    """The URL in front of `/v1/messages`, or empty for the SDK's own."""
    base_url = base_url.strip().rstrip("/").removesuffix("/v1")
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if base_url and not usable:
        raise SettingError(f"ANTHROPIC_BASE_URL={base_url}: not an http or https URL")
    return base_url


def _make_client(api_key: str, base_url: str) -> "AsyncAnthropic":
    """Import the SDK and open nothing yet; blocks for seconds on a small board."""
    import anthropic
    import anyio
    import httpx2

    timeout = httpx2.Timeout(None, connect=CONNECT_TIMEOUT_S, write=10.0, pool=CONNECT_TIMEOUT_S)
    try:
        http_client = anthropic.DefaultAsyncHttpxClient(
            timeout=timeout,
            limits=httpx2.Limits(keepalive_expiry=IDLE_CONNECTION_S),
            follow_redirects=False,  # the key is for this server only
            # A proxy of the environment is honoured, but never for this machine itself.
            mounts={f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")},
        )
    except (ImportError, ValueError, httpx2.InvalidURL):
        # Its text may hold the proxy's password.
        raise CloudError("The proxy that the environment names cannot be used.") from None
    # The SDK sends the key as a bearer token. Other servers of this API want it in the older
    # header, so a server that was named gets both.
    headers = {"X-Api-Key": api_key} if base_url else None
    client = anthropic.AsyncAnthropic(
        api_key=api_key,
        base_url=base_url or _DEFAULT_BASE_URL,
        timeout=timeout,
        max_retries=0,
        default_headers=headers,
        http_client=http_client,
    )
    # Both load modules at first use, which on the event loop would hold up everything else.
    _ = client.messages
    anyio.run(anyio.sleep, 0)
    return client


async def _stream(client: "AsyncAnthropic", request: MindRequest) -> AsyncGenerator[MindPart, None]:
    """Run one request; raises what the SDK raises, and CloudError for a reply without an end."""
    reply = _Reply()
    async with await client.messages.create(**_body(request), stream=True) as stream:
        async for event in stream:
            try:
                part = reply.take(event)
            except (AttributeError, TypeError) as error:
                # The SDK builds events without checking them: what is missing shows here.
                raise CloudError("The model's service sent something unreadable.") from error
            if part is not None:
                yield part
    if not reply.complete:
        raise CloudError("The model's service broke off in the middle.")
    if reply.stop_reason == "refusal":
        yield TextDelta(f" {REFUSED}" if reply.has_text else REFUSED)
    elif reply.stop_reason not in ("end_turn", "tool_use", "stop_sequence"):
        log.warning("the model stopped early: %s", reply.stop_reason)


class _Reply:
    """Reads the events of one reply."""

    def __init__(self) -> None:
        self.has_text = False
        self.complete = False
        self.stop_reason: str | None = None
        self._calls: dict[int, _OpenCall] = {}

    def take(self, event: "RawMessageStreamEvent") -> MindPart | None:
        """What this event adds to the reply, if anything."""
        if event.type == "content_block_start" and event.content_block.type == "tool_use":
            block = event.content_block
            self._calls[event.index] = _OpenCall(_str(block.id), _str(block.name), block.input)
        elif event.type == "content_block_delta":
            if event.delta.type == "text_delta":
                self.has_text = True
                return TextDelta(_str(event.delta.text))
            if event.delta.type == "input_json_delta" and event.index in self._calls:
                self._calls[event.index].json.append(_str(event.delta.partial_json))
        elif event.type == "content_block_stop" and event.index in self._calls:
            return self._calls.pop(event.index).finished()
        elif event.type == "message_delta":
            self.stop_reason = event.delta.stop_reason
        elif event.type == "message_stop":
            self.complete = True
        return None


@dataclass(slots=True)
class _OpenCall:
    """A tool call whose arguments are still arriving; `start` is used if none do."""

    id: str
    name: str
    start: object
    json: list[str] = field(default_factory=list)

    def finished(self) -> ToolCall:
        text = "".join(self.json)
        arguments = self.start
        if text.strip():
            try:
                arguments = json.loads(text)
            except json.JSONDecodeError:
                arguments = None
        if not isinstance(arguments, dict):
            arguments = {UNREADABLE_ARGUMENTS: text}
        return ToolCall(self.id, self.name, arguments)


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {type(value).__name__}")
    return value


# --- Ren's nouns in the API's words ----------------------------------------------------------


def _body(request: MindRequest) -> dict[str, Any]:
    """The request. What never changes comes first and is marked for the service's cache."""
    system: list[dict[str, Any]] = [{"type": "text", "text": request.system, **_CACHED}]
    if request.context:
        system.append({"type": "text", "text": request.context})
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": MAX_TOKENS_SPOKEN if request.spoken else MAX_TOKENS_TYPED,
        "system": system,
        "messages": [_message(message) for message in request.messages],
    }
    if request.tools:
        body["tools"] = [_tool(spec) for spec in request.tools]
        body["tools"][-1] |= _CACHED
        if not request.may_call_tools:
            body["tool_choice"] = {"type": "none"}
    return body


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
