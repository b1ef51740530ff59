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
from typing import TYPE_CHECKING

from ren_device.engines.claude_body import body_of
from ren_device.engines.claude_client import CLAUDE, Service, make_client, server_of
from ren_device.errors import CloudError, CloudKeyMissing, CloudUnreachable, SettingError
from ren_device.model import MindPart, MindRequest, Spent, TextDelta, ToolCall

if TYPE_CHECKING:
    import anthropic
    from anthropic import AsyncAnthropic
    from anthropic.types import RawMessageStreamEvent

log = logging.getLogger(__name__)

DETAIL_CHARS = 300
"""How much of the service's own error message is passed on."""

_FIRST_ERROR_STATUS = 300  # an error in the middle of a reply has the reply's 200

_WHOLE = ("end_turn", "tool_use", "stop_sequence")
_CUT = ("max_tokens", "model_context_window_exceeded")
_INPUT_TOKENS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")

REFUSED = "I can't help with that."
UNREADABLE_ARGUMENTS = "unreadable_arguments"
"""Names the only argument of a tool call whose JSON was broken; the tool's check refuses it."""


class ClaudeMind:
    """A cloud mind. `base_url` (with or without `/v1`) names another server of the same API."""

    def __init__(self, api_key: str, base_url: str = "", service: Service = CLAUDE) -> None:
        """Imports nothing yet. Raises SettingError for a key or a URL that cannot be one."""
        self._service = service
        self._api_key = api_key.strip()
        if not (self._api_key.isascii() and self._api_key.isprintable()):
            variable = service.key_variable
            raise SettingError(f"{variable}=***: has characters that a key cannot have")
        self._base_url = server_of(service, base_url)
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
            raise CloudKeyMissing(f"{self._service.key_variable} is not set.")
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
                asyncio.to_thread(make_client, self._service, self._api_key, self._base_url),
                name="claude-client",
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


async def _stream(client: "AsyncAnthropic", request: MindRequest) -> AsyncGenerator[MindPart, None]:
    """Run one request; raises what the SDK raises, and CloudError for a reply without an end."""
    reply = _Reply()
    async with await client.messages.create(**body_of(request), stream=True) as stream:
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
    elif reply.stop_reason not in _WHOLE and not (reply.cut and request.max_tokens):
        log.warning("the model stopped early: %s", reply.stop_reason)
    if request.accounts and reply.usage:
        yield Spent(reply.usage.input, reply.usage.output, reply.cut)


class _Reply:
    """Reads the events of one reply."""

    def __init__(self) -> None:
        self.has_text = False
        self.complete = False
        self.stop_reason: str | None = None
        self.usage = _Usage()
        self._calls: dict[int, _OpenCall] = {}

    @property
    def cut(self) -> bool:
        """Whether the reply ends where there was no more room for it."""
        return self.stop_reason in _CUT

    def take(self, event: "RawMessageStreamEvent") -> MindPart | None:
        """What this event adds to the reply, if anything."""
        if event.type == "message_start":
            self.usage.take(getattr(event.message, "usage", None))
        elif event.type == "content_block_start" and event.content_block.type == "tool_use":
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
            self.usage.take(getattr(event, "usage", None))
        elif event.type == "message_stop":
            self.complete = True
        return None


@dataclass(slots=True)
class _Usage:
    """Tokens so far. Each report replaces what it names; servers may name nothing at all."""

    reported: dict[str, int] = field(default_factory=dict)

    def take(self, usage: object) -> None:
        for name in (*_INPUT_TOKENS, "output_tokens"):
            if isinstance(count := getattr(usage, name, None), int):
                self.reported[name] = count

    def __bool__(self) -> bool:
        return bool(self.reported)

    @property
    def input(self) -> int:
        return sum(self.reported.get(name, 0) for name in _INPUT_TOKENS)

    @property
    def output(self) -> int:
        return self.reported.get("output_tokens", 0)


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
