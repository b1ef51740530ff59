"""`/ws/audio`: the spoken conversation for a phone, a browser or another speaker."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

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
from ren_device.web.describe import Described
from ren_device.web.errors import ApiError
from ren_device.web.voice_frames import HEARS, SENDS, Audio, End, FrameError, read_frame

_log = logging.getLogger(__name__)
_LARGEST_MESSAGE = 8 * 1024 * 1024  # bytes of JSON: about three minutes of sound in one message
_AT_ONCE = SAMPLE_RATE_HZ * SAMPLE_BYTES // 2  # bytes heard before others get their turn: 0.5 s
_LEAD_S = 0.5  # sound sent ahead of real time: enough for a network, and little to take back
_IDLE_S = 30.0  # a ping this often finds dead peers
_PATIENCE_S = 1.0  # a client that vanished and is back at once finds its old session ending
_GOODBYE_S = 1.0  # a peer that does not answer must not hold up the stop


NewConversation = Callable[[Client], Awaitable[Conversation]]
"""Makes a hands-free conversation; waits for engines that still load. Raises EngineError."""


class SocketClient:
    """The person at the other end of a socket; implements conversation.Client."""

    latency_s = 0.0

    def __init__(self, socket: web.WebSocketResponse, clock: Clock) -> None:
        """Sends to `socket`; paces sound by `clock`."""
        self._socket = socket
        self._clock = clock
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
    async def voice(self) -> AsyncIterator["SocketVoice"]:
        """One answer's sound."""
        yield SocketVoice(self, self._clock)

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


class SocketVoice:
    """Sends sound a little ahead of real time; implements roles.Voice."""

    def __init__(self, client: SocketClient, clock: Clock) -> None:
        """For one answer."""
        self._client = client
        self._clock = clock
        self._heard_at = clock.monotonic()  # when the client will have played all that was sent
        self._sent_bytes = 0
        self._going = asyncio.Event()
        self._going.set()

    @property
    def heard_bytes(self) -> int:
        """What was sent, without what the client cannot have played yet."""
        ahead_s = max(0.0, self._heard_at - self._clock.monotonic())
        ahead_bytes = round(ahead_s * SAMPLE_RATE_HZ) * SAMPLE_BYTES
        return max(0, self._sent_bytes - ahead_bytes)

    async def play(self, pcm: bytes) -> None:
        """The `audio` frames."""
        step = 20 * FRAME_BYTES
        for start in range(0, len(pcm), step):
            piece = pcm[start : start + step]
            await self._going.wait()
            self._sent_bytes += len(piece)
            await self._client.send({"type": "audio", "pcm16": base64.b64encode(piece).decode()})
            now = self._clock.monotonic()
            self._heard_at = max(self._heard_at, now) + duration_s(piece)
            if (ahead_s := self._heard_at - now - _LEAD_S) > 0:
                await asyncio.sleep(ahead_s)

    async def pause(self) -> None:
        """Send no more; what was sent ahead is for the client to drop, if a `barge_in` follows."""
        self._going.clear()

    def resume(self) -> None:
        """Send on."""
        self._going.set()

    async def finish(self) -> None:
        """All was sent, and all but the lead was heard."""
        await self._going.wait()


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
        routes.get("/ws/audio", allow_head=False)(self._talk)
        return routes

    @Described(
        "Voice, both ways",
        tag="Voice",
        hears=HEARS,
        sends=SENDS,
        errors={400: "It is not asked for as a WebSocket."},
    )
    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        """A spoken conversation in JSON text frames, many turns on one connection.

        What ends an utterance is `end`, or silence. One session at a time: a second socket gets an
        `error` and is closed, and so is any socket while voice is off. Tools that act on the house
        run without asking: the speaker is in the room.
        """
        socket = web.WebSocketResponse(max_msg_size=_LARGEST_MESSAGE, heartbeat=_IDLE_S)
        if not socket.can_prepare(request):
            raise ApiError(400, "This is a WebSocket: ask for the connection to be upgraded.")
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
    async for message in _messages(socket):
        try:
            frame = _read(message)
        except FrameError as error:
            await client.trouble(error)
            continue
        if isinstance(frame, End):
            half_sample = b""
            await conversation.end_utterance()
            continue
        pcm = half_sample + frame.pcm16
        whole = len(pcm) - len(pcm) % SAMPLE_BYTES
        half_sample = pcm[whole:]
        for start in range(0, whole, _AT_ONCE):
            await conversation.feed(pcm[start : min(start + _AT_ONCE, whole)])
            await asyncio.sleep(0)  # a minute of sound in one frame must not hold up the others


async def _messages(socket: web.WebSocketResponse) -> AsyncIterator[WSMessage]:
    """What the client sends, until it has gone; that may show when its ping is answered."""
    with suppress(ConnectionResetError):
        async for message in socket:
            yield message


def _read(message: WSMessage) -> Audio | End:
    if message.type is not WSMsgType.TEXT:
        raise FrameError("send JSON in text frames, not binary ones")
    return read_frame(message.data)
