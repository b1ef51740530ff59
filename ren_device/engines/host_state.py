"""What the lights tell of the machine: whether there is a network, and what the system is doing.

The system says what it does by a file in Ren's runtime directory (`/run/ren`, see systemd/): one
called `setup` while it waits for its first settings, one called `updating` while it is renewed.
Source for the routes: proc_net_route(5), and net/ipv6/route.c for the IPv6 table.
"""

import os
from collections.abc import Callable
from pathlib import Path

_AGAIN_S = 2.0  # a look costs about 0.1 ms
_UP, _REJECT = 0x1, 0x200


class HostState:
    """Implements ports.Host on Linux; elsewhere everything is well."""

    def __init__(
        self, monotonic: Callable[[], float], root: Path = Path("/"), run: Path | None = None
    ) -> None:
        """`root` is where `proc` is; `run` the runtime directory, by default systemd's."""
        self._monotonic = monotonic
        self._proc = root / "proc/net"
        given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
        self._run = run or Path(given or "/run/ren")
        self._looked_at = float("-inf")
        self._awaits_setup = False
        self._online = True
        self._setting_up = False
        self._updating = False

    def online(self) -> bool:
        """See ports.Host: whether there is a default route."""
        self._look()
        return self._online

    def setting_up(self) -> bool:
        """See ports.Host."""
        self._look()
        return self._setting_up or self._awaits_setup

    def await_setup(self, waits: bool) -> None:
        """See ports.Host."""
        self._awaits_setup = waits

    def updating(self) -> bool:
        """See ports.Host."""
        self._look()
        return self._updating

    def _look(self) -> None:
        now = self._monotonic()
        if now - self._looked_at < _AGAIN_S:
            return
        self._looked_at = now
        self._online = self._has_route()
        self._setting_up = (self._run / "setup").exists()
        self._updating = (self._run / "updating").exists()

    def _has_route(self) -> bool:
        try:
            ipv4 = (self._proc / "route").read_text().splitlines()[1:]
        except OSError:
            return True  # not Linux: nobody knows
        try:
            ipv6 = (self._proc / "ipv6_route").read_text().splitlines()
        except OSError:
            ipv6 = []
        return any(map(_is_ipv4_default, ipv4)) or any(map(_is_ipv6_default, ipv6))


def _is_ipv4_default(line: str) -> bool:
    fields = line.split()
    return len(fields) > 7 and fields[1] == fields[7] == "00000000" and _usable(fields[3])


def _is_ipv6_default(line: str) -> bool:
    fields = line.split()
    to_all = len(fields) > 9 and set(fields[0]) == {"0"} and fields[1] == "00"
    return to_all and fields[9] != "lo" and _usable(fields[8])


def _usable(flags: str) -> bool:
    try:
        bits = int(flags, 16)
    except ValueError:
        return False
    return bool(bits & _UP) and not bits & _REJECT
