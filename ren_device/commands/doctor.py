"""`ren-device doctor`: what works, what does not, and what to do about it.

Also while Ren runs: then it is asked, and keeps what it uses to itself.
"""

import json
import os
import sys
import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby

from ren_device.commands import board
from ren_device.commands.checks import (
    card,
    clock,
    data,
    hardware,
    image,
    licences,
    loop,
    microphone,
    mind,
    network,
    power,
    service,
    temperature,
    voice,
    wifi,
)
from ren_device.commands.checks.finding import Finding, Patient, asked, url_of
from ren_device.commands.checks.in_time import SOUND_LIMIT_S, in_time
from ren_device.errors import SettingError

SUMMARY = "say what works, what does not, and what to do about it"

_MARKS = {"ok": " ok  ", "note": "note ", "wrong": "WRONG"}
_WIDTH = 79


def add_arguments(parser: ArgumentParser) -> None:
    """Define --json, --offline and --quiet."""
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--offline", action="store_true", help="do not ask the model's service")
    parser.add_argument("--quiet", action="store_true", help="play nothing")


def run(arguments: Namespace) -> int:
    """Print the findings as they come; 1 when something that the settings ask for is wrong."""
    findings: list[Finding] = []
    with _quiet_libraries():
        shown = _grouped(_findings(offline=arguments.offline, quiet=arguments.quiet), findings)
        for line in shown:
            if not arguments.json:
                print(line, flush=True)
    wrong = [each for each in findings if each.state == "wrong"]
    if arguments.json:
        healthy = {"healthy": not wrong, "findings": [asdict(each) for each in findings]}
        print(json.dumps(healthy, indent=2))
    else:
        print(f"\n{len(wrong)} wrong." if wrong else "\nNothing is wrong.")
    return 1 if wrong else 0


def _findings(*, offline: bool, quiet: bool) -> Iterator[Finding]:
    from ren_device import settings

    try:
        given = settings.read()
    except SettingError as error:
        yield Finding("settings", "file", "wrong", str(error), "Put it right, or remove it.")
        return
    loaded, wrong = settings.check(given)
    for problem in wrong.values():
        advice = "Put it right; until then Ren does not start, and what follows is for the default."
        yield Finding("settings", "value", "wrong", problem, advice)
    for line in settings.unknown(given).values():
        yield Finding("settings", "name", "note", line, "Correct or remove it: it does nothing.")
    if not wrong:
        text = f"{len(given)} of {len(type(loaded).model_fields)} are set"
        yield Finding("settings", "values", "ok", text)
    health = asked(f"{url_of(loaded)}/hub/health") if loaded.port else None
    if health is not None and "uptime_s" not in health:
        health = None  # somebody else
    profile = board.profile_of(loaded)
    patient = Patient(board.as_wired(loaded, profile), health, offline, quiet, profile)
    yield from data.check(patient)
    yield from in_time("card", card.check(patient))
    yield from in_time("image", image.check(patient))
    yield from mind.check(patient)
    yield from voice.check(patient)
    yield from in_time("microphone", microphone.check(patient), SOUND_LIMIT_S)
    yield from in_time("loop", loop.check(patient), SOUND_LIMIT_S)
    yield from network.check(patient)
    yield from in_time("wifi", wifi.check(patient))
    yield from clock.check(patient)
    yield from in_time("power", power.check(patient))
    yield from in_time("temperature", temperature.check(patient))
    yield from in_time("hardware", hardware.check(patient))
    yield from in_time("service", service.check(patient))
    yield from network.check_home(patient)
    yield from licences.check(patient)


def _grouped(found: Iterator[Finding], kept: list[Finding]) -> Iterator[str]:
    """Lines for people, each as soon as it is known; all findings end up in `kept`."""
    for number, (group, findings) in enumerate(groupby(found, key=lambda each: each.group)):
        yield f"{chr(10) if number else ''}{group}"
        for finding in findings:
            kept.append(finding)
            text = finding.text.removesuffix(".")  # some are whole sentences
            head = f"  {_MARKS[finding.state]} {finding.name}: {text}."
            advice = f" {finding.advice}" if finding.advice else ""
            yield "\n".join(
                textwrap.wrap(
                    head + advice,
                    _WIDTH,
                    subsequent_indent="        ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep what the engines' C libraries write to standard error out of the list."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
