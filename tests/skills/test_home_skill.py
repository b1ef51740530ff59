"""The tools of the home: who is meant, what is written, and what is said."""

import re
from typing import Any

import pytest

from ren_device.assistant.home_meaning import HOME_TOOLS
from ren_device.errors import ToolError
from ren_device.model import Accessory, Characteristic
from ren_device.skills.home import HomeSkill
from tests.home.homes import FakeHome, accessory, house_of, level, light

ON = Characteristic(False, writable=True)
MODES = ("off", "heat")
LAMP = light("Lamp", "Bedroom", brightness=40)
CEILING = light("Ceiling Light", "Kitchen", brightness=100)
COUNTER = light("Counter Light", "Kitchen", brightness=20)
PLAIN = light("Bathroom Light", "Bathroom")
COLORED = light("Floor Lamp", "Living Room", brightness=50, hue=0, saturation=0)
WARM = accessory(
    "Reading Lamp",
    "Living Room",
    "lightbulb",
    on=ON,
    color_temperature=Characteristic(300, True, 200, 350),
)
KETTLE = accessory("Kettle", "Kitchen", "outlet", on=ON)
FAN = accessory("Fan", "Bedroom", "fan", on=ON, rotation_speed=level(50))
BLINDS = accessory(
    "Blinds",
    "Living Room",
    "window_covering",
    target_position=level(100),
    current_position=Characteristic(100),
)
LOCK = accessory(
    "Front Door",
    "Hall",
    "lock",
    lock_target_state=Characteristic("secured", True, choices=("secured", "unsecured")),
    lock_current_state=Characteristic("secured"),
)
THERMOSTAT = accessory(
    "Thermostat",
    "Living Room",
    "thermostat",
    current_temperature=Characteristic(20.5),
    target_temperature=Characteristic(21.0, True, 10, 30),
    target_heating_cooling_state=Characteristic("heat", True, choices=MODES),
)
WINDOW = accessory(
    "Window", "Bedroom", "contact_sensor", contact_sensor_state=Characteristic("not_detected")
)
BALCONY = accessory(
    "Thermometer", "Balcony", "temperature_sensor", current_temperature=Characteristic(1.0)
)
FLAT = (
    *(LAMP, CEILING, COUNTER, PLAIN, COLORED, WARM),
    *(KETTLE, FAN, BLINDS, LOCK, THERMOSTAT, WINDOW, BALCONY),
)


class Flat:
    """A home and its tools."""

    def __init__(self, *there: Accessory) -> None:
        self.home = FakeHome(*(there or FLAT))
        self.tools = {each.spec.name: each for each in HomeSkill(house_of(self.home)).tools()}

    async def run(self, name: str, **arguments: Any) -> str:
        answer = await self.tools[name].run(arguments)
        assert re.fullmatch(r"[A-Z][^\n]*[.?]", answer)
        return answer

    async def fails(self, name: str, **arguments: Any) -> str:
        with pytest.raises(ToolError) as failed:
            await self.tools[name].run(arguments)
        assert self.home.written == []
        return str(failed.value)


@pytest.fixture
def flat() -> Flat:
    return Flat()


def test_what_acts_on_the_house_is_dangerous_and_looking_is_not(flat: Flat) -> None:
    safe = {name for name, tool in flat.tools.items() if not tool.dangerous}
    assert safe == {"list_devices", "get_device"}
    assert flat.tools.keys() == HOME_TOOLS  # what the offline mind asks for is there


def test_without_a_driver_there_are_no_tools() -> None:
    assert HomeSkill(house_of()).tools() == []


# --- looking --------------------------------------------------------------------------------


async def test_devices_are_listed_room_by_room(flat: Flat) -> None:
    assert await flat.run("list_devices", which="kitchen") == (
        "There are 3 devices. In the kitchen there are the ceiling light, the counter light and the"
        " kettle."
    )
    assert await flat.run("list_devices", which="thermometer") == (
        "On the balcony there is the thermometer."
    )
    everything = await flat.run("list_devices")
    assert everything.startswith("There are 13 devices. In the bedroom there are the lamp,")


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("the front door", "The front door is locked."),
        ("bedroom lamp", "The lamp is off."),
        ("blinds", "The blinds are open."),
        ("fan", "The fan is off."),
        ("window", "The window is open."),
        ("thermostat", "The thermostat is set to 21 degrees, and it is 20.5 degrees there."),
        ("balcony temperature", "The thermometer reads 1 degree."),
        ("kitchen lights", "The ceiling light and the counter light are off."),
        ("kitchen light", "The ceiling light and the counter light are off."),  # only looked at
    ],
)
async def test_how_a_device_is(flat: Flat, device: str, says: str) -> None:
    assert await flat.run("get_device", device=device) == says


async def test_how_a_device_is_is_looked_up_each_time(flat: Flat) -> None:
    await flat.run("get_device", device="bedroom lamp")
    flat.home.change(LAMP.id, on=True)
    assert await flat.run("get_device", device="bedroom lamp") == "The lamp is on at 40 percent."


