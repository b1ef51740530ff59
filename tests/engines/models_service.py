"""A service of the Messages API that only lists its models, or says why not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def models_service(
    status: int, text: str | None = None
) -> AsyncIterator[tuple[str, list[str]]]:
    """Its URL, and what it was asked. `text` replaces the answer."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path}")
        error = {"type": "error", "error": {"type": "api_error", "message": "sk-secret is odd"}}
        models = {"data": [], "has_more": False, "first_id": None, "last_id": None}
        if text is not None:
            return web.Response(text=text, status=status)
        headers = {"Location": "http://127.0.0.1:9/"} if status == 307 else None
        return web.json_response(models if status == 200 else error, status=status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()
