"""Ren's event streams and its voice socket, read by clients that other people wrote."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.peers.clients import Event, httpx_events, node_events, websockets_talk, ws_talk
from tests.ren import free_port, running
from tests.voices import say

pytestmark = pytest.mark.peer

ASK = {"message": "set a timer for ten minutes", "tier": "local"}
HOME = """
[[accessory]]
name = "Kitchen Light"
room = "Kitchen"
service_type = "lightbulb"
on = false
brightness = 80
"""
SPOKEN = ["wake", "transcript", "tool_run", "token", "audio", "done"]


class Reader:
    """What a client has read; open it before anything happens."""

    def __init__(self, events: AsyncGenerator[Event, None]) -> None:
        self._events = events

    async def next(self, within_s: float = 20.0) -> Event:
        async with asyncio.timeout(within_s):
            return await anext(self._events)


async def opened(stack: AsyncExitStack, events: AsyncGenerator[Event, None]) -> Reader:
    reader = Reader(await stack.enter_async_context(aclosing(events)))
    assert await reader.next() == ("open", None)
    return reader


async def test_a_timer_is_told_to_both_once(tmp_path: Path) -> None:
    async with running(tmp_path) as ren, AsyncExitStack() as stack:
        await ren.until_up()
        await ren.chat("set a tea timer for one second")
        url = f"{ren.url}/notifications?interval=1"
        readers = [
            await opened(stack, httpx_events(url)),
            await opened(stack, node_events(url, "reminder")),
        ]
        (name, first), second = [await reader.next() for reader in readers]
        assert second == (name, first)
        assert name == "reminder"
        assert first.keys() == {"id", "text", "kind", "due_at", "state"}
        assert (first["text"], first["kind"], first["state"]) == ("tea", "timer", "due")
        late = await opened(stack, node_events(url, "reminder"))
        for reader in (*readers, late):
            with pytest.raises(TimeoutError):
                await reader.next(within_s=1.5)  # keep-alive comments are no events


async def test_a_browser_that_comes_back_after_a_restart_hears_what_it_missed(
    tmp_path: Path,
) -> None:
    port = str(free_port())
    async with AsyncExitStack() as stack:
        async with running(tmp_path, REN_PORT=port) as ren:
            await ren.until_up()
            reader = await opened(stack, node_events(f"{ren.url}/notifications", "reminder"))
            await ren.chat("set a tea timer for two seconds")
            assert await ren.stop() == 0
        async with running(tmp_path, REN_PORT=port) as ren:
            await ren.until_up()
            assert await reader.next() == ("open", None)
            name, data = await reader.next()
            assert (name, data["text"]) == ("reminder", "tea")


async def test_a_turn_is_streamed_to_both(tmp_path: Path) -> None:
    async with running(tmp_path) as ren:
        await ren.until_up()
        url = f"{ren.url}/chat/stream"
        for events in (
            httpx_events(url, ASK),
            node_events(url, "token,tool_run,done,error", ASK),
        ):
            async with aclosing(events), asyncio.timeout(20):
                heard = [event async for event in events]
            assert heard[:3] == [
                ("open", None),
                ("tool_run", {"tool": "set_timer", "status": "running"}),
                ("tool_run", {"tool": "set_timer", "status": "done"}),
            ]
            name, reply = heard[-1]
            assert name == "done"
            assert reply.keys() == {"reply", "model", "tier", "thread_id"}
            tokens = [data["text"] for name, data in heard[3:-1] if name == "token"]
            assert len(tokens) == len(heard) - 4
            assert "".join(tokens) == reply["reply"]


async def test_a_change_in_the_home_is_told_to_both(tmp_path: Path) -> None:
    home = tmp_path / "home.toml"
    home.write_text(HOME, encoding="utf-8")
    async with running(tmp_path, REN_HOME_FILE=str(home)) as ren, AsyncExitStack() as stack:
        await ren.until_up()
        url = f"{ren.url}/home/events?interval=1"
        readers = [
            await opened(stack, httpx_events(url)),
            await opened(stack, node_events(url, "device_change")),
        ]
        home.write_text(HOME.replace("on = false", "on = true"), encoding="utf-8")
        changes = [await reader.next() for reader in readers]
        change = {
            "name": "Kitchen Light",
            "service_type": "lightbulb",
            "char_key": "on",
            "value": True,
            "previous": False,
        }
        for name, data in changes:
            assert name == "device_change"
            assert data.pop("accessory_id")
            assert data == change


@pytest.mark.engine
async def test_both_speak_over_the_voice_socket(tmp_path: Path) -> None:
    async with running(
        tmp_path, REN_VOICE_ENABLED="true", REN_MICROPHONE="none", REN_SPEAKER="none"
    ) as ren:
        await ren.until_up()
        url = ren.url.replace("http", "ws") + "/ws/audio"
        pcm = say("Set a timer for ten minutes.", "espeak-gb")
        async with asyncio.timeout(60):
            for frames in (await websockets_talk(url, pcm), await ws_talk(url, pcm)):
                check_turn(frames)


def check_turn(frames: list[dict[str, Any]]) -> None:
    assert list(dict.fromkeys(frame["type"] for frame in frames)) == SPOKEN
    said = b"".join(base64.b64decode(each["pcm16"]) for each in frames if each["type"] == "audio")
    assert len(said) > 32_000  # a second of it
    assert "10 minutes" in frames[-1]["data"]["reply"]
