"""Due alerts are heard until somebody reacts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from ren_device.bus import Bus
from ren_device.model import Alert, AlertChanged
from ren_device.sim import SimSpeaker, SimTextToSpeech
from ren_device.voice.playback import Playback
from ren_device.voice.ringer import Ringer, announcement, chime
from ren_device.voice.volume import QuietHours, Volume
from tests.virtual_time import run, until
from tests.voice.room import LoopClock, Preferences

NOON = datetime(2026, 6, 25, 12, 0)  # noqa: DTZ001  naive by contract
PASTA = Alert(1, "timer", "pasta", NOON, NOON, 300.0, "due")


class Due:
    """What the ringer needs of the alert kernel."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.acknowledged = 0

    def ringing(self) -> tuple[Alert, ...]:
        return tuple(self.alerts)

    async def acknowledge_all(self) -> list[Alert]:
        gone, self.alerts = self.alerts, []
        self.acknowledged += len(gone)
        return gone


@dataclass
class Scene:
    due: Due
    speaker: SimSpeaker
    bus: Bus
    floor: list[bool]

    def comes_due(self, alert: Alert) -> None:
        self.due.alerts.append(alert)
        self.bus.publish(AlertChanged(alert))


@asynccontextmanager
async def ringing(
    alarm_percent: int = 100, quiet: QuietHours | None = None
) -> AsyncIterator[Scene]:
    bus, clock, speaker, due = Bus(), LoopClock(), SimSpeaker(), Due()
    volume = Volume(Preferences(), bus, clock, quiet)
    await volume.alarms.set(alarm_percent)
    playback = Playback(speaker, volume.voice, clock)
    floor = [False]
    ringer = Ringer(due, playback, SimTextToSpeech(), clock, bus, lambda: floor[0], volume.alarms)
    task = asyncio.create_task(ringer.run())
    try:
        yield Scene(due, speaker, bus, floor)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await playback.close()


def test_it_rings_and_says_what_for_until_it_is_acknowledged() -> None:
    async def scene() -> None:
        async with ringing() as here:
            here.comes_due(PASTA)
            await until(lambda: "Your pasta timer is done." in here.speaker.heard(), 5)
            before = len(here.speaker.sound())
            await until(lambda: len(here.speaker.sound()) > before + len(chime()), 5)
            await here.due.acknowledge_all()
            await asyncio.sleep(3)
            after = len(here.speaker.sound())
            await asyncio.sleep(10)
            assert len(here.speaker.sound()) == after

    run(scene())


def test_what_was_due_before_the_start_rings_at_once() -> None:
    async def scene() -> None:
        async with ringing() as here:
            here.due.alerts.append(PASTA)
            await until(lambda: bool(here.speaker.sound()), 1)

    run(scene())


def test_a_conversation_is_not_rung_over() -> None:
    async def scene() -> None:
        async with ringing() as here:
            here.comes_due(PASTA)
            await until(lambda: len(here.speaker.sound()) > 0, 1)
            here.floor[0] = True
            await asyncio.sleep(0.3)
            silent_since = len(here.speaker.sound())
            await asyncio.sleep(10)
            assert len(here.speaker.sound()) == silent_since
            here.floor[0] = False
            await until(lambda: len(here.speaker.sound()) > silent_since, 5)

    run(scene())


def test_it_falls_silent_at_last() -> None:
    async def scene() -> None:
        async with ringing() as here:
            here.comes_due(PASTA)
            await asyncio.sleep(320)
            assert here.due.acknowledged == 1

    run(scene())


def test_what_comes_due_while_something_rings_rings_as_long() -> None:
    async def scene() -> None:
        async with ringing() as here:
            here.comes_due(PASTA)
            await asyncio.sleep(290)
            here.comes_due(replace(PASTA, id=2, text="egg"))
            await asyncio.sleep(200)
            assert here.due.acknowledged == 0
            await asyncio.sleep(150)
            assert here.due.acknowledged == 2

    run(scene())


def test_what_nobody_heard_for_a_long_talk_is_not_put_away() -> None:
    async def scene() -> None:
        async with ringing() as here:
            here.floor[0] = True
            here.comes_due(PASTA)
            await asyncio.sleep(600)
            assert here.due.acknowledged == 0
            here.floor[0] = False
            await until(lambda: "Your pasta timer is done." in here.speaker.heard(), 10)

    run(scene())


def test_alarms_have_a_volume_of_their_own_also_in_quiet_hours() -> None:
    def loudest(alarm_percent: int) -> int:
        async def scene() -> int:
            always = QuietHours.parse("00:00-23:59", 10)
            async with ringing(alarm_percent, always) as here:
                here.comes_due(PASTA)
                await until(lambda: len(here.speaker.sound()) >= len(chime()), 5)
                return max(memoryview(here.speaker.sound()[: len(chime())]).cast("h"))

        return run(scene())

    whole = max(memoryview(chime()).cast("h"))
    assert loudest(100) == whole
    assert loudest(50) == whole // 4


def test_announcements() -> None:
    def said(kind: str, text: str, language: str = "en") -> str:
        return announcement(Alert(1, kind, text, NOON, NOON), language)  # type: ignore[arg-type]

    assert said("timer", "") == "Your timer is done."
    assert said("timer", "egg") == "Your egg timer is done."
    assert said("alarm", "") == "This is your alarm."
    assert said("alarm", "school") == "It's time: school."
    assert said("reminder", "call mom") == "A reminder: call mom."
    assert said("timer", "Ei", "de") == "Dein Timer Ei ist abgelaufen."


def test_the_chime_neither_clicks_nor_clips() -> None:
    samples = memoryview(chime()).cast("h")
    assert max(samples) < 25_000
    assert abs(samples[0]) < 100
    assert abs(samples[-1]) < 300
