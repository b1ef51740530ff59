"""Whether the clock is right, and where on earth it is."""

import os
import time
from collections.abc import Iterator

from ren_device.clock import Machine, keeper
from ren_device.commands.checks.finding import Finding, Patient

_KEPT = {
    "network": "is set by a time service",
    "battery": "is kept by a clock with a battery",
    "host": "is the host's",
}


def check(patient: Patient, machine: Machine | None = None) -> Iterator[Finding]:
    """Whether alarms can go by the time, and by which time zone."""
    machine = machine or Machine()
    kept_by = keeper(machine, time.time())
    if kept_by:
        yield Finding("clock", "time", "ok", f"the time {_KEPT[kept_by]}")
    else:
        text = "nothing has set the time since the machine started"
        advice = (
            "Turn time synchronisation on: timedatectl set-ntp true. Until then alarms wait"
            " for it, up to five minutes after a start."
        )
        yield Finding("clock", "time", "note", text, advice)
    yield _zone(patient, machine)


def _zone(patient: Patient, machine: Machine) -> Finding:
    if patient.settings.timezone:
        return Finding("clock", "zone", "ok", f"REN_TIMEZONE={patient.settings.timezone}")
    if zone := os.environ.get("TZ"):
        return Finding("clock", "zone", "ok", f"TZ={zone}")
    name = "/".join(machine.zone.resolve().parts[-2:])
    if not machine.zone.exists() or name.rpartition("/")[2] in ("UTC", "Universal", "Zulu"):
        advice = "Set REN_TIMEZONE, such as Europe/London, unless the kitchen is at UTC."
        return Finding("clock", "zone", "note", "the machine's, which is UTC", advice)
    return Finding("clock", "zone", "ok", f"the machine's ({name}), also when it is changed")
