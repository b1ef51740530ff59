"""What is wrong in a profile is said with file, key and what is allowed."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.boards import reading
from ren_device.boards.pins import conflicts
from ren_device.errors import SettingError
from tests.boards.profiles import profile

BCM = "it must be a BCM number from 0 to 27, which is not the place on the header"
LINE = "there are pin, pull, active"
KINDS = 'one of "rgb", "leds", "apa102", "ws2812"'
COLOUR = 'it must be a colour such as "#ff8000", in small letters'


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("[controls.talk]", f"controls.talk.pin is missing; {BCM}"),
        ("[controls]\ntalk.pin = 40", f"controls.talk.pin = 40: {BCM}"),
        ("[controls]\ntalk.pin = '3V3'", f'controls.talk.pin = "3V3": {BCM}'),
        ("[controls]\ntalk.pin = '17'", f'controls.talk.pin = "17": {BCM}'),
        ("[controls]\ntalk.pin = true", f"controls.talk.pin = true: {BCM}"),
        ("[controls]\ntalk.pin = 17.0", f"controls.talk.pin = 17.0: {BCM}"),
        ("[controls]\ntalk.pin = 0x" + 40 * "f",
         f"controls.talk.pin = a number beyond all bounds: {BCM}"),
        ("[controls]\ntalk = 17", "controls.talk = 17: it must be a table of pin, pull, active"),
        ("[controls]\ntalk = {pin = 17, pul = 'up'}",
         f"controls.talk.pul is not known; did you mean pull? ({LINE})"),
        ("[controls]\ntalk = {pin = 17, colour = 'red'}",
         f"controls.talk.colour is not known; {LINE}"),
        ("[controls]\ntalk = {pin = 17, pull = 'Up'}",
         'controls.talk.pull = "Up": it must be one of "up", "down", "none"'),
        ("[controls]\nmute = {pin = 17}",
         'controls.mute.kind is missing; it must be one of "switch", "toggle"'),
        ("[contrls]",
         "contrls is not known; did you mean controls? (there are title, wiring, marks, controls, "
         "lights, sound, power, platform, reserved, parts)"),
        ("[lights]", f"lights.kind is missing; it must be {KINDS}"),
        ("[lights]\nkind = 'neon'", f'lights.kind = "neon": it must be {KINDS}'),
        ("[lights]\nkind = 'ws2812'\npixels = 16\ndata = 18",
         "lights.data = 18: it must be one of 10, 20"),
        ("[lights]\nkind = 'ws2812'\npixels = 65\ndata = 10",
         "lights.pixels = 65: it must be a whole number from 1 to 64"),
        ("[lights]\nkind = 'leds'\nleds = []",
         "lights.leds = []: it must be a list of 1 to 8, in it a table of pin, colour, active"),
        ("[lights]\nkind = 'leds'\nleds = [{pin = 3, colour = '#FFF'}]",
         f'lights.leds[0].colour = "#FFF": {COLOUR}'),
        ("[lights]\nkind = 'leds'\nleds = [{pin = 3, colour = '#ffffff'}, {pin = 4, colour = 1}]",
         f"lights.leds[1].colour = 1: {COLOUR}"),
        ("[reserved]\ni2s = [18, 28]", f"reserved.i2s[1] = 28: {BCM}"),
        ("[reserved]\ni2s = 18", "reserved.i2s = 18: it must be a list, in it "
         + BCM.removeprefix("it must be ")),
        ("[sound.microphone]\ndevice = ''",
         'sound.microphone.device = "": it must be a text that is not empty'),
        ("[sound.speaker]\ndevice = 'x'\nformat = 'S16'",
         'sound.speaker.format = "S16": it must be one of "S16_LE", "S24_3LE", "S24_LE", "S32_LE"'),
        ("[sound.microphone]\ndevice = 'x'\nuse = []",
         "sound.microphone.use = []: it must be a list that is not empty, in it a whole number "
         "from 1 to 8"),
        ("[sound.microphone]\ndevice = 'x'\nchannels = 2\nuse = [1, 3]",
         "sound.microphone.use = [1, 3]: in it must be 1 to 2, as sound.microphone.channels has "
         "it"),
        ("[[sound.mixer]]\ncontrol = 'Speaker'\nvalue = 121",
         "sound.mixer[0].value = 121: it must be a text that is not empty"),
        ("supply_v = nan", "power.supply_v = nan: it must be a number above 0 and up to 24"),
        ("[marks]\nalsa_card = 'USB'", 'marks.alsa_card = "USB": it must be a list, in it a text'),
        ("[[parts]]\nname = 'M'\npins = {'L/R' = 3}", 'parts[0].pins."L/R" = 3: it must be a text'),
        ("[[parts]]\nname = 'M'\n[parts.pins]",
         "parts[0].pins = a table: it must be a table that is not empty, in it a text"),
        ("[[parts]]\nname = 'M'\npins = {'L/R' = 'GPIO28'}",
         'parts[0].pins."L/R" = "GPIO28": it must be GPIO0 to GPIO27, 3V3, 5V, GND, or PART:PIN of '
         "another part"),
    ],
)  # fmt: skip
def test_one_mistake(tmp_path: Path, more: str, line: str) -> None:
    path = profile(tmp_path, more)
    assert reading.examine(path)[1] == [line]
    with pytest.raises(SettingError) as raised:
        reading.read(path)
    assert str(raised.value) == f"{path}: {line}"


def test_all_mistakes_are_listed_and_the_first_is_raised(tmp_path: Path) -> None:
    path = profile(tmp_path, "[controls]\ntalk.pin = 99\nvolume_up.pin = -1\n[lights]\nkind = ''\n")
    lines = reading.examine(path)[1]
    assert [line.split(" = ")[0] for line in lines] == [
        "controls.talk.pin", "controls.volume_up.pin", "lights.kind",
    ]  # fmt: skip
    with pytest.raises(SettingError) as raised:
        reading.read(path)
    assert str(raised.value) == (f"{path}: {lines[0]} (and 2 more: see ren-device hardware check)")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"title = ", "it is not TOML: "),
        (b"title = 'a'\ntitle = 'b'", "it is not TOML: "),
        (b"\xff", "it is not UTF-8 text"),
        (b"a = " + b"[" * 5000, "it is nested too deeply"),
        (b"a." * 1500 + b"a = 1", "it is nested too deeply"),
        (b"a = " + b"9" * 5000, "it is not TOML: "),
        (b"#" * 70_000, "it is larger than 65536 bytes"),
        (b"", "title is missing; it must be a text that is not empty"),
    ],
)
def test_files_that_are_no_profile(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "board.toml"
    path.write_bytes(content)
    with pytest.raises(SettingError) as raised:
        reading.read(path)
    assert str(raised.value).startswith(f"{path}: {said}")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="it cannot be read: No such file"):
        reading.read(tmp_path / "none.toml")
    with pytest.raises(SettingError, match="it cannot be read: Is a directory"):
        reading.read(tmp_path)
    with pytest.raises(SettingError, match="it cannot be read"):
        reading.read(Path("~nobody-of-this-name/x.toml"))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(SettingError, match="it is no file"):
            reading.read(path)


def test_names_and_paths() -> None:
    for name in reading.names():
        assert reading.find(name) == reading.profiles_folder() / f"{name}.toml"
    assert reading.find("./mine.toml") == Path("mine.toml")
    assert reading.find("mine.toml") == Path("mine.toml")
    with pytest.raises(SettingError, match="no profile 'bare'; there are aiy-voice-v1, bare-i2s, "):
        reading.find("bare")


def test_the_drawing_is_looked_for_beside_the_profile(tmp_path: Path) -> None:
    path = profile(tmp_path)
    read = reading.read(path)
    assert reading.missing_drawing(path, read) == f"wiring: there is no file {tmp_path}/board.svg"
    (tmp_path / "board.svg").touch()
    assert reading.missing_drawing(path, read) is None


# --- whatever is in the file ------------------------------------------------------------------

SCALARS = (
    st.integers()
    | st.booleans()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["up", "low", "rgb", "apa102", "ws2812", "leds", "switch", "GPIO17", "#ff0000"]
    )
)
WORDS = st.text(max_size=5) | st.sampled_from(
    "title wiring marks controls lights sound power reserved parts kind pin pins talk a b".split()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4)
)


def toml(value: Any) -> str:
    """In one line; a key or a text in JSON is one in TOML."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case _:
            return f"{{{', '.join(f'{toml(key)} = {toml(each)}' for key, each in value.items())}}}"


