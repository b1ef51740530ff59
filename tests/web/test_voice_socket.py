"""The voice socket as a phone sees it, over a real connection, with simulated engines."""

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.errors import CloudError, EngineError
from ren_device.ports import Clock
from ren_device.sim import (
    SimSpeechToText,
    SimTextToSpeech,
    SimTurnDetector,
    SimVoiceActivity,
    silence,
    speech,
    words,
)
from ren_device.voice.conversation import Conversation
from ren_device.voice.endpointing import EndpointingPolicy
from ren_device.voice.language import VoiceLanguage
from ren_device.voice.manners import Levers, Manners
from ren_device.voice.roles import Client, VoiceParts
from ren_device.voice.volume import Volume
from ren_device.web.voice_socket import VoiceSocket
from tests.voice.room import Preferences, Script, ScriptedAssistant

Frame = dict[str, Any]
POLICY = EndpointingPolicy(
    sure_s=0.6, complete_s=0.8, doubtful_s=1.2, incomplete_s=1.6, no_speech_s=float("inf")
)
MANNERS = Manners(POLICY, over_voice=POLICY, goes_on_s=0.0, hands_free=True)


class Phone:
    """A client of the socket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, pcm: bytes, *, end: bool = True, step: int = 3200) -> None:
        for start in range(0, len(pcm), step):
            piece = base64.b64encode(pcm[start : start + step]).decode()
            await self.socket.send_json({"type": "audio", "pcm16": piece})
        if end:
            await self.socket.send_json({"type": "end"})

    async def next(self) -> Frame:
        frame: Frame = await self.socket.receive_json(timeout=10)
        return frame

    async def until(self, kind: str) -> list[Frame]:
        """Frames up to and with the first of this kind."""
        frames = [await self.next()]
        while frames[-1]["type"] != kind:
            frames.append(await self.next())
        return frames


def kinds(frames: list[Frame]) -> list[str]:
    """The frames' types, repeats folded."""
    folded: list[str] = []
    for frame in frames:
        if folded[-1:] != [frame["type"]]:
            folded.append(frame["type"])
    return folded


def sound(frames: list[Frame]) -> str:
    return words(b"".join(base64.b64decode(f["pcm16"]) for f in frames if f["type"] == "audio"))


@asynccontextmanager
async def house(
    *scripts: Script,
    new_conversation: Callable[[Client], Awaitable[Conversation]] | None = None,
    enabled: bool = True,
    clock: Clock | None = None,
) -> AsyncIterator[tuple[TestClient[web.Request, web.Application], ScriptedAssistant]]:
    assistant = ScriptedAssistant(list(scripts))
    clock = clock or SystemClock()
    parts = VoiceParts(
        SimSpeechToText(0.01),
        SimTextToSpeech(0.01),
        SimVoiceActivity,
        SimTurnDetector(),
        VoiceLanguage("en", ("ren",)),
    )

    async def converse(client: Client) -> Conversation:
        levers = Levers(Volume(Preferences(), Bus(), clock).voice)
        return Conversation(parts, assistant, client, clock, Bus(), MANNERS, levers)

    voice = VoiceSocket((new_conversation or converse) if enabled else None, clock)
    app = web.Application()
    app.add_routes(voice.routes())
    app.on_shutdown.append(lambda _: voice.close())
    async with TestClient(TestServer(app)) as client:
        yield client, assistant


@asynccontextmanager
async def phone(
    *scripts: Script,
    clock: Clock | None = None,
) -> AsyncIterator[tuple[Phone, ScriptedAssistant]]:
    async with (
        house(*scripts, clock=clock) as (client, assistant),
        client.ws_connect("/ws/audio") as socket,
    ):
        yield Phone(socket), assistant


async def test_a_turn_in_the_order_of_the_contract() -> None:
    async with phone(["Fine. ", "And you?"]) as (caller, assistant):
        await caller.say(speech("How are you?"))
        frames = await caller.until("done")
        assert kinds(frames)[:3] == ["wake", "transcript", "token"]
        assert frames[0]["data"] is None
        assert frames[1]["data"] == "How are you?"
        assert [f["data"] for f in frames if f["type"] == "token"] == ["Fine. ", "And you?"]
        assert sound(frames) == "Fine.And you?"
        assert frames[-1]["data"] == {"reply": "Fine. And you?", "tier": "fast", "thread_id": 1}
        assert assistant.asked == ["How are you?"]


async def test_sound_comes_while_the_text_is_still_written() -> None:
    gate = 0.8
    async with phone(["Well now, ", gate, "here it is."]) as (caller, _):
        await caller.say(speech("Tell me."))
        frames = await caller.until("done")
        order = [f["data"] if f["type"] == "token" else f["type"] for f in frames]
        assert order.index("audio") < order.index("here it is.")


