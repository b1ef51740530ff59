import asyncio
import math
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ren_device.engines.echo_path import ChimeMeter
from ren_device.engines.simulated_room import HEADPHONES, ROOMS, Acoustics, SimulatedRoom
from ren_device.engines.webrtc_apm import WebRtcApm
from ren_device.model import FRAME_BYTES, FRAME_S
from ren_device.voice.calibration import BargeIn, Calibrator, EchoPath
from ren_device.voice.echo_takes import level_dbfs
from tests.virtual_time import run
from tests.voices import say

FRAMES = 80  # of the chime


def tone(dbfs: float) -> bytes:
    """A frame whose RMS is this."""
    size = round(32768 * 10 ** (dbfs / 20))
    return b"".join((size * sign).to_bytes(2, "little", signed=True) for sign in (1, -1) * 80)


@dataclass(frozen=True)
class Found:
    heard: bool = True
    delay_s: float = 0.1
    attenuation_db: float = 10.0
    explained: float = 0.95


@dataclass
class ScriptedMeter:
    """Finds in turn what the test says; the chime is a tone at -22 dBFS."""

    finds: list[Found]
    asked: list[tuple[bytes, bytes]] = field(default_factory=list)
    sound: bytes = tone(-22) * FRAMES

    def measure(self, near: bytes, far: bytes) -> Found:
        assert len(near) == len(far)
        self.asked.append((near, far))
        return self.finds.pop(0)


