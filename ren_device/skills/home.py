"""The devices of the home. What switches something is dangerous; looking is not."""

from collections.abc import Callable
from typing import Annotated

from ren_device.errors import ToolError
from ren_device.home.house import House
from ren_device.home.names import Names
from ren_device.model import Accessory, Characteristic
from ren_device.skills.home_actions import Action, Actions
from ren_device.skills.home_words import Does, HomeSpeech, Values, arrived
from ren_device.skills.speakable import capitalised
from ren_device.skills.tool import Tool, between, length, tool

Device = Annotated[str, length(1, 200)]
MaybeDevice = Annotated[str, length(0, 200)]
Percent = Annotated[int, between(0, 100)]
By = Annotated[int, between(-100, 100)]

_DIMMEST = 5  # percent; dimming step by step stops here and switches nothing off
_MODE = "target_heating_cooling_state"


class HomeSkill:
    """Tells how the devices are and switches them. Answers say what was understood."""

    def __init__(self, house: House, language: str = "en") -> None:
        """Look at and switch the devices of this house; understand and answer in this language."""
        self._house = house
        self._speech = HomeSpeech(language)
        self._say = self._speech.say
        self._actions = Actions(house, self._speech, Names(language))

    def tools(self) -> list[Tool]:
        """All tools of this skill; none where no home is connected."""
        if not self._house.is_connected:
            return []
        return [
            tool(self.list_devices, read_only=True),
            tool(self.get_device, read_only=True),
            tool(self.set_power, dangerous=True),
            tool(self.set_brightness, dangerous=True),
            tool(self.change_brightness, dangerous=True),
            tool(self.set_color, dangerous=True),
            tool(self.set_temperature, dangerous=True),
            tool(self.change_temperature, dangerous=True),
            tool(self.set_position, dangerous=True),
            tool(self.set_fan_speed, dangerous=True),
            tool(self.set_lock, dangerous=True),
        ]

    async def list_devices(self, which: MaybeDevice = "") -> str:
        """Tell which devices the home has, room by room.

        Use it for "what devices are there?" or "which lights are in the kitchen?" (which "kitchen
        lights"), and to learn what the devices are called. `which` is a room or a kind of device;
        leave it empty for all.
        """
        found = await self._actions.meant(which or self._speech.everything)
        by_room: dict[str, list[Accessory]] = {}
        for each in found.accessories:
            by_room.setdefault(each.room, []).append(each)
        number = len(found.accessories)
        sentences = [self._say("home.there_are", number)] if number > 1 else []
        for room, devices in by_room.items():
            place = capitalised(self._speech.where(room))
            names = self._speech.labels(devices)
            is_or_are = self._speech.number(devices)
            sentences.append(self._say("home.here", is_or_are, place=place, devices=names))
        return " ".join(sentences)

    async def get_device(self, device: Device) -> str:
        """Tell how one or more devices are: on or off, how bright, how warm, open, locked.

        Use it for "is the front door locked?" (device "front door"), "which lights are on?"
        (device "lights"), "how warm is it in the bedroom?" (device "bedroom temperature").
        `device` is a name, a room, a kind of device ("kitchen lights") or "everything".
        """
        found = await self._actions.meant(device)
        return self._speech.states(found.accessories, self._house.accessories)

    async def set_power(self, device: Device, on: bool) -> str:
        """Switch lights, outlets, fans or the heating on (on true) or off (on false).

        Use it for "turn on the kitchen light" (device "kitchen light"), "switch off all the
        lights" (device "all lights"), "lights off in the hall" (device "hall lights"). `device` is
        a name, or a kind of device with or without a room; say it as the person did.
        """

        def plan(accessory: Accessory) -> Values:
            if _can(accessory, "on"):
                return {"on": on}
            return {_MODE: _mode(accessory, on=on)}

        return await self._actions.act(
            device,
            Action(
                able="power",
                can=lambda each: _can(each, "on") or _can(each, _MODE),
                plan=plan,
                does=lambda _: ("on" if on else "off", {}),
                # "Turn everything on" is not for the coffee machine, or for whatever is plugged in.
                sweeping=lambda each: _can(each, "on") and (not on or _is_light(each)),
            ),
        )

    async def set_brightness(self, device: Device, percent: Percent) -> str:
        """Set how bright lights are, from 0 (off) to 100 percent.

        Use it for "dim the bedroom lamp to 30 percent" (device "bedroom lamp", percent 30), "all
        lights to half" (device "all lights", percent 50). It switches them on.
        """
        values: Values = {"on": True, "brightness": percent} if percent else {"on": False}
        return await self._actions.act(
            device,
            Action(
                able="brightness",
                can=lambda each: _can(each, "brightness"),
                plan=lambda _: values,
                does=self._speech.brightness,
            ),
        )

    async def change_brightness(self, device: Device, by: By) -> str:
        """Make lights brighter (by positive) or dimmer (by negative) by some percent points.

        Use it for "dim the lights" (by -25), "a bit brighter in the kitchen" (device "kitchen
        lights", by 10). It never switches off.
        """

        def plan(accessory: Accessory) -> Values:
            there = accessory.characteristics
            lit = "on" not in there or bool(there["on"].value)
            before = int(there["brightness"].value) if lit else 0
            if not before and by <= 0:
                return {}
            after = min(100, max(min(before, _DIMMEST), before + by))
            return {"on": True, "brightness": after}

        return await self._actions.act(
            device,
            Action(
                able="brightness",
                can=lambda each: _can(each, "brightness"),
                plan=plan,
                does=self._speech.brightness,
            ),
        )

    async def set_color(self, device: Device, color: Annotated[str, length(1, 40)]) -> str:
        """Give lights a colour, by its name: "red", "turquoise", "warm white", "cool white".

        Use it for "make the desk lamp blue" (device "desk lamp", color "blue"). It switches them
        on.
        """

        def plan(accessory: Accessory) -> Values:
            values = self._speech.color_values(accessory, color)
            if values is None:
                colors = self._speech.speech.listing(self._speech.colors_of(accessory))
                name = capitalised(self._speech.label(accessory))
                raise ToolError(self._say("home.colors", device=name, colors=colors, color=color))
            return {"on": True, **values}

        return await self._actions.act(
            device,
            Action(
                able="color",
                can=lambda each: bool(self._speech.colors_of(each)),
                plan=plan,
                does=lambda _: ("color", {"color": color.lower()}),
            ),
        )

    async def set_temperature(self, degrees_c: float, device: MaybeDevice = "") -> str:
        """Set the temperature that the heating or a thermostat should reach, in degrees Celsius.

        Use it for "set the thermostat to 21 degrees" (degrees_c 21), "18 degrees in the bedroom"
        (device "bedroom"). Leave `device` empty when the person named none.
        """
        return await self._set_temperature(device, lambda _: degrees_c)

    async def change_temperature(
        self, by: Annotated[float, between(-10, 10)], device: MaybeDevice = ""
    ) -> str:
        """Make it warmer (by positive) or colder (by negative) by some degrees Celsius.

        Use it for "turn the heating up" (by 1), "a bit colder in the bedroom" (by -1, device
        "bedroom"). Leave `device` empty when the person named none.
        """
        return await self._set_temperature(device, lambda set_to: set_to + by)

    async def set_position(self, device: Device, percent: Percent) -> str:
        """Open or close blinds, curtains or shutters: 100 is open, 0 is closed.

        Use it for "open the blinds" (percent 100), "close the bedroom curtains" (percent 0) or
        "blinds halfway" (percent 50).
        """
        return await self._actions.act(
            device,
            Action(
                able="position",
                can=lambda each: _can(each, "target_position"),
                plan=lambda _: {"target_position": percent},
                does=lambda each: arrived(
                    each, "{}_position", self._speech.position(percent), ("moving", {})
                ),
            ),
        )

    async def set_fan_speed(self, device: Device, percent: Percent) -> str:
        """Set how fast fans turn, from 0 (off) to 100 percent.

        Use it for "set the fan to 50 percent" (device "fan", percent 50). It switches them on.
        """
        values: Values = {"on": True, "rotation_speed": percent} if percent else {"on": False}
        return await self._actions.act(
            device,
            Action(
                able="speed",
                can=lambda each: _can(each, "rotation_speed"),
                plan=lambda _: values,
                does=lambda _: ("at_percent", {"percent": percent}) if percent else ("off", {}),
            ),
        )

    async def set_lock(self, device: Device, locked: bool) -> str:
        """Lock (locked true) or unlock (locked false) a door.

        Use it for "lock the front door" (device "front door"). Unlock only what the person named.
        """
        values: Values = {"lock_target_state": "secured" if locked else "unsecured"}
        done: Does = ("locked" if locked else "unlocked", {})
        doing: Does = ("locking" if locked else "unlocking", {})
        return await self._actions.act(
            device,
            Action(
                able="lock",
                can=lambda each: _can(each, "lock_target_state"),
                plan=lambda _: values,
                does=lambda each: arrived(each, "lock_{}_state", done, doing),
            ),
        )

    async def _set_temperature(self, device: str, wanted: Callable[[float], float]) -> str:
        def plan(accessory: Accessory) -> Values:
            there = accessory.characteristics
            target = round(wanted(float(there["target_temperature"].value)), 1)
            self._check_degrees(accessory, there["target_temperature"], target)
            off = _can(accessory, _MODE) and there[_MODE].value == "off"
            values: Values = {"target_temperature": target}
            return values | {_MODE: _mode(accessory, on=True)} if off else values

        return await self._actions.act(
            device or self._speech.temperature,
            Action(
                able="temperature",
                can=lambda each: _can(each, "target_temperature"),
                plan=plan,
                does=self._set_to,
            ),
        )

    def _set_to(self, accessory: Accessory) -> Does:
        value = accessory.characteristics["target_temperature"].value
        return "set_to", {"degrees": self._speech.degrees(value)}

    def _check_degrees(self, accessory: Accessory, allowed: Characteristic, target: float) -> None:
        low, high = allowed.minimum, allowed.maximum
        if (low is not None and target < low) or (high is not None and target > high):
            said = self._speech.value
            raise ToolError(
                self._say(
                    "home.bounds",
                    device=capitalised(self._speech.label(accessory)),
                    low=said(low or 0.0),
                    high=said(high or 0.0),
                    value=said(target),
                )
            )


def _is_light(accessory: Accessory) -> bool:
    return accessory.service_type == "lightbulb"


def _can(accessory: Accessory, char_key: str) -> bool:
    characteristic = accessory.characteristics.get(char_key)
    return characteristic is not None and characteristic.writable


def _mode(accessory: Accessory, *, on: bool) -> str:
    choices = accessory.characteristics[_MODE].choices or ("off", "heat")
    if not on:
        return "off"
    now = str(accessory.characteristics[_MODE].value)
    return now if now != "off" else next((each for each in choices if each != "off"), "heat")
