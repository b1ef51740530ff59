"""The nouns of the hardware: what a board is made of and how it is wired, as a profile says it.

A profile is a TOML file of `hardware/profiles/`; `boards/` reads and recognises them. Pins are BCM
numbers (GPIO17 is 17). Everything is frozen; an unknown key is an error.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Pin = Annotated[int, Field(ge=0, le=27)]
"""Of the 40-pin header, as BCM number."""

HexColour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


# --- how it is recognised ---------------------------------------------------------------------


class Marks(_Part):
    """By what `REN_HARDWARE=auto` knows the board; shell patterns, whatever the letter case.

    A HAT that names itself in its EEPROM is certain; else a sound card of this name will do.
    """

    hat_product: tuple[str, ...] = ()
    """`/proc/device-tree/hat/product`."""
    alsa_card: tuple[str, ...] = ()
    """The id or the name of a card in `/proc/asound/cards`."""


# --- what people touch ------------------------------------------------------------------------


class Line(_Part):
    """An input: a button, a switch or a contact of a knob."""

    pin: Pin
    pull: Literal["up", "down", "none"] = "up"
    """Which way the line is drawn while nothing is pressed; `none` where the board does it."""
    active: Literal["low", "high"] = "low"
    """What the line is while pressed, or while a switch says muted."""


class MuteLine(Line):
    """What mutes the microphone: a latching `switch`, or a button that toggles."""

    kind: Literal["switch", "toggle"]


class Encoder(_Part):
    """A rotary encoder for the volume; clockwise, `a` leads. Both contacts close to ground."""

    a: Pin
    b: Pin


class Controls(_Part):
    """What people can touch; all of it is optional."""

    talk: Line | None = None
    mute: MuteLine | None = None
    volume_up: Line | None = None
    volume_down: Line | None = None
    encoder: Encoder | None = None


# --- what people see --------------------------------------------------------------------------


class RgbLed(_Part):
    """One LED of three colours, each dimmed by its pin."""

    kind: Literal["rgb"]
    red: Pin
    green: Pin
    blue: Pin
    common: Literal["cathode", "anode"] = "cathode"
    """What the three share: ground, or the supply (then a low pin is bright)."""


class Led(_Part):
    """A LED of one colour."""

    pin: Pin
    colour: HexColour
    active: Literal["low", "high"] = "high"


class Leds(_Part):
    """LEDs of one colour each; each shows as much of the light as is of its colour."""

    kind: Literal["leds"]
    leds: Annotated[tuple[Led, ...], Field(min_length=1, max_length=8)]


class Apa102(_Part):
    """A row of APA102 (DotStar) pixels: a clock and a data line."""

    kind: Literal["apa102"]
    pixels: int = Field(ge=1, le=64)
    clock: Pin
    data: Pin
    order: Literal["bgr", "rgb", "grb", "gbr", "rbg", "brg"] = "bgr"
    """In which order the three bytes of a pixel go."""


class Ws2812(_Part):
    """A row of WS2812 (NeoPixel) pixels on the data line of an SPI port, which keeps the time."""

    kind: Literal["ws2812"]
    pixels: int = Field(ge=1, le=64)
    data: Literal[10, 20]
    """MOSI of SPI 0, or of SPI 1."""
    order: Literal["grb", "rgb"] = "grb"


Lights = Annotated[RgbLed | Leds | Apa102 | Ws2812, Field(discriminator="kind")]


# --- what is heard ----------------------------------------------------------------------------


class SoundInput(_Part):
    """The microphones of a card."""

    device: str = Field(min_length=1)
    """Part of the name under which the sound library lists it, as in REN_MICROPHONE."""
    rate_hz: int = Field(16_000, ge=8_000, le=192_000)
    format: Literal["S16_LE", "S24_3LE", "S24_LE", "S32_LE"] = "S16_LE"
    channels: int = Field(1, ge=1, le=8)
    use: Annotated[tuple[Annotated[int, Field(ge=1, le=8)], ...], Field(min_length=1)] = (1,)
    """Which channels are heard, counted from 1; several are averaged."""
    gain_db: float = Field(0.0, ge=-20, le=40)
    """What is added to a quiet microphone's level in software."""


