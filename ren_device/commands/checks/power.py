"""Whether the supply holds up, and whether the processor is slowed down."""

import re
from collections.abc import Iterator
from pathlib import Path

from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.checks.machine import is_pi, number, read, said

# The firmware's word: bits 0 to 3 are so now, 16 to 19 were so since the start.
# https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
_LOW, _CAPPED, _THROTTLED, _SOFT_LIMIT = 1, 2, 4, 8
_ALL = _LOW | _CAPPED | _THROTTLED | _SOFT_LIMIT
_WAS = 16

_SUPPLY = (
    "Use the supply that the bill of materials names, with a short and thick cable, and take what"
    " draws much off the USB ports."
)
_COOL = "Give it air, or a heat sink; and see to the supply if that sags."


def check(patient: Patient, root: Path = Path("/")) -> Iterator[Finding]:  # noqa: ARG001
    """What the Pi's firmware says of under-voltage and throttling, now and since the start."""
    now, before = _flags(root)
    if now is None:
        if is_pi(root):
            advice = "Run this with sudo, or add this user to the group video."
            yield Finding("power", "supply", "note", "the firmware does not tell", advice)
        else:
            yield Finding("power", "supply", "ok", "this machine does not tell")
        return
    yield _supply(now, before)
    yield _speed(now, before)


def _flags(root: Path) -> tuple[int | None, int | None]:
    """What is so now, and what was so since the start; None: nobody tells."""
    if told := re.search(
        r"throttled=0x([0-9a-fA-F]{1,8})\b", said(root, "vcgencmd", "get_throttled")
    ):
        value = int(told[1], 16)
        return value & _ALL, value >> _WAS & _ALL
    for path in sorted(root.glob("sys/devices/platform/soc*/soc*:firmware/get_throttled")):
        cached = number(path, 16)
        if cached is not None and 0 <= cached < 1 << 32:
            # The kernel clears the upper bits every two seconds (raspberrypi-hwmon.c), so that
            # they tell of the last moments, and not of all the time.
            return (cached | cached >> _WAS) & _ALL, None
    for folder in sorted(root.glob("sys/class/hwmon/hwmon*")):
        if read(folder / "name") == "rpi_volt":
            alarm = read(folder / "in0_lcrit_alarm")
            if alarm in ("0", "1"):
                return _LOW * int(alarm), None
    return None, None


def _supply(now: int, before: int | None) -> Finding:
    # 4.63 V, give or take 5 %, is where the board's detector sits:
    # https://www.raspberrypi.com/documentation/computers/raspberry-pi.html#power-supply-warnings
    if now & _LOW:
        return Finding("power", "supply", "wrong", "below 4.63 V at this moment", _SUPPLY)
    if before is None:
        return Finding("power", "supply", "ok", "steady at this moment")
    if before & _LOW:
        text = "steady now, but it fell below 4.63 V since the start"
        return Finding("power", "supply", "note", text, _SUPPLY)
    return Finding("power", "supply", "ok", "steady since the start")


def _speed(now: int, before: int | None) -> Finding:
    if now & (_CAPPED | _THROTTLED):
        advice = _SUPPLY if now & _LOW else _COOL
        return Finding("power", "speed", "wrong", "the processor is slowed down now", advice)
    if now & _SOFT_LIMIT:
        text = "the processor is warm, and a little slower for it"
        return Finding("power", "speed", "note", text, _COOL)
    if before is None:
        return Finding("power", "speed", "ok", "full at this moment")
    if before & (_CAPPED | _THROTTLED):
        advice = _SUPPLY if before & _LOW else _COOL
        text = "full now, but the processor was slowed down since the start"
        return Finding("power", "speed", "note", text, advice)
    return Finding("power", "speed", "ok", "full since the start")
