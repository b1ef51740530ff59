import pytest

from ren_device.errors import ToolError
from ren_device.skills.device import DeviceSkill
from ren_device.skills.tool import Toolbox


class Knob:
    """ports.VolumeControl, strict: what is out of range is a bug of the caller."""

    def __init__(self, percent: int) -> None:
        self.percent = percent

    async def set(self, percent: int) -> None:
        assert 0 <= percent <= 100
        self.percent = percent


async def ask(knob: Knob, name: str, **arguments: object) -> str:
    tool = Toolbox(DeviceSkill(knob).tools()).get(name)
    assert tool is not None
    assert not tool.dangerous
    return await tool.run(arguments)


async def test_setting_the_volume() -> None:
    knob = Knob(60)
    assert await ask(knob, "get_volume") == "The volume is at 60 percent."
    assert await ask(knob, "set_volume", percent=40) == "Okay, volume 40 percent."
    assert knob.percent == 40


@pytest.mark.parametrize(
    ("before", "by", "after", "said"),
    [
        (50, 10, 60, "Okay, volume 60 percent."),
        (50, -10, 40, "Okay, volume 40 percent."),
        (95, 10, 100, "Okay, volume 100 percent."),
        (100, 10, 100, "The volume is already at its loudest."),
        (0, -10, 0, "The volume is already at zero."),
        (50, 0, 50, "Okay, volume 50 percent."),
    ],
)
async def test_changing_the_volume(before: int, by: int, after: int, said: str) -> None:
    knob = Knob(before)
    assert await ask(knob, "change_volume", by=by) == said
    assert knob.percent == after


async def test_unmuting_goes_back_to_the_volume_before() -> None:
    skill = DeviceSkill(knob := Knob(70))
    box = Toolbox(skill.tools())
    mute, louder, unmute = (box.get(name) for name in ("set_volume", "change_volume", "unmute"))
    assert mute
    assert louder
    assert unmute
    assert await unmute.run({}) == "Okay, volume 70 percent."
    await mute.run({"percent": 0})
    await mute.run({"percent": 0})
    assert await unmute.run({}) == "Okay, volume 70 percent."
    await louder.run({"by": -100})
    assert await unmute.run({}) == "Okay, volume 70 percent."
    assert knob.percent == 70


async def test_unmuting_after_a_restart_is_half_as_loud() -> None:
    assert await ask(Knob(0), "unmute") == "Okay, volume 50 percent."


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_volume", {"percent": 101}),
        ("set_volume", {"percent": -1}),
        ("set_volume", {}),
        ("set_volume", {"percent": 5, "room": "kitchen"}),
        ("change_volume", {"by": 101}),
        ("change_volume", {"by": "louder"}),
    ],
)
async def test_impossible_volumes_are_refused(name: str, arguments: dict[str, object]) -> None:
    knob = Knob(50)
    with pytest.raises(ToolError, match=name):
        await ask(knob, name, **arguments)
    assert knob.percent == 50