class SoundOutput(_Part):
    """The loudspeaker of a card."""

    device: str = Field(min_length=1)
    """As in REN_SPEAKER."""
    rate_hz: int = Field(48_000, ge=8_000, le=192_000)
    format: Literal["S16_LE", "S24_3LE", "S24_LE", "S32_LE"] = "S16_LE"
    channels: int = Field(2, ge=1, le=8)
    loudest_percent: int = Field(100, ge=10, le=100)
    """What the loudspeaker and its supply stand; the voice at 100 percent is this loud."""


class MixerSetting(_Part):
    """A control of the card's mixer, as `amixer sset CONTROL VALUE` takes it."""

    control: str = Field(min_length=1)
    value: str = Field(min_length=1)


class Sound(_Part):
    """The sound card."""

    card: str = ""
    """ALSA's id of the card, for the mixer; empty where it is the default one."""
    microphone: SoundInput | None = None
    speaker: SoundOutput | None = None
    mixer: tuple[MixerSetting, ...] = ()
    echo_delay_ms: int = Field(80, ge=0, le=500)
    """From a sound being played to its being heard, about; a hint for the echo canceller."""

    capture_stops_playback: bool = False
    """Whether closing the microphone silences the loudspeaker, too, which is then opened anew."""

    @property
    def gain_db(self) -> float:
        """What is added to what the microphone hears."""
        return 0.0 if self.microphone is None else self.microphone.gain_db

    @property
    def loudest(self) -> float:
        """What the loudspeaker stands, 0 to 1."""
        return 1.0 if self.speaker is None else self.speaker.loudest_percent / 100


# --- what it takes ----------------------------------------------------------------------------


class Power(_Part):
    """What the build draws at most, and what that asks of the supply."""

    supply_v: float = Field(5.0, gt=0, le=24)
    supply_a: float = Field(gt=0, le=10)
    """Of the whole Ren, the Pi included."""
    lights_ma: int = Field(60, ge=1, le=3000)
    """The lights never draw more: they are dimmed to it."""
    pixel_ma: int = Field(20, ge=1, le=100)
    """What one light draws when all of it is lit."""


class Platform(_Part):
    """What the system must be told for the card to be there."""

    config_txt: tuple[str, ...] = ()
    """Lines for `config.txt`, such as `dtoverlay=googlevoicehat-soundcard`."""
    modules: tuple[str, ...] = ()
    """Kernel modules to load."""


class WiredPart(_Part):
    """Something that is wired to the header besides lights and controls: a microphone, a HAT."""

    name: str = Field(min_length=1)
    pins: dict[str, str] = Field(min_length=1)
    """Its own pin -> `GPIO18`, `3V3`, `5V`, `GND`, or `PART:PIN` of another part."""


class HardwareProfile(_Part):
    """A board, or a build: everything that Ren has to know of it."""

    title: str = Field(min_length=1)
    """For people."""
    wiring: str = Field(min_length=1)
    """The drawing, relative to the profile."""
    marks: Marks = Marks()
    controls: Controls = Controls()
    lights: Lights | None = None
    sound: Sound = Sound()
    power: Power
    platform: Platform = Platform()
    reserved: dict[str, tuple[Pin, ...]] = {}
    """Pins that something else drives, by what: `i2s = [18, 19, 20, 21]`."""
    parts: tuple[WiredPart, ...] = ()

    def pins(self) -> Iterator[tuple[str, int]]:
        """Every pin that Ren itself reads or drives, with the key that names it."""
        for name in ("talk", "mute", "volume_up", "volume_down"):
            line: Line | None = getattr(self.controls, name)
            if line is not None:
                yield f"controls.{name}.pin", line.pin
        if (encoder := self.controls.encoder) is not None:
            yield "controls.encoder.a", encoder.a
            yield "controls.encoder.b", encoder.b
        match self.lights:
            case RgbLed(red=red, green=green, blue=blue):
                yield from (("lights.red", red), ("lights.green", green), ("lights.blue", blue))
            case Leds(leds=leds):
                for index, led in enumerate(leds):
                    yield f"lights.leds[{index}].pin", led.pin
            case Apa102(clock=clock, data=data):
                yield from (("lights.clock", clock), ("lights.data", data))
            case Ws2812(data=data):
                yield "lights.data", data
            case None:
                pass

    @property
    def pixels(self) -> int:
        """How many places of light there are that can differ; 0 without lights."""
        match self.lights:
            case None:
                return 0
            case Apa102(pixels=count) | Ws2812(pixels=count):
                return count
            case _:
                return 1
