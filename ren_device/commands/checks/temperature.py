"""How hot the processor is."""

from collections.abc import Iterator
from pathlib import Path

from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.checks.machine import is_pi, number, read

# A Pi's cores are slowed down from 80 C on and all of it at 85 C:
# https://www.raspberrypi.com/documentation/computers/config_txt.html#monitoring-core-temperature
_PI_SLOWS_C = 80.0
_NEAR_C = 10.0  # a warm evening's worth
_SENSIBLE_C = (-40.0, 150.0)  # beyond, it is the sensor
_LIMITS = ("passive", "hot", "critical")
_COOL = "Give it air or a heat sink, and keep it out of the sun and off the stove."


def check(patient: Patient, root: Path = Path("/")) -> Iterator[Finding]:  # noqa: ARG001
    """The hottest of all sensors, and how far it is from being slowed down."""
    zones = [
        (celsius, zone)
        for zone in sorted(root.glob("sys/class/thermal/thermal_zone*"))
        if (celsius := _celsius(zone / "temp")) is not None
    ]
    if not zones:
        yield Finding("temperature", "processor", "ok", "this machine does not tell")
        return
    limits = {zone: _PI_SLOWS_C if is_pi(root) else _limit(zone) for _, zone in zones}
    celsius, zone = max(zones, key=lambda each: each[0] - (limits[each[1]] or _PI_SLOWS_C))
    limit = limits[zone]
    name = read(zone / "type") or zone.name
    text = f"{celsius:.0f} C ({name})"
    if limit is None:
        yield Finding("temperature", "processor", "ok", text)
        return
    text += f"; it slows down at {limit:.0f} C"
    if celsius >= limit and is_pi(root):  # others run hot all day, and are made for it
        yield Finding("temperature", "processor", "wrong", text, _COOL)
    elif celsius >= limit - _NEAR_C:
        yield Finding("temperature", "processor", "note", text, _COOL)
    else:
        yield Finding("temperature", "processor", "ok", text)


def _celsius(path: Path) -> float | None:
    thousandths = number(path)
    if thousandths is None or not _SENSIBLE_C[0] <= thousandths / 1000 <= _SENSIBLE_C[1]:
        return None
    return thousandths / 1000


def _limit(zone: Path) -> float | None:
    """Where this zone is first slowed down or switched off, as its driver says."""
    limits = [
        celsius
        for kind in zone.glob("trip_point_*_type")
        if read(kind) in _LIMITS
        and (celsius := _celsius(kind.with_name(kind.name.replace("_type", "_temp"))))
    ]
    return min((each for each in limits if each > 0), default=None)
