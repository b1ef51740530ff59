"""Clients of event streams, the voice socket and the Messages API that somebody else wrote.

All yield what Ren sends as it comes. The Node ones are processes of their own; scripts/test
installs what they need into .node.
"""

import asyncio
import base64
import json
import os
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import websockets
from httpx_sse import aconnect_sse

Event = tuple[str, Any]
"""Its name and its data; `open` stands for the connection itself."""

_NODE = Path(__file__).parent / "node"
_PACKAGES = Path(__file__).parents[2] / ".node/node_modules"
_PIECE_BYTES = 6400
_LAST = {"done", "error"}


async def httpx_events(
    url: str, body: Mapping[str, object] | None = None
) -> AsyncGenerator[Event, None]:
    """httpx-sse; posts where there is a body."""
    method = "GET" if body is None else "POST"
    async with (
        httpx.AsyncClient(timeout=30, trust_env=False) as client,
        aconnect_sse(client, method, url, json=body) as source,
    ):
        yield "open", None
        async with aclosing(source.aiter_sse()) as events:
            async for event in events:
                yield event.event, event.json()


async def node_events(
    url: str, names: str, body: Mapping[str, object] | None = None
) -> AsyncGenerator[Event, None]:
    """The npm package `eventsource`; `names` are separated by commas."""
    arguments = [url, names] if body is None else [url, names, json.dumps(body)]
    async with aclosing(_node("read_stream.cjs", *arguments)) as lines:
        async for line in lines:
            yield line["event"], line["data"]


async def websockets_talk(url: str, pcm: bytes) -> list[dict[str, Any]]:
    """The package `websockets`: one utterance, and all that Ren sends up to the turn's end."""
    frames: list[dict[str, Any]] = []
    async with websockets.connect(url, proxy=None) as socket:
        for at in range(0, len(pcm), _PIECE_BYTES):
            pcm16 = base64.b64encode(pcm[at : at + _PIECE_BYTES]).decode()
            await socket.send(json.dumps({"type": "audio", "pcm16": pcm16}))
        await socket.send(json.dumps({"type": "end"}))
        while not frames or frames[-1]["type"] not in _LAST:
            frames.append(json.loads(await socket.recv()))
    return frames


async def ws_talk(url: str, pcm: bytes) -> list[dict[str, Any]]:
    """The same with the npm package `ws`."""
    async with aclosing(_node("talk.cjs", url, said=pcm)) as lines:
        return [line async for line in lines]


async def node_asks(url: str, key: str, model: str) -> list[tuple[str, Any]]:
    """The npm package `@anthropic-ai/sdk`: what ask.cjs prints."""
    async with aclosing(_node("ask.cjs", url, key, model)) as lines:
        return [(line["what"], line["data"]) async for line in lines]


async def _node(
    script: str, *arguments: str, said: bytes = b""
) -> AsyncGenerator[dict[str, Any], None]:
    assert _PACKAGES.is_dir(), "run scripts/test: it installs the Node clients"
    process = await asyncio.create_subprocess_exec(
        *("node", str(_NODE / script), *arguments),
        env={**os.environ, "NODE_PATH": str(_PACKAGES)},
        stdin=PIPE,
        stdout=PIPE,
        limit=2**20,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(said)
        process.stdin.close()
        async for line in process.stdout:
            yield json.loads(line)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
