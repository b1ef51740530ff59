"""mDNS: phones find this speaker by themselves, wherever it is plugged in.

What is announced is what the server listens on: with REN_HOST on loopback only programs on this
machine learn of it. The announcing itself is in `mdns_announcement`, which pulls in zeroconf and is
therefore imported only when the loop runs, off the event loop.
"""

import asyncio
import logging
import random
import socket
from contextlib import AbstractAsyncContextManager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from ren_device.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ren_device.engines.mdns_announcement import Announcement, Facts

_log = logging.getLogger(__name__)

_IpAddress = IPv4Address | IPv6Address
Place = tuple[int, str]
"""An interface's index and one of its addresses."""

_LONGEST_RETRY_S = 60.0

# Networks inside this machine, and tunnels: nobody in the room is there, and a phone that was
# told such an address would try it in vain.
_NOT_THE_ROOM = ("br-", "docker", "lxc", "lxdbr", "tailscale", "tap", "tun", "veth", "virbr", "wg")


class MdnsDiscovery:
    """Implements ports.Discovery with zeroconf: `_ren._tcp` and `_http._tcp`."""

    def __init__(
        self,
        *,
        name: str,
        port: int,
        version: str,
        public_key_hex: str,
        host: str = "0.0.0.0",  # noqa: S104  nothing is bound to it: the server's own setting
        poll_interval_s: float = 3.0,
        places: "Callable[[], frozenset[Place]] | None" = None,
    ) -> None:
        """Announce the server at `host` (REN_HOST) and `port` as `name` (REN_NAME).

        `places` says where the server can be reached now; by default the machine is asked.
        """
        self._name = name
        self._port = port
        self._version = version
        self._public_key_hex = public_key_hex
        self._host = host
        self._poll_interval_s = poll_interval_s
        self._places = places
        self._complained = False

    async def run(self) -> None:
        """Announce until cancelled, then say goodbye.

        Never gives up: with no network, or none that lets it announce, the log says so once, and
        it tries again, at most a minute later.
        """
        announced, facts = await asyncio.to_thread(self._load)
        number = 1
        retry_s = self._poll_interval_s
        while True:
            try:
                places = await self._look()
                async with announced(facts, places, number) as announcement:
                    self._say_where(announcement)
                    number = announcement.number
                    retry_s = self._poll_interval_s
                    await self._stay(places, announcement.outbid)
            except DeviceError as error:
                self._complain(error)
                await asyncio.sleep(retry_s * random.uniform(0.8, 1.2))  # noqa: S311  only jitter
                retry_s = min(retry_s * 2, _LONGEST_RETRY_S)

    def _load(self) -> "tuple[Callable[..., AbstractAsyncContextManager[Announcement]], Facts]":
        from ren_device.engines.mdns_announcement import Facts, announced

        return announced, Facts(self._name, self._port, self._version, self._public_key_hex)

    async def _look(self) -> frozenset[Place]:
        """Where the server can be reached from the network now; raises DeviceError if nowhere."""
        places = self._places() if self._places else _reached(await self._listening())
        if not places:
            raise DeviceError("no network yet: nothing announces this speaker")
        return places

    async def _listening(self) -> frozenset[_IpAddress]:
        try:
            return frozenset((ip_address(self._host),))
        except ValueError:
            pass  # a name
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM
            )
        except OSError as error:
            raise DeviceError(f"REN_HOST={self._host}: {error.strerror}") from None
        return frozenset(ip_address(entry[4][0]) for entry in found)

    async def _stay(self, places: frozenset[Place], outbid: asyncio.Event) -> None:
        """Return when the addresses change, or when the name turns out to be another's."""
        while not outbid.is_set() and await self._look() == places:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_interval_s):
                    await outbid.wait()

    def _say_where(self, announcement: "Announcement") -> None:
        self._complained = False
        _log.info("announced as %s at %s", announcement.name, announcement.server.rstrip("."))

    def _complain(self, error: DeviceError) -> None:
        if not self._complained:
            _log.warning("mDNS: %s; trying again by itself", error)
        self._complained = True


def _reached(wanted: frozenset[_IpAddress]) -> frozenset[Place]:
    import ifaddr

    return frozenset(
        (adapter.index or 0, str(address))
        for adapter in ifaddr.get_adapters()
        for each in adapter.ips
        for address in [ip_address(each.ip if isinstance(each.ip, str) else each.ip[0])]
        if _serves(wanted, address, adapter.name)
    )


def _serves(wanted: frozenset[_IpAddress], address: _IpAddress, interface: str) -> bool:
    """Whether a server listening on `wanted` is reached at this address, and by whom it matters."""
    if address in wanted:
        # Multicast does not work on IPv6's loopback.
        return not (address.version == 6 and address.is_loopback)
    if address.is_loopback or (address.version == 6 and address.is_link_local):
        return False
    everywhere = any(each.is_unspecified and each.version == address.version for each in wanted)
    return everywhere and not interface.startswith(_NOT_THE_ROOM)
