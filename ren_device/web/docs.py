"""The API's description: /openapi.json for programs, /docs for people.

Both are made once, in a thread, when somebody first asks; then they are answered from memory.
"""

import asyncio
import json

from aiohttp import web

from ren_device.web import answers
from ren_device.web.describe import Described
from ren_device.web.docs_page import render
from ren_device.web.kept import Kept
from ren_device.web.openapi import document

_UNCHANGED = {304: "It is what `If-None-Match` says."}


class Description:
    """The routes, and what they answer once that is made."""

    def __init__(self) -> None:
        """Nothing is made yet."""
        self._made: tuple[Kept, Kept] | None = None
        self._making = asyncio.Lock()

    def routes(self) -> web.RouteTableDef:
        """What to add to the application."""
        routes = web.RouteTableDef()
        routes.get("/openapi.json")(self._openapi)
        routes.get("/docs")(self._docs)
        return routes

    @Described(
        "This description, for programs",
        tag="About this API",
        answer=answers.OpenApi,
        also=_UNCHANGED,
    )
    async def _openapi(self, request: web.Request) -> web.Response:
        """OpenAPI 3.1. It changes only with Ren itself; ask again with `If-None-Match`."""
        return (await self._kept(request))[0].answer(request)

    @Described(
        "This description, for people", tag="About this API", media="text/html", also=_UNCHANGED
    )
    async def _docs(self, request: web.Request) -> web.Response:
        """A page that needs no internet, and no script to be read."""
        return (await self._kept(request))[1].answer(request)

    async def _kept(self, request: web.Request) -> tuple[Kept, Kept]:
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(_make, request.app)
            return self._made


def _make(app: web.Application) -> tuple[Kept, Kept]:
    described = document(app)
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":"))
    page, policy = render(described)
    return (
        Kept.of(text, "application/json; charset=utf-8", "default-src 'none'"),
        Kept.of(page, "text/html; charset=utf-8", policy),
    )
