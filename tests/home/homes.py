"""A small home in memory: a driver that can be changed from outside, held up and broken."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ren_device.bus import Bus
from ren_device.errors import HomeError
from ren_device.home.house import House
from ren_device.model import Accessory, Characteristic, HomeValue


def level(value: int) -> Characteristic:
    return Characteristic(value, True, 0, 100)


def light(name: str, room: str, **levels: int) -> Accessory:
    """A lamp that is off; `brightness=50` makes it one that can be dimmed."""
    dimmable = {key: level(value) for key, value in levels.items()}
    return accessory(name, room, "lightbulb", on=Characteristic(False, True), **dimmable)


def accessory(
    name: str, room: str, service_type: str, **characteristics: Characteristic
) -> Accessory:
    own_id = f"fake-{room}-{name}".lower().replace(" ", "-")
    return Accessory(own_id, name, room, service_type, characteristics)


class FakeHome:
    """A HomeDriver."""

    def __init__(self, *accessories: Accessory, name: str = "fake") -> None:
        self.name = name
        self.there = {each.id: each for each in accessories}
        self.broken = False
        self.silent: set[str] = set()
        """Accessories that do not answer."""
        self.looks = 0
        self.looking = asyncio.Event()
        self.may_look = asyncio.Event()
        self.may_look.set()
        self.may_set = asyncio.Event()
        self.may_set.set()
        self.written: list[tuple[str, dict[str, HomeValue]]] = []

    async def look(self) -> Sequence[Accessory]:
        self.looks += 1
        if self.broken:
            raise HomeError("The bridge does not answer.")
        seen = list(self.there.values())
        self.looking.set()
        await self.may_look.wait()
        return seen

    async def set(self, accessory_id: str, values: Mapping[str, HomeValue]) -> Accessory:
        await self.may_set.wait()
        if self.broken or accessory_id in self.silent:
            raise HomeError("It does not answer.")
        self.written.append((accessory_id, dict(values)))
        self.change(accessory_id, **values)
        return self.there[accessory_id]

    def change(self, accessory_id: str, **values: HomeValue) -> None:
        """Somebody has pressed a switch."""
        before = self.there[accessory_id]
        changed = {
            key: replace(before.characteristics[key], value=value) for key, value in values.items()
        }
        self.there[accessory_id] = replace(
            before, characteristics={**before.characteristics, **changed}
        )


def house_of(*drivers: FakeHome) -> House:
    return House(drivers, Bus())
