"""Two knobs, and the quiet hours."""

import asyncio
from array import array
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ren_device.bus import Bus
from ren_device.model import FRAME_BYTES, VolumeChanged
from ren_device.voice.volume import ALARM_FLOOR, QuietHours, Volume
from tests.virtual_time import run

LOUD = array("h", [10_000, -10_000] * (FRAME_BYTES // 4)).tobytes()


class Preferences:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        self.kept[key] = value


class ZoneClock:
    """A wall clock of a place, which the virtual loop moves."""

    def __init__(self, begin: datetime, zone: str) -> None:
        self._begin = begin.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        self._zone = ZoneInfo(zone)
        self._since = self.monotonic()

    def now(self) -> datetime:
        passed = timedelta(seconds=self.monotonic() - self._since)
        return (self._begin + passed).astimezone(self._zone).replace(tzinfo=None)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def volume(
    preferences: Preferences | None = None,
    quiet: QuietHours | None = None,
    begin: str = "2026-06-25T12:00:00",
    zone: str = "Europe/London",
) -> Volume:
    clock = ZoneClock(datetime.fromisoformat(begin), zone)
    return Volume(preferences or Preferences(), Bus(), clock, quiet)


def peak(pcm: bytes) -> int:
    return max(map(abs, array("h", pcm)))


async def test_each_has_its_level_and_keeps_it_over_a_restart() -> None:
    preferences = Preferences()
    before = volume(preferences)
    await before.voice.set(40)
    await before.alarms.set(90)
    assert preferences.kept["volume_percent"] == "40"  # the key of earlier versions
    after = volume(preferences)
    assert after.voice.percent == 80
    await after.load()
    assert (after.voice.percent, after.alarms.percent) == (40, 90)


@pytest.mark.parametrize("kept", ["", "loud", "-5", "4.5"])
async def test_what_was_kept_badly_is_left_alone(kept: str) -> None:
    preferences = Preferences()
    preferences.kept["alarm_volume_percent"] = kept
    knobs = volume(preferences)
    await knobs.load()
    assert knobs.alarms.percent == 80


async def test_levels_are_clamped() -> None:
    knobs = volume()
    await knobs.voice.set(300)
    assert knobs.voice.percent == 100
    await knobs.voice.step(-300)
    assert knobs.voice.percent == 0


async def test_steps_leave_alarms_audible_and_a_named_level_does_not() -> None:
    knobs = volume()
    await knobs.alarms.step(-70)
    assert knobs.alarms.percent == ALARM_FLOOR
    await knobs.alarms.set(5)
    assert knobs.alarms.percent == 5
    await knobs.alarms.step(-10)
    assert knobs.alarms.percent == 5
    await knobs.alarms.step(10)
    assert knobs.alarms.percent == 15


async def test_whichever_is_turned_is_told_of() -> None:
    bus = Bus()
    knobs = Volume(Preferences(), bus, ZoneClock(datetime(2026, 1, 1), "UTC"))  # noqa: DTZ001
    with bus.subscribe() as events:
        await knobs.alarms.set(50)
        assert knobs.turned is knobs.alarms
        await knobs.voice.set(60)
        assert knobs.turned is knobs.voice
        told = aiter(events)
        assert [await anext(told), await anext(told)] == [VolumeChanged(80), VolumeChanged(60)]


async def test_loudness_is_heard_in_ratios() -> None:
    knobs = volume()
    await knobs.voice.set(100)
    assert knobs.voice.apply(LOUD) is LOUD
    await knobs.voice.set(50)
    assert peak(knobs.voice.apply(LOUD)) == 2500
    await knobs.voice.set(0)
    assert knobs.voice.apply(LOUD) == bytes(FRAME_BYTES)
    assert peak(knobs.alarms.apply(LOUD)) == 6400


QUIET = QuietHours.parse("22:00-07:00", 30)


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        ("22:00-07:00", ["22:00", "23:59", "00:00", "06:59"], ["07:00", "12:00", "21:59"]),
        ("13:00-15:30", ["13:00", "15:29"], ["12:59", "15:30", "00:00"]),
        ("00:00-06:00", ["00:00", "05:59"], ["06:00", "23:59"]),
        ("22:00-00:00", ["22:00", "23:59"], ["00:00", "21:59"]),
        ("", [], ["00:00", "03:00", "12:00"]),
        ("08:00-08:00", [], ["08:00", "20:00"]),
    ],
)
def test_when_it_is_quiet(hours: str, quiet: list[str], loud: list[str]) -> None:
    parsed = QuietHours.parse(hours, 30)
    at = datetime.fromisoformat
    assert all(parsed.holds(at(f"2026-06-25T{each}").time()) for each in quiet)
    assert not any(parsed.holds(at(f"2026-06-25T{each}").time()) for each in loud)


def test_hours_that_are_none() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        QuietHours.parse("night", 30)


def test_quiet_hours_hold_for_the_voice_from_the_minute_on_and_never_for_alarms() -> None:
    async def night() -> None:
        knobs = volume(quiet=QUIET, begin="2026-06-25T21:59:00")
        assert peak(knobs.voice.apply(LOUD)) == 6400
        await asyncio.sleep(60)
        assert knobs.voice.percent == 80
        assert knobs.voice.heard_percent == 30
        assert peak(knobs.voice.apply(LOUD)) == 900
        assert peak(knobs.alarms.apply(LOUD)) == 6400
        await knobs.voice.set(10)
        assert knobs.voice.heard_percent == 10
        await knobs.voice.set(80)
        await asyncio.sleep(9 * 3600)
        assert peak(knobs.voice.apply(LOUD)) == 6400

    run(night())


@pytest.mark.parametrize(
    ("begin", "hours_until_seven"),
    [
        ("2026-03-28T22:00:00", 8),  # an hour is left out
        ("2026-10-24T22:00:00", 10),  # an hour comes twice
        ("2026-06-25T22:00:00", 9),
    ],
)
def test_the_clock_is_put_forward_and_back(begin: str, hours_until_seven: int) -> None:
    async def night() -> None:
        knobs = volume(quiet=QUIET, begin=begin, zone="Europe/Berlin")
        await asyncio.sleep(hours_until_seven * 3600 - 1)
        assert knobs.voice.heard_percent == 30
        await asyncio.sleep(1)
        assert knobs.voice.heard_percent == 80

    run(night())


def test_quiet_hours_within_the_hour_that_comes_twice() -> None:
    async def night() -> None:
        quiet = QuietHours.parse("02:00-03:00", 20)
        knobs = volume(quiet=quiet, begin="2026-10-25T01:59:00", zone="Europe/Berlin")
        await asyncio.sleep(60)
        assert knobs.voice.heard_percent == 20
        await asyncio.sleep(2 * 3600 - 1)
        assert knobs.voice.heard_percent == 20
        await asyncio.sleep(1)
        assert knobs.voice.heard_percent == 80

    run(night())


def test_a_weak_loudspeaker_is_never_louder_than_it_stands() -> None:
    async def scene() -> None:
        clock = ZoneClock(datetime.fromisoformat("2026-06-25T12:00:00"), "UTC")
        volume = Volume(Preferences(), Bus(), clock, loudest=0.5)
        for level in (volume.voice, volume.alarms):
            await level.set(100)
            assert level.percent == 100
            assert level.gain == pytest.approx(0.25)
        assert volume.turned is volume.alarms

    run(scene())
