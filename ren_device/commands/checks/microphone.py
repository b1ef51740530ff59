"""What the microphone hears of the room, for a second: its level, and what is wrong with it."""

import asyncio
import math
from array import array
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ren_device.commands.checks.finding import Finding, Patient, asked
from ren_device.errors import DeviceError, StoreError
from ren_device.model import FRAME_BYTES, FRAME_S, FRAME_SAMPLES, NOT_OPENED, duration_s

if TYPE_CHECKING:
    from ren_device.commands.muted import MutedBy
    from ren_device.ports import Microphone
    from ren_device.settings import Settings

    Open = Callable[[Settings], Microphone]

# The noise of an INMP441 by itself is -87 dBFS (its data sheet, table 1), and a room is louder.
_TOO_QUIET_DBFS = -90.0
# A person is at -28 dBFS (voice/calibration.py), and must stand out.
_TOO_NOISY_DBFS = -40.0
# An SPH0645, known for it, rests at 5 % of full scale: https://forum.arduino.cc/t/442027. Twice
# that is another fault.
_OFFSET = 0.1
_CLIPPED = 0.01  # of the samples, of a room in which nobody shouts

LOADING = "Ask again in a moment."
"""The advice on what a Ren that starts has not opened, or not loaded, yet."""

_SETTLES_S = 0.5  # an INMP441 takes 85 ms, an SPH0645 begins with a pop
_LISTENS_S = 1.0
_OPENS_S = 5.0  # the longest that all may take; a sound server that slept begins after 2 s
_BRIEFLY_S = 0.3
_HIGHEST, _LOWEST = 32767, -32768
_WORDS = {
    "switch": ("by its switch", "Flip the switch, then run this again."),
    "software": (
        "as Ren was told",
        "Press its mute button, or turn it on at /device while Ren runs; then run this again.",
    ),
    "unread": (
        "as long as its mute switch cannot be read",
        "See hardware; REN_HARDWARE=none does without the switch.",
    ),
}


@dataclass(frozen=True, slots=True)
class Level:
    """Figures of a recording; levels in dB below full scale, without the offset."""

    dead: bool
    """Every sample is the same: no microphone is so quiet."""
    floor_dbfs: float
    """The quietest tenth of it (RMS)."""
    peak_dbfs: float
    offset: float
    """Where it rests, -1 to 1."""
    clipped: float
    """Which part of the samples is at the limit, 0 to 1."""


def check(
    patient: Patient,
    open_microphone: "Open | None" = None,
    muted_by: "Callable[[Settings], MutedBy] | None" = None,
) -> Iterator[Finding]:
    """Listen for a second. Nothing is opened that is muted, or that a Ren uses."""
    from ren_device import choice
    from ren_device.boards.sound import card_of

    settings = patient.settings
    if not settings.voice_enabled or is_no_device(settings.microphone):
        return
    if patient.running:
        yield _of_the_running(patient)
        return
    if closed := stays_closed("microphone", "level", settings, muted_by):
        yield closed
        return
    opened = open_microphone or partial(
        choice.microphone, gain_db=card_of(settings, patient.profile).gain_db
    )
    try:
        yield from asyncio.run(measured(settings, opened))
    except DeviceError as error:
        advice = "Plug it in, or name another in REN_MICROPHONE."
        yield Finding("microphone", "level", "note", f"not measured: {error}", advice)


async def measured(settings: "Settings", opened: "Open") -> list[Finding]:
    """Listen, and judge; where nothing is heard, to other channels, too: they may be the ones.

    Raises DeviceError.
    """
    microphone = opened(settings)
    found = measure(await hear(microphone, _LISTENS_S))
    chosen = settings.microphone_channels
    if _hears_little(found) and (chosen or "channels" in microphone.form):
        for channel in {1, 2} - set(chosen):
            if await _lives(settings, opened, channel):
                text = f"nothing is heard, but channel {channel} by itself hears"
                advice = f"Set REN_MICROPHONE_CHANNELS={channel}."
                return [Finding("microphone", "level", "wrong", text, advice)]
    return list(judge(found))


def is_no_device(chosen: str) -> bool:
    """Whether the settings want a file, or nothing, in place of a device."""
    return chosen == "none" or chosen.startswith("wav:")


def stays_closed(
    group: str, name: str, settings: "Settings", muted_by: "Callable[[Settings], MutedBy] | None"
) -> Finding | None:
    """That the microphone is muted, or nobody knows; None: it may be opened."""
    from ren_device.commands import muted

    try:
        by = (muted_by or muted.muted_by)(settings)
    except DeviceError:
        return refused(group, name, "unread")
    except StoreError as error:
        text = f"not opened: nobody knows whether it is muted: {error}"
        return Finding(group, name, "note", text, "Run this as the user that Ren runs as.")
    return refused(group, name, by) if by else None


