"""What happens when Ren is not well: the service manager is told, and people are, too."""

from ren_device.supervision.feeding import Vitals, supervise

__all__ = ["Vitals", "supervise"]
