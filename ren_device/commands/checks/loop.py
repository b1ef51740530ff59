"""From the loudspeaker to the microphone: plays Ren's chime, hears it, and says what that means."""

import asyncio
from array import array
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ren_device.bus import Bus
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.checks.microphone import is_no_device, stays_closed
from ren_device.errors import DeviceError, StoreError
from ren_device.model import FRAME_BYTES

if TYPE_CHECKING:
    from ren_device.commands.muted import MutedBy
    from ren_device.ports import Echo, EchoMeter, Microphone, Speaker
    from ren_device.settings import Settings
    from ren_device.voice.volume import Level

_BEFORE_S, _AFTER_S = 0.4, 0.8  # of the room, as voice/calibration.py listens
# The longest that one may take. It lasts 2.2 s once the devices have begun, and a sound server
# that slept begins 2 s after it was opened.
_TAKE_S = 6.0
_SURE = 0.5  # explained by the chime; else somebody talks. As in voice/calibration.py
_SILENT_DBFS = -70.0
_NOISE_DBFS = -45.0  # in which a person would be noticed; as there
_LATE_S = 0.3  # no wire is so late; Bluetooth's own is 0.1 s to 0.3 s
QUIET_PERCENT = 50  # of Ren's volume: below, the microphone need not hear it
_CLIPPED = 0.005
_WEAK_DB = 30.0  # the farthest of the rooms in engines/simulated_room.py loses 26
_CANCELS_DB = 10.0  # what two equal channels never lose by being added
# Ren's voice over a person's at the microphone: voice/calibration.py, engines/README.md.
_DROWNS_DB = 3.0

_WIRES = (
    "Look at the loudspeaker's wires, its amplifier and the mixer (alsamixer); with headphones all"
    " is well."
)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What became of one chime. Levels in dB below full scale."""

    played_dbfs: float
    during_dbfs: float
    clipped: float
    """Which part of the microphone's samples was at the limit, 0 to 1."""
    dead: bool
    echo: "Echo"


Open = Callable[["Settings"], tuple["Microphone", "Speaker"]]


def check(
    patient: Patient,
    open_devices: Open | None = None,
    muted_by: "Callable[[Settings], MutedBy] | None" = None,
) -> Iterator[Finding]:
    """Play the chime as loud as Ren speaks now, and listen. A Ren that runs has done so itself."""
    from ren_device.boards.sound import card_of

    settings = patient.settings
    if not settings.voice_enabled:
        return
    if is_no_device(settings.microphone) or is_no_device(settings.speaker):
        yield Finding("loop", "echo", "ok", "not tried: the settings name no devices for it")
        return
    if patient.running:
        yield from _of_the_running(patient)
        return
    if closed := stays_closed("loop", "echo", settings, muted_by):
        yield closed
        return
    if patient.quiet:
        yield Finding("loop", "echo", "ok", "not tried: --quiet")
        return
    volume = kept_volume(settings, card_of(settings, patient.profile).loudest)
    if volume.heard_percent == 0:
        advice = "Turn it up, then run this again."
        yield Finding("loop", "echo", "note", "not tried: Ren's volume is 0 percent", advice)
        return
    try:
        opened = open_devices or partial(_devices, card_of(settings, patient.profile).gain_db)
        yield from asyncio.run(tried(settings, opened, volume))
    except DeviceError as error:
        yield Finding("loop", "echo", "note", f"not tried: {error}", "Plug both in, or name them.")


def kept_volume(settings: "Settings", loudest_part: float = 1.0) -> "Level":
    """How loud Ren would speak now: as it was left, and less in the quiet hours.

    Its loudspeaker stands `loudest_part` of what the card can do.
    """
    from ren_device.clock import SystemClock
    from ren_device.commands.muted import KeptPreferences
    from ren_device.voice.volume import QuietHours, Volume

    quiet = QuietHours.parse(settings.quiet_hours, settings.quiet_volume)
    kept, clock = KeptPreferences(settings.data_dir), SystemClock(settings.timezone)
    volume = Volume(kept, Bus(), clock, quiet, loudest_part)
    with suppress(StoreError):  # data.py says so
        asyncio.run(volume.load())
    return volume.voice


async def listen(
    meter: "EchoMeter", microphone: "Microphone", speaker: "Speaker", volume: "Level"
) -> Hearing:
    """Play the chime and hear it. Raises DeviceError."""
    from ren_device.voice.echo_takes import Take, level_dbfs

    take = Take()

    async def hear() -> None:
        async with aclosing(microphone.blocks()) as blocks:
            async for block in blocks:
                take.add(block, speaker.take_played(), b"")

    async def play() -> None:
        sound = volume.apply(meter.sound)
        await take.lasts(_BEFORE_S)
        for at in range(0, len(sound), FRAME_BYTES):
            await speaker.write(sound[at : at + FRAME_BYTES])
        await speaker.drain()
        await take.lasts(_AFTER_S)

    try:
        await speaker.start()
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(hear())
            await play()
            hearing.cancel()
    except ExceptionGroup as several:
        first = several.exceptions[0]
        if isinstance(first, TimeoutError):
            raise DeviceError("the microphone is open and delivers nothing") from None
        raise first from None
    finally:
        await speaker.close()
    near, far = bytes(take.near), take.played()
    samples = array("h", near)
    chime = slice(take.began, take.began + len(meter.sound))
    return Hearing(
        played_dbfs=level_dbfs(far[chime]),
        during_dbfs=level_dbfs(near[chime]),
        clipped=(samples.count(32767) + samples.count(-32768)) / max(1, len(samples)),
        dead=len(set(samples)) <= 1,
        echo=meter.measure(near, far),
    )


