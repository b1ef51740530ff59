"""What doctor finds of the microphone."""

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
import pytest

from ren_device.commands.checks import microphone
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.checks.microphone import hear, judge, measure
from ren_device.commands.muted import MutedBy
from ren_device.engines.simulated_room import SimulatedRoom
from ren_device.errors import DeviceError, StoreError
from ren_device.model import NOT_OPENED, SAMPLE_RATE_HZ
from ren_device.ports import Microphone
from ren_device.settings import Settings
from ren_device.sim import SimMicrophone
from tests.commands.checks.sounds import KITCHEN, VOICE, Through, answering, forbidden, tone
from tests.virtual_time import run


def said(pcm: bytes) -> dict[str, Finding]:
    return {each.name: each for each in judge(measure(pcm))}


def test_a_room_is_fine_and_has_figures() -> None:
    found = said(tone(-62))
    assert found.keys() == {"level"}
    assert found["level"].state == "ok"
    assert found["level"].text.startswith("noise floor -6")
    assert measure(tone(-62)).floor_dbfs == pytest.approx(-62, abs=1)


@pytest.mark.parametrize("sample", [0, 1, -32768, 32767])
def test_one_and_the_same_sample_is_a_dead_microphone(sample: int) -> None:
    found = said(np.full(16000, sample, "<i2").tobytes())
    assert found["level"].state == "wrong"
    assert "dead" in found["level"].text


@pytest.mark.parametrize(
    ("dbfs", "state", "text"),
    [
        (-94, "note", "too quiet"),
        (-86, "ok", "noise"),
        (-42, "ok", "noise"),
        (-36, "note", "too no"),
    ],
)
def test_the_noise_floor(dbfs: float, state: str, text: str) -> None:
    level = said(tone(dbfs))["level"]
    assert (level.state, level.text[: len(text)]) == (state, text)


def test_the_floor_is_that_of_the_pauses() -> None:
    loud = np.frombuffer(tone(-20), "<i2")[:8000].tobytes()
    level = measure(tone(-70)[:16000] + loud)
    assert level.floor_dbfs == pytest.approx(-70, abs=1)
    assert level.peak_dbfs > -15


def test_clipping_and_an_offset_are_told() -> None:
    assert said(tone(-3))["clipping"].state == "wrong"
    assert "clipping" not in said(tone(-20))
    found = said(tone(-60, offset=-0.2))
    assert (found["offset"].state, found["level"].state) == ("note", "ok")
    assert "-20%" in found["offset"].text
    assert "offset" not in said(tone(-60, offset=0.05))  # as an SPH0645 rests


def test_what_a_simulated_room_sounds_like() -> None:
    async def scene() -> tuple[bytes, float]:
        clock = asyncio.get_running_loop()
        began = clock.time()
        pcm = await hear(SimulatedRoom(KITCHEN).microphone, 1.0)
        return pcm, clock.time() - began

    pcm, took_s = run(scene())
    assert len(pcm) == 2 * SAMPLE_RATE_HZ
    assert measure(pcm).floor_dbfs == pytest.approx(-60, abs=4)
    assert took_s < 2


def test_a_microphone_that_delivers_nothing_is_given_up() -> None:
    class Hung(SimMicrophone):
        async def blocks(self) -> AsyncGenerator[bytes, None]:
            await asyncio.Event().wait()
            yield b""

    with pytest.raises(DeviceError, match="delivers nothing"):
        run(hear(Hung(), 1.0))


@pytest.mark.parametrize(
    ("wired", "chosen", "advice"),
    [
        ((0.0, 1.0), (1,), "CHANNELS=2"),  # the microphone's L/R pin is the other way round
        ((1.0, 0.0), (2,), "CHANNELS=1"),
        ((1.0, -1.0), (), "CHANNELS=1"),  # they cancel each other
        ((0.0, 0.0), (), "wires"),
        ((0.0,), (1,), "wires"),
    ],
)
def test_a_channel_that_lives_is_found(
    wired: tuple[float, ...], chosen: tuple[int, ...], advice: str
) -> None:
    def opened(settings: Settings) -> Microphone:
        """What is heard is the mean of the chosen channels, as with a real card."""
        channels = settings.microphone_channels or tuple(range(1, len(wired) + 1))
        if max(channels) > len(wired):
            raise DeviceError("there is no such channel")
        heard = SimMicrophone()
        gain = sum(wired[each - 1] for each in channels) / len(channels)
        heard.hear((np.frombuffer(tone(-60) * 2, "<i2") * gain).astype("<i2").tobytes())
        return Through(heard, 1.0, f"16000 Hz, {len(channels)} channels")

    settings = VOICE.model_copy(update={"microphone_channels": chosen})
    [found] = run(microphone.measured(settings, opened))
    assert (found.state, advice in found.advice) == ("wrong", True), found


@pytest.mark.parametrize("by", ["switch", "software"])
def test_what_is_muted_is_not_opened(by: MutedBy) -> None:
    patient = Patient(VOICE, None)
    [level] = microphone.check(patient, forbidden, lambda _: by)
    assert level.state == "note"
    assert level.text.startswith("not opened: it is muted, ")
    assert ("switch" in level.text) == (by == "switch")


def test_nor_is_one_of_which_nobody_knows() -> None:
    def nobody_knows(_: Settings) -> MutedBy:
        raise StoreError("the store is in pieces")

    [level] = microphone.check(Patient(VOICE, None), forbidden, nobody_knows)
    assert (level.state, "in pieces" in level.text) == ("note", True)


def test_a_switch_that_cannot_be_read_is_not_called_muted_by_it() -> None:
    def unread(_: Settings) -> MutedBy:
        raise DeviceError("its switch cannot be read")

    [level] = microphone.check(Patient(VOICE, None), forbidden, unread)
    assert (level.state, "cannot be read" in level.text) == ("note", True)
    assert "REN_HARDWARE=none" in level.advice
    with answering('{"muted": true, "muted_by": "switch", "hardware": null}') as port:
        assert "cannot be read" in as_it_says(port, microphone="muted").text


@pytest.mark.parametrize("settings", [Settings(), VOICE.model_copy(update={"microphone": "none"})])
def test_without_a_microphone_nothing_is_measured(settings: Settings) -> None:
    assert list(microphone.check(Patient(settings, None), forbidden)) == []


def test_a_microphone_that_is_missing_is_a_note() -> None:
    def missing(_: Settings) -> Microphone:
        gone = SimMicrophone()
        gone.unplug()
        return gone

    [level] = microphone.check(Patient(VOICE, None), missing, lambda _: None)
    assert (level.state, "REN_MICROPHONE=sim: unplugged" in level.text) == ("note", True)


def as_it_says(port: int = 1, **voice: object) -> Finding:
    patient = Patient(VOICE.model_copy(update={"port": port}), {"voice": {"state": "idle"} | voice})
    [found] = microphone.check(patient, forbidden, lambda _: None)
    return found


def test_a_ren_that_runs_keeps_its_microphone() -> None:
    assert as_it_says(microphone="ok").state == "ok"
    assert as_it_says(microphone="it went away").state == "wrong"
    assert as_it_says(microphone=NOT_OPENED).state == "note"


def test_a_ren_that_runs_says_what_has_muted_it() -> None:
    with answering('{"muted": true, "muted_by": "switch"}') as port:
        found = as_it_says(port, microphone="muted")
    assert (found.state, found.text) == ("note", "not opened: it is muted, by its switch")
    assert "as Ren was told" in as_it_says(microphone="muted").text
