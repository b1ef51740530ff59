"""Where a Linux machine tells of its clock."""

import ctypes
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_UNSYNCHRONISED = 5  # what adjtimex answers, TIME_ERROR


def kernel_synchronised() -> bool | None:
    """Whether the kernel's clock is being kept right, as a time service tells it; None: unknown."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None  # no Linux
    # More than a struct timex; all zero means: only look.
    state = int(adjtimex(ctypes.create_string_buffer(1024)))
    return None if state < 0 else state != _UNSYNCHRONISED


@dataclass(frozen=True, slots=True)
class Machine:
    """The files and the calls; tests have their own."""

    boot_id: Path = Path("/proc/sys/kernel/random/boot_id")
    """Another text after each start."""
    zone: Path = Path("/etc/localtime")
    """The machine's time zone, or a link to it."""
    synchronised: Path = Path("/run/systemd/timesync/synchronized")
    """There once systemd-timesyncd has set the clock after the start."""
    clock_chips: Path = Path("/sys/class/rtc")
    """A folder for each clock with a battery."""
    has_chip: bool = sys.platform != "linux" or platform.machine() in ("x86_64", "i686")
    """Whether it surely has one, though it may hide it, as a container does: every PC."""
    kernel_synchronised: Callable[[], bool | None] = kernel_synchronised
    monotonic: Callable[[], float] = time.monotonic