async def test_what_is_not_known_is_named_with_what_is() -> None:
    flat = Flat(LAMP, KETTLE)
    assert await flat.fails("get_device", device="sauna") == (
        "I know no device called sauna. There are the lamp and the kettle."
    )
    assert await flat.fails("set_power", device="sauna", on=True) == (
        "I know no device called sauna. There are the lamp and the kettle."
    )


async def test_an_empty_home_says_so() -> None:
    flat = Flat()
    flat.home.there.clear()
    for name in ("list_devices", "get_device"):
        arguments = {} if name == "list_devices" else {"device": "lamp"}
        assert "no devices" in await flat.fails(name, **arguments)


# --- switching ------------------------------------------------------------------------------


async def test_one_device_is_switched(flat: Flat) -> None:
    assert await flat.run("set_power", device="the kettle", on=True) == "Okay, the kettle is on."
    assert await flat.run("set_power", device="kettle", on=False) == "Okay, the kettle is off."
    assert flat.home.written == [(KETTLE.id, {"on": True}), (KETTLE.id, {"on": False})]


async def test_all_of_a_kind_are_switched(flat: Flat) -> None:
    assert await flat.run("set_power", device="all lights", on=True) == "Okay, 6 lights are on."
    assert {each for each, _ in flat.home.written} == {
        each.id for each in (LAMP, CEILING, COUNTER, PLAIN, COLORED, WARM)
    }


async def test_one_of_several_is_asked_for_and_nothing_is_done(flat: Flat) -> None:
    assert await flat.run("set_power", device="the kitchen light", on=True) == (
        "There are the ceiling light and the counter light. Which one do you mean?"
    )
    assert flat.home.written == []


async def test_names_that_two_have_are_told_apart_by_their_rooms() -> None:
    flat = Flat(light("Lamp", "Bedroom"), light("Lamp", "Office"))
    assert await flat.run("set_power", device="lamp", on=True) == (
        "There are the lamp in the bedroom and the lamp in the office. Which one do you mean?"
    )
    assert await flat.run("set_power", device="office lamp", on=True) == (
        "Okay, the lamp in the office is on."
    )


async def test_a_room_means_its_lights_and_everything_is_not_the_heating(flat: Flat) -> None:
    await flat.run("set_power", device="the kitchen", on=True)
    assert {each for each, _ in flat.home.written} == {CEILING.id, COUNTER.id}
    flat.home.written.clear()
    await flat.run("set_power", device="everything", on=False)
    switched = {each for each, _ in flat.home.written}
    assert KETTLE.id in switched
    assert not switched & {THERMOSTAT.id, LOCK.id, BLINDS.id}
    flat.home.written.clear()
    await flat.run("set_power", device="everything", on=True)
    switched = {each for each, _ in flat.home.written}
    assert CEILING.id in switched
    assert KETTLE.id not in switched


async def test_the_heating_is_switched_by_its_mode(flat: Flat) -> None:
    assert await flat.run("set_power", device="heating", on=False) == "Okay, the thermostat is off."
    assert await flat.run("get_device", device="heating") == (
        "The thermostat is off, and it is 20.5 degrees there."
    )
    await flat.run("set_power", device="heating", on=True)
    assert flat.home.written == [
        (THERMOSTAT.id, {"target_heating_cooling_state": "off"}),
        (THERMOSTAT.id, {"target_heating_cooling_state": "heat"}),
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        (
            "set_power",
            {"device": "blinds", "on": True},
            "The blinds cannot be switched on and off.",
        ),
        (
            "set_brightness",
            {"device": "bathroom light", "percent": 3},
            "The bathroom light cannot be dimmed.",
        ),
        ("set_brightness", {"device": "lamp", "percent": 101}, "less than or equal to 100"),
        (
            "set_color",
            {"device": "counter light", "color": "red"},
            "The counter light cannot change its colour.",
        ),
        (
            "set_color",
            {"device": "reading lamp", "color": "red"},
            "The reading lamp can be warm white, white and cool white, not red.",
        ),
        ("set_color", {"device": "floor lamp", "color": "octarine"}, "not octarine."),
        (
            "set_temperature",
            {"degrees_c": 35},
            "The thermostat can be set from 10 to 30 degrees Celsius, not to 35.",
        ),
        (
            "set_temperature",
            {"degrees_c": 20, "device": "kitchen"},
            "The ceiling light, the counter light and the kettle cannot be set to a temperature.",
        ),
        ("change_temperature", {"by": 9.5}, "not to 30.5."),
        (
            "set_position",
            {"device": "front door", "percent": 100},
            "The front door cannot be opened and closed.",
        ),
        (
            "set_lock",
            {"device": "kettle", "locked": True},
            "The kettle cannot be locked and unlocked.",
        ),
        (
            "set_fan_speed",
            {"device": "kettle", "percent": 10},
            "The kettle cannot be set to a speed.",
        ),
    ],
)
async def test_what_a_device_cannot_take_is_said_and_nothing_is_done(
    flat: Flat, name: str, arguments: dict[str, object], says: str
) -> None:
    assert says in await flat.fails(name, **arguments)


