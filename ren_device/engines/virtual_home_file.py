"""The file of a virtual home: TOML with a table for each accessory.

    [[accessory]]
    name = "Kitchen Light"
    room = "Kitchen"
    service_type = "lightbulb"
    on = false
    brightness = 80

What else may stand there is in `virtual_devices`.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ren_device.engines.virtual_devices import KINDS, Device, Refused, line_of

MOST_DEVICES = 500
_MOST_BYTES = 1024 * 1024

Stamp = tuple[int, int, int] | None


def parse_home(text: bytes) -> dict[str, Device]:
    """The devices by id. Raises Refused, naming the place and what is allowed there."""
    try:
        document = tomllib.loads(text.decode())
    except UnicodeDecodeError:
        raise Refused("it is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"it is not TOML: {error}") from None
    tables = document.pop("accessory", None)
    if document:
        raise Refused(f"{next(iter(document))} is not known; use [[accessory]]")
    if not isinstance(tables, list) or not tables:
        raise Refused("it needs at least one [[accessory]]")
    if len(tables) > MOST_DEVICES:
        raise Refused(f"it has {len(tables)} accessories; {MOST_DEVICES} are allowed")
    devices: dict[str, Device] = {}
    named: set[tuple[str, str]] = set()
    for number, table in enumerate(tables, start=1):
        place = f"accessory {number}"
        if not isinstance(table, dict):
            raise Refused(f"{place}: it must be a table, written [[accessory]]")
        place += f" ({table['name']})" if isinstance(table.get("name"), str) else ""
        device = _device(place, table)
        device_id = _id_of(device)
        if device_id in devices:
            raise Refused(f"{place}: another accessory has its id, {device_id}; give it an id")
        if (name := (device.name.casefold(), device.room.casefold())) in named:
            raise Refused(f"{place}: another accessory in this room has its name")
        named.add(name)
        devices[device_id] = device
    return devices


def _device(place: str, table: dict[str, Any]) -> Device:
    service_type = table.get("service_type")
    kind = KINDS.get(service_type) if isinstance(service_type, str) else None
    if kind is None:
        known = ", ".join(KINDS)
        wrong = "is missing" if service_type is None else f"{service_type!r} is not known"
        raise Refused(f"{place}: service_type {wrong}; use one of {known}")
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        raise Refused(f"{place}: {line_of(error, kind)}") from None


def _id_of(device: Device) -> str:
    """`virtual-kitchen-light`: steady, wherever it stands in the file."""
    if device.id:
        return f"virtual-{device.id.removeprefix('virtual-')}"
    name, room = device.name.casefold(), device.room.casefold()
    words = name if name.startswith(room) else f"{room} {name}"
    return "virtual-" + "-".join(re.findall(r"\w+", words))


def stamp_of(path: Path) -> Stamp:
    """Differs when the file was written anew; None when it is not there. Blocks."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_home(path: Path) -> tuple[Stamp, dict[str, Device]]:
    """The devices of this file, and its stamp. Blocks. Raises Refused."""
    stamp = stamp_of(path)  # before: what is written meanwhile is seen as a change later
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Refused(f"it cannot be read: {error.strerror or error}") from None
    if len(text) > _MOST_BYTES:
        raise Refused(f"it is larger than {_MOST_BYTES} bytes")
    return stamp, parse_home(text)
