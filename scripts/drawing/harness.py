"""Turns a profile into what WireViz draws: the header, the parts, and every wire between them."""

import re
from dataclasses import dataclass, field
from typing import Any

from ren_device.boards.pins import HEADER
from ren_device.hardware_profile import (
    Apa102,
    HardwareProfile,
    Leds,
    Line,
    MuteLine,
    RgbLed,
    WiredPart,
    Ws2812,
)

RESISTOR_OHM = {"red": 220, "green": 100, "blue": 100}
"""For a LED at 3.3 V: 6 mA in red, which falls by 2.0 V, and 3 mA in green and blue (3.0 V)."""

POWER_PINS = {"3V3": (1, 17), "5V": (2, 4), "GND": (6, 9, 14, 20, 25, 30, 34, 39)}
"""Places on the 40-pin header."""

COLOURS = {
    "5 V": ("red", "#E03131"),
    "3.3 V": ("orange", "#F08C00"),
    "ground": ("black", "#000000"),
    "I2S sound": ("blue", "#1971C2"),
    "buttons": ("green", "#2F9E44"),
    "lights": ("violet", "#9C36B5"),
    "I2C": ("brown", "#8D6E63"),
    "amplifier": ("turquoise", "#15AABF"),
    "loudspeaker": ("grey", "#868E96"),
}
"""What a wire is for -> the name and the value of its colour."""

PART_NOTES = {
    "INMP441": (
        "order and names differ from board to board;",
        "Adafruit 3421: BCLK = SCK, LRCL = WS,",
        "DOUT = SD, SEL = L/R",
    ),
    "MAX98357A": (
        "BCLK is also called BCK, LRC also LRCK;",
        "leave GAIN free (9 dB) and SD free",
        "(1 MΩ on the board: on, both channels)",
    ),
}
"""How the name of a part begins -> what is written below it."""

_FAILS_CLOSED = "\n".join(
    (
        "latching, by its NC contact; leave NO free;",
        "closed = Ren may listen,",
        "open (pressed, or a broken wire) = muted",
    )
)

_HEADER = "Pi"
_ROOM = "\N{NO-BREAK SPACE}" * 2  # the font may be a little wider than the one that was measured


