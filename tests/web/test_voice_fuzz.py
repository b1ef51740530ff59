"""The voice socket under whatever a broken or hostile client may send, frame by frame."""

import asyncio
import base64
import json
import logging
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import pytest
from aiohttp import ClientSession
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter

from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.sim import (
    SimSpeechToText,
    SimTextToSpeech,
    SimTurnDetector,
    SimVoiceActivity,
    silence,
    speech,
)
from ren_device.voice.conversation import Conversation
from ren_device.voice.endpointing import EndpointingPolicy
from ren_device.voice.language import VoiceLanguage
from ren_device.voice.manners import Levers, Manners
from ren_device.voice.roles import Client, VoiceParts
from ren_device.voice.volume import Volume
from ren_device.web import voice_frames
from ren_device.web.server import serving
from ren_device.web.voice_socket import VoiceSocket
from tests.voice.room import Preferences, ScriptedAssistant
from tests.web.web_house import house

POLICY = EndpointingPolicy(
    sure_s=0.6, complete_s=0.8, doubtful_s=1.2, incomplete_s=1.6, no_speech_s=float("inf")
)
MANNERS = Manners(POLICY, over_voice=POLICY, goes_on_s=0.0, hands_free=True)
UPGRADE = (
    b"GET /ws/audio HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

Sent: TypeAdapter[object] = TypeAdapter(
    Annotated[
        voice_frames.WakeFrame
        | voice_frames.TranscriptFrame
        | voice_frames.TokenFrame
        | voice_frames.ToolRunFrame
        | voice_frames.AudioFrame
        | voice_frames.DoneFrame
        | voice_frames.BargeInFrame
        | voice_frames.ErrorFrame,
        Field(discriminator="type"),
    ]
)


def frame(opcode: int, payload: bytes, *, first: int = 0x80, masked: int = 0x80) -> bytes:
    """A frame as it goes over the wire; the mask is all zeros."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first | opcode, masked | size)
    elif size < 65_536:
        head = struct.pack("!BBH", first | opcode, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first | opcode, masked | 127, size)
    return head + (bytes(4) if masked else b"") + payload


def told(**fields: object) -> bytes:
    return frame(TEXT, json.dumps(fields).encode())


def audio(pcm: bytes) -> bytes:
    return told(type="audio", pcm16=base64.b64encode(pcm).decode())


ASKED = audio(speech("How are you?")) + told(type="end")


def frames() -> st.SearchStrategy[bytes]:
    """One thing to send: mostly frames, good and bad, and now and then just bytes."""
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
    almost = st.fixed_dictionaries(
        {"type": st.sampled_from(["audio", "end", "wake", "", None, 7])},
        optional={"pcm16": json_values | st.just("AAAA"), "more": json_values},
    )
    texts = (json_values | almost).map(lambda each: json.dumps(each).encode()) | st.binary()
    return st.one_of(
        st.sampled_from(
            [speech("How are you?"), silence(0.5), silence(2), b"", b"\1", b"\1\2\3"]
        ).map(audio),
        st.just(ASKED),
        st.binary(max_size=400).map(audio),
        st.just(told(type="end")),
        texts.map(lambda each: frame(TEXT, each)),
        st.binary().map(lambda each: frame(BINARY, each)),
        st.binary(max_size=130).map(lambda each: frame(PING, each)),
        st.binary(max_size=130).map(lambda each: frame(PONG, each)),
        st.builds(  # fragments, reserved bits and opcodes, missing masks
            frame,
            st.integers(0, 15),
            st.binary(max_size=200),
            first=st.integers(0, 15).map(lambda bits: bits << 4),
            masked=st.sampled_from([0, 0x80]),
        ),
        st.just(struct.pack("!BBQ", 0x81, 0xFF, 2**40)),  # announces a terabyte
        st.just(b"\x81\xfe\xff\xff" + bytes(1000)),  # stops in the middle of a frame
        st.integers(0, 5000).map(lambda code: frame(CLOSE, struct.pack("!H", code))),
        st.binary(max_size=100),
    )


class Surface:
    """A server whose voice is simulated, and a look behind it."""

    def __init__(self, port: int, voice: VoiceSocket) -> None:
        self.port = port
        self._voice = voice
        self.tasks = len(asyncio.all_tasks())
        self.sent: set[str] = set()
        """Kinds of frames that clients got."""

    async def meets(self, sent: Sequence[bytes], leaves: str) -> None:
        """A client that sends this, reads along, and leaves."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(UPGRADE)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        reading = asyncio.create_task(self._read(reader))
        with suppress(ConnectionError):
            for each in sent:
                writer.write(each)
                await writer.drain()
                await asyncio.sleep(0)
            if leaves == "politely":
                writer.write(frame(CLOSE, struct.pack("!H", 1000)))
                await asyncio.wait({reading}, timeout=1)
            elif leaves == "later":
                await asyncio.wait({reading}, timeout=0.15)
        writer.transport.abort()
        await reading
        await self._forgets()
        await self._still_serves()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Everything that comes must be a frame of ours."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                first, size = await reader.readexactly(2)
                assert first & 0x70 == 0
                if size == 126:
                    (size,) = struct.unpack("!H", await reader.readexactly(2))
                elif size == 127:
                    (size,) = struct.unpack("!Q", await reader.readexactly(8))
                payload = await reader.readexactly(size)
                assert first & 15 in (TEXT, CLOSE, PING, PONG)
                if first & 15 == TEXT:
                    Sent.validate_json(payload)
                    self.sent.add(json.loads(payload)["type"])

    async def _forgets(self) -> None:
        """Nothing of the session stays: no socket, no task."""
        while self._voice._open or len(asyncio.all_tasks()) > self.tasks + 1:  # noqa: ASYNC110
            await asyncio.sleep(0.001)  # nobody signals it

    async def _still_serves(self) -> None:
        url = f"http://127.0.0.1:{self.port}/ws/audio"
        async with ClientSession() as client, client.ws_connect(url) as socket:
            await socket.send_json({"type": "end"})
            assert (await socket.receive_json(timeout=5))["type"] == "transcript"
            assert (await socket.receive_json(timeout=5))["type"] == "done"
        await self._forgets()


@asynccontextmanager
async def surface() -> AsyncIterator[Surface]:
    clock = SystemClock()
    parts = VoiceParts(
        SimSpeechToText(0.01),
        SimTextToSpeech(0.01),
        SimVoiceActivity,
        SimTurnDetector(),
        VoiceLanguage("en", ("ren",)),
    )

    async def converse(client: Client) -> Conversation:
        return Conversation(
            parts,
            ScriptedAssistant([["La la la. " * 20]] * 9),
            client,
            clock,
            Bus(),
            MANNERS,
            Levers(Volume(Preferences(), Bus(), clock).voice),
        )

    voice = VoiceSocket(converse, clock)
    services, _ = house(extra_routes=[voice.routes()])
    async with serving(services, "127.0.0.1", 0) as port:
        yield Surface(port, voice)
        await voice.close()


def test_whatever_comes_the_socket_neither_hangs_nor_leaks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    async def scene(sent: list[bytes], leaves: str) -> None:
        async with asyncio.timeout(20):
            await there.meets(sent, leaves)

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(st.lists(frames(), max_size=8), st.sampled_from(["at once", "politely", "later"]))
    @example([ASKED, ASKED, ASKED, ASKED], "later")
    def any_client(sent: list[bytes], leaves: str) -> None:
        runner.run(scene(sent, leaves))

    with asyncio.Runner() as runner:
        opening = surface()
        there = runner.run(opening.__aenter__())
        any_client()
        runner.run(opening.__aexit__(None, None, None))
    assert there.sent >= {"wake", "transcript", "token", "audio", "done", "barge_in", "error"}
    worse: list[Any] = [each.getMessage() for each in caplog.records if each.levelno > logging.INFO]
    assert worse == []
