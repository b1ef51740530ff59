"""GET /: the phone's page. It needs no internet and loads nothing: style and scripts are in it."""

import asyncio
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from aiohttp import hdrs, web

from ren_device.web.describe import Described
from ren_device.web.kept import Kept, page_policy

_STATIC = files("ren_device.web") / "static"
_SCRIPTS = ("page_words.js", "page_link.js", "page_form.js", "page_cards.js", "page.js")


class Page:
    """One page with all that belongs to it, made once, when somebody first asks."""

    def __init__(
        self, markup: str, styles: Sequence[str], scripts: Sequence[str], name: str, language: str
    ) -> None:
        """Of these files in `static/`, for a speaker of this name that speaks this language."""
        self._markup = markup
        self._styles = styles
        self._scripts = scripts
        self._name = name
        self._language = language
        self._kept: Kept | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """The page, or 304 for who has it already."""
        if self._kept is None:
            self._kept = await asyncio.to_thread(self._make)
        return self._kept.answer(request)

    def _make(self) -> Kept:
        def read(file: str) -> str:
            return (_STATIC / file).read_text("utf-8")

        style = "".join(map(read, self._styles))
        scripts = [read(each) for each in self._scripts]
        filled = (
            read(self._markup)
            .replace("{name}", escape(self._name))
            .replace("{language}", escape(self._language))
            .replace("{style}", f"<style>{style}</style>")
            .replace("{scripts}", "".join(f"<script>{each}</script>\n" for each in scripts))
        )
        policy = page_policy(style, scripts, "connect-src 'self'; ")
        return Kept.of(filled, "text/html; charset=utf-8", policy)


class PageRoutes:
    """The phone's page."""

    def __init__(self, name: str, language: str) -> None:
        """For a speaker of this name that speaks this language, REN_NAME and REN_LANGUAGE."""
        self._page = Page("page.html", ("page.css",), _SCRIPTS, name, language)

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
        accepts = request.headers.get(hdrs.ACCEPT, "*/*").lower()
        if not any(each in accepts for each in ("text/html", "text/*", "*/*")):
            raise web.HTTPNotFound
        return await self._page.answer(request)
