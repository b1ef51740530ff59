"""The virtual home: its file, what is wrong with it, edits, and what was switched."""

import asyncio
import os
from pathlib import Path

import pytest

from ren_device.engines.virtual_devices import KINDS, Refused
from ren_device.engines.virtual_home import KEPT_UNDER, VirtualHome
from ren_device.engines.virtual_home_file import parse_home
from ren_device.errors import HomeError, SettingError, StoreError
from ren_device.model import Accessory, HomeValue

pytestmark = pytest.mark.engine

EXAMPLE = Path(__file__).parents[2] / "ren_device" / "home" / "example.toml"

LAMP = """
[[accessory]]
name = "Lamp"
room = "Bedroom"
service_type = "lightbulb"
on = false
brightness = 40
"""
BLINDS = """
[[accessory]]
name = "Blinds"
room = "Bedroom"
service_type = "window_covering"
"""
LAMP_ID, BLINDS_ID = "virtual-bedroom-lamp", "virtual-bedroom-blinds"


class MemoryPreferences:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.broken = False
        self.writes = 0

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        if self.broken:
            raise StoreError("The disk is full.")
        await asyncio.sleep(0)  # as a disk makes its writers wait
        self.writes += 1
        self.kept[key] = value


@pytest.fixture
def keep() -> MemoryPreferences:
    return MemoryPreferences()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "home.toml"
    path.write_text(LAMP + BLINDS)
    return path