async def test_many_turns_on_one_connection() -> None:
    async with phone(["One."], ["Two."]) as (caller, assistant):
        for question, answer in (("First?", "One."), ("Second?", "Two.")):
            await caller.say(speech(question))
            frames = await caller.until("done")
            assert kinds(frames) == ["wake", "transcript", "token", "audio", "done"]
            assert frames[-1]["data"]["reply"] == answer
        assert assistant.asked == ["First?", "Second?"]


class LateClock(SystemClock):
    """The real one, and what a test adds to it."""

    ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


async def test_a_client_that_never_says_end_is_understood_by_its_silence() -> None:
    async with phone() as (caller, assistant):
        await caller.say(speech("How are you?") + silence(2), end=False)
        await caller.until("done")
        assert assistant.asked == ["How are you?"]


async def test_an_end_after_the_silence_that_ended_the_turn_is_no_new_turn() -> None:
    async with phone() as (caller, _):
        await caller.say(speech("How are you?") + silence(2))
        assert kinds(await caller.until("done"))[:2] == ["wake", "transcript"]
        await caller.say(speech("Again?"))
        assert kinds(await caller.until("done"))[:2] == ["wake", "transcript"]


async def test_an_end_long_after_that_silence_is_answered() -> None:
    clock = LateClock()
    async with phone(clock=clock) as (caller, _):
        await caller.say(speech("How are you?") + silence(2), end=False)
        await caller.until("done")
        clock.ahead_s = 3.0
        await caller.say(silence(0.5))
        assert kinds(await caller.until("done")) == ["transcript", "done"]


async def test_barge_in_stops_the_answer_and_is_the_next_turn() -> None:
    async with phone(["La la la. " * 50], ["Sorry."]) as (caller, assistant):
        await caller.say(speech("Sing."))
        await caller.until("audio")
        await caller.say(speech("What song?"))
        frames = await caller.until("done")
        after = frames[kinds_at(frames, "barge_in") :]
        assert kinds(after) == ["barge_in", "wake", "transcript", "token", "audio", "done"]
        assert frames[-1]["data"]["reply"] == "Sorry."
        assert assistant.asked == ["Sing.", "What song?"]


async def test_stop_over_an_answer_is_silence() -> None:
    async with phone(["La la la. " * 50]) as (caller, assistant):
        await caller.say(speech("Sing."))
        await caller.until("audio")
        await caller.say(speech("Stop."))
        frames = await caller.until("done")
        after = frames[kinds_at(frames, "barge_in") :]
        assert kinds(after) == ["barge_in", "wake", "transcript", "done"]
        assert frames[-1]["data"]["reply"] == ""
        assert assistant.asked == ["Sing."]


async def test_a_murmur_over_an_answer_lets_it_go_on() -> None:
    async with phone(["La la la. " * 5]) as (caller, assistant):
        await caller.say(speech("Sing."))
        await caller.until("audio")
        await caller.say(speech("Mm-hm."))
        frames = await caller.until("done")
        assert set(kinds(frames)) <= {"audio", "token", "done"}
        assert assistant.asked == ["Sing."]


def kinds_at(frames: list[Frame], kind: str) -> int:
    return [frame["type"] for frame in frames].index(kind)


async def test_nothing_said_ends_in_an_empty_turn() -> None:
    async with phone() as (caller, assistant):
        await caller.say(silence(0.5))
        frames = await caller.until("done")
        assert kinds(frames) == ["transcript", "done"]
        assert frames[-1]["data"] == {"reply": "", "tier": "local", "thread_id": 1}
        assert assistant.asked == []


async def test_a_turn_that_fails_is_an_error_and_the_session_goes_on() -> None:
    async with phone([CloudError("overloaded")], ["Fine."]) as (caller, _):
        await caller.say(speech("Hello?"))
        frames = await caller.until("error")
        assert frames[-1]["data"] == "overloaded"
        await caller.say(speech("Hello again?"))
        assert (await caller.until("done"))[-1]["data"]["reply"] == "Fine."


@pytest.mark.parametrize(
    "text",
    [
        "rubbish",
        "[]",
        "{}",
        '{"type": "dance"}',
        '{"type": "audio"}',
        '{"type": "audio", "pcm16": "***"}',
        '{"type": "audio", "pcm16": "\u00e9"}',
        '{"type": "audio", "pcm16": 5}',
    ],
)
async def test_a_malformed_frame_is_an_error_and_the_session_goes_on(text: str) -> None:
    async with phone() as (caller, _):
        await caller.socket.send_str(text)
        frame = await caller.next()
        assert frame["type"] == "error"
        assert isinstance(frame["data"], str)
        await caller.say(speech("Hello?"))
        assert (await caller.until("done"))[-1]["data"]["reply"] == "Okay."


