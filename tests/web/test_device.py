"""/device over real sockets: what it says, what it does, and what it refuses."""

import pytest

from ren_device.web.device import prefers_page
from ren_device.web.device_control import DeviceHardware
from tests.virtual_time import until
from tests.web.device_porch import device_porch

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_it_says_how_the_speaker_is() -> None:
    async with device_porch() as it:
        it.speaker.become("fault", "the microphone is gone")
        it.speaker.switch(muted=True)
        await until(lambda: it.lights.state == "fault", within_s=5)
        told = await it.ask("GET", "/device")
        assert told == {
            "phase": "fault",
            "trouble": "the microphone is gone",
            "muted": True,
            "muted_by": "switch",
            "volume": {"percent": 60, "heard_percent": 60, "alarm_percent": 80},
            "lights": {"state": "fault", "pixels": told["lights"]["pixels"]},
            "hardware": {
                "name": "bare-i2s",
                "title": "I2S microphone and amplifier, a button, a light",
                "trouble": None,
                "controls": ["mute", "talk", "volume_down", "volume_up"],
                "knob": False,
                "mute_is_switch": True,
            },
            "simulated": True,
        }
        assert len(told["lights"]["pixels"]) == 3


async def test_a_speaker_without_buttons_and_lights_says_so() -> None:
    async with device_porch(simulated=False, board=None) as it:
        told = await it.ask("GET", "/device")
        assert (told["hardware"], told["simulated"]) == (None, False)


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("text/*", True),
        ("TEXT/HTML;q=0.9, application/json;q=0.1", True),
        ("text/html;q=0.1, application/json", False),
        ("text/html;q=nonsense, */*", False),
        ("*/*", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_a_browser_gets_the_page_and_a_program_the_facts(accept: str, page: bool) -> None:
    assert prefers_page(accept) == page


async def test_both_are_served_under_one_address_and_kept_apart() -> None:
    async with device_porch() as it:
        for accept, media in (("*/*", "application/json"), (BROWSER, "text/html")):
            async with it.client.get("/device", headers={"Accept": accept}) as response:
                assert (response.status, response.content_type) == (200, media)
                assert response.headers["Vary"] == "Accept"
                etag = response.headers.get("ETag", "")
        known = {"Accept": BROWSER, "If-None-Match": etag}
        async with it.client.get("/device", headers=known) as again:
            assert again.status == 304


async def test_talk_presses_and_stop_ends() -> None:
    async with device_porch() as it:
        assert (await it.ask("POST", "/device/talk"))["phase"] == "listening"
        assert (await it.ask("POST", "/device/stop", {}))["phase"] == "idle"
        assert it.speaker.asked == ["talk", "stop"]


async def test_without_a_voice_talk_says_why() -> None:
    async with device_porch() as it:
        it.speaker.has_voice = False
        for body in ({}, {"held": True}):
            refused = await it.ask("POST", "/device/talk", body, expect=503)
            assert refused == {"detail": "The voice is off."}
        await it.ask("POST", "/device/release")
        assert it.speaker.asked == []


async def test_with_the_microphone_off_talk_still_stops_and_else_refuses() -> None:
    async with device_porch() as it:
        it.speaker.switch(muted=True)
        it.speaker.become("speaking")
        assert (await it.ask("POST", "/device/talk"))["phase"] == "idle"
        for body in ({}, {"held": True}):
            refused = await it.ask("POST", "/device/talk", body, expect=409)
            assert refused == {"detail": "The microphone is off."}


async def test_the_volume_is_set_or_stepped() -> None:
    async with device_porch() as it:
        told = await it.ask("POST", "/device/volume", {"percent": 90})
        assert told["volume"] == {"percent": 90, "heard_percent": 70, "alarm_percent": 80}
        told = await it.ask("POST", "/device/volume", {"by": -10})
        assert told["volume"]["percent"] == 60
        told = await it.ask("POST", "/device/volume", {"by": 5, "percent": None})
        assert told["volume"]["percent"] == 65


async def test_mute_is_software_unless_the_switch_says_otherwise() -> None:
    async with device_porch() as it:
        told = await it.ask("POST", "/device/mute", {"muted": True})
        assert (told["muted"], told["muted_by"]) == (True, "software")
        told = await it.ask("POST", "/device/mute", {"muted": False})
        assert (told["muted"], told["muted_by"]) == (False, None)
        it.speaker.switch(muted=True)
        refused = await it.ask("POST", "/device/mute", {"muted": False}, expect=409)
        assert refused == {"detail": "The switch on the speaker says off."}
        assert (await it.ask("POST", "/device/mute", {"muted": True}))["muted"] is True


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("talk", {"hold": True}),
        ("talk", {"held": "yes"}),
        ("release", {"held": False}),
        ("volume", {}),
        ("volume", {"percent": 50, "by": 5}),
        ("volume", {"percent": None}),
        ("volume", {"percent": 101}),
        ("volume", {"percent": True}),
        ("volume", {"percent": "50"}),
        ("volume", {"percent": 50.0}),
        ("volume", {"by": "5"}),
        ("volume", {"by": -101}),
        ("mute", {}),
        ("mute", {"muted": 1}),
        ("press", {}),
        ("press", {"control": "talk"}),
        ("press", {"down": True}),
        ("press", {"control": "nose", "down": True}),
        ("press", {"control": "talk", "down": True, "turn": 1}),
        ("press", {"control": "talk", "turn": 1}),
        ("press", {"turn": 51}),
        ("press", {"turn": 1.0}),
    ],
)
async def test_what_makes_no_sense_is_refused(path: str, body: object) -> None:
    async with device_porch(knob=True) as it:
        await it.ask("POST", f"/device/{path}", body, expect=422)
        assert it.speaker.asked == []
        assert it.pins.touched == []


@pytest.mark.parametrize("number", ["1e999", "9" * 400, "-" + "9" * 400])
async def test_a_number_beyond_all_bounds_is_refused_in_a_sentence(number: str) -> None:
    async with device_porch() as it:
        body = f'{{"percent": {number}}}'
        headers = {"Content-Type": "application/json"}
        url = "/device/volume"
        async with it.client.post(url, data=body, headers=headers) as answer:
            assert answer.status == 422
            [detail] = (await answer.json())["detail"]
        assert detail["loc"] == ["body", "percent"]
        assert detail["msg"].startswith("Input should be ")


async def test_in_the_simulation_fingers_press_the_pins() -> None:
    async with device_porch(knob=True) as it:
        await it.ask("POST", "/device/press", {"control": "talk", "down": True})
        assert it.pins.is_down("talk")
        await it.ask("POST", "/device/press", {"control": "talk", "down": False})
        await it.ask("POST", "/device/press", {"turn": -2})
        assert it.pins.touched == ["talk down", "talk up", "turn -2"]
        assert it.speaker.asked == []  # what a press means is the panel's business


async def test_a_board_has_only_the_controls_that_it_has() -> None:
    async with device_porch(board=DeviceHardware("one", "One", controls=frozenset({"talk"}))) as it:
        body = {"control": "mute", "down": True}
        refused = await it.ask("POST", "/device/press", body, expect=404)
        assert refused == {"detail": "This board has no mute."}
        refused = await it.ask("POST", "/device/press", {"turn": 1}, expect=404)
        assert refused == {"detail": "This board has no knob."}


async def test_real_pins_are_for_fingers_only() -> None:
    async with device_porch(simulated=False) as it:
        body = {"control": "talk", "down": True}
        refused = await it.ask("POST", "/device/press", body, expect=404)
        assert refused == {"detail": "The pins are real: only fingers can press them."}
        assert it.pins.touched == []
