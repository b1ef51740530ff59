"""What is said of the image: once, at the right time, and again if nobody can have heard it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from ren_device import languages
from ren_device.bus import Bus
from ren_device.engines.host_state import HostState
from ren_device.errors import StoreError
from ren_device.model import Event, MuteChanged, Tier, TurnEnded, VoicePhaseChanged, VolumeChanged
from ren_device.supervision import image
from ren_device.supervision.image_notices import AGAIN_S, LOOK_S, ImageNotices
from ren_device.supervision.told import FILE, Told
from tests.supervision.images import started, updated
from tests.virtual_time import run

LOST = languages.read("en", "image")["data"]["replaced"]
MEMORY_ONLY = languages.read("en", "image")["data"]["volatile"]
KEPT = "I have been updated to version 1.1.0."


class Announcer:
    """A ports.Announcer; `answers` are given first, then True."""

    def __init__(self) -> None:
        self.answers: list[bool | None] = []
        self.said: list[str] = []

    async def say(self, text: str) -> bool | None:
        await asyncio.sleep(3)
        self.said.append(text)
        return self.answers.pop(0) if self.answers else True


class Memory:
    """A ports.PreferenceStore."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.broken = False

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        if self.broken:
            raise StoreError("the card cannot be written")
        self.kept[key] = value


