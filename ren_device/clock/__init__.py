"""The real clock: which time zone it shows, and whether it can be trusted."""

from ren_device.clock.machine import Machine
from ren_device.clock.system import SystemClock
from ren_device.clock.trust import keeper

__all__ = ["Machine", "SystemClock", "keeper"]