@dataclass
class Scene:
    """A microphone and a loudspeaker, frame by frame; levels are in dBFS."""

    calibrator: Calibrator
    plays: bool = True
    room_dbfs: float = -60.0
    loud_dbfs: float = -40.0
    """In the microphone while the chime sounds."""
    _playing: int = 0

    async def hear(self) -> None:
        while True:
            await asyncio.sleep(FRAME_S)
            near = tone(self.loud_dbfs if self._playing else self.room_dbfs)
            far = tone(-22) if self._playing and self.plays else b""
            self.calibrator.hear(near, far, tone(self.room_dbfs))

    async def play(self, sound: bytes) -> None:
        self._playing = True
        await asyncio.sleep(len(sound) / FRAME_BYTES * FRAME_S)
        self._playing = False

    def answer(self, *, seconds: float, near_dbfs: float, cleaned_dbfs: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.calibrator.hear(tone(near_dbfs), tone(-20), tone(cleaned_dbfs))
        for _ in range(50):
            self.calibrator.hear(tone(-60), b"", tone(-60))


def calibrated(
    *finds: Found, wanted: str = "auto", **scene: object
) -> tuple[Calibrator, Scene, list[float], float]:
    """After `run`: the calibrator, its scene, the delays set, and how long it took."""
    delays: list[float] = []
    calibrator = Calibrator(ScriptedMeter(list(finds)), delays.append, wanted)  # type: ignore[arg-type]
    there = Scene(calibrator, **scene)  # type: ignore[arg-type]

    async def measure() -> float:
        hearing = asyncio.create_task(there.hear())
        began = asyncio.get_running_loop().time()
        await calibrator.run(there.play)
        hearing.cancel()
        return asyncio.get_running_loop().time() - began

    return calibrator, there, delays, run(measure())


@pytest.mark.parametrize(
    ("attenuation_db", "mode"),
    # The voice is at -20 dBFS, a person is taken to be at -28.
    [(30.0, "full"), (6.0, "full"), (4.0, "wake_word"), (3.0, "wake_word"), (0.0, "button")],
)
def test_the_mode_follows_from_how_loud_the_echo_is(attenuation_db: float, mode: BargeIn) -> None:
    calibrator, _, delays, took_s = calibrated(Found(attenuation_db=attenuation_db))
    assert calibrator.mode == mode
    assert calibrator.path is not None
    assert calibrator.path.heard
    assert calibrator.path.delay_s == 0.1
    assert delays == [0.1]
    assert took_s < 2.2
    over = -20 - attenuation_db + 28
    assert f"{abs(over):.0f} dB {'louder' if over > 0 else 'quieter'}" in calibrator.reason
    assert calibrator.health()["delay_ms"] == 100


def test_what_is_played_and_heard_is_on_one_time_line() -> None:
    calibrator, _, _, _ = calibrated(Found())
    meter = calibrator._meter
    assert isinstance(meter, ScriptedMeter)
    [(near, far)] = meter.asked
    began = far.index(tone(-22)) // FRAME_BYTES
    assert near.index(tone(-40)) // FRAME_BYTES == began
    assert began >= 40
    assert far.count(tone(-22)) == FRAMES


def test_nothing_played_and_nothing_heard_leave_full_barge_in() -> None:
    silent, _, _, _ = calibrated(plays=False)
    assert (silent.mode, silent.path) == ("full", EchoPath(False))
    headphones, _, delays, _ = calibrated(Found(heard=False), loud_dbfs=-60)
    assert (headphones.mode, headphones.path, delays) == ("full", EchoPath(False), [])
    assert headphones.reason == "the loudspeaker is not heard by the microphone"


@pytest.mark.parametrize(
    ("finds", "scene", "chime"),
    [
        ([Found()], {}, "heard"),
        ([Found(heard=False)], {"loud_dbfs": -60}, "not heard"),
        ([], {"plays": False}, "not played"),
        ([Found(explained=0.2)] * 3, {}, "unclear"),
        ([Found(explained=0.2), Found()], {}, "heard"),
    ],
)
def test_what_became_of_the_chime_is_told(
    finds: list[Found], scene: dict[str, Any], chime: str
) -> None:
    assert calibrated(*finds, **scene)[0].health()["chime"] == chime
    assert Calibrator(ScriptedMeter([]), lambda _: None).chime == "pending"
    assert Calibrator(ScriptedMeter([]), lambda _: None, echoes=False).chime == "none"


def test_somebody_who_talks_over_it_hears_it_again() -> None:
    talking = Found(explained=0.2)
    calibrator, _, _, took_s = calibrated(talking, Found(heard=False), Found(attenuation_db=20))
    assert calibrator.mode == "full"
    assert took_s > 8  # three times, with a pause between
    gave_up, _, delays, _ = calibrated(talking, talking, talking)
    assert (gave_up.mode, gave_up.path, delays) == ("wake_word", None, [])
    assert "spoke" in gave_up.reason


def test_what_was_known_is_kept_when_it_cannot_be_measured_again() -> None:
    calibrator, there, _, _ = calibrated(Found(attenuation_db=20))
    known = calibrator.path
    meter = calibrator._meter
    assert isinstance(meter, ScriptedMeter)
    meter.finds += [Found(explained=0.2)] * 3

    async def again() -> None:
        hearing = asyncio.create_task(there.hear())
        await calibrator.run(there.play)
        hearing.cancel()

    run(again())
    assert calibrator.path == known
    assert calibrator.mode == "full"


def test_without_a_microphone_it_gives_up_and_plays_nothing() -> None:
    calibrator = Calibrator(ScriptedMeter([]), lambda _: None)
    played: list[bytes] = []

    async def play(sound: bytes) -> None:
        played.append(sound)

    run(calibrator.run(play))
    assert (calibrator.mode, played) == ("wake_word", [])
    assert calibrator.chime == "no microphone"
    assert "no microphone" in calibrator.reason


@pytest.mark.parametrize("wanted", ["full", "wake_word", "button"])
def test_the_setting_has_the_last_word(wanted: str) -> None:
    calibrator, _, delays, _ = calibrated(Found(attenuation_db=4), wanted=wanted)
    assert calibrator.mode == wanted
    assert calibrator.reason == f"as REN_BARGE_IN={wanted} says"
    assert delays == [0.1]


def test_answers_teach_what_the_chime_could_not() -> None:
    calibrator, there, _, _ = calibrated(Found(attenuation_db=20))
    assert calibrator.path is not None
    before = calibrator.path.residual_db
    there.answer(seconds=0.5, near_dbfs=-40, cleaned_dbfs=-80)
    assert calibrator.path.residual_db == before  # too short
    for _ in range(6):
        there.answer(seconds=3, near_dbfs=-40, cleaned_dbfs=-70)
    assert calibrator.path.residual_db == pytest.approx(30, abs=1)
    assert calibrator.mode == "full"


def test_a_canceller_that_fails_costs_full_barge_in() -> None:
    calibrator, there, _, _ = calibrated(Found(attenuation_db=6))
    modes = [calibrator.mode]
    for _ in range(6):
        there.answer(seconds=3, near_dbfs=-26, cleaned_dbfs=-27)
    modes.append(calibrator.mode)
    assert modes == ["full", "wake_word"]
    assert "only 1 dB" in calibrator.reason


def test_what_rings_teaches_nothing() -> None:
    calibrator, there, _, _ = calibrated(Found(attenuation_db=6))
    before = calibrator.path
    for _ in range(6):
        for _ in range(300):
            calibrator.hear(tone(-26), tone(-5), tone(-27), rings=True)
        there.answer(seconds=0.1, near_dbfs=-26, cleaned_dbfs=-27)
    assert calibrator.path == before
    assert calibrator.mode == "full"


def test_people_who_are_louder_or_softer_move_the_limits() -> None:
    calibrator, _, _, _ = calibrated(Found(attenuation_db=4))
    modes = [calibrator.mode]
    for dbfs in (-22, -45):
        for _ in range(40):
            calibrator.person(tone(dbfs) * 100)
        modes.append(calibrator.mode)
    assert modes == ["wake_word", "full", "button"]


def test_levels() -> None:
    assert level_dbfs(tone(-20) * 3) == pytest.approx(-20, abs=0.01)
    assert level_dbfs(b"") < -100
    assert math.isfinite(level_dbfs(bytes(FRAME_BYTES)))


# --- with the real canceller, in rooms ------------------------------------------------------------


def in_room(acoustics: Acoustics, *, person: bytes = b"") -> Calibrator:
    async def scene() -> Calibrator:
        room, canceller = SimulatedRoom(acoustics), WebRtcApm.load()
        calibrator = Calibrator(ChimeMeter(), canceller.set_delay)
        await room.speaker.start()
        room.say(person, 0.3, dbfs=-26)

        async def play(sound: bytes) -> None:
            for at in range(0, len(sound), FRAME_BYTES):
                await room.speaker.write(sound[at : at + FRAME_BYTES])
            await room.speaker.drain()

        task = asyncio.create_task(calibrator.run(play))
        async with aclosing(room.microphone.blocks()) as blocks:
            async for near in blocks:
                far = room.speaker.take_played()
                calibrator.hear(near, far, canceller.process(near, far))
                if task.done():
                    break
        await task
        return calibrator

    return run(scene())


def named(part: str) -> Acoustics:
    return next(room for room in ROOMS if part in room.name)


@pytest.mark.engine
@pytest.mark.parametrize("person", [b"", "what time is it in London"], ids=["quiet", "talk"])
@pytest.mark.parametrize(
    ("room", "mode"),
    [
        (HEADPHONES, "full"),
        (named("desk"), "full"),
        (named("slow sound card"), "full"),
        (named("as loud"), "full"),
        (replace(named("clocks, fast"), echo_db=-4), "wake_word"),
        (named("louder"), "button"),
        (named("overdriven"), "button"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_rooms(room: Acoustics, mode: BargeIn, person: bytes | str) -> None:
    said = say(person, "flite-rms") if isinstance(person, str) else person
    calibrator = in_room(room, person=said)
    assert calibrator.mode == mode
    assert calibrator.path is not None
    assert calibrator.path.heard == (room != HEADPHONES)
    if calibrator.path.heard:
        assert calibrator.path.delay_s == pytest.approx(room.delay_s, abs=0.025)