async def test_a_binary_frame_is_an_error_and_the_session_goes_on() -> None:
    async with phone() as (caller, _):
        await caller.socket.send_bytes(b"\0\0")
        assert (await caller.next())["type"] == "error"
        await caller.say(speech("Hello?"))
        await caller.until("done")


async def test_samples_may_be_cut_anywhere() -> None:
    async with phone() as (caller, assistant):
        await caller.say(speech("How are you?"), step=333)
        await caller.until("done")
        assert assistant.asked == ["How are you?"]


async def test_one_session_at_a_time() -> None:
    async with house() as (client, _):
        async with client.ws_connect("/ws/audio") as first:
            await Phone(first).say(speech("Hello?"))
            await Phone(first).until("done")
            async with client.ws_connect("/ws/audio") as second:
                frame = await Phone(second).next()
                assert frame["type"] == "error"
                assert "somebody else" in frame["data"]
                assert (await second.receive(timeout=5)).type is WSMsgType.CLOSE
        async with client.ws_connect("/ws/audio") as third:
            await Phone(third).say(speech("Hello?"))
            await Phone(third).until("done")


async def test_who_comes_while_the_last_one_is_leaving_waits_for_it() -> None:
    async with house() as (client, assistant), client.ws_connect("/ws/audio") as first:
        await Phone(first).say(speech("Hello?"))
        await Phone(first).until("done")
        async with client.ws_connect("/ws/audio") as second:
            await Phone(second).say(speech("Hello again?"))
            await first.close()
            frames = await Phone(second).until("done")
        assert kinds(frames)[0] == "wake"
        assert assistant.asked == ["Hello?", "Hello again?"]


async def test_a_minute_of_sound_fits_in_one_frame() -> None:
    async with phone() as (caller, assistant):
        pcm = speech("How are you?") + silence(60)
        await caller.say(pcm, step=len(pcm))
        await caller.until("done")
        assert assistant.asked == ["How are you?"]


async def test_a_frame_that_is_too_large_closes_the_socket_at_its_head() -> None:
    async with phone() as (caller, _):
        head = struct.pack("!BBQ", 0x81, 0xFF, 8 * 1024 * 1024 + 1) + bytes(4)
        transport = caller.socket.get_extra_info("socket")
        await asyncio.get_running_loop().sock_sendall(transport._sock, head)
        message = await caller.socket.receive(timeout=5)
        assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.MESSAGE_TOO_BIG)


async def test_when_ren_stops_a_turn_ends_in_an_error() -> None:
    async with house(["Well, ", 60.0]) as (client, assistant):
        async with client.ws_connect("/ws/audio") as socket:
            await Phone(socket).say(speech("Think."))
            await Phone(socket).until("token")
            stopping = asyncio.create_task(client.server.close())
            frames = await Phone(socket).until("error")
            assert frames[-1]["data"] == "Ren is stopping."
            message = await socket.receive(timeout=5)
            assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.GOING_AWAY)
            await stopping
        assert assistant.abandoned


async def test_voice_that_is_off_says_so_and_closes() -> None:
    async with house(enabled=False) as (client, _), client.ws_connect("/ws/audio") as socket:
        frame = await Phone(socket).next()
        assert frame["type"] == "error"
        assert "REN_VOICE_ENABLED" in frame["data"]
        assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE


async def test_a_missing_engine_says_so_and_closes() -> None:
    async def missing(client: Client) -> Conversation:
        raise EngineError("REN_STT_ENGINE=vosk: no model")

    async with (
        house(new_conversation=missing) as (client, _),
        client.ws_connect("/ws/audio") as socket,
    ):
        assert await Phone(socket).next() == {
            "type": "error",
            "data": "REN_STT_ENGINE=vosk: no model",
        }
        assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE


async def test_a_client_that_vanishes_abandons_its_turn() -> None:
    async with house([60.0, "Too late."]) as (client, assistant):
        async with client.ws_connect("/ws/audio") as socket:
            await Phone(socket).say(speech("Think."))
            await Phone(socket).until("transcript")
        async with asyncio.timeout(5):
            while not assistant.abandoned:  # noqa: ASYNC110  nobody signals a cancellation
                await asyncio.sleep(0)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(st.text(max_size=20), st.dictionaries(st.text(), st.text())), max_size=5))
def test_whatever_is_sent_the_session_goes_on(rubbish: list[object]) -> None:
    async def scene() -> None:
        async with phone() as (caller, _):
            for each in rubbish:
                await caller.socket.send_str(json.dumps(each))
                assert (await caller.next())["type"] == "error"
            await caller.socket.send_json({"type": "end"})
            assert (await caller.until("done"))[-1]["data"]["reply"] == ""

    asyncio.run(scene())
