"""From the card to the data partition: read, checked, written down, and the secrets removed."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ren_device import languages
from ren_device.first_boot import environment, firstrun, job, reading, wpa
from ren_device.first_boot.complaints import Complaint, Wrong, page
from ren_device.first_boot.job import File, Job
from ren_device.first_boot.reading import Reading
from ren_device.first_boot.tree import CARD, DATA, Tree
from ren_device.first_boot.wishes import Wishes

_log = logging.getLogger(__name__)

SETTINGS = f"{DATA}/etc/ren/ren.env"
LOCALTIME = f"{DATA}/etc/localtime"
WIFI = f"{DATA}/etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
AUTHORIZED_KEYS = f"{DATA}/ssh/authorized_keys"
FACT = "run/ren-image/card"
"""One word for whoever tells people: applied, or wrong."""

_STRONGEST_LAST = ("ren.env", "firstrun.sh", "network-config", "user-data", "ren.toml")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done."""

    applied: tuple[str, ...] = ()
    """Names of wishes and of lines of ren.env."""
    wrong: tuple[str, ...] = ()
    """Names of files that could not be used."""


def take_over(tree: Tree) -> Outcome:
    """Apply what is new on the card; raises OSError, StoreError. A second time does nothing."""
    if job.finish(tree):
        _log.info("finished what the last start had begun")
    files = job.on_card(tree)
    before = (tree.read(job.SEEN) or b"").decode().splitlines()
    new = {
        name: content
        for name, content in files.items()
        if job.seen({name: content}).strip() not in before
    }
    if not new:
        return Outcome()
    cmdline = tree.read(f"{CARD}/cmdline.txt") or b""
    readings, wrong = _read_all(files, firstrun.country(cmdline))
    readings = {name: each for name, each in readings.items() if name in new}
    outcome = Outcome(_names(readings), tuple(wrong))
    job.begin(tree, _job(tree, files, readings, wrong, cmdline))
    job.finish(tree)
    if (outcome.applied or outcome.wrong) and tree.read("run/ren-image/slot") is not None:
        tree.replace(FACT, b"wrong\n" if wrong else b"applied\n", 0o644)
    return outcome


def _read_all(
    files: Mapping[str, bytes], country: str
) -> tuple[dict[str, Reading], dict[str, Sequence[Complaint]]]:
    readings: dict[str, Reading] = {}
    wrong: dict[str, Sequence[Complaint]] = {}
    for name, content in files.items():
        try:
            readings[name] = reading.read(name, content, country)
        except Wrong as error:
            wrong[name] = error.complaints
    return readings, wrong


def _names(readings: Mapping[str, Reading]) -> tuple[str, ...]:
    names = [name for each in readings.values() for name in (*each.wishes.wished(), *each.lines)]
    return tuple(dict.fromkeys(names))


def _job(
    tree: Tree,
    old: Mapping[str, bytes],
    readings: Mapping[str, Reading],
    wrong: Mapping[str, Sequence[Complaint]],
    cmdline: bytes,
) -> Job:
    wishes, lines = Wishes(), dict[str, str]()
    for name in _STRONGEST_LAST:
        if found := readings.get(name):
            wishes = found.wishes.over(wishes)
            lines |= found.lines
    files, links = _places(tree, wishes, lines)
    card: dict[str, tuple[bytes | None, bytes | None]] = {}
    errors = tree.read(f"{CARD}/{job.ERRORS}")
    if wrong:
        code = reading.language(old.get("ren.toml", b""))
        text = page(wrong, (code,) if code else sorted(languages.codes(), key="en".__ne__))
        card[job.ERRORS] = (errors, text.replace("\n", "\r\n").encode("utf-8-sig"))
    elif errors is not None:
        card[job.ERRORS] = (errors, None)
    # What is in memory only must stay on the card.
    if (tree.read("run/ren-image/data") or b"").strip() != b"volatile":
        for name, found in readings.items():
            if found.after != old[name]:
                card[name] = (old[name], found.after)
        if "firstrun.sh" in readings and (clean := firstrun.without_run_words(cmdline)) != cmdline:
            card["cmdline.txt"] = (cmdline, clean)
    left = {name: card[name][1] or b"" if name in card else each for name, each in old.items()}
    return Job(files, links, card, job.seen(left))


def _places(
    tree: Tree, wishes: Wishes, lines: dict[str, str]
) -> tuple[dict[str, File | None], dict[str, str]]:
    """Where each wish is kept."""
    plain = {
        "REN_NAME": wishes.name,
        "REN_LANGUAGE": wishes.language,
        "REN_TIMEZONE": wishes.timezone,
        "ANTHROPIC_API_KEY": wishes.api_key and wishes.api_key.get_secret_value(),
    }
    lines |= {name: f"{name}={environment.quoted(value)}" for name, value in plain.items() if value}
    files: dict[str, File | None] = {}
    links: dict[str, str] = {}
    if lines:
        settings = tree.read(SETTINGS)
        text = environment.with_lines((settings or b"").decode(errors="replace"), lines)
        like = SETTINGS.rpartition("/")[0] if settings is None else SETTINGS
        files[SETTINGS] = File(text.encode(), 0o640, like)
    if wishes.wifi:
        files[WIFI] = File(wpa.configuration(wishes.wifi), 0o600)
    if wishes.ssh_keys is not None:
        keys = "".join(f"{key}\n" for key in wishes.ssh_keys)
        files[AUTHORIZED_KEYS] = File(keys.encode(), 0o600) if keys else None
    if wishes.timezone:
        links[LOCALTIME] = f"/usr/share/zoneinfo/{wishes.timezone}"
    return files, links
