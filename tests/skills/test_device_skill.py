import pytest

from ren_device import languages
from ren_device.errors import ToolError
from ren_device.skills.device import DeviceSkill
from ren_device.skills.tool import Toolbox


class Knob:
    """A volume, strict: what is out of range is a bug of the caller."""

    def __init__(self, percent: int, *, floor: int = 0, cap: int = 100) -> None:
        self.percent = percent
        self._floor = floor
        self._cap = cap

    @property
    def heard_percent(self) -> int:
        return min(self.percent, self._cap)

    async def set(self, percent: int) -> None:
        assert 0 <= percent <= 100
        self.percent = percent

    async def step(self, by: int) -> None:
        self.percent = min(100, max(self.percent + by, min(self.percent, self._floor)))


class Knobs:
    def __init__(self, voice: int, alarms: int = 80, cap: int = 100) -> None:
        self.voice = Knob(voice, cap=cap)
        self.alarms = Knob(alarms, floor=30)


async def ask(knobs: Knobs, name: str, language: str = "en", **arguments: object) -> str:
    tool = Toolbox(DeviceSkill(knobs, language).tools()).get(name)
    assert tool is not None
    assert not tool.dangerous
    assert tool.read_only is (name == "get_volume")
    return await tool.run(arguments)


async def test_setting_the_volume() -> None:
    knobs = Knobs(60)
    assert await ask(knobs, "get_volume") == "The volume is at 60 percent."
    assert await ask(knobs, "set_volume", percent=40) == "Okay, volume 40 percent."
    assert knobs.voice.percent == 40


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
    knobs = Knobs(before)
    assert await ask(knobs, "change_volume", by=by) == said
    assert knobs.voice.percent == after


async def test_unmuting_goes_back_to_the_volume_before() -> None:
    skill = DeviceSkill(knobs := Knobs(70))
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
    assert knobs.voice.percent == 70


async def test_unmuting_after_a_restart_is_half_as_loud() -> None:
    assert await ask(Knobs(0), "unmute") == "Okay, volume 50 percent."


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_volume", {"percent": 101}),
        ("set_volume", {"percent": -1}),
        ("set_volume", {}),
        ("set_volume", {"percent": 5, "room": "kitchen"}),
        ("set_volume", {"percent": 5, "of": "radio"}),
        ("change_volume", {"by": 101}),
        ("change_volume", {"by": "louder"}),
    ],
)
async def test_impossible_volumes_are_refused(name: str, arguments: dict[str, object]) -> None:
    knobs = Knobs(50)
    with pytest.raises(ToolError, match=name):
        await ask(knobs, name, "en", **arguments)
    assert knobs.voice.percent == 50


async def test_alarms_have_a_volume_of_their_own() -> None:
    knobs = Knobs(60, 70)
    assert await ask(knobs, "get_volume", of="alarms") == "Alarms ring at 70 percent."
    assert await ask(knobs, "set_volume", percent=40, of="alarms") == (
        "Okay, alarms at 40 percent."
    )
    assert await ask(knobs, "change_volume", by=20, of="alarms") == "Okay, alarms at 60 percent."
    assert (knobs.voice.percent, knobs.alarms.percent) == (60, 60)


async def test_alarms_are_kept_audible_unless_a_level_is_named() -> None:
    knobs = Knobs(60, 40)
    assert await ask(knobs, "change_volume", by=-30, of="alarms") == "Okay, alarms at 30 percent."
    assert await ask(knobs, "change_volume", by=-30, of="alarms") == (
        "Alarms stay at 30 percent, so that they are heard. Name a level if you want them quieter."
    )
    assert await ask(knobs, "set_volume", percent=10, of="alarms") == "Okay, alarms at 10 percent."
    await knobs.alarms.set(100)
    assert await ask(knobs, "change_volume", by=10, of="alarms") == (
        "The alarms are already at their loudest."
    )


async def test_muting_alarms_does_not_change_what_the_voice_goes_back_to() -> None:
    skill = DeviceSkill(knobs := Knobs(70))
    box = Toolbox(skill.tools())
    mute, unmute = box.get("set_volume"), box.get("unmute")
    assert mute
    assert unmute
    await mute.run({"percent": 0, "of": "alarms"})
    await knobs.voice.set(0)
    assert await unmute.run({}) == "Okay, volume 50 percent."
    assert knobs.alarms.percent == 0


async def test_quiet_hours_are_told_of() -> None:
    knobs = Knobs(20, cap=30)
    assert await ask(knobs, "change_volume", by=10) == "Okay, volume 30 percent."
    assert await ask(knobs, "set_volume", percent=80) == (
        "Okay, volume 80 percent. It is quiet hours, so you hear 30 percent at most."
    )


async def test_the_same_in_german() -> None:
    knobs = Knobs(60)
    assert await ask(knobs, "set_volume", "de", percent=40) == "Okay, Lautstärke 40 Prozent."
    assert (
        await ask(knobs, "get_volume", "de", of="alarms") == "Der Wecker klingelt mit 80 Prozent."
    )


def test_every_language_has_every_sentence() -> None:
    sentences = [languages.read(code, "voice")["device"].keys() for code in languages.codes()]
    assert all(keys == sentences[0] for keys in sentences)
