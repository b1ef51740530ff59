"""The API's description: /openapi.json for programs, /docs for people.

Both are made once, in a thread, when somebody first asks; then they are answered from memory.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass

from aiohttp import hdrs, web

from ren_device.web import answers
from ren_device.web.describe import Described
from ren_device.web.docs_page import render
from ren_device.web.openapi import document

PAGES = frozenset({"/docs"})
"""Made for people: links on other sites may lead here."""

_UNCHANGED = {304: "It is what `If-None-Match` says."}


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer that stays the same for as long as the process runs."""

    body: bytes
    media: str
    etag: str
    policy: str

    @classmethod
    def of(cls, text: str, media: str, policy: str) -> "_Kept":
        body = text.encode()
        return cls(body, media, f'"{hashlib.sha256(body).hexdigest()[:16]}"', policy)

    def answer(self, request: web.Request) -> web.Response:
        headers = {
            hdrs.ETAG: self.etag,
            hdrs.CACHE_CONTROL: "no-cache",
            "Content-Security-Policy": self.policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        known = request.headers.get(hdrs.IF_NONE_MATCH, "")
        if self.etag in known or known == "*":
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = self.media
        return web.Response(body=self.body, headers=headers)


class Description:
    """The routes, and what they answer once that is made."""

    def __init__(self) -> None:
        """Nothing is made yet."""
        self._made: tuple[_Kept, _Kept] | None = None
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

    async def _kept(self, request: web.Request) -> tuple[_Kept, _Kept]:
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(_make, request.app)
            return self._made


def _make(app: web.Application) -> tuple[_Kept, _Kept]:
    described = document(app)
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":"))
    page, policy = render(described)
    return (
        _Kept.of(text, "application/json; charset=utf-8", "default-src 'none'"),
        _Kept.of(page, "text/html; charset=utf-8", policy),
    )
