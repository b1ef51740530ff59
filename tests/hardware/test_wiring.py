"""The wiring drawings are of the profiles that are there, and show every pin of them."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ren_device.boards import reading
from ren_device.boards.pins import HEADER
from ren_device.hardware_profile import RgbLed
from scripts.drawing import wiring
from scripts.drawing.fingerprints import HARDWARE
from scripts.drawing.harness import POWER_PINS, RESISTOR_OHM, harness, plugged_on, purpose

_PROFILES = reading.names()
_FALLS_BY_V = {"red": 2.0, "green": 3.0, "blue": 3.0}


@pytest.mark.parametrize("name", _PROFILES)
def test_the_drawing_is_of_the_profile_that_is_there(name: str) -> None:
    assert wiring.is_current(name), "run scripts/draw wiring"
    ET.parse(wiring.target(name))


def _wires(name: str) -> dict[tuple[str, str], int]:
    """(part, its pin) -> the place on the header that the drawing wires it to."""
    ends: dict[tuple[str, str], int] = {}
    for way in harness(reading.read(reading.find(name))).connections:
        [(first, places)], [(last, pins)] = way[0].items(), way[-1].items()
        if first == "Pi":
            ends |= {(last, pin): place for place, pin in zip(places, pins, strict=True)}
    return ends


@pytest.mark.parametrize("name", _PROFILES)
def test_every_pin_of_a_profile_is_drawn_where_it_is_on_the_header(name: str) -> None:
    profile = reading.read(reading.find(name))
    drawing = harness(profile)
    for _, pin in profile.pins():
        assert drawing.used[HEADER[pin]][0] == f"GPIO{pin}"
    wires = _wires(name)
    board = plugged_on(profile)
    for part in profile.parts:
        for pin_name, wire in part.pins.items():
            if part is board or ":" in wire:
                continue
            place = wires[part.name, pin_name]
            assert place in (POWER_PINS[wire] if wire in POWER_PINS else (HEADER[int(wire[4:])],))


def test_the_bare_build_is_wired_as_its_parts_ask() -> None:
    wires = _wires("bare-i2s")
    assert wires["RGB LED", "common cathode"] in POWER_PINS["GND"]
    assert wires["talk button", "other leg"] in POWER_PINS["GND"]
    assert wires["talk button", "one leg"] == HEADER[23]
    # The driver pulls GPIO16 low whenever the microphone closes: an alarm would fall silent.
    assert HEADER[16] not in wires.values()
    assert wires["MAX98357A amplifier", "VIN"] in POWER_PINS["5V"]
    assert wires["INMP441 microphone", "VDD"] in POWER_PINS["3V3"]
    grounds = [place for place in wires.values() if place in POWER_PINS["GND"]]
    assert len(grounds) == len(set(grounds)), "each its own ground pin, as long as there are any"


def test_a_broken_wire_of_the_mute_switch_mutes() -> None:
    mute = reading.read(reading.find("bare-i2s")).controls.mute
    assert mute is not None
    assert (mute.kind, mute.pull, mute.active) == ("switch", "up", "high")  # open: up: muted
    wires = _wires("bare-i2s")
    assert wires["mute switch", "NC"] == HEADER[27]
    assert wires["mute switch", "C"] in POWER_PINS["GND"]


@pytest.mark.parametrize(
    ("line", "legs"),
    [
        ("pull = 'up', active = 'low'", {"one leg": "GPIO5", "other leg": "GND"}),
        ("pull = 'down', active = 'high'", {"one leg": "GPIO5", "other leg": "3V3"}),
        ("pull = 'none', active = 'high'", {"one leg": "GPIO5", "other leg": "3V3"}),
        ("pull = 'down', active = 'low'", {"NC": "GPIO5", "C": "3V3"}),
    ],
)
def test_a_contact_closes_against_the_pull(tmp_path: Path, line: str, legs: dict[str, str]) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'title = "Own"\nwiring = "own.svg"\n[power]\nsupply_a = 3.0\n'
        f"[controls]\ntalk = {{ pin = 5, {line} }}\n"
    )
    drawing = harness(reading.read(path))
    [way] = drawing.connections
    names = (drawing.used[place][0] for place in way[0]["Pi"])
    assert dict(zip(way[-1]["talk button"], names, strict=True)) == legs


def test_the_wires_are_counted_right() -> None:
    drawing = harness(reading.read(reading.find("bare-i2s")))
    wires = sum(len(way[0].get("Pi", ())) for way in drawing.connections)
    page = (HARDWARE / "assembly" / "README.md").read_text()
    assert f"Count: {wires} wires on {len(drawing.used)} pins of the header" in page


def test_a_wire_has_the_colour_of_its_purpose() -> None:
    profile = reading.read(reading.find("bare-i2s"))
    seen = {pin: purpose(profile, pin) for pin in (23, 27, 25, 18, 21, 16)}
    assert seen == {
        23: "buttons", 27: "buttons", 25: "lights", 18: "I2S sound", 21: "I2S sound",
        16: "amplifier",
    }  # fmt: skip


def test_the_resistors_keep_a_led_within_what_the_profile_says() -> None:
    profile = reading.read(reading.find("bare-i2s"))
    assert isinstance(profile.lights, RgbLed)
    ma = {colour: (3.3 - _FALLS_BY_V[colour]) / ohm * 1000 for colour, ohm in RESISTOR_OHM.items()}
    assert max(ma.values()) < 16, "what a pin of the Pi gives"
    assert sum(ma.values()) <= profile.power.pixel_ma <= profile.power.lights_ma


@pytest.mark.parametrize(
    ("old", "new"),
    [("talk = { pin = 23", "talk = { pin = 5"), ('"cathode"', '"anode"'), ("Bare build", "Ren")],
)
def test_another_profile_makes_another_drawing(tmp_path: Path, old: str, new: str) -> None:
    text = reading.find("bare-i2s").read_text()
    assert old in text
    other = tmp_path / "other.toml"
    other.write_text(text.replace(old, new))
    assert wiring.fingerprint(str(other)) != wiring.fingerprint("bare-i2s")
    other.write_text(text)
    assert wiring.fingerprint(str(other)) == wiring.fingerprint("bare-i2s")


@pytest.mark.parametrize(
    ("lights", "part", "pins"),
    [
        (
            '{ kind = "apa102", pixels = 8, clock = 11, data = 10 }',
            "8 APA102 pixels",
            {"CI": (23,), "DI": (19,), "5V": (2, 4), "GND": POWER_PINS["GND"]},
        ),
        (
            '{ kind = "ws2812", pixels = 16, data = 10 }',
            "16 WS2812 pixels",
            {"DIN": (19,), "5V": (2, 4), "GND": POWER_PINS["GND"]},
        ),
        (
            '{ kind = "leds", leds = [{ pin = 5, colour = "#ff0000", active = "low" }] }',
            "LED 1",
            {"cathode": (29,), "anode": POWER_PINS["3V3"]},
        ),
        (
            '{ kind = "rgb", red = 5, green = 6, blue = 13, common = "anode" }',
            "RGB LED",
            {"red": (29,), "green": (31,), "blue": (33,), "common anode": POWER_PINS["3V3"]},
        ),
    ],
)
def test_lights_of_every_kind_can_be_drawn(
    tmp_path: Path, lights: str, part: str, pins: dict[str, tuple[int, ...]]
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'title = "Own"\nwiring = "own.svg"\n'
        f"lights = {lights}\n"
        "[controls]\nvolume_up = { pin = 16 }\nencoder = { a = 26, b = 12 }\n"
        "[power]\nsupply_a = 3.0\n"
    )
    wires = _wires(str(path))
    assert {pin: wires[part, pin] in places for pin, places in pins.items()} == dict.fromkeys(
        pins, True
    )
    assert (wires["volume knob", "A"], wires["volume knob", "B"]) == (HEADER[26], HEADER[12])
    ET.fromstring(wiring.draw(str(path)))
