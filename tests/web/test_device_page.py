"""The device's page: served with a policy that lets in nothing else, and its words are right."""

import base64
import hashlib
import re
from typing import Any, get_args

import pytest

from ren_device.model import VoicePhase
from ren_device.panel.scenes import LightState
from tests.web.device_porch import device_porch
from tests.web.test_page import called

SCRIPTS = ("page_words.js", "device_words.js", "device_ring.js")


async def page() -> tuple[str, str]:
    """The page, and its policy."""
    async with (
        device_porch() as it,
        it.client.get("/device", headers={"Accept": "text/html"}) as response,
    ):
        assert response.content_type == "text/html"
        return await response.text(), response.headers["Content-Security-Policy"]


async def texts() -> dict[str, dict[str, Any]]:
    (found,) = await called(["", "(() => TEXTS)"], scripts=SCRIPTS)
    return found  # type: ignore[no-any-return]


async def test_its_policy_lets_in_what_is_in_it_and_nothing_else() -> None:
    text, policy = await page()
    said = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert "unsafe" not in policy
    assert (said["default-src"], said["connect-src"]) == ("'none'", "'self'")
    for kind in ("style", "script"):
        inside = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.S)
        digests = {base64.b64encode(hashlib.sha256(each.encode()).digest()) for each in inside}
        assert set(said[f"{kind}-src"].split()) == {f"'sha256-{d.decode()}'" for d in digests}
    markup = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.S)
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", markup) == ["data:,", "/", "/docs"]
    assert not re.search(r"\s(on\w+|style)=", markup)
    ids = re.findall(r"\sid=\"([^\"]*)\"", markup)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r"\saria-(?:labelledby|describedby)=\"([^\"]*)\"", markup)) <= set(ids)
    assert set(re.findall(r"\$\(\"([^\"]*)\"\)", text)) <= set(ids)
    assert "innerHTML" not in text


async def test_every_word_is_there_in_both_languages() -> None:
    text, _ = await page()
    found = await texts()
    english, german = found["en"], found["de"]
    assert english.keys() == german.keys()
    used = set(re.findall(r"data-(?:t|label)=\"(\w+)\"", text))
    used |= set(re.findall(r"\bt\(\"(\w+)\"", text)) | set(re.findall(r"Trouble\(\"(\w+)\"", text))
    assert used <= english.keys()
    for words in (english, german):
        assert words["phases"].keys() == set(get_args(VoicePhase))
        assert words["lights"].keys() == set(get_args(LightState))
        assert all(words["lights"].values())


async def test_what_it_says_of_mute_and_volume() -> None:
    found = await texts()
    off = {"phase": "idle", "muted": True, "muted_by": "switch"}
    by_software = {**off, "muted_by": "software"}
    quiet = {"percent": 80, "heard_percent": 30}
    german = found["de"]
    calls: list[tuple[list[Any], str]] = [
        (["", "phaseWords", german, off], german["offSwitch"]),
        (["", "phaseWords", german, by_software], german["off"]),
        (["", "phaseWords", german, {**off, "phase": "speaking"}], "Spricht"),
        (["", "phaseWords", found["en"], {**off, "muted": False}], "Ready"),
        (["", "loudWords", found["en"], quiet], "80 %, in the quiet hours 30 %"),
        (["", "loudWords", found["en"], {"percent": 30, "heard_percent": 30}], "30 %"),
    ]
    answers = await called(*(call for call, _ in calls), scripts=SCRIPTS)
    assert answers == [expected for _, expected in calls]


@pytest.mark.parametrize("count", [1, 2, 3, 12, 64])
async def test_the_ring_has_a_piece_for_each_light_all_the_way_round(count: int) -> None:
    pieces = await called(*(["", "piece", n, count] for n in range(count)), scripts=SCRIPTS)
    assert len(set(pieces)) == count
    for piece in pieces:
        begin, end = re.findall(r"(?:M| 1 )(-?[\d.]+) (-?[\d.]+)", piece)[:2]
        for x, y in (begin, end):
            assert (float(x) - 160) ** 2 + (float(y) - 160) ** 2 == pytest.approx(124**2, rel=0.01)


async def test_a_link_elsewhere_may_lead_here_and_a_frame_may_not() -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with device_porch() as it:
        for dest, status in (("document", 200), ("iframe", 403)):
            headers = elsewhere | {"Sec-Fetch-Dest": dest}
            async with it.client.get("/device", headers=headers) as response:
                assert response.status == status
