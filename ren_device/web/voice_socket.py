"""`/ws/audio`: the spoken conversation for a phone, a browser or another speaker."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Literal

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from ren_device.errors import EngineError, RenError, VoiceBusy
from ren_device.model import (
    FRAME_BYTES,
    SAMPLE_BYTES,
    SAMPLE_RATE_HZ,
    Reply,
    ReplyPart,
    TextDelta,
    ToolRun,
    duration_s,
)
from ren_device.ports import Clock
from ren_device.voice.conversation import Conversation
from ren_device.voice.roles import Client

_log = logging.getLogger(__name__)
_LARGEST_MESSAGE = 8 * 1024 * 1024  # bytes of JSON: about three minutes of sound in one message
_AT_ONCE = SAMPLE_RATE_HZ * SAMPLE_BYTES // 2  # bytes heard before others get their turn: 0.5 s
_LEAD_S = 0.5  # sound sent ahead of real time: enough for a network, and little to take back
_IDLE_S = 30.0  # a ping this often finds dead peers
_PATIENCE_S = 1.0  # a client that vanished and is back at once finds its old session ending
_GOODBYE_S = 1.0  # a peer that does not answer must not hold up the stop


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("not a string")  # noqa: TRY004  pydantic wants a ValueError
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error, or characters outside ASCII
        raise ValueError("not base64") from None


class _Audio(BaseModel):
    type: Literal["audio"]
    pcm16: Annotated[bytes, BeforeValidator(_decoded)]


class _End(BaseModel):
    type: Literal["end"]


_Frame: TypeAdapter[_Audio | _End] = TypeAdapter(
    Annotated[_Audio | _End, Field(discriminator="type")]
)

NewConversation = Callable[[Client], Awaitable[Conversation]]
"""Makes a hands-free conversation; waits for engines that still load. Raises EngineError."""


class SocketClient:
    """The person at the other end of a socket; implements conversation.Client."""

    latency_s = 0.0

    def __init__(self, socket: web.WebSocketResponse, clock: Clock) -> None:
        """Sends to `socket`; paces sound by `clock`."""
        self._socket = socket
        self._clock = clock
        self._heard_at = 0.0
        self._over = False

    async def listening(self) -> None:
        """The `wake` frame."""
        await self.send({"type": "wake", "data": None})

    async def transcript(self, text: str) -> None:
        """The `transcript` frame."""
        await self.send({"type": "transcript", "data": text})

    async def part(self, part: ReplyPart) -> None:
        """The `token`, `tool_run` and `done` frames."""
        match part:
            case TextDelta(text):
                await self.send({"type": "token", "data": text})
            case ToolRun(tool, status):
                await self.send({"type": "tool_run", "data": {"tool": tool, "status": status}})
            case Reply(reply, _, tier, thread_id):
                data = {"reply": reply, "tier": tier.value, "thread_id": thread_id}
                await self.send({"type": "done", "data": data})

    @asynccontextmanager
    async def voice(self) -> AsyncIterator["SocketClient"]:
        """One answer's sound."""
        self._heard_at = self._clock.monotonic()
        yield self

    async def play(self, pcm: bytes) -> None:
        """The `audio` frames, a little ahead of real time, so that a barge-in comes in time."""
        step = 20 * FRAME_BYTES
        for start in range(0, len(pcm), step):
            piece = pcm[start : start + step]
            await self.send({"type": "audio", "pcm16": base64.b64encode(piece).decode()})
            now = self._clock.monotonic()
            self._heard_at = max(self._heard_at, now) + duration_s(piece)
            if (ahead_s := self._heard_at - now - _LEAD_S) > 0:
                await asyncio.sleep(ahead_s)

    async def finish(self) -> None:
        """All was sent, and all but the lead was heard."""

    async def barge_in(self) -> None:
        """The `barge_in` frame: what was sent ahead is not to be played."""
        await self.send({"type": "barge_in", "data": None})

    async def trouble(self, error: RenError) -> None:
        """An `error` frame; the session goes on."""
        await self.send({"type": "error", "data": str(error)})

    async def last_word(self, error: RenError) -> None:
        """An `error` frame, and nothing after it, whatever the turn still has to say."""
        self._over = True
        await self._write({"type": "error", "data": str(error)})

    async def send(self, frame: dict[str, object]) -> None:
        """Send one frame; a peer that is gone is noticed by the reader."""
        if not self._over:
            await self._write(frame)

    async def _write(self, frame: dict[str, object]) -> None:
        try:
            await self._socket.send_str(json.dumps(frame, ensure_ascii=False))
        except ConnectionResetError:
            _log.debug("the voice client is gone")


