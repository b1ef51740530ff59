"""The same endpoints in FastAPI, over the same store: what Ren's server is measured against.

    python -m scripts.benchmarks.fastapi_twin DATA_DIR PORT UPSTREAM

Written as a FastAPI service usually is: response models, dependencies left out, one event loop,
uvicorn with uvloop and httptools.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import anthropic
import uvicorn
from fastapi import FastAPI, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from ren_device.store import Store, open_store
from scripts.benchmarks.http_load import KEY


class Health(BaseModel):
    """GET /health."""

    status: Literal["ok"] = "ok"
    version: str = "1.0.0"
    has_api_key: bool = True


class Thread(BaseModel):
    """A thread."""

    id: int
    name: str
    allow_dangerous: bool
    created_at: datetime
    last_active_at: datetime


class Threads(BaseModel):
    """GET /threads."""

    threads: list[Thread]


class Turn(BaseModel):
    """A remark."""

    id: int
    role: Literal["user", "assistant"]
    content: str
    thread_id: int
    created_at: datetime


class Turns(BaseModel):
    """GET /memory."""

    turns: list[Turn]


class Chat(BaseModel):
    """POST /chat/stream."""

    message: Annotated[str, Field(min_length=1)]
    tier: str | None = None
    thread_id: int | None = None


Limit = Annotated[int, Query(ge=1)]


def build(data_dir: Path, upstream: str) -> FastAPI:
    """The service."""
    opened: list[Store] = []
    listeners: set[asyncio.Queue[str]] = set()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        opened.append(await open_store(data_dir))
        yield
        await opened[0].close()

    app = FastAPI(lifespan=lifespan)
    model = anthropic.AsyncAnthropic(api_key=KEY, base_url=upstream, max_retries=0)

    @app.get("/health")
    async def health() -> Health:
        return Health()

    @app.get("/threads")
    async def threads(limit: Limit = 20) -> Threads:
        recent = await opened[0].threads.recent(limit)
        return Threads(threads=[Thread.model_validate(t, from_attributes=True) for t in recent])

    @app.get("/memory")
    async def memory(limit: Limit = 20, thread_id: int = 1) -> Turns:
        latest = await opened[0].remarks.latest(thread_id, limit)
        return Turns(turns=[Turn.model_validate(each, from_attributes=True) for each in latest])

    @app.post("/chat/stream")
    async def chat_stream(body: Chat) -> StreamingResponse:
        async def frames() -> AsyncIterator[str]:
            async with model.messages.stream(
                model="claude-haiku-4-5-20251001",
                max_tokens=1000,
                messages=[{"role": "user", "content": body.message}],
            ) as stream:
                async for text in stream.text_stream:
                    yield f"event: token\ndata: {Token(text=text).model_dump_json()}\n\n"
            yield "event: done\ndata: {}\n\n"

        return StreamingResponse(frames(), media_type="text/event-stream")

    @app.get("/notifications")
    async def notifications() -> StreamingResponse:
        async def frames() -> AsyncIterator[str]:
            mine: asyncio.Queue[str] = asyncio.Queue(64)
            listeners.add(mine)
            try:
                yield ": hello\n\n"
                while True:
                    yield await mine.get()
            finally:
                listeners.discard(mine)

        return StreamingResponse(frames(), media_type="text/event-stream")

    @app.post("/due")
    async def due() -> None:
        for listener in listeners:
            listener.put_nowait('event: reminder\ndata: {"id": 1}\n\n')

    return app


class Token(BaseModel):
    """A piece of a reply."""

    text: str


if __name__ == "__main__":
    uvicorn.run(
        build(Path(sys.argv[1]), sys.argv[3]),
        port=int(sys.argv[2]),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
