"""GET /: the phone's page. It needs no internet and loads nothing: style and scripts are in it."""

import asyncio
from html import escape
from importlib.resources import files

from aiohttp import hdrs, web

from ren_device.web.describe import Described
from ren_device.web.kept import Kept, page_policy

_STATIC = files("ren_device.web") / "static"
_SCRIPTS = ("page_words.js", "page_link.js", "page_form.js", "page_cards.js", "page.js")


class PageRoutes:
    """The page, made once, when somebody first asks."""

    def __init__(self, name: str, language: str) -> None:
        """For a speaker of this name that speaks this language, REN_NAME and REN_LANGUAGE."""
        self._name = name
        self._language = language
        self._kept: Kept | None = None

    def routes(self) -> web.RouteTableDef:
        """For `Services.extra_routes`."""
        table = web.RouteTableDef()
        table.get("/")(self.page)
        return table

    @Described(
        "The phone's page",
        tag="The speaker",
        media="text/html",
        also={304: "It is what `If-None-Match` says."},
        errors={404: "The request wants JSON, and no page."},
    )
    async def page(self, request: web.Request) -> web.Response:
        """What rings, timers, alarms, reminders and routines, live; it works without internet."""
        if not _wants_page(request):
            raise web.HTTPNotFound
        if self._kept is None:
            self._kept = await asyncio.to_thread(_make, self._name, self._language)
        return self._kept.answer(request)


def _wants_page(request: web.Request) -> bool:
    accepts = request.headers.get(hdrs.ACCEPT, "*/*").lower()
    return any(each in accepts for each in ("text/html", "text/*", "*/*"))


def _make(name: str, language: str) -> Kept:
    page, style, *scripts = (
        (_STATIC / each).read_text("utf-8") for each in ("page.html", "page.css", *_SCRIPTS)
    )
    filled = (
        page.replace("{name}", escape(name))
        .replace("{language}", escape(language))
        .replace("{style}", f"<style>{style}</style>")
        .replace("{scripts}", "".join(f"<script>{each}</script>\n" for each in scripts))
    )
    policy = page_policy(style, scripts, "connect-src 'self'; ")
    return Kept.of(filled, "text/html; charset=utf-8", policy)