class Kitchen:
    """A speaker that can be started again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.told = Memory()
        self.announcer = Announcer()
        self.bus = Bus()
        self.night = False
        self.boot = "first boot"
        self.health: dict[str, object] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[HostState]:
        async def look() -> image.Image | None:
            return image.look(self.root)

        host = HostState(asyncio.get_running_loop().time, self.root)
        notices = ImageNotices(
            look, self.told, self.announcer, host, self.bus, lambda: self.night, self.boot
        )
        task = asyncio.create_task(notices.run())
        yield host
        self.health = dict(notices.health())
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def start(self, seconds: float = 600) -> list[str]:
        """What is said within this time after a start."""
        before = len(self.announcer.said)
        async with self.running():
            await asyncio.sleep(seconds)
        return self.announcer.said[before:]


def scene(root: Path, story: Callable[[Kitchen], Awaitable[None]]) -> None:
    async def play() -> None:
        await story(Kitchen(root))

    run(play())


def test_on_another_system_nothing_is_said_and_nothing_is_told(tmp_path: Path) -> None:
    async def story(kitchen: Kitchen) -> None:
        assert await kitchen.start() == []
        assert kitchen.health == {}

    scene(tmp_path, story)


@pytest.mark.parametrize("word", ["fresh", "clean", "repaired", "a word to come"])
def test_of_data_that_is_there_nothing_is_said(tmp_path: Path, word: str) -> None:
    async def story(kitchen: Kitchen) -> None:
        assert await kitchen.start() == []
        assert isinstance(told := kitchen.health["image"], dict)
        assert (told["slot"], told["version"], told["update"]) == ("a", "1.1.0", None)
        assert told["data"] == (word if " " not in word else "unknown")

    started(tmp_path, word)
    scene(tmp_path, story)


def test_lost_data_is_told_at_once_and_once_also_at_night(tmp_path: Path) -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.night = True
        assert await kitchen.start(4) == [LOST]
        assert await kitchen.start() == []
        (tmp_path / "run/ren-image/data").write_text("clean")
        kitchen.boot = "second boot"
        assert await kitchen.start() == []

    started(tmp_path, "replaced")
    scene(tmp_path, story)


def test_a_power_cut_before_it_was_said_does_not_hide_it(tmp_path: Path) -> None:
    """The data partition itself says where it comes from."""

    async def story(kitchen: Kitchen) -> None:
        assert await kitchen.start(2) == []
        (tmp_path / "run/ren-image/data").write_text("clean")
        assert await kitchen.start() == [LOST]

    started(tmp_path, "replaced")
    (tmp_path / "data/set-aside.txt").write_text("The data partition was damaged.")
    scene(tmp_path, story)


@pytest.mark.parametrize(
    "event",
    [
        VoicePhaseChanged("listening"),
        TurnEnded(1, "replied", Tier.LOCAL),
        MuteChanged(muted=True),
        VolumeChanged(40),
    ],
)
def test_the_lights_wait_for_a_setup_until_somebody_was_there(tmp_path: Path, event: Event) -> None:
    async def story(kitchen: Kitchen) -> None:
        async with kitchen.running() as host:
            await asyncio.sleep(2)
            kitchen.bus.publish(event)  # before it was said: nobody knows yet
            await asyncio.sleep(5)
            assert host.setting_up()
            for nothing in (VoicePhaseChanged("idle"), TurnEnded(1, "failed", Tier.LOCAL)):
                kitchen.bus.publish(nothing)
            await asyncio.sleep(1)
            assert host.setting_up()
            kitchen.bus.publish(event)
            await asyncio.sleep(1)
            assert not host.setting_up()
        async with kitchen.running() as host:
            await asyncio.sleep(10)
            assert not host.setting_up()

    started(tmp_path, "replaced")
    scene(tmp_path, story)


def test_what_is_in_memory_only_is_told_at_each_start_of_the_machine(tmp_path: Path) -> None:
    async def story(kitchen: Kitchen) -> None:
        assert await kitchen.start() == [MEMORY_ONLY]
        assert await kitchen.start() == []
        kitchen.boot = "second boot"
        assert await kitchen.start() == [MEMORY_ONLY]

    started(tmp_path, "volatile")
    scene(tmp_path, story)


def test_whoever_breaks_in_is_told_again(tmp_path: Path) -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.announcer.answers = [False, False]
        assert await kitchen.start(2 * AGAIN_S) == [LOST, LOST]
        assert await kitchen.start() == [LOST]

    started(tmp_path, "replaced")
    scene(tmp_path, story)


def test_without_a_voice_the_lights_tell_and_the_next_start_says_it(tmp_path: Path) -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.announcer.answers = [None]
        async with kitchen.running() as host:
            await asyncio.sleep(600)
            assert host.setting_up()
        assert await kitchen.start() == [LOST]

    started(tmp_path, "replaced")
    scene(tmp_path, story)


def test_an_update_is_told_once_when_it_has_proved_itself_and_not_at_night(tmp_path: Path) -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.night = True
        async with kitchen.running():
            await asyncio.sleep(300)
            updated(tmp_path, "kept")
            await asyncio.sleep(300)
            assert kitchen.announcer.said == []
            kitchen.night = False
            await asyncio.sleep(LOOK_S + 4)
            assert kitchen.announcer.said == [KEPT]
        assert await kitchen.start() == []
        assert isinstance(told := kitchen.health["image"], dict)
        assert told["update"]["state"] == "kept"

    started(tmp_path, trial=True)
    updated(tmp_path, "installed")
    scene(tmp_path, story)


def test_each_update_is_told_of_and_one_that_failed_too(tmp_path: Path) -> None:
    async def story(kitchen: Kitchen) -> None:
        updated(tmp_path, "failed", "the microphone hears nothing")
        (said,) = await kitchen.start()
        assert "did not work" in said
        assert "1.1.0" in said
        updated(tmp_path, "failed", at="2026-11-22T03:00:00+00:00")
        assert await kitchen.start() == [said]

    started(tmp_path)
    scene(tmp_path, story)


def test_a_card_that_cannot_keep_that_it_was_told_stops_nothing(tmp_path: Path) -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.told.broken = True
        updated(tmp_path, "kept")
        async with kitchen.running() as host:
            await asyncio.sleep(30)
            kitchen.bus.publish(MuteChanged(muted=False))
            await asyncio.sleep(1)
            assert not host.setting_up()
        assert sorted(kitchen.announcer.said) == sorted([MEMORY_ONLY, KEPT])

    started(tmp_path, "volatile")
    scene(tmp_path, story)


async def test_what_was_told_is_in_a_file_of_its_own(tmp_path: Path) -> None:
    told = Told(tmp_path)
    assert await told.get("data") is None
    await told.put("data", "replaced")
    await told.put("update", "kept")
    again = Told(tmp_path)
    assert [await again.get(key) for key in ("data", "update")] == ["replaced", "kept"]
    for damaged in (b"", b"\0\0", b"[1]", b'"x"'):
        (tmp_path / FILE).write_bytes(damaged)
        assert await Told(tmp_path).get("data") is None
    nowhere = Told(tmp_path / "none")
    with pytest.raises(StoreError, match="No such file"):
        await nowhere.put("data", "replaced")
    assert await nowhere.get("data") == "replaced"  # for as long as it runs
