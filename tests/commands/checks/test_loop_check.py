"""What doctor finds of the way from the loudspeaker to the microphone, in simulated rooms."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ren_device.commands.checks import loop
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.muted import KeptPreferences, MutedBy
from ren_device.engines.simulated_room import HEADPHONES, Acoustics, SimulatedRoom
from ren_device.errors import DeviceError
from ren_device.ports import Microphone, Speaker
from ren_device.settings import Settings
from ren_device.sim import SimMicrophone
from ren_device.store import open_store
from ren_device.voice.volume import Level
from tests.commands.checks.sounds import KITCHEN, VOICE, Through, forbidden_both, tone
from tests.virtual_time import run


def level(percent: int = 80) -> Level:
    return Level(KeptPreferences(Path("nowhere")), "key", percent)


def in_a_room(
    acoustics: Acoustics,
    volume: Level | None = None,
    person: bytes = b"",
    change: Callable[[SimulatedRoom], tuple[Microphone, Speaker]] | None = None,
) -> dict[str, Finding]:
    async def scene() -> list[Finding]:
        rooms: list[SimulatedRoom] = []

        def opened(_: Settings) -> tuple[Microphone, Speaker]:
            room = rooms[0] if rooms else SimulatedRoom(acoustics)
            rooms.append(room)
            room.say(person, dbfs=-20)
            return change(room) if change else (room.microphone, room.speaker)

        clock = asyncio.get_running_loop()
        began = clock.time()
        found = await loop.tried(VOICE, opened, volume or level())
        assert clock.time() - began < 6
        return found

    return {each.name: each for each in run(scene())}


def test_the_chime_is_heard_and_measured() -> None:
    found = in_a_room(KITCHEN)
    assert found.keys() == {"echo"}
    assert found["echo"].state == "ok", found
    assert found["echo"].text.endswith("18 dB quieter than played")
    assert 60 <= int(found["echo"].text.split()[5]) <= 100


def test_a_chime_at_night_is_heard_too() -> None:
    assert in_a_room(KITCHEN, level(30))["echo"].state == "ok"


@pytest.mark.parametrize(("percent", "advice"), [(80, "wires"), (30, "Turn Ren up")])
def test_a_loudspeaker_that_nobody_hears(percent: int, advice: str) -> None:
    found = in_a_room(HEADPHONES, level(percent))["echo"]
    assert (found.state, advice in found.advice) == ("note", True)


def test_a_loudspeaker_that_drowns_people() -> None:
    found = in_a_room(replace(KITCHEN, echo_db=0))["echo"]
    assert (found.state, "over a person's" in found.text) == ("note", True)


def test_a_loudspeaker_without_a_cable_is_late() -> None:
    found = in_a_room(replace(KITCHEN, delay_s=0.4))["echo"]
    assert (found.state, "Bluetooth" in found.advice) == ("note", True)


def test_somebody_who_speaks_makes_it_unsure() -> None:
    person = tone(-20) * 6
    found = in_a_room(replace(KITCHEN, echo_db=-30), person=person)["echo"]
    assert (found.state, "louder than the chime" in found.text) == ("note", True)


def test_a_microphone_that_is_overdriven() -> None:
    found = in_a_room(replace(KITCHEN, echo_db=26))
    assert found["clipping"].state == "wrong"


def test_a_dead_microphone_is_told_from_a_dead_loudspeaker() -> None:
    found = in_a_room(KITCHEN, change=lambda room: (Through(room.microphone, 0.0), room.speaker))
    assert (found["echo"].state, "dead" in found["echo"].text) == ("wrong", True)


def test_channels_that_cancel_each_other_are_found() -> None:
    gains = iter([1e-3, 1.0])  # together, then the first by itself
    found = in_a_room(
        KITCHEN,
        change=lambda room: (
            Through(room.microphone, next(gains), "'ReSpeaker', 16000 Hz, 2 channels"),
            room.speaker,
        ),
    )
    assert found["echo"].state == "wrong"
    assert "channels lose" in found["echo"].text


def test_channels_that_are_well_are_not_suspected() -> None:
    found = in_a_room(
        KITCHEN,
        change=lambda room: (Through(room.microphone, 0.9, "2 channels"), room.speaker),
    )
    assert found["echo"].state == "ok"


def test_devices_that_are_missing_or_hang_are_a_note() -> None:
    class Hung(SimMicrophone):
        async def blocks(self) -> AsyncGenerator[bytes, None]:
            await asyncio.Event().wait()
            yield b""

    with pytest.raises(DeviceError, match="delivers nothing"):
        in_a_room(KITCHEN, change=lambda room: (Hung(), room.speaker))
    gone = SimMicrophone()
    gone.unplug()
    with pytest.raises(DeviceError, match="unplugged"):
        in_a_room(KITCHEN, change=lambda room: (gone, room.speaker))


def test_nothing_sounds_when_it_is_not_to(tmp_path: Path) -> None:
    settings = VOICE.model_copy(update={"data_dir": tmp_path})
    [found] = loop.check(Patient(settings, None, quiet=True), forbidden_both, lambda _: None)
    assert (found.state, found.text) == ("ok", "not tried: --quiet")


def test_it_is_as_loud_as_ren_was_left(tmp_path: Path) -> None:
    settings = VOICE.model_copy(update={"data_dir": tmp_path})
    assert loop.kept_volume(settings).heard_percent == 80

    async def turn(percent: int) -> None:
        store = await open_store(tmp_path)
        await store.preferences.put("volume_percent", str(percent))
        await store.close()

    asyncio.run(turn(0))
    assert loop.kept_volume(settings).heard_percent == 0
    [found] = loop.check(Patient(settings, None), forbidden_both, lambda _: None)
    assert (found.state, "0 percent" in found.text) == ("note", True)
    at_night = settings.model_copy(update={"quiet_hours": "00:00-23:59", "quiet_volume": 20})
    asyncio.run(turn(70))
    assert loop.kept_volume(settings, 0.5).gain == pytest.approx(0.35**2)
    assert loop.kept_volume(at_night).heard_percent <= 20


@pytest.mark.parametrize("by", ["switch", "software"])
def test_with_a_muted_microphone_nothing_is_tried(by: MutedBy) -> None:
    [echo] = loop.check(Patient(VOICE, None), forbidden_both, lambda _: by)
    assert (echo.state, "not opened: it is muted" in echo.text) == ("note", True)


@pytest.mark.parametrize("device", ["microphone", "speaker"])
def test_without_devices_nothing_is_tried(device: str) -> None:
    settings = VOICE.model_copy(update={device: "none"})
    [echo] = loop.check(Patient(settings, None), forbidden_both, lambda _: None)
    assert (echo.state, "not tried" in echo.text) == ("ok", True)


def as_it_says(**voice: object) -> Finding:
    patient = Patient(VOICE, {"voice": {"state": "idle"} | voice})
    [found] = loop.check(patient, forbidden_both, lambda _: None)
    return found


def test_a_ren_that_runs_has_measured_its_echo() -> None:
    figures = {"mode": "full", "reason": "all is well", "delay_ms": 90, "attenuation_db": 11.6}
    found = as_it_says(barge_in=figures)
    assert (found.state, "after 90 ms, 11.6 dB" in found.text) == ("ok", True)
    found = as_it_says(barge_in={"mode": "full", "reason": "it is not heard"})
    assert (found.state, "it is not heard" in found.text) == ("note", True)
    assert as_it_says().state == "note"
