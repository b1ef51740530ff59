"""The page for people: nothing from elsewhere, readable without a script, true curl lines."""

import asyncio
import base64
import hashlib
import re
import shlex
from html.parser import HTMLParser
from typing import Any

import pytest

from ren_device.web.docs_page import render
from ren_device.web.openapi import document, routes_of
from ren_device.web.server import build, serving
from tests.web.web_house import client_of, house
from tests.web.whole_surface import whole_surface


class Page(HTMLParser):
    """What stands on a page, as a reader without a script has it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.attributes: set[str] = set()
        self.inside: dict[str, list[str]] = {"style": [], "script": []}
        self.curls: list[str] = []
        self._open: list[str] = []
        self._in_curl = False
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.attributes |= told.keys()
        if tag not in ("meta", "link"):
            self._open.append(tag)
        if told.get("id"):
            self.ids.append(str(told["id"]))
        if tag == "a":
            self.links.append(str(told["href"]))
        elif "src" in told or "href" in told:
            self.loads.append(str(told.get("src") or told["href"]))
        if tag in self.inside:
            self.inside[tag].append("")
        if told.get("class") == "curl":
            self._in_curl = True
            self.curls.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "div":
            self._in_curl = False

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in self.inside:
            self.inside[self._open[-1]][-1] += data
        if self._in_curl:
            self.curls[-1] += data


@pytest.fixture(scope="module")
def page() -> Page:
    text, _ = render(document(build(whole_surface())))
    return Page(text)


async def test_it_is_answered_with_a_policy_that_lets_in_nothing_else() -> None:
    services, _ = house()
    async with client_of(services) as client, client.get("/docs") as response:
        assert response.content_type == "text/html"
        policy = response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        found = Page(await response.text())
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    for kind in ("style", "script"):
        [content] = found.inside[kind]
        assert content
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_it_loads_nothing_and_every_link_leads_somewhere(page: Page) -> None:
    assert page.loads == ["data:,"]
    assert not {each for each in page.attributes if each.startswith("on") or each == "style"}
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        assert link == "/openapi.json" or link.removeprefix("#") in page.ids, link


def test_every_endpoint_has_a_curl_line(page: Page) -> None:
    routes = list(routes_of(build(whole_surface())))
    assert len(page.curls) == len(routes)
    for line in page.curls:
        words = shlex.split(line)
        assert words[0] == "curl"
        assert any(re.match(r"(http|ws)://localhost:8000/", word) for word in words)
        assert "{" not in next(word for word in words if "://" in word)


async def test_the_curl_lines_work() -> None:
    services, _ = house()
    text, _ = render(document(build(services)))
    async with serving(services, "127.0.0.1", 0) as port:
        lines = Page(text).curls
        assert len(lines) > 10
        for line in lines:
            process = await asyncio.create_subprocess_exec(
                *shlex.split(line.strip().replace("localhost:8000", f"127.0.0.1:{port}")),
                "--write-out",
                "\n%{http_code}",
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await asyncio.wait_for(process.communicate(), 10)
            assert out.decode().endswith("\n200"), line


def test_what_the_models_say_cannot_break_the_page() -> None:
    described: dict[str, Any] = document(build(whole_surface()))
    described["paths"]["/health"]["get"]["summary"] = "<script>alert(1)</script>"
    described["paths"]["/health"]["get"]["description"] = '"><img src=x> `<b>`'
    text, _ = render(described)
    found = Page(text)
    assert len(found.inside["script"]) == 1
    assert found.loads == ["data:,"]