class VoiceSocket:
    """Serves the socket, to one client at a time."""

    def __init__(self, new_conversation: NewConversation | None, clock: Clock) -> None:
        """`new_conversation` is None while REN_VOICE_ENABLED is false."""
        self._new_conversation = new_conversation
        self._clock = clock
        self._open: dict[web.WebSocketResponse, SocketClient] = {}
        self._floor = asyncio.Lock()
        self._stopping = False

    async def close(self) -> None:
        """Say goodbye to whoever is connected; for when the server stops."""
        self._stopping = True
        for socket, client in tuple(self._open.items()):
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await client.last_word(_Stopping())
                    await socket.close(code=WSCloseCode.GOING_AWAY)

    def routes(self) -> web.RouteTableDef:
        """The route of this surface."""
        routes = web.RouteTableDef()
        routes.get("/ws/audio")(self._serve)
        return routes

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=_LARGEST_MESSAGE, heartbeat=_IDLE_S)
        await socket.prepare(request)
        client = SocketClient(socket, self._clock)
        self._open[socket] = client
        try:
            async with (
                self._turn_to_talk() as new_conversation,
                await new_conversation(client) as conversation,
            ):
                await _converse(socket, client, conversation)
        except RenError as error:
            await client.trouble(error)
        finally:
            del self._open[socket]
        await socket.close()
        return socket

    @asynccontextmanager
    async def _turn_to_talk(self) -> AsyncIterator[NewConversation]:
        """The only session's place; waits a moment for one that is just ending. Raises RenError."""
        if self._new_conversation is None:
            raise EngineError("voice is off; start Ren with REN_VOICE_ENABLED=true")
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._floor.acquire()
        except TimeoutError:
            raise VoiceBusy("somebody else is talking to Ren; try again in a moment") from None
        try:
            if self._stopping:
                raise _Stopping
            yield self._new_conversation
        finally:
            self._floor.release()


class _Stopping(RenError):
    def __init__(self) -> None:
        super().__init__("Ren is stopping.")


async def _converse(
    socket: web.WebSocketResponse, client: SocketClient, conversation: Conversation
) -> None:
    half_sample = b""
    async for message in socket:
        try:
            frame = _read(message)
        except FrameError as error:
            await client.trouble(error)
            continue
        if isinstance(frame, _End):
            half_sample = b""
            await conversation.end_utterance()
            continue
        pcm = half_sample + frame.pcm16
        whole = len(pcm) - len(pcm) % SAMPLE_BYTES
        half_sample = pcm[whole:]
        for start in range(0, whole, _AT_ONCE):
            await conversation.feed(pcm[start : min(start + _AT_ONCE, whole)])
            await asyncio.sleep(0)  # a minute of sound in one frame must not hold up the others


class FrameError(RenError):
    """The client sent something that is not a frame of this socket."""


def _read(message: WSMessage) -> _Audio | _End:
    if message.type is not WSMsgType.TEXT:
        raise FrameError("send JSON in text frames, not binary ones")
    try:
        return _Frame.validate_json(message.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FrameError(
            f"not a frame of this socket: {where + ': ' if where else ''}{first['msg']}"
        ) from None
