"""Who is meant by what people say."""

import pytest

from ren_device.home.names import Found, Names
from tests.home.homes import accessory, light

find = Names().find
FLAT = (
    light("Ceiling Light", "Kitchen"),
    light("Counter Light", "Kitchen"),
    accessory("Kettle", "Kitchen", "outlet"),
    light("Living Room Light", "Living Room"),
    light("Floor Lamp", "Living Room"),
    accessory("TV", "Living Room", "outlet"),
    accessory("Blinds", "Living Room", "window_covering"),
    accessory("Thermostat", "Living Room", "thermostat"),
    light("Lamp", "Bedroom"),
    light("Anna's Lamp", "Bedroom"),
    accessory("Curtains", "Bedroom", "window_covering"),
    accessory("Thermometer", "Bedroom", "temperature_sensor"),
    accessory("Hall Light", "Hall", "switch"),
    accessory("Front Door", "Hall", "lock"),
    accessory("Christmas Lights", "Hall", "outlet"),
    accessory("Plug 2", "", "outlet"),
)


def names(found: Found) -> list[str]:
    return [each.name for each in found.accessories]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("the living room light", "Living Room Light"),
        ("Living Room Light", "Living Room Light"),
        ("the floor lamp", "Floor Lamp"),
        ("the floor lamp in the living room", "Floor Lamp"),
        ("living room lamp", "Floor Lamp"),
        ("the bedroom lamp", "Lamp"),
        ("lamp", "Lamp"),
        ("Anna's lamp", "Anna's Lamp"),
        ("annas lamp", "Anna's Lamp"),
        ("the television", "TV"),
        ("the tv in the living room", "TV"),
        ("plug two", "Plug 2"),
        ("the front door", "Front Door"),
        ("the door", "Front Door"),
        ("the heating", "Thermostat"),
        ("the kitchen ceiling light", "Ceiling Light"),
        ("the hall light", "Hall Light"),
        ("christmas lights", "Christmas Lights"),
        ("the bedroom curtain", "Curtains"),
        ("first kitchen light", "Ceiling Light"),
        ("last kitchen light", "Counter Light"),
    ],
)
def test_one_is_meant(said: str, name: str) -> None:
    found = find(FLAT, said)
    assert names(found) == [name]
    assert not found.unclear


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("the kitchen lights", ["Ceiling Light", "Counter Light"]),
        ("lights in the kitchen", ["Ceiling Light", "Counter Light"]),
        ("both kitchen lights", ["Ceiling Light", "Counter Light"]),
        ("all the lamps", ["Floor Lamp", "Lamp", "Anna's Lamp"]),
        ("every light in the living room", ["Living Room Light", "Floor Lamp"]),
        ("blinds", ["Blinds"]),
        ("the curtains", ["Curtains"]),
        ("the shutters", ["Blinds", "Curtains"]),  # none is called so: the kind
        ("the kettle and the tv", ["Kettle", "TV"]),
        ("the kettle, the tv and the floor lamp", ["Kettle", "Floor Lamp", "TV"]),
        (
            "the kitchen and hall lights",
            ["Ceiling Light", "Counter Light", "Hall Light", "Christmas Lights"],
        ),
        ("the kitchen lights and the hall light", ["Ceiling Light", "Counter Light", "Hall Light"]),
    ],
)
def test_several_are_meant(said: str, meant: list[str]) -> None:
    found = find(FLAT, said)
    assert names(found) == meant
    assert not found.unclear


def test_all_lights_are_all_that_is_called_a_light() -> None:
    assert names(find(FLAT, "all lights")) == [
        "Ceiling Light",
        "Counter Light",
        "Living Room Light",
        "Floor Lamp",
        "Lamp",
        "Anna's Lamp",
        "Hall Light",
        "Christmas Lights",
    ]


@pytest.mark.parametrize("said", ["everything", "all devices", "all", "All of the devices!"])
def test_everything_is_everything(said: str) -> None:
    found = find(FLAT, said)
    assert found.accessories == FLAT
    assert found.universal


def test_a_room_alone_is_all_that_is_in_it() -> None:
    found = find(FLAT, "the kitchen")
    assert names(found) == ["Ceiling Light", "Counter Light", "Kettle"]
    assert found.whole_room
    assert find(FLAT, "the kitchen and the hall").whole_room


@pytest.mark.parametrize(
    "said", ["the kitchen light", "the light", "a light in the kitchen", "the room"]
)
def test_one_of_several_is_unclear(said: str) -> None:
    assert find(FLAT, said).unclear


@pytest.mark.parametrize(
    "said",
    [
        "",
        "the",
        "garage",
        "kitchen lamp shade fan",
        "the kettle and the garage",
        "li",
        "everything but the kettle",
        "all lights except the hall",
        "the kettle and the kitchen light",
        "🙂",
    ],
)
def test_what_nobody_is_called_finds_nobody(said: str) -> None:
    assert find(FLAT, said).accessories == ()


@pytest.mark.parametrize("said", ["the kitchen light first", "the light at last", "first", "last"])
def test_an_order_of_doing_things_is_no_place_in_a_row(said: str) -> None:
    assert not find(FLAT, said).accessories