def refused(group: str, name: str, by: str) -> Finding:
    """That a muted microphone stays closed."""
    how, advice = _WORDS[by]
    return Finding(group, name, "note", f"not opened: it is muted, {how}", advice)


def what_mutes(patient: Patient) -> str:
    """What mutes the Ren that runs: a word for `refused`."""
    from ren_device.commands.muted import is_unread

    device = asked(f"{patient.url}/device") or {}
    if is_unread(device):
        return "unread"
    return "switch" if device.get("muted_by") == "switch" else "software"


async def hear(microphone: "Microphone", seconds: float, settles_s: float = _SETTLES_S) -> bytes:
    """What it hears in so many seconds, once it has settled. Raises DeviceError."""
    wanted, pcm = settles_s + seconds, b""
    try:
        async with asyncio.timeout(_OPENS_S), aclosing(microphone.blocks()) as blocks:
            async for block in blocks:
                pcm += block
                if duration_s(pcm) >= wanted:
                    break
    except TimeoutError:
        raise DeviceError("it is open and delivers nothing") from None
    return pcm[-round(seconds / FRAME_S) * FRAME_BYTES :]


def measure(pcm: bytes) -> Level:
    """The figures of this sound."""
    samples = array("h", pcm)
    count = max(1, len(samples))
    mean = sum(samples) / count
    slices = sorted(
        sum((each - mean) ** 2 for each in samples[at : at + 2 * FRAME_SAMPLES])
        for at in range(0, len(samples) - 2 * FRAME_SAMPLES + 1, 2 * FRAME_SAMPLES)
    )
    quiet = slices[: max(1, len(slices) // 10)] or [0.0]
    energy = sum(quiet) / len(quiet) / (2 * FRAME_SAMPLES)
    peak = max((abs(each - mean) for each in samples), default=0.0)
    return Level(
        dead=len(set(samples)) <= 1,
        floor_dbfs=10 * math.log10(max(energy, 1e-1) / 32768**2),
        peak_dbfs=20 * math.log10(max(peak, 1e-1) / 32768),
        offset=mean / 32768,
        clipped=(samples.count(_HIGHEST) + samples.count(_LOWEST)) / count,
    )


def judge(level: Level) -> Iterator[Finding]:
    """What is to be said of it."""
    if level.dead:
        text = "it delivers one and the same sample: it is dead, unplugged or muted"
        advice = "Look at its wires, at the mixer (alsamixer, F4), and at REN_MICROPHONE."
        yield Finding("microphone", "level", "wrong", text, advice)
        return
    text = f"noise floor {level.floor_dbfs:.0f} dBFS, loudest {level.peak_dbfs:.0f} dBFS"
    if level.floor_dbfs < _TOO_QUIET_DBFS:
        advice = "Turn its gain up in the mixer (alsamixer, F4), or see whether it is connected."
        yield Finding("microphone", "level", "note", f"too quiet: {text}", advice)
    elif level.floor_dbfs > _TOO_NOISY_DBFS:
        advice = "Turn its gain down, ground it, or find what hums; in silence, run this again."
        yield Finding("microphone", "level", "note", f"too noisy: {text}", advice)
    else:
        yield Finding("microphone", "level", "ok", text)
    if level.clipped > _CLIPPED:
        text = f"{level.clipped:.0%} of the samples are at the limit"
        advice = "Turn its gain down in the mixer (alsamixer, F4)."
        yield Finding("microphone", "clipping", "wrong", text, advice)
    if abs(level.offset) > _OFFSET:
        text = f"it rests at {level.offset:.0%} of its range, not at 0"
        advice = "Look at its ground and its supply; a bad contact does this."
        yield Finding("microphone", "offset", "note", text, advice)


def _hears_little(level: Level) -> bool:
    return level.dead or level.floor_dbfs < _TOO_QUIET_DBFS


async def _lives(settings: "Settings", opened: "Open", channel: int) -> bool:
    alone = settings.model_copy(update={"microphone_channels": (channel,)})
    try:
        return not _hears_little(measure(await hear(opened(alone), _BRIEFLY_S)))
    except DeviceError:
        return False  # there is no such channel


def _of_the_running(patient: Patient) -> Finding:
    voice = (patient.health or {}).get("voice")
    trouble = str(voice.get("microphone", "ok")) if isinstance(voice, dict) else "ok"
    if trouble == "muted":
        return refused("microphone", "level", what_mutes(patient))
    if trouble == NOT_OPENED:
        return Finding("microphone", "level", "note", trouble, LOADING)
    if trouble != "ok":
        advice = "Plug it in, or name another; Ren tries again by itself."
        return Finding("microphone", "level", "wrong", trouble, advice)
    text = "in use by the Ren that runs, which hears something; it is measured when Ren is stopped"
    return Finding("microphone", "level", "ok", text)
