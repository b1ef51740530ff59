"""The board: which it is, its pins, who may use them, its panel, and its mixer."""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.commands.checks.finding import Finding, Patient, asked
from ren_device.commands.checks.machine import has, is_pi, said
from ren_device.errors import SettingError

if TYPE_CHECKING:
    from ren_device.hardware_profile import HardwareProfile, Sound
    from ren_device.settings import Settings

_ADVISED = "Put the profile right; ren-device hardware check says all that is wrong in it."

_SWITCHES = {"cap": "on", "unmute": "on", "nocap": "off", "mute": "off"}
_UNREAD = "mute switch cannot be read"  # in a trouble of the controls
_STEP_DB = 1.0  # a mixer takes the nearest step

Access = Callable[[Path], bool]
Trouble = Callable[["Settings"], str | None]


def _may_use(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


def check(
    patient: Patient,
    root: Path = Path("/"),
    may_use: Access = _may_use,
    panel_trouble: Trouble | None = None,
) -> Iterator[Finding]:
    """Whether what the profile names is there and can be used."""
    from ren_device.boards import reading

    board, path = _board(patient.settings, root)
    yield board
    if path is None:
        return
    profile, wrong = reading.examine(path)
    for each in wrong:
        yield Finding("hardware", "profile", "wrong", f"{path}: {each}", _ADVISED)
    if profile is None or wrong:
        return
    count = len(list(profile.pins()))
    yield Finding("hardware", "profile", "ok", f"{profile.title}: {count} pins, none of them twice")
    if patient.settings.gpio != "mock":
        if not is_pi(root):
            yield from _no_pi(profile)
            return
        missing = False
        for finding in _access(profile, root, may_use):
            missing = missing or (finding.name, finding.state) == ("audio", "wrong")
            yield finding
        if not missing:  # else all has been said
            yield from _sound(profile, root)
    yield _panel(patient, profile, panel_trouble or _opened)


def _board(settings: "Settings", root: Path) -> tuple[Finding, Path | None]:
    from ren_device.boards import reading
    from ren_device.boards.recognising import Recognised, look, marks, verdict

    chosen = settings.hardware
    if chosen == "none":
        return Finding("hardware", "board", "ok", "none, as the settings say"), None
    if chosen == "auto":
        found = verdict(look(root), marks())
        if isinstance(found, Recognised):
            return Finding("hardware", "board", "ok", f"{found.name}, by {found.by}"), found.path
        if not is_pi(root):
            return Finding("hardware", "board", "ok", f"none: {found.why}"), None
        advice = f"Set REN_HARDWARE to one of {', '.join(reading.names())}, to a path, or to none."
        return Finding("hardware", "board", "note", found.why, advice), None
    try:
        path = reading.find(chosen)
    except SettingError as error:
        advice = "Name one of these in REN_HARDWARE."
        return Finding("hardware", "board", "wrong", str(error), advice), None
    return Finding("hardware", "board", "ok", f"{path.stem}, as REN_HARDWARE says"), path


def _no_pi(profile: "HardwareProfile") -> Iterator[Finding]:
    text = f"this machine is no Raspberry Pi: it has no header for {profile.title}"
    advice = "Set REN_HARDWARE=none or auto; or REN_GPIO=mock for a panel on the screen."
    yield Finding("hardware", "machine", "wrong", text, advice)
    if _has_switch(profile):
        text = "it cannot be read here, so the microphone stays off"
        advice = "Set REN_HARDWARE=none or auto, which do without the switch."
        yield Finding("hardware", "mute switch", "wrong", text, advice)


def _has_switch(profile: "HardwareProfile") -> bool:
    mute = profile.controls.mute
    return mute is not None and mute.kind == "switch"


def _access(profile: "HardwareProfile", root: Path, may_use: Access) -> Iterator[Finding]:
    from ren_device.boards.pins import spi_port

    port = spi_port(profile)
    needed = {
        "gpio": ("gpiochip*", bool(list(profile.pins())), "this system has no /dev/gpiochip"),
        "spi": (f"spidev{port}.*", port is not None, "SPI is off"),
        "audio": (
            "snd/pcm*",
            profile.sound.microphone is not None or profile.sound.speaker is not None,
            "there is no sound card",
        ),
    }
    for group, (pattern, wanted, missing) in needed.items():
        if not wanted:
            continue
        files = sorted((root / "dev").glob(pattern))
        if not files:
            yield Finding("hardware", group, "wrong", missing, _lines(profile, group, port))
        elif not any(map(may_use, files)):
            text = f"this user may not use /{files[0].relative_to(root)}"
            advice = f"Add it to the group, and log in again: sudo usermod -aG {group} USER."
            yield Finding("hardware", group, "wrong", text, advice)
        else:
            yield Finding("hardware", group, "ok", "can be used")


def _lines(profile: "HardwareProfile", group: str, port: int | None) -> str:
    if group == "gpio":
        return "Every kernel of Raspberry Pi OS has it; a container has to be given it."
    lines = [each for each in profile.platform.config_txt if ("spi" in each) == (group == "spi")]
    if group == "spi" and not lines:
        lines.append("dtparam=spi=on" if port == 0 else "dtoverlay=spi1-1cs")
    if not lines:
        return "Plug it in, or name another board in REN_HARDWARE."
    wanted = " and ".join(lines)
    return f"Put {wanted} into /boot/firmware/config.txt (see scripts/board); restart the machine."


def _sound(profile: "HardwareProfile", root: Path) -> Iterator[Finding]:
    from ren_device.boards.recognising import look

    sound = profile.sound
    cards = look(root).cards
    if sound.card and sound.card not in {each.id for each in cards}:
        there = ", ".join(each.id for each in cards) or "none"
        text = f"{sound.card} is not there; there is {there}"
        yield Finding("hardware", "sound card", "wrong", text, _lines(profile, "audio", None))
        return
    if not sound.mixer:
        return
    if not has(root, "amixer"):
        advice = "sudo apt install alsa-utils."
        yield Finding("hardware", "mixer", "note", "there is no amixer to ask it with", advice)
        return
    off = [
        each.control
        for each in sound.mixer
        if not _is_set(_shown(sound, each.control, root), each.value)
    ]
    if off:
        text = f"not as the profile says: {', '.join(dict.fromkeys(off))}"
        advice = "Restart Ren, which sets it, and look into its log."
        yield Finding("hardware", "mixer", "note", text, advice)
    else:
        yield Finding(
            "hardware", "mixer", "ok", f"all {len(sound.mixer)} settings are as they should be"
        )


def _shown(sound: "Sound", control: str, root: Path) -> str:
    """What amixer says of this control; empty where the card has none of this name."""
    card = ("-D", f"hw:{sound.card}") if sound.card else ()
    return said(root, "amixer", *card, "sget", control)


def _is_set(shown: str, value: str) -> bool:
    """Whether that says so: "Front Left: Playback 109 [86%] [-2.00dB] [on]", "Item0: 'Boost'"."""
    value = _SWITCHES.get(value, value)
    if value.endswith("dB"):
        wanted = value.removesuffix("dB")
        found = re.findall(r"\[(-?[\d.]+)dB\]", shown)
        return any(abs(float(each) - float(wanted)) < _STEP_DB for each in found)
    exact = re.escape(value)
    return bool(re.search(rf"\[{exact}\]|(?<![\d.-]){exact} \[|: '{exact}'$", shown, re.M | re.I))


def _panel(patient: Patient, profile: "HardwareProfile", trouble: Trouble) -> Finding:
    if patient.running:
        told = (asked(f"{patient.url}/device") or {}).get("hardware")
        if not isinstance(told, dict):
            text = "the Ren that runs has no buttons and lights"
            return Finding("hardware", "panel", "note", text, "Restart it: the settings name some.")
        why = told.get("trouble")
    else:
        why = trouble(patient.settings)
    if why:
        name = "mute switch" if _has_switch(profile) and _UNREAD in str(why) else "panel"
        advice = "Then restart Ren, which does without its buttons and lights until then."
        return Finding("hardware", name, "wrong", str(why), advice)
    return Finding("hardware", "panel", "ok", "its pins can be opened")


def _opened(settings: "Settings") -> str | None:
    """Open the pins for a moment: why they cannot be."""
    from ren_device import choice

    async def look() -> str | None:
        parts = await asyncio.to_thread(choice.panel, settings)
        try:
            return parts.trouble or parts.controls.trouble or parts.lamp.trouble
        finally:
            await parts.controls.close()
            await parts.lamp.close()

    return asyncio.run(look())
