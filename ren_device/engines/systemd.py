"""Tells systemd how Ren is, through the package `systemd-watchdog`; or nobody.

`sd_notify` is a datagram to the socket that systemd names in the environment. Nothing here ever
waits: where systemd does not read (it may be loading its units anew), a message is tried again with
the next one.
"""

import os
import socket

from systemd_watchdog.systemd_watchdog import WatchDog

from ren_device.ports import Supervisor


def find() -> Supervisor:
    """The systemd that started this process, or nobody."""
    return Systemd() if os.environ.get("NOTIFY_SOCKET") else NoSupervisor()


class NoSupervisor:
    """Implements ports.Supervisor for a Ren that was started by hand."""

    watchdog_s: float | None = None

    def ready(self) -> None:
        """Nobody waits."""

    def status(self, text: str) -> None:
        """Nobody reads."""

    def alive(self) -> None:
        """Nobody listens."""

    def patience(self, seconds: float) -> None:
        """Nobody is impatient."""

    def stopping(self) -> None:
        """Nobody asked."""


class Systemd:
    """Implements ports.Supervisor. The environment must have NOTIFY_SOCKET."""

    def __init__(self) -> None:
        """Opens the socket; it may live as long as the process."""
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._connection.setblocking(False)
        self._notify = _Notify(sock=self._connection)
        self.watchdog_s: float | None = self._notify.watchdog_s

    def ready(self) -> None:
        """READY=1."""
        self._notify.say("READY=1")

    def status(self, text: str) -> None:
        """What `systemctl status` shows."""
        self._notify.say(f"STATUS={' '.join(text.split())}")

    def alive(self) -> None:
        """WATCHDOG=1."""
        self._notify.say("WATCHDOG=1")

    def patience(self, seconds: float) -> None:
        """From now on `alive` is said at least so often."""
        self._notify.say(f"WATCHDOG_USEC={round(seconds * 1e6)}")

    def stopping(self) -> None:
        """STOPPING=1."""
        self._notify.say("STOPPING=1")

    def close(self) -> None:
        """Nothing more is said."""
        self._connection.close()


class _Notify(WatchDog):
    """The package's client, with what it lacks: the other messages, and a socket that is full."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock=sock)
        self._unsaid: dict[str, str] = {}

    @property
    def watchdog_s(self) -> float | None:
        """None where the unit has no watchdog; the package then says 24 hours."""
        unset = self.timeout_td == self._default_timeout
        return None if unset else self.timeout_td.total_seconds()

    def say(self, message: str) -> None:
        """Send it with all that could not be sent before, of each kind the latest."""
        self._unsaid[message.partition("=")[0]] = message
        try:
            self._send("\n".join(self._unsaid.values()))
        except OSError:
            return  # full, or systemd is gone: then nobody minds
        self._unsaid.clear()