async def test_of_several_none_is_set_when_one_cannot_take_it(flat: Flat) -> None:
    said = await flat.fails("set_color", device="living room", color="red")
    assert said == "The reading lamp can be warm white, white and cool white, not red."


async def test_brightness(flat: Flat) -> None:
    assert await flat.run("set_brightness", device="bedroom lamp", percent=30) == (
        "Okay, the lamp is at 30 percent."
    )
    assert await flat.run("set_brightness", device="bedroom lamp", percent=0) == (
        "Okay, the lamp is off."
    )
    assert flat.home.written == [
        (LAMP.id, {"on": True, "brightness": 30}),
        (LAMP.id, {"on": False}),
    ]


@pytest.mark.parametrize(
    ("lit", "by", "says"),
    [
        (True, 25, "Okay, the lamp is at 65 percent."),
        (True, 80, "Okay, the lamp is at 100 percent."),
        (True, -25, "Okay, the lamp is at 15 percent."),
        (True, -80, "Okay, the lamp is at 5 percent."),  # dimming never switches off
        (False, 25, "Okay, the lamp is at 25 percent."),
        (False, -25, "Okay, the lamp is off."),
    ],
)
async def test_brighter_and_dimmer(flat: Flat, lit: bool, by: int, says: str) -> None:
    flat.home.change(LAMP.id, on=lit)
    assert await flat.run("change_brightness", device="bedroom lamp", by=by) == says


async def test_lights_that_end_up_different_are_told_apart(flat: Flat) -> None:
    flat.home.change(CEILING.id, on=True)
    flat.home.change(COUNTER.id, on=True)
    assert await flat.run("change_brightness", device="kitchen lights", by=-10) == (
        "Okay, the ceiling light is at 90 percent and the counter light is at 10 percent."
    )


async def test_colours(flat: Flat) -> None:
    assert await flat.run("set_color", device="floor lamp", color="Blue") == (
        "Okay, the floor lamp is blue."
    )
    await flat.run("set_color", device="reading lamp", color="warm white")
    await flat.run("set_color", device="reading lamp", color="cold")
    assert flat.home.written == [
        (COLORED.id, {"on": True, "hue": 240, "saturation": 100}),
        (WARM.id, {"on": True, "color_temperature": 350}),  # as warm as it can
        (WARM.id, {"on": True, "color_temperature": 200}),
    ]


async def test_temperatures(flat: Flat) -> None:
    assert await flat.run("set_temperature", degrees_c=22.5) == (
        "Okay, the thermostat is set to 22.5 degrees."
    )
    assert await flat.run("change_temperature", by=-1.5, device="living room") == (
        "Okay, the thermostat is set to 21 degrees."
    )
    flat.home.change(THERMOSTAT.id, target_heating_cooling_state="off")
    flat.home.written.clear()
    await flat.run("set_temperature", degrees_c=20)  # and that means: on
    assert flat.home.written == [
        (THERMOSTAT.id, {"target_temperature": 20.0, "target_heating_cooling_state": "heat"})
    ]


async def test_two_thermostats_are_asked_about() -> None:
    there = THERMOSTAT.characteristics
    flat = Flat(THERMOSTAT, accessory("Radiator", "Bedroom", "thermostat", **there))
    assert "Which one do you mean?" in await flat.run("set_temperature", degrees_c=20)
    assert await flat.run("set_temperature", degrees_c=20, device="bedroom") == (
        "Okay, the radiator is set to 20 degrees."
    )


async def test_what_a_motor_moves_is_not_there_yet(flat: Flat) -> None:
    assert await flat.run("set_position", device="blinds", percent=0) == (
        "Okay, the blinds are moving."
    )
    assert await flat.run("set_lock", device="front door", locked=False) == (
        "Okay, the front door is unlocking."
    )
    assert await flat.run("set_position", device="blinds", percent=100) == (
        "Okay, the blinds are open."
    )
    assert await flat.run("set_lock", device="front door", locked=True) == (
        "Okay, the front door is locked."
    )


async def test_fan_speed(flat: Flat) -> None:
    assert await flat.run("set_fan_speed", device="fan", percent=70) == (
        "Okay, the fan is at 70 percent."
    )
    assert await flat.run("set_fan_speed", device="fan", percent=0) == "Okay, the fan is off."


# --- what does not answer -------------------------------------------------------------------


async def test_a_device_that_does_not_answer_is_an_error(flat: Flat) -> None:
    flat.home.silent = {KETTLE.id}
    assert await flat.fails("set_power", device="kettle", on=True) == (
        "The kettle does not answer."
    )


async def test_of_several_those_that_do_not_answer_are_named(flat: Flat) -> None:
    flat.home.silent = {COUNTER.id}
    assert await flat.run("set_power", device="kitchen lights", on=True) == (
        "Okay, the ceiling light is on. The counter light does not answer."
    )
