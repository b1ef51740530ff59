"""The phone's page: served with a policy that lets in nothing else, and its words are right."""

import asyncio
import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from ren_device.web.pages import PageRoutes
from tests.web.alert_porch import alert_porch
from tests.web.web_house import client_of, house

STATIC = files("ren_device.web") / "static"
NOW = "2026-06-25T14:02:11"  # a Thursday


async def page_of(name: str = "Ren", language: str = "en") -> tuple[str, str]:
    """The page, and its policy."""
    services, _ = house(extra_routes=(PageRoutes(name, language).routes(),))
    async with client_of(services) as client, client.get("/") as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        return await response.text(), response.headers["Content-Security-Policy"]


async def test_its_policy_lets_in_what_is_in_it_and_nothing_else() -> None:
    text, policy = await page_of()
    said = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert "unsafe" not in policy
    assert said["default-src"] == said["frame-ancestors"] == said["form-action"] == "'none'"
    assert said["connect-src"] == "'self'"
    for kind in ("style", "script"):
        inside = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.S)
        digests = {base64.b64encode(hashlib.sha256(each.encode()).digest()) for each in inside}
        assert set(said[f"{kind}-src"].split()) == {f"'sha256-{d.decode()}'" for d in digests}


async def test_it_loads_nothing_and_has_no_code_in_attributes() -> None:
    text, _ = await page_of()
    markup = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.S)
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", markup) == ["data:,", "/docs", "/device"]
    assert not re.search(r"\s(on\w+|style)=", markup)
    assert "http" not in re.sub(r"https?://\S*w3\.org\S*", "", text)
    ids = re.findall(r"\sid=\"([^\"]*)\"", markup)
    assert len(set(ids)) == len(ids)
    for kind in ("for", "aria-labelledby"):
        assert set(re.findall(rf"\s{kind}=\"([^\"]*)\"", markup)) <= set(ids)
    assert "innerHTML" not in text


async def test_every_word_is_there_in_both_languages() -> None:
    text, _ = await page_of()
    (texts,) = await called(["", "(() => TEXTS)"])
    english, german = texts["en"], texts["de"]
    assert english.keys() == german.keys()
    fill = re.compile(r"\{\w+\}")
    for key, words in english.items():
        assert sorted(fill.findall(str(words))) == sorted(fill.findall(str(german[key]))), key
    used = set(re.findall(r"data-t=\"(\w+)\"", text)) | set(re.findall(r"\bt\(\"(\w+)\"", text))
    assert used <= english.keys()
    assert set(re.findall(r"Trouble\(\"(\w+)\"", text)) <= english.keys()


async def test_it_is_named_as_the_speaker_and_nothing_else_gets_in() -> None:
    text, _ = await page_of("<script>alert(1)</script>", "de")
    assert "<script>alert" not in text
    assert "<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>" in text
    assert 'data-speaks="de"' in text


async def test_who_asks_for_json_gets_what_it_always_got() -> None:
    async with alert_porch() as it:
        for accept in ("application/json", "text/event-stream"):
            said = await it.ask("GET", "/", expect=404, headers={"Accept": accept})
            assert said == {"detail": "Not Found"}
        for accept in ("text/html,application/xhtml+xml", "*/*", "text/*"):
            async with it.client.get("/", headers={"Accept": accept}) as response:
                assert response.status == 200
                etag = response.headers["ETag"]
        async with it.client.get("/", headers={"If-None-Match": etag}) as again:
            assert again.status == 304


async def test_a_link_elsewhere_may_lead_here_and_a_frame_may_not() -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with alert_porch() as it:
        for dest, status in (("document", 200), ("iframe", 403)):
            headers = elsewhere | {"Sec-Fetch-Dest": dest}
            async with it.client.get("/", headers=headers) as response:
                assert response.status == status


# --- its words ------------------------------------------------------------------------------

WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
MONTHLY = {"repeat": "FREQ=MONTHLY", "due_at": "2026-07-01T08:00:00"}
FAR = {"repeat": "", "due_at": "2026-07-03T05:15:00"}
SOON = {"repeat": "", "due_at": "2026-06-26T07:00:00"}
WORKDAYS = {"repeat": WEEKDAYS, "due_at": "2026-06-29T07:00:00"}
CALLS: list[tuple[list[Any], Any]] = [
    (["", "languageOf", "de-AT", "en"], "de"),
    (["", "languageOf", "fr", "de"], "de"),
    (["", "languageOf", "en-US", "en"], "en"),
    (["", "languageOf", "den", "en"], "en"),
    (["", "countdown", 0.2], "0:01"),
    (["", "countdown", 0], "0:00"),
    (["", "countdown", -5], "0:00"),
    (["", "countdown", 245], "4:05"),
    (["", "countdown", 3723], "1:02:03"),
    (["", "countdown", 176_523], "2 d 1:02:03"),
    (["en", "duration", 61], "1 minute 1 second"),
    (["de", "duration", 7_322], "2 Stunden 2 Minuten 2 Sekunden"),
    (["de", "time", "2026-06-26T07:30:00"], "7:30"),
    (["en-US", "time", "2026-06-26T19:30:00"], "7:30 PM"),
    (["en", "day", "2026-06-25T23:59:59", NOW], "today"),
    (["de", "day", "2026-06-26T00:00:00", NOW], "morgen"),
    (["en", "day", "2026-07-01T08:00:00", NOW], "Wednesday"),
    (["en", "day", "2026-07-03T05:15:00", NOW], "Fri, July 3"),
    (["en", "day", "2026-06-24T23:59:59", NOW], "Wed, June 24"),
    (["de", "day", "2027-01-02T08:00:00", NOW], "Sa., 2. Januar 2027"),
    (["", "later", "2026-12-31T23:59:59", 1], "2027-01-01T00:00:00"),
    (["", "daysOf", "", NOW], []),
    (["", "daysOf", WEEKDAYS, NOW], ["MO", "TU", "WE", "TH", "FR"]),
    (["", "daysOf", "FREQ=WEEKLY", NOW], ["TH"]),
    (["", "daysOf", "FREQ=DAILY", NOW], ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]),
    (["", "daysOf", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", NOW], None),
    (["", "daysOf", "FREQ=DAILY;UNTIL=20270101T000000", NOW], None),
    (["", "ruleOf", []], ""),
    (["", "ruleOf", ["FR", "MO"]], "FREQ=WEEKLY;BYDAY=MO,FR"),
    (["", "ruleOf", ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]], "FREQ=DAILY"),
    (["en", "rhythm", WEEKDAYS, NOW], "Monday to Friday"),
    (["de", "rhythm", "FREQ=WEEKLY;BYDAY=SA,SU", NOW], "am Wochenende"),
    (["en", "rhythm", "FREQ=WEEKLY;BYDAY=MO,WE", NOW], "Monday, Wednesday"),
    (["en", "rhythm", "FREQ=MONTHLY;BYMONTHDAY=1", NOW], "every month"),
    (["de", "rhythm", "FREQ=MONTHLY;BYDAY=1MO", NOW], "in eigenem Rhythmus"),
    (["en", "rhythm", "", NOW], "once"),
    (["", "alarmAt", "07:30", None, NOW, False], "07:30"),
    (["", "alarmAt", "07:30", SOON, NOW, True], "07:30"),
    (["", "alarmAt", "07:30", FAR, NOW, True], "2026-07-03T07:30"),
    (["", "alarmAt", "07:30", FAR, NOW, False], "07:30"),
    (["", "alarmAt", "07:30", WORKDAYS, NOW, True], "07:30"),
    (["", "alarmAt", "07:30", MONTHLY, NOW, True], "2026-07-01T07:30"),
]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/St_Johns"])
async def test_the_words_are_right_wherever_the_phone_is(zone: str) -> None:
    answers = await called(*(call for call, _ in CALLS), zone=zone)
    for (call, expected), answer in zip(CALLS, answers, strict=True):
        shown = answer.replace("\u202f", " ") if isinstance(answer, str) else answer
        assert shown == expected, call


async def called(
    *calls: list[Any], zone: str = "UTC", scripts: Sequence[str] = ("page_words.js",)
) -> list[Any]:
    """What the page's own functions answer, in Node."""
    process = await asyncio.create_subprocess_exec(
        *("node", str(Path(__file__).with_name("page_words.cjs"))),
        *(str(STATIC / each) for each in scripts),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TZ": zone},
    )
    out, _ = await asyncio.wait_for(process.communicate(json.dumps(calls).encode()), 20)
    assert process.returncode == 0
    return [json.loads(line) for line in out.decode().splitlines()]
