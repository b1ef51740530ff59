"""Whether the wall clock can be trusted."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from ren_device.clock.machine import Machine

Keeper = Literal["network", "battery", "host"]
"""Who keeps the clock right."""

_EARLIEST = datetime.fromisoformat("2026-06-01T00:00:00+00:00").timestamp()
_APART_S = 60.0
"""A chip that set the system's clock is not further from it, however wrong both became."""


def keeper(machine: Machine, timestamp: float) -> Keeper | None:
    """Who keeps the clock, which shows `timestamp`, right; None when nobody has set it yet.

    A board without a battery starts with the time at which it was switched off, so somebody must
    have set it since: a time service, or a chip that agrees with it. Where a chip must be and
    cannot be seen, it is a container or a virtual machine: its time is its host's. Takes about a
    millisecond where a chip is asked.
    """
    if timestamp < _EARLIEST:  # before this was written
        return None
    if machine.kernel_synchronised() or machine.synchronised.exists():
        return "network"
    chips = list(machine.clock_chips.glob("rtc*/since_epoch"))
    if any(abs(_shown(chip) - timestamp) < _APART_S for chip in chips):
        return "battery"
    return "host" if machine.has_chip and not chips else None


def _shown(chip: Path) -> float:
    """What this clock shows, in POSIX seconds; 0 when it cannot be read."""
    try:
        return float(chip.read_text())
    except (OSError, ValueError):
        return 0.0
