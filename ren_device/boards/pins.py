"""What is on which pin, and where two things are on one: found before anything is driven."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from ren_device.boards.wording import key_of, shown
from ren_device.hardware_profile import Apa102, HardwareProfile, Ws2812

HEADER = {
    2: 3, 3: 5, 4: 7, 14: 8, 15: 10, 17: 11, 18: 12, 27: 13, 22: 15, 23: 16, 24: 18, 10: 19, 9: 21,
    25: 22, 11: 23, 8: 24, 7: 26, 0: 27, 1: 28, 5: 29, 6: 31, 12: 32, 13: 33, 19: 35, 16: 36,
    26: 37, 20: 38, 21: 40,
}  # fmt: skip
"""BCM number -> place on the 40-pin header."""

_EEPROM = (0, 1)
_SPI = {0: (7, 8, 9, 10, 11), 1: (16, 17, 18, 19, 20, 21)}
"""All that the kernel takes for a port: selects, MISO, MOSI, clock."""
_PORT_OF_DATA = {10: 0, 20: 1}
_CLOCK_OF_DATA = {10: 11, 20: 21}
_POWER = ("3V3", "5V", "GND")


@dataclass(frozen=True, slots=True)
class Use:
    """Something on a pin.

    `driven` is by Ren itself; `spi` is the rest of a port that the lights need; a `part` shares its
    pins with others that are not driven: several parts are on one I2S bus.
    """

    pin: int
    who: str
    kind: Literal["driven", "spi", "reserved", "part", "eeprom"]
    of: str = ""
    """For people: the part, and its own name for the pin."""


def uses(profile: HardwareProfile) -> list[Use]:
    """Everything on the header, by BCM number."""
    found = [Use(pin, key, "driven") for key, pin in profile.pins()]
    port = spi_port(profile)
    if port is not None:
        lit = {pin for key, pin in profile.pins() if key.startswith("lights.")}
        rest = [pin for pin in _SPI[port] if pin not in lit]
        found += [Use(pin, f"SPI {port} for the lights", "spi") for pin in rest]
    for what, pins in profile.reserved.items():
        if not (what == "spi" and port is not None):  # said already
            found += [Use(pin, key_of("reserved", what), "reserved") for pin in pins]
    for index, part in enumerate(profile.parts):
        for name, wire in part.pins.items():
            if (pin := _gpio(wire)) is not None:
                key = key_of("parts", index, "pins", name)
                found.append(Use(pin, key, "part", f"{part.name}: {name}"))
    found += [Use(pin, "the EEPROM of a HAT", "eeprom") for pin in _EEPROM]
    return sorted(found, key=lambda use: use.pin)


def spi_port(profile: HardwareProfile) -> int | None:
    """The SPI port that the lights need; None for lights on plain pins, and without any."""
    match profile.lights:
        case Ws2812(data=data):
            return _PORT_OF_DATA[data]
        case Apa102(data=data, clock=clock) if _CLOCK_OF_DATA.get(data) == clock:
            return _PORT_OF_DATA[data]
        case _:
            return None


def conflicts(profile: HardwareProfile) -> list[str]:
    """What cannot be together, one sentence each. With none, the pins may be driven."""
    return [*_shared(profile), *_bad_wires(profile)]


def _shared(profile: HardwareProfile) -> Iterator[str]:
    pins: dict[tuple[str, str], list[int]] = {}
    for one, other in combinations(uses(profile), 2):
        if one.pin == other.pin and (
            "driven" in (kinds := {one.kind, other.kind}) or "spi" in kinds
        ):
            pins.setdefault((one.who, other.who), []).append(one.pin)
    for (one_is, other_is), where in pins.items():
        places = ", ".join(f"GPIO{pin}" for pin in where)
        yield f"{one_is} and {other_is} are both on {places}"


def _bad_wires(profile: HardwareProfile) -> Iterator[str]:
    names = [part.name for part in profile.parts]
    for index, part in enumerate(profile.parts):
        if part.name in names[:index]:
            yield f"{key_of('parts', index, 'name')}: there are two of this name"
        for name, wire in part.pins.items():
            other, _, pin = wire.rpartition(":")
            leads_on = pin and other in names and other != part.name
            if not (wire in _POWER or _gpio(wire) is not None or leads_on):
                yield (
                    f"{key_of('parts', index, 'pins', name)} = {shown(wire)}: it must be GPIO0 to "
                    "GPIO27, 3V3, 5V, GND, or PART:PIN of another part"
                )


def _gpio(wire: str) -> int | None:
    match = re.fullmatch(r"GPIO(\d|1\d|2[0-7])", wire, re.ASCII)
    return int(match[1]) if match else None