@dataclass(slots=True)
class Harness:
    """What is drawn, in WireViz's words, and which place of the header is used for what."""

    connectors: dict[str, dict[str, Any]] = field(default_factory=dict)
    cables: dict[str, dict[str, Any]] = field(default_factory=dict)
    connections: list[list[Any]] = field(default_factory=list)
    used: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Place on the header -> its name and what it is for."""
    shared: set[int] = field(default_factory=set)
    """Places that more than one wire leaves."""

    def document(self) -> dict[str, Any]:
        """For `wireviz.parse`."""
        places = sorted(self.used)
        header = {
            "type": "its 40-pin header",
            "pins": places,
            "pinlabels": [self.used[place][0] for place in places],
            "show_pincount": False,
            "bgcolor_title": "#dee2e6",
        }
        return {
            "options": {"fontname": "Arial", "color_mode": "HEX", "bgcolor": "WH"},
            "connectors": {_HEADER: header, **self.connectors},
            "cables": self.cables,
            "connections": self.connections,
            "tweak": {"append": "ranksep=2.6"},
        }


def harness(profile: HardwareProfile) -> Harness:
    """Everything that a person has to connect for this profile."""
    drawing = Harness()
    board = plugged_on(profile)
    if board is not None:
        _plug(drawing, profile, board)
    for part in profile.parts:
        if part is not board:
            _wire(drawing, profile, part.name, dict(part.pins), _notes(part.name))
    if board is None:
        _controls(drawing, profile)
        _lights(drawing, profile)
    return drawing


def plugged_on(profile: HardwareProfile) -> WiredPart | None:
    """The HAT, if there is one: what takes both supplies. Buttons and lights are then on it."""
    for part in profile.parts:
        if {"3V3", "5V", "GND"} <= set(part.pins.values()):
            return part
    return None


def _notes(name: str) -> str | None:
    lines = next((lines for begins, lines in PART_NOTES.items() if name.startswith(begins)), None)
    return "\n".join(lines) if lines else None


def purpose(profile: HardwareProfile, pin: int) -> str:
    """What a pin of the header is for, a key of COLOURS."""
    for key, used in profile.pins():
        if used == pin:
            return "buttons" if key.startswith("controls") else "lights"
    for what, pins in profile.reserved.items():
        if pin in pins:
            return {"i2s": "I2S sound", "i2c": "I2C", "spi": "lights"}.get(what, "amplifier")
    return "amplifier"


def _plug(drawing: Harness, profile: HardwareProfile, board: WiredPart) -> None:
    rows: list[tuple[int, str]] = []
    for name, wire in board.pins.items():
        rows.append((_place(drawing, profile, wire, []), name))
    on_board = {HEADER[pin]: (key, pin) for key, pin in profile.pins()}
    for place, (key, pin) in on_board.items():
        _use(drawing, place, f"GPIO{pin}", purpose(profile, pin))
        rows.append((place, _on_board(key)))
    rows.sort()
    drawing.connectors[board.name] = {
        "pins": [place for place, _ in rows],
        "pinlabels": [name for _, name in rows],
        "show_pincount": False,
        "notes": "plugged on, all 40 pins",
        "bgcolor_title": "#d0ebff",
    }
    places = [place for place, _ in rows]
    drawing.connections.append([{_HEADER: places}, "-->", {board.name: places}])


def _on_board(key: str) -> str:
    """What a key of `HardwareProfile.pins` is called on a HAT."""
    kind, name = key.removesuffix(".pin").split(".", 1)
    if kind == "controls":
        return f"{name.replace('_', ' ')} button"
    return "lamp" if name.startswith("leds") else f"lights: {name}"


def _wire(
    drawing: Harness,
    profile: HardwareProfile,
    name: str,
    pins: dict[str, str],
    notes: str | None = None,
    through: list[str] | None = None,
) -> None:
    """A part with a bundle of wires to the header, or to another part's pins.

    Those of its pins that are in `through` have a resistor between.
    """
    drawing.connectors[name] = {
        "pins": list(pins),
        "show_pincount": False,
        "bgcolor_title": "#e6fcf5",
    }
    if notes:
        drawing.connectors[name]["notes"] = notes.replace("\n", _ROOM + "\n") + _ROOM
    near = [HEADER[int(wire[4:])] for wire in pins.values() if wire.startswith("GPIO")]
    bundle = f"to {name}"
    other, from_pins, colours = _HEADER, list[Any](), list[str]()
    for wire in pins.values():
        if ":" in wire:
            other, pin = wire.rsplit(":", 1)
            connector = drawing.connectors[other]
            if pin not in connector["pins"]:
                connector["pins"].append(pin)
                if "pinlabels" in connector:  # of a HAT, whose other pins are places
                    connector["pinlabels"].append("terminal")
            from_pins.append(pin)
            colours.append(COLOURS["loudspeaker"][1])
        else:
            place = _place(drawing, profile, wire, near)
            from_pins.append(place)
            colours.append(COLOURS[drawing.used[place][1]][1])
    drawing.cables[bundle] = _bundle(colours)
    wires = list(range(1, len(pins) + 1))
    if not through:
        drawing.connections.append([{other: from_pins}, {bundle: wires}, {name: list(pins)}])
        return
    resistors = f"resistors of {name}"
    drawing.connectors[resistors] = {
        "pins": list(through),
        "pinlabels": [f"{RESISTOR_OHM.get(pin, 220)} Ω" for pin in through],
        "show_pincount": False,
        "bgcolor_title": "#fff3bf",
    }
    behind = f"{name} behind its resistors"
    drawing.cables[behind] = _bundle(colours[: len(through)])
    first = wires[: len(through)]
    way: list[Any] = [{other: from_pins[: len(through)]}, {bundle: first}]
    way += [{resistors: through}, {behind: first}, {name: through}]
    drawing.connections.append(way)
    for index in wires[len(through) :]:
        drawing.connections.append(
            [{other: [from_pins[index - 1]]}, {bundle: [index]}, {name: [list(pins)[index - 1]]}]
        )


def _bundle(colours: list[str]) -> dict[str, Any]:
    return {"category": "bundle", "colors": colours, "show_name": False, "show_wirecount": False}


def _controls(drawing: Harness, profile: HardwareProfile) -> None:
    controls = profile.controls
    for name, line in (
        ("talk button", controls.talk),
        ("mute", controls.mute),
        ("volume up button", controls.volume_up),
        ("volume down button", controls.volume_down),
    ):
        if line is None:
            continue
        closed, legs = _contact(line)
        title, notes = name, f"{'closes' if closed else 'opens'} while pressed"
        if isinstance(line, MuteLine):
            title = f"mute {'switch' if line.kind == 'switch' else 'button'}"
            if line.kind == "switch":
                notes = "latching: closed = muted" if closed else _FAILS_CLOSED
        _wire(drawing, profile, title, legs, notes)
    if (knob := controls.encoder) is not None:
        _wire(
            drawing,
            profile,
            "volume knob",
            {"A": f"GPIO{knob.a}", "B": f"GPIO{knob.b}", "C": "GND"},
        )


def _contact(line: Line) -> tuple[bool, dict[str, str]]:
    """Whether its contact is closed while it is active, and how its legs are wired.

    A closed contact beats the pull: it draws the line to the other side.
    """
    closes_to = {"up": "low", "down": "high", "none": line.active}[line.pull]
    closed = closes_to == line.active
    one, other = ("one leg", "other leg") if closed else ("NC", "C")
    return closed, {one: f"GPIO{line.pin}", other: "GND" if closes_to == "low" else "3V3"}


def _lights(drawing: Harness, profile: HardwareProfile) -> None:
    match profile.lights:
        case RgbLed(common=common) as led:
            pins = {colour: f"GPIO{getattr(led, colour)}" for colour in ("red", "green", "blue")}
            longest = {f"common {common}": "GND" if common == "cathode" else "3V3"}
            _wire(
                drawing, profile, "RGB LED", pins | longest, "longest leg: the common one", [*pins]
            )
        case Leds(leds=leds):
            for index, lamp in enumerate(leds, 1):
                pins = {"anode" if lamp.active == "high" else "cathode": f"GPIO{lamp.pin}"}
                rest = {"cathode": "GND"} if lamp.active == "high" else {"anode": "3V3"}
                _wire(drawing, profile, f"LED {index}", pins | rest, lamp.colour, [*pins])
        case Apa102(pixels=pixels, clock=clock, data=data):
            pins = {"CI": f"GPIO{clock}", "DI": f"GPIO{data}", "5V": "5V", "GND": "GND"}
            _wire(drawing, profile, f"{pixels} APA102 pixels", pins)
        case Ws2812(pixels=pixels, data=data):
            pins = {"DIN": f"GPIO{data}", "5V": "5V", "GND": "GND"}
            _wire(drawing, profile, f"{pixels} WS2812 pixels", pins)
        case None:
            pass


def _place(drawing: Harness, profile: HardwareProfile, wire: str, near: list[int]) -> int:
    """The place on the header for `GPIO18`, `3V3`, `5V` or `GND`: of several the nearest."""
    if found := re.fullmatch(r"GPIO(\d+)", wire):
        pin = int(found[1])
        return _use(drawing, HEADER[pin], wire, purpose(profile, pin))
    what = {"3V3": "3.3 V", "5V": "5 V", "GND": "ground"}[wire]
    middle = sum(near) / len(near) if near else 0
    by_distance = sorted(POWER_PINS[wire], key=lambda place: abs(place - middle))
    free = [place for place in by_distance if place not in drawing.used]
    return _use(drawing, (free or by_distance)[0], wire, what)


def _use(drawing: Harness, place: int, name: str, what: str) -> int:
    if place in drawing.used:
        drawing.shared.add(place)
    drawing.used[place] = (name, what)
    return place