def judge(heard: Hearing, volume_percent: int, breaks: int = 0) -> Iterator[Finding]:
    """What is to be said of it. `breaks` is how often the sound broke off."""
    yield _echo(heard, volume_percent)
    if heard.clipped > _CLIPPED:
        text = f"the chime overdrives the microphone ({heard.clipped:.1%} of the samples)"
        advice = "Turn the microphone's gain down (alsamixer, F4), or move them apart."
        yield Finding("loop", "clipping", "wrong", text, advice)
    if breaks:
        text = f"the chime broke off {breaks} times"
        advice = "Look at the supply first, and then at what else keeps the processor busy."
        yield Finding("loop", "playing", "note", text, advice)


def _echo(heard: Hearing, volume_percent: int) -> Finding:
    from ren_device.voice.calibration import LOUDER_DB, PERSON_DBFS

    if heard.played_dbfs < _SILENT_DBFS:
        text = "the loudspeaker took no sound"
        return Finding("loop", "echo", "wrong", text, "Look at REN_SPEAKER, and at its wires.")
    if heard.dead:
        text = "the microphone delivers one and the same sample: it is dead, or on another channel"
        advice = "Look at its wires and at REN_MICROPHONE_CHANNELS."
        return Finding("loop", "echo", "wrong", text, advice)
    if _unsure(heard):
        advice = "Be quiet for five seconds, and run this again."
        return Finding("loop", "echo", "note", "something else was louder than the chime", advice)
    if not heard.echo.heard:
        text = f"the chime is not heard, at {volume_percent} percent volume"
        quiet = volume_percent < QUIET_PERCENT
        advice = "Turn Ren up, and run this again." if quiet else _WIRES
        return Finding("loop", "echo", "note", text, advice)
    echo = heard.echo
    text = f"the chime is heard after {1000 * echo.delay_s:.0f} ms, {_against(echo.attenuation_db)}"
    if echo.delay_s > _LATE_S:
        advice = "Use a loudspeaker with a cable: Bluetooth is too late to be interrupted well."
        return Finding("loop", "echo", "note", text, advice)
    over_db = heard.played_dbfs + LOUDER_DB - echo.attenuation_db - PERSON_DBFS
    if over_db > _DROWNS_DB:
        text += f"; Ren's voice is {over_db:.0f} dB over a person's there"
        advice = "Move the loudspeaker away from the microphone, or turn one of them down."
        return Finding("loop", "echo", "note", text, advice)
    return Finding("loop", "echo", "ok", text)


def _against(attenuation_db: float) -> str:
    side = "quieter" if attenuation_db >= 0 else "louder"
    return f"{abs(attenuation_db):.0f} dB {side} than played"


def _unsure(heard: Hearing) -> bool:
    """Whether somebody spoke, or something fell."""
    if heard.echo.heard:
        return heard.echo.explained < _SURE
    return heard.during_dbfs > _NOISE_DBFS


def _devices(gain: float, settings: "Settings") -> tuple["Microphone", "Speaker"]:
    from ren_device import choice

    return choice.microphone(settings, gain), choice.speaker(settings)


async def tried(settings: "Settings", opened: Open, volume: "Level") -> list[Finding]:
    """Once; and once more where somebody spoke, or where two channels may cancel each other."""
    from ren_device import choice

    meter = choice.load_echo_meter()
    microphone, speaker = opened(settings)
    heard = await _in_time(listen(meter, microphone, speaker, volume))
    several = "channels" in microphone.form and not settings.microphone_channels
    if several and (not heard.echo.heard or heard.echo.attenuation_db > _WEAK_DB):
        alone = settings.model_copy(update={"microphone_channels": (1,)})
        one = await _in_time(listen(meter, *opened(alone), volume))
        lost_db = heard.echo.attenuation_db - one.echo.attenuation_db
        if one.echo.heard and lost_db > _CANCELS_DB:
            text = f"together the microphone's channels lose {min(lost_db, 99):.0f} dB"
            advice = "One is wired the wrong way round; until then: REN_MICROPHONE_CHANNELS=1."
            return [Finding("loop", "echo", "wrong", text, advice)]
    elif _unsure(heard):
        heard = await _in_time(listen(meter, microphone, speaker, volume))
    return list(judge(heard, volume.heard_percent, speaker.underruns))


async def _in_time(take: Coroutine[object, object, Hearing]) -> Hearing:
    try:
        async with asyncio.timeout(_TAKE_S):
            return await take
    except TimeoutError:
        raise DeviceError("one of the two is open and does nothing") from None


def _of_the_running(patient: Patient) -> Iterator[Finding]:
    voice = (patient.health or {}).get("voice")
    measured = voice.get("barge_in") if isinstance(voice, dict) else None
    if not isinstance(measured, dict) or not measured:
        text = "not measured yet by the Ren that runs"
        yield Finding("loop", "echo", "note", text, "Run this again in half a minute.")
        return
    if "delay_ms" not in measured:
        text = f"the Ren that runs has found no echo: {measured.get('reason')}"
        yield Finding("loop", "echo", "note", text, _WIRES)
        return
    text = (
        f"measured by the Ren that runs when it started: after {measured['delay_ms']} ms,"
        f" {measured.get('attenuation_db')} dB quieter than played"
    )
    yield Finding("loop", "echo", "ok", text)
