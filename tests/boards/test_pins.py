"""Two things on one pin are found before anything is driven."""

from pathlib import Path

import pytest

from ren_device.boards import reading
from ren_device.boards.pins import HEADER, spi_port, uses
from ren_device.errors import SettingError
from tests.boards.profiles import profile

WIRE = "it must be GPIO0 to GPIO27, 3V3, 5V, GND, or PART:PIN of another part"
I2S = "[reserved]\ni2s = [18, 19, 20, 21]\n"
MICROPHONE = '[[parts]]\nname = "Microphone"\npins = {SCK = "GPIO18", VDD = "3V3"}\n'


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ("[controls]\ntalk.pin = 17\nvolume_up.pin = 17",
         ["controls.talk.pin and controls.volume_up.pin are both on GPIO17"]),
        ("[controls]\nencoder = {a = 5, b = 5}",
         ["controls.encoder.a and controls.encoder.b are both on GPIO5"]),
        ("[controls]\ntalk.pin = 17\n[lights]\nkind = 'rgb'\nred = 17\ngreen = 27\nblue = 27",
         ["controls.talk.pin and lights.red are both on GPIO17",
          "lights.green and lights.blue are both on GPIO27"]),
        ("[lights]\nkind = 'leds'\nleds = [{pin=5, colour='#ffffff'}, {pin=5, colour='#ff0000'}]",
         ["lights.leds[0].pin and lights.leds[1].pin are both on GPIO5"]),
        ("[controls]\ntalk.pin = 19\n" + I2S,
         ["controls.talk.pin and reserved.i2s are both on GPIO19"]),
        ("[controls]\nmute = {pin = 3, kind = 'switch'}\n[reserved]\n'i 2c' = [2, 3]",
         ['controls.mute.pin and reserved."i 2c" are both on GPIO3']),
        ("[controls]\ntalk.pin = 15\n[reserved]\nuart = [14, 15]",
         ["controls.talk.pin and reserved.uart are both on GPIO15"]),
        ("[controls]\ntalk.pin = 0\nvolume_up.pin = 1",
         ["controls.talk.pin and the EEPROM of a HAT are both on GPIO0",
          "controls.volume_up.pin and the EEPROM of a HAT are both on GPIO1"]),
        ("[controls]\ntalk.pin = 18\n" + MICROPHONE,
         ["controls.talk.pin and parts[0].pins.SCK are both on GPIO18"]),
        ("[lights]\nkind = 'rgb'\nred = 18\ngreen = 5\nblue = 6\n" + MICROPHONE,
         ["lights.red and parts[0].pins.SCK are both on GPIO18"]),
        # The kernel takes all of an SPI port.
        ("[controls]\ntalk.pin = 8\n[lights]\nkind = 'apa102'\npixels = 3\nclock = 11\ndata = 10",
         ["controls.talk.pin and SPI 0 for the lights are both on GPIO8"]),
        ("[controls]\ntalk.pin = 11\n[lights]\nkind = 'ws2812'\npixels = 8\ndata = 10",
         ["controls.talk.pin and SPI 0 for the lights are both on GPIO11"]),
        ("[lights]\nkind = 'ws2812'\npixels = 8\ndata = 20\n" + I2S,
         ["SPI 1 for the lights and reserved.i2s are both on GPIO18, GPIO19, GPIO21",
          "lights.data and reserved.i2s are both on GPIO20"]),
        ("[lights]\nkind = 'apa102'\npixels = 8\nclock = 21\ndata = 20\n" + I2S,
         ["SPI 1 for the lights and reserved.i2s are both on GPIO18, GPIO19",
          "lights.data and reserved.i2s are both on GPIO20",
          "lights.clock and reserved.i2s are both on GPIO21"]),
        ("[[parts]]\nname = 'A'\npins = {X = 'A:Y'}\n[[parts]]\nname = 'A'\npins = {X = 'A:'}",
         [f'parts[0].pins.X = "A:Y": {WIRE}',
          "parts[1].name: there are two of this name",
          f'parts[1].pins.X = "A:": {WIRE}']),
    ],
)  # fmt: skip
def test_conflicts(tmp_path: Path, more: str, lines: list[str]) -> None:
    path = profile(tmp_path, more)
    assert reading.examine(path)[1] == lines
    with pytest.raises(SettingError):
        reading.read(path)


@pytest.mark.parametrize(
    "more",
    [
        # Two parts on one bus, and the bus itself.
        I2S + MICROPHONE + MICROPHONE.replace("Microphone", "Amplifier"),
        # A port that the lights share with nobody, said or not.
        "[lights]\nkind = 'apa102'\npixels = 3\nclock = 11\ndata = 10\n[reserved]\nspi = [7, 8, 9]",
        # Plain pins of a port need nothing of the port.
        "[controls]\ntalk.pin = 8\n[lights]\nkind = 'apa102'\npixels = 3\nclock = 6\ndata = 10",
        "[lights]\nkind = 'ws2812'\npixels = 8\ndata = 10\n" + I2S,
        MICROPHONE + "[[parts]]\nname = 'B'\npins = {X = 'Microphone:OUT', Y = 'GPIO0', Z = 'GND'}",
    ],
)
def test_no_conflict(tmp_path: Path, more: str) -> None:
    assert reading.examine(profile(tmp_path, more))[1] == []


@pytest.mark.parametrize(
    ("lights", "port"),
    [
        ("", None),
        ("[lights]\nkind = 'rgb'\nred = 10\ngreen = 11\nblue = 9", None),
        ("[lights]\nkind = 'apa102'\npixels = 3\nclock = 11\ndata = 10", 0),
        ("[lights]\nkind = 'apa102'\npixels = 3\nclock = 21\ndata = 20", 1),
        ("[lights]\nkind = 'apa102'\npixels = 3\nclock = 21\ndata = 10", None),
        ("[lights]\nkind = 'ws2812'\npixels = 3\ndata = 20", 1),
    ],
)
def test_which_lights_need_a_port(tmp_path: Path, lights: str, port: int | None) -> None:
    assert spi_port(reading.read(profile(tmp_path, lights))) == port


def test_the_header_has_every_pin_once() -> None:
    power = {1, 2, 4, 6, 9, 14, 17, 20, 25, 30, 34, 39}
    assert sorted(HEADER) == list(range(28))
    assert set(HEADER.values()) | power == set(range(1, 41))
    assert not set(HEADER.values()) & power


def test_what_is_on_which_pin() -> None:
    found = [(use.pin, use.of or use.who) for use in uses(reading.read(reading.find("bare-i2s")))]
    assert (23, "controls.talk.pin") in found
    assert (16, "reserved.driver") in found
    assert (18, "MAX98357A amplifier: BCLK") in found
    assert [pin for pin, _ in found] == sorted(pin for pin, _ in found)