def edit(path: Path, text: str) -> None:
    """Write the file anew, newer than it was however coarse the disk's clock is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def remove(path: Path) -> None:
    path.unlink()


def values(accessory: Accessory) -> dict[str, HomeValue]:
    return {key: each.value for key, each in accessory.characteristics.items()}


async def now(home: VirtualHome) -> dict[str, dict[str, HomeValue]]:
    return {each.id: values(each) for each in await home.look()}


# --- the file -------------------------------------------------------------------------------


async def test_the_example_is_a_home(keep: MemoryPreferences) -> None:
    home = await VirtualHome.open(EXAMPLE, keep)
    there = await home.look()
    assert len(there) >= 15
    assert {each.room for each in there} >= {"Kitchen", "Living Room", "Bedroom", "Hall"}
    assert all(each.id.startswith("virtual-") for each in there)
    assert {each.service_type for each in there} <= KINDS.keys()


async def test_an_accessory_has_what_the_file_gives_it(file: Path, keep: MemoryPreferences) -> None:
    lamp, blinds = await (await VirtualHome.open(file, keep)).look()
    assert (lamp.id, lamp.name, lamp.room, lamp.service_type) == (
        LAMP_ID,
        "Lamp",
        "Bedroom",
        "lightbulb",
    )
    assert values(lamp) == {"on": False, "brightness": 40}
    brightness = lamp.characteristics["brightness"]
    assert (brightness.writable, brightness.minimum, brightness.maximum) == (True, 0, 100)
    assert values(blinds) == {"target_position": 100, "current_position": 100}
    assert not blinds.characteristics["current_position"].writable


def test_every_kind_can_be_written_without_any_characteristic() -> None:
    text = "".join(
        f'[[accessory]]\nname = "{kind}"\nservice_type = "{kind}"\n' for kind in sorted(KINDS)
    )
    for device_id, device in parse_home(text.encode()).items():
        accessory = device.accessory(device_id)
        assert accessory.characteristics
        assert accessory.room == ""


def test_ids_are_steady_and_may_be_given() -> None:
    kitchen = 'name = "Kitchen Light"\nroom = "Kitchen"\nservice_type = "switch"\n'
    text = f'{LAMP}[[accessory]]\nid = "3"\n{kitchen}'
    assert list(parse_home(text.encode())) == [LAMP_ID, "virtual-3"]
    text = f"[[accessory]]\n{kitchen}{LAMP}"
    assert list(parse_home(text.encode())) == ["virtual-kitchen-light", LAMP_ID]


THERMOSTAT = '[[accessory]]\nname = "T"\nservice_type = "thermostat"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it needs at least one [[accessory]]"),
        ("[[accessory]", "it is not TOML: "),
        ("accessory = 3", "it needs at least one [[accessory]]"),
        ("accessory = [3]", "accessory 1: it must be a table"),
        (LAMP + "[lights]", "lights is not known; use [[accessory]]"),
        (
            LAMP + "[[accessory]]\nname = 'X'",
            "accessory 2 (X): service_type is missing; use one of",
        ),
        (
            "[[accessory]]\nservice_type = 'lamp'",
            "accessory 1: service_type 'lamp' is not known; use",
        ),
        ("[[accessory]]\nservice_type = 'fan'", "accessory 1: name: Field required"),
        (
            LAMP.replace("40", "130"),
            "accessory 1 (Lamp): brightness: Input should be less than or equal to 100, not 130",
        ),
        (
            LAMP.replace("false", '"no"'),
            "accessory 1 (Lamp): on: Input should be a valid boolean, not 'no'",
        ),
        (
            LAMP.replace("brightness", "brigthness"),
            "brigthness is not known; a lightbulb has service_type, name, room, id, on, brightness",
        ),
        (LAMP + LAMP, "accessory 2 (Lamp): another accessory has its id, virtual-bedroom-lamp"),
        (
            LAMP + LAMP.replace("room =", "id = '7'\nroom ="),
            "accessory 2 (Lamp): another accessory in this room has its name",
        ),
        (LAMP + "hue = 3", "hue and saturation go together"),
        (THERMOSTAT + "target_temperature = 35", "target_temperature must be 10 to 30"),
        (
            THERMOSTAT + "target_temperature = nan",
            "target_temperature: Input should be a finite number",
        ),
        (THERMOSTAT + "target_heating_cooling_state = 'cool'", "must be one of"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_home(text.encode())
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_mistake_stops_the_start(file: Path, keep: MemoryPreferences) -> None:
    edit(file, LAMP.replace("40", "130"))
    with pytest.raises(SettingError) as stopped:
        await VirtualHome.open(file, keep)
    assert str(stopped.value) == (
        f"REN_HOME_FILE={file}: accessory 1 (Lamp): brightness: "
        "Input should be less than or equal to 100, not 130"
    )


async def test_a_file_that_cannot_be_read_stops_the_start(
    tmp_path: Path, keep: MemoryPreferences
) -> None:
    for path, says in (
        (tmp_path / "none.toml", "No such file"),
        (tmp_path, "Is a directory"),
    ):
        with pytest.raises(SettingError, match=f"REN_HOME_FILE={path}: it cannot be read: {says}"):
            await VirtualHome.open(path, keep)
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(SettingError, match="it is not UTF-8"):
        await VirtualHome.open(tmp_path / "latin.toml", keep)
    (tmp_path / "large.toml").write_bytes(b"#" * 2_000_000)
    with pytest.raises(SettingError, match="it is larger than"):
        await VirtualHome.open(tmp_path / "large.toml", keep)


# --- edits ----------------------------------------------------------------------------------


async def test_an_edit_is_taken_over(file: Path, keep: MemoryPreferences) -> None:
    home = await VirtualHome.open(file, keep)
    edit(file, LAMP.replace("40", "70"))
    assert await now(home) == {LAMP_ID: {"on": False, "brightness": 70}}


@pytest.mark.parametrize("broken", ["", "[[accessory]", LAMP.replace("40", "130")])
async def test_a_broken_edit_keeps_the_home_and_is_logged_once(
    file: Path, keep: MemoryPreferences, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    home = await VirtualHome.open(file, keep)
    before = await now(home)
    edit(file, broken)
    for _ in range(3):
        assert await now(home) == before
    assert len(caplog.records) == 1
    assert f"REN_HOME_FILE={file}: " in caplog.text
    assert "the home stays as it was" in caplog.text
    edit(file, LAMP)
    assert (await now(home)).keys() == {LAMP_ID}


async def test_a_file_that_goes_away_keeps_the_home(
    file: Path, keep: MemoryPreferences, caplog: pytest.LogCaptureFixture
) -> None:
    home = await VirtualHome.open(file, keep)
    before = await now(home)
    remove(file)
    assert await now(home) == await now(home) == before
    assert len(caplog.records) == 1
    edit(file, LAMP)
    assert (await now(home)).keys() == {LAMP_ID}


# --- switching ------------------------------------------------------------------------------


async def test_what_is_told_to_a_device_it_does_at_once(
    file: Path, keep: MemoryPreferences
) -> None:
    home = await VirtualHome.open(file, keep)
    after = await home.set(LAMP_ID, {"on": True, "brightness": 10})
    assert values(after) == {"on": True, "brightness": 10}
    after = await home.set(BLINDS_ID, {"target_position": 30})
    assert values(after) == {"target_position": 30, "current_position": 30}
    assert await now(home) == {
        LAMP_ID: {"on": True, "brightness": 10},
        BLINDS_ID: {"target_position": 30, "current_position": 30},
    }


@pytest.mark.parametrize(
    ("accessory_id", "wanted"),
    [
        ("virtual-none", {"on": True}),
        (LAMP_ID, {"on": True, "brightness": 101}),
        (LAMP_ID, {"on": "yes"}),
        (LAMP_ID, {"on": True, "hue": 3}),
        (BLINDS_ID, {"current_position": 3}),
        (LAMP_ID, {"name": "Another"}),
    ],
)
async def test_what_a_device_cannot_do_is_refused_as_a_whole(
    file: Path, keep: MemoryPreferences, accessory_id: str, wanted: dict[str, HomeValue]
) -> None:
    home = await VirtualHome.open(file, keep)
    before = await now(home)
    with pytest.raises(HomeError):
        await home.set(accessory_id, wanted)
    assert await now(home) == before
    assert keep.kept == {}


async def test_what_was_switched_survives_a_restart(file: Path, keep: MemoryPreferences) -> None:
    home = await VirtualHome.open(file, keep)
    await home.set(LAMP_ID, {"on": True, "brightness": 10})
    again = await VirtualHome.open(file, keep)
    assert (await now(again))[LAMP_ID] == {"on": True, "brightness": 10}


@pytest.mark.parametrize("restart", [False, True])
async def test_an_edited_value_wins_and_the_others_stay_switched(
    file: Path, keep: MemoryPreferences, restart: bool
) -> None:
    home = await VirtualHome.open(file, keep)
    await home.set(LAMP_ID, {"on": True, "brightness": 10})
    edit(file, LAMP.replace("40", "70"))
    if restart:
        home = await VirtualHome.open(file, keep)
    assert await now(home) == {LAMP_ID: {"on": True, "brightness": 70}}


async def test_a_switched_value_that_the_file_does_not_allow_any_more_goes(
    file: Path, keep: MemoryPreferences
) -> None:
    edit(file, THERMOSTAT)
    home = await VirtualHome.open(file, keep)
    await home.set("virtual-t", {"target_temperature": 29})
    edit(file, THERMOSTAT + "highest = 25.0")
    assert (await now(home))["virtual-t"]["target_temperature"] == 20


async def test_what_was_kept_and_is_no_json_is_left_alone(
    file: Path, keep: MemoryPreferences, caplog: pytest.LogCaptureFixture
) -> None:
    keep.kept[KEPT_UNDER] = '{"virtual-bedroom-lamp": 3}'
    home = await VirtualHome.open(file, keep)
    assert (await now(home))[LAMP_ID] == {"on": False, "brightness": 40}
    assert "cannot be read" in caplog.text


async def test_without_a_disk_it_still_switches(
    file: Path, keep: MemoryPreferences, caplog: pytest.LogCaptureFixture
) -> None:
    home = await VirtualHome.open(file, keep)
    keep.broken = True
    for on in (True, False, True):
        assert values(await home.set(LAMP_ID, {"on": on}))["on"] is on
    assert len(caplog.records) == 1
    keep.broken = False
    await home.set(LAMP_ID, {"brightness": 3})
    assert (await now(await VirtualHome.open(file, keep)))[LAMP_ID] == {"on": True, "brightness": 3}


async def test_many_switches_at_once_are_all_kept(file: Path, keep: MemoryPreferences) -> None:
    home = await VirtualHome.open(file, keep)
    await asyncio.gather(*(home.set(LAMP_ID, {"brightness": each}) for each in range(50)))
    assert (await now(await VirtualHome.open(file, keep)))[LAMP_ID]["brightness"] == 49
    assert keep.writes == 2  # of the first, and of all others together
