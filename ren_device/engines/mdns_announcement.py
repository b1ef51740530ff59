"""One stay on the network: find a free name, announce it, defend it, say goodbye.

Imports zeroconf at the top, so nothing but `mdns` imports this, and only once its loop runs.
"""

import asyncio
import itertools
import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

from zeroconf import (  # type: ignore[attr-defined]  # their __all__ lacks AddressResolver
    AddressResolver,
    Error,
    IPVersion,
    NonUniqueNameException,
    RecordUpdate,
    RecordUpdateListener,
    ServiceInfo,
    Zeroconf,
)
from zeroconf.asyncio import AsyncZeroconf

from ren_device.engines.mdns_names import LABEL_BYTES, host_name
from ren_device.errors import DeviceError

SERVICE_TYPES = ("_ren._tcp.local.", "_http._tcp.local.")
_HUB_PATH = "/hub.json"
_GROUP, _PORT = "224.0.0.251", 5353
_HOST_PROBE_MS = 1000

# Linux hands a socket the multicast of every group that anybody on this machine has joined, on any
# interface, unless told not to. Python has no names for these two.
_IP_MULTICAST_ALL = 49
_IPV6_MULTICAST_ALL = 29


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to announce."""

    name: str
    port: int
    version: str
    public_key_hex: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """A name that is held. `server` is the host name, with DNS's final dot."""

    name: str
    server: str
    number: int
    """1 for the plain name, 2 for "Ren (2)", and so on."""
    outbid: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when another machine turns out to hold the same name with a better right."""


@asynccontextmanager
async def announced(
    facts: Facts, places: Iterable[tuple[int, str]], number: int
) -> AsyncGenerator[Announcement, None]:
    """Announce on these interfaces and addresses until the end of the block, which says goodbye.

    Names are tried from `number` on. Raises DeviceError where multicast is not permitted.
    """
    addresses = sorted({address for _, address in places})
    zeroconf = _open(addresses)
    try:
        await _started(zeroconf)
        held = await _claim(zeroconf, facts, number)
        infos = [
            _service(kind, facts, held.name, server=held.server, addresses=addresses)
            for kind in SERVICE_TYPES
        ]
        rivals = _Rivals(facts, infos, held)
        zeroconf.zeroconf.async_add_listener(rivals, None)
        await asyncio.gather(*(_announce(zeroconf, info) for info in infos))
        defending = asyncio.create_task(rivals.defend(zeroconf), name="mdns defence")
        try:
            yield held
        finally:
            defending.cancel()
            await asyncio.gather(defending, return_exceptions=True)
            if held.outbid.is_set():
                # A goodbye would take the name off the list for its owner, too.
                zeroconf.zeroconf.registry.async_remove(infos)
    except Error as error:
        raise DeviceError(f"announcing failed: {type(error).__name__} {error}") from error
    finally:
        await zeroconf.async_close()


def _open(addresses: list[str]) -> AsyncZeroconf:
    try:
        # Zeroconf leaves a socket open where it fails, so let it not come to that.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            trial.bind(("", _PORT))
            for address in map(ip_address, addresses):
                if address.version == 4:
                    membership = socket.inet_aton(_GROUP) + address.packed
                    trial.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        return AsyncZeroconf(interfaces=addresses)
    except OSError as error:
        raise DeviceError(f"this machine permits no multicast ({error.strerror})") from None


async def _started(zeroconf: AsyncZeroconf) -> None:
    # Cancelled half-way, zeroconf could never be closed again; it takes milliseconds.
    starting = asyncio.create_task(zeroconf.zeroconf.async_wait_for_start(), name="mdns start")
    try:
        await asyncio.shield(starting)
    finally:
        await starting
    engine = zeroconf.zeroconf.engine
    if not engine.senders:
        raise DeviceError("no network interface takes part in multicast")
    for reader in engine.readers:
        opened = reader.transport.get_extra_info("socket")
        if opened.family == socket.AF_INET:
            opened.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        else:
            opened.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)


async def _claim(zeroconf: AsyncZeroconf, facts: Facts, first: int) -> Announcement:
    while True:
        (name, number), server = await asyncio.gather(
            _free_name(zeroconf, facts, first), _free_server(zeroconf, facts.name)
        )
        # The host was found free a moment earlier; somebody may have come since.
        if not zeroconf.zeroconf.cache.async_entries_with_name(server):
            return Announcement(name, server, number)


async def _free_name(zeroconf: AsyncZeroconf, facts: Facts, first: int) -> tuple[str, int]:
    """The first of "Ren", "Ren (2)", … that nobody answers to under either service type."""
    for number in itertools.count(first):
        name = instance_name(facts.name, number)
        probes = await asyncio.gather(
            *(
                zeroconf.zeroconf.async_check_service(
                    _service(kind, facts, name), allow_name_change=False
                )
                for kind in SERVICE_TYPES
            ),
            return_exceptions=True,
        )
        failed = [each for each in probes if isinstance(each, BaseException)]
        if any(isinstance(each, NonUniqueNameException) for each in failed):
            continue
        if failed:
            raise failed[0]
        return name, number
    raise AssertionError("numbers do not end")


async def _free_server(zeroconf: AsyncZeroconf, name: str) -> str:
    """The first of ren.local., ren-2.local., … that nobody answers to.

    This machine's own mDNS responder counts: it may hold `ren.local` with other addresses.
    """
    for number in itertools.count(1):
        server = host_name(name, number)
        if not await AddressResolver(server).async_request(zeroconf.zeroconf, _HOST_PROBE_MS):
            return server
    raise AssertionError("numbers do not end")


async def _announce(zeroconf: AsyncZeroconf, info: ServiceInfo) -> None:
    # "Cooperating" only skips zeroconf's own probe: that was done, for both types at once.
    await (await zeroconf.async_register_service(info, cooperating_responders=True))


class _Rivals(RecordUpdateListener):
    """Notices a machine that holds our name or our host's name, too.

    Two may take one at the same moment, or meet when two networks become one. Of two Rens the one
    with the smaller key keeps the name, and of two hosts the one with the greatest address the
    host's; to anything else we give way.
    """

    def __init__(self, facts: Facts, infos: list[ServiceInfo], held: Announcement) -> None:
        self._key = facts.public_key_hex.encode()
        self._infos = infos
        self._names = {info.name.lower() for info in infos}
        self._server = held.server
        self._ours = set(infos[0].addresses_by_version(IPVersion.All))
        self._held = held
        self._challenged = asyncio.Event()

    def async_update_records(
        self,
        zc: Zeroconf,  # noqa: ARG002  the base class has it so
        now: float,
        records: list[RecordUpdate],
    ) -> None:
        """Called by zeroconf with what came in; our own packets come back, too."""
        for record in (each.new for each in records if not each.new.is_expired(now)):
            # Only TXT records have a text, and only A and AAAA records an address.
            if record.key in self._names and hasattr(record, "text"):
                self._meet_name(_key_in(record.text))
            elif record.key == self._server and hasattr(record, "address"):
                self._meet_host(record.address)

    def _meet_name(self, key: bytes | None) -> None:
        if key == self._key:
            return
        gives_way = key is None or key < self._key
        (self._held.outbid if gives_way else self._challenged).set()

    def _meet_host(self, address: bytes) -> None:
        if address in self._ours:
            return
        gives_way = address > max(self._ours)
        (self._held.outbid if gives_way else self._challenged).set()

    async def defend(self, zeroconf: AsyncZeroconf) -> None:
        """Say again whose name it is, each time another machine claims it."""
        while True:
            await self._challenged.wait()
            self._challenged.clear()
            for info in self._infos:
                await (await zeroconf.async_update_service(info))


def _key_in(text: bytes) -> bytes | None:
    """The value of `id` in a TXT record, which is strings with their length in front."""
    while text:
        length, text = text[0], text[1:]
        entry, text = text[:length], text[length:]
        if entry.startswith(b"id="):
            return entry.removeprefix(b"id=")
    return None


def _service(
    kind: str, facts: Facts, name: str, *, server: str | None = None, addresses: Iterable[str] = ()
) -> ServiceInfo:
    return ServiceInfo(
        kind,
        f"{name}.{kind}",
        port=facts.port,
        properties={
            "version": facts.version,
            "path": _HUB_PATH,
            "id": facts.public_key_hex,
            "name": name,
        },
        server=server,
        addresses=[ip_address(address).packed for address in addresses],
    )


def instance_name(name: str, number: int) -> str:
    """The name as people see it, "Ren" or "Ren (2)", as one DNS label of at most 63 bytes."""
    # A dot would end the label.
    plain = "".join(" " if each == "." or not each.isprintable() else each for each in name)
    plain = " ".join(plain.split()) or "Ren"
    suffix = f" ({number})" if number > 1 else ""
    room = LABEL_BYTES - len(suffix)
    return plain.encode()[:room].decode(errors="ignore").rstrip() + suffix