def examined(folder: pytest.TempPathFactory, document: dict[str, Any]) -> list[str]:
    """What is wrong with it: one line each, fit to be shown; and nothing else is raised."""
    path = folder.getbasetemp() / "random.toml"
    text = "\n".join(f"{toml(key)} = {toml(value)}" for key, value in document.items())
    path.write_text(text, "utf-8", errors="replace")
    read, wrong = reading.examine(path)
    assert all(line and line.isprintable() for line in wrong)
    assert read is not None or wrong
    if wrong:
        with pytest.raises(SettingError):
            reading.read(path)
    else:
        driven = [pin for _, pin in reading.read(path).pins()]
        assert len(driven) == len(set(driven))
    return wrong


@given(document=st.dictionaries(WORDS, VALUES, max_size=6))
def test_any_toml(tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]) -> None:
    assert examined(tmp_path_factory, document)  # title, wiring and power are not hit by chance


@given(data=st.data(), name=st.sampled_from(reading.names()))
def test_a_shipped_profile_with_anything_changed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str
) -> None:
    document = tomllib.loads(reading.find(name).read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        here: Any = document
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            inside = isinstance(here[key], dict | list)
            if not inside or data.draw(st.booleans()):
                here[key] = data.draw(VALUES | st.integers(0, 27))
                break
            here = here[key]
    examined(tmp_path_factory, document)


@given(content=st.binary(max_size=200))
def test_any_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(content)
    with pytest.raises(SettingError) as raised:
        reading.read(path)
    assert str(path) in str(raised.value)


# --- the profiles that come with Ren ----------------------------------------------------------


@pytest.mark.parametrize("name", reading.names())
def test_a_shipped_profile_is_right(name: str) -> None:
    path = reading.find(name)
    read = reading.read(path)
    assert conflicts(read) == []
    assert reading.missing_drawing(path, read) is None
    assert read.controls.talk is not None
    assert read.sound.microphone is not None
    assert read.sound.speaker is not None
    assert max(read.sound.microphone.use) <= read.sound.microphone.channels
    assert "not verified on the hardware" in path.read_text().casefold()


def test_the_five_boards_are_there() -> None:
    assert reading.names() == [
        "aiy-voice-v1", "bare-i2s", "respeaker-2mic", "usb-speakerphone", "voice-bonnet",
    ]  # fmt: skip
