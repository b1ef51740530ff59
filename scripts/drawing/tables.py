"""Writes what is told of a build in words: what to buy, and what its system must be told."""

import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ren_device.boards import reading
from ren_device.hardware_profile import HardwareProfile
from scripts.drawing.fingerprints import HARDWARE

BOM = HARDWARE / "bom"
SYSTEM = HARDWARE / "system"

Count = Annotated[int, Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Table):
    """Something to buy; prices of one."""

    name: str
    usd: float = Field(gt=0)
    eur: float = Field(gt=0)
    alternatives: tuple[str, ...] = ()


class Build(_Table):
    """What a profile's build is made of: key of a part -> how many."""

    parts: dict[str, Count]
    optional: dict[str, Count] = {}


class Bill(_Table):
    """`bom/parts.toml`."""

    priced: str = Field(pattern=r"^\d{4}-\d{2}$")
    parts: dict[str, Part]
    builds: dict[str, Build]


def bill() -> Bill:
    """What the builds are made of."""
    return Bill.model_validate(tomllib.loads((BOM / "parts.toml").read_text()))


def texts() -> dict[Path, str]:
    """Every file that is written from profiles and parts, with what has to be in it."""
    written = {BOM / "README.md": _with_tables((BOM / "README.md").read_text(), bill())}
    for name in reading.names():
        profile = reading.read(reading.find(name))
        written[SYSTEM / f"{name}.md"] = _system(name, profile)
        if profile.platform.config_txt:
            lines = (f"# Ren on {profile.title}", *profile.platform.config_txt)
            written[SYSTEM / f"{name}.config.txt"] = "".join(f"{line}\n" for line in lines)
        if modules := profile.platform.modules:
            written[SYSTEM / f"{name}.modules.conf"] = "".join(f"{line}\n" for line in modules)
        if profile.sound.card:
            written[SYSTEM / f"{name}.asound.conf"] = _asound(profile)
    return written


def stale() -> list[str]:
    """Those of the files that are not current, and those that nobody asks for."""
    wanted = texts()
    wrong = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    there = (path for path in SYSTEM.iterdir() if path.is_file() and path.name != "README.md")
    wrong += [path for path in there if path not in wanted]
    return sorted(str(path.relative_to(HARDWARE)) for path in wrong)


def _with_tables(page: str, all_parts: Bill) -> str:
    def table(found: re.Match[str]) -> str:
        name = found[1]
        title = reading.read(reading.find(name)).title
        return f"<!-- table: {name} -->\n{_shopping_list(title, all_parts, name)}<!-- end -->"

    return re.sub(r"<!-- table: ([\w-]+) -->\n.*?<!-- end -->", table, page, flags=re.DOTALL)


def _shopping_list(title: str, all_parts: Bill, name: str) -> str:
    build = all_parts.builds[name]
    rows = [f"## {title}", "", "| | Part | USD | EUR | Instead |", "|--:|---|--:|--:|---|"]
    usd = eur = 0.0
    for key, count in build.parts.items():
        part = all_parts.parts[key]
        usd += part.usd * count
        eur += part.eur * count
        rows.append(_row(count, part))
    rows.append(f"| | **In all, about** ({all_parts.priced}) | **{usd:.0f}** | **{eur:.0f}** | |")
    for key, count in build.optional.items():
        rows.append(_row(count, all_parts.parts[key], " (if you like; not in the total)"))
    return "\n".join(rows) + "\n"


def _row(count: int, part: Part, also: str = "") -> str:
    instead = " · ".join(part.alternatives)
    return (
        f"| {count} | {part.name}{also} | {part.usd * count:.2f} | {part.eur * count:.2f} "
        f"| {instead} |"
    )


def _system(name: str, profile: HardwareProfile) -> str:
    sound = profile.sound
    card = f"plughw:CARD={sound.card}" if sound.card else "default"
    page = [f"# {profile.title}: what the system must be told", ""]
    page += ["Written by `scripts/draw tables` from the profile "
             f"[`{name}`](../profiles/{name}.toml); see [README](README.md).", ""]  # fmt: skip
    if lines := profile.platform.config_txt:
        page += [f"`sudo scripts/board {name}` does it. In `/boot/firmware/config.txt` "
                 f"([lines]({name}.config.txt)) it takes effect with a restart:", "", "```", *lines,
                 "```", ""]  # fmt: skip
        for own in _overlays(lines):
            page += [f"The overlay is Ren's own, [`{own.name}`](overlays/{own.name}). By hand: "
                     "`dtc -@ -I dts -O dtb -o "
                     f"/boot/firmware/overlays/{own.stem}.dtbo {own.name}`.", ""]  # fmt: skip
    else:
        page += ["Nothing in `config.txt`.", ""]
    if modules := profile.platform.modules:
        page += [f"Kernel modules: {', '.join(f'`{module}`' for module in modules)}.", ""]
    if profile.reserved:
        kept = (f"{what} {', '.join(map(str, pins))}" for what, pins in profile.reserved.items())
        page += [f"Pins that the system keeps (BCM): {'; '.join(kept)}.", ""]
    page += ["To try it without Ren:", "", "```sh", "arecord -l; aplay -l # the card is there"]
    if (microphone := sound.microphone) is not None:
        page.append(
            f"arecord -D {card} -f {microphone.format} -r {microphone.rate_hz} "
            f"-c {microphone.channels} -d 5 five-seconds.wav"
        )
    if sound.speaker is not None:
        page.append(f"aplay -D {card} five-seconds.wav")
    page += ["```", ""]
    if sound.mixer:
        page += ["The mixer. Ren sets it at every start; by hand it would be:", "", "```sh"]
        page += [f"amixer -c {sound.card} sset '{each.control}' {each.value}"
                 for each in sound.mixer]  # fmt: skip
        page += ["```", ""]
    else:
        page += ["No mixer settings.", ""]
    if sound.card:
        page += [f"[`{name}.asound.conf`]({name}.asound.conf) makes this card the default one, for "
                 "other programs; `scripts/board` puts it where there is none yet, as "
                 "`/etc/asound.conf`. Ren does without.", ""]  # fmt: skip
    return "\n".join(page).rstrip() + "\n"


def _overlays(lines: tuple[str, ...]) -> list[Path]:
    """The sources of Ren's own overlays that these lines of config.txt name."""
    own = {path.stem: path for path in sorted((SYSTEM / "overlays").glob("*.dts"))}
    named = (re.match(r"dtoverlay=([\w-]+)", line) for line in lines)
    return [own[found[1]] for found in named if found is not None and found[1] in own]


def _asound(profile: HardwareProfile) -> str:
    card = profile.sound.card
    return (
        f"# By Ren: {profile.title} as the default sound card. It replaces only what begins so.\n"
        f'pcm.!default {{\n    type plug\n    slave.pcm "hw:CARD={card}"\n}}\n'
        f"ctl.!default {{\n    type hw\n    card {card}\n}}\n"
    )
