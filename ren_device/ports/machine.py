"""Time, and the machine that Ren runs on."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time, injected so that tests can own it."""

    def now(self) -> datetime:
        """Local wall clock, naive, with microseconds: for people."""

    def monotonic(self) -> float:
        """Seconds that never jump: for durations. The event loop's own clock."""


class Timekeeper(Clock, Protocol):
    """A clock that knows how far it can be trusted."""

    boot_id: str
    """Another one after each start of the machine; `monotonic` goes on while it is the same."""

    def timestamp(self) -> float:
        """POSIX seconds: the wall clock without zones. Jumps when the clock is set."""

    def local(self, timestamp: float) -> datetime:
        """What `now` shows at that moment: local wall clock, naive."""

    def synchronised(self) -> bool:
        """Whether the wall clock is known to be right: set by the network, or kept by a battery.

        After power-on a Pi knows only when it was switched off. Cheap.
        """


class Host(Protocol):
    """The machine that Ren runs on, as far as its lights tell of it. Cheap; never fails."""

    def online(self) -> bool:
        """Whether there is a way out to some network."""

    def setting_up(self) -> bool:
        """Whether the system waits for its first settings, or Ren does, see `await_setup`."""

    def await_setup(self, waits: bool) -> None:
        """Whether Ren waits for a person to set it up again, because its data was lost."""

    def updating(self) -> bool:
        """Whether the system is being renewed."""


class Supervisor(Protocol):
    """The service manager that started Ren, such as systemd; or nobody."""

    watchdog_s: float | None
    """It kills a Ren that says nothing for so long; None: it does not."""

    def ready(self) -> None:
        """The start is over."""

    def status(self, text: str) -> None:
        """One line for people."""

    def alive(self) -> None:
        """All is well at this moment."""

    def patience(self, seconds: float) -> None:
        """From now on `alive` is said at least so often."""

    def stopping(self) -> None:
        """The end was asked for."""


class Discovery(Protocol):
    """Lets phones find this speaker."""

    async def run(self) -> None:
        """Announce until cancelled, then say goodbye. Raises DeviceError if there is no network."""
