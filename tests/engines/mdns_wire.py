"""A mDNS listener of our own on loopback: it reads packets without the library under test."""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

GROUP = "224.0.0.251"
PORT = 5353
A, PTR, TXT, SRV = 1, 12, 16, 33


@dataclass(frozen=True)
class Record:
    """One resource record; `data` is an address, a name, (host, port) or a dict of a TXT."""

    name: str
    type: int
    ttl_s: int
    data: object


class Wire(asyncio.DatagramProtocol):
    """Every record that was said on loopback since it opened, in order."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.rival: bytes | None = None
        """The packet that answers every question, whatever it asks."""
        self._more = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.records += decode(data)
        self._more.set()
        if self.rival and not data[2] & 0x80:
            self.say(self.rival)

    def ask(self, name: str, kind: int) -> None:
        """Put one question to everybody."""
        header = struct.pack(">6H", 0, 0, 1, 0, 0, 0)
        self.say(header + _labels(name) + struct.pack(">HH", kind, 1))

    def say(self, packet: bytes) -> None:
        """Multicast this."""
        assert self._transport is not None
        self._transport.sendto(packet, (GROUP, PORT))

    async def first(self, wanted: Callable[[Record], bool], *, after: int = 0) -> Record:
        """The first such record from position `after` on; waits for it up to 10 s."""
        async with asyncio.timeout(10):
            while True:
                for record in self.records[after:]:
                    if wanted(record):
                        return record
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def wire() -> AsyncGenerator[Wire, None]:
    """Listen, and be able to ask, on loopback only."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    loopback = socket.inet_aton("127.0.0.1")
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + loopback)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
    raw.bind(("", PORT))
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Wire, sock=raw)
    try:
        yield protocol
    finally:
        transport.close()


def claim(name: str, kind: str, text: dict[str, str]) -> bytes:
    """A packet in which somebody else says that this service is theirs."""
    entries = [f"{key}={value}".encode() for key, value in text.items()]
    txt = b"".join(bytes([len(each)]) + each for each in entries)
    full = _labels(f"{name}.{kind}")
    return (
        struct.pack(">6H", 0, 0x8400, 0, 2, 0, 0)
        + _labels(kind)
        + struct.pack(">HHIH", PTR, 1, 4500, len(full))
        + full
        + full
        + struct.pack(">HHIH", TXT, 0x8001, 4500, len(txt))
        + txt
    )


def _labels(name: str) -> bytes:
    return b"".join(bytes([len(each)]) + each.encode() for each in name.split(".") if each) + b"\0"


def decode(packet: bytes) -> list[Record]:
    """The answers and additional records of a packet; none of a question."""
    _, flags, questions, answers, authorities, additionals = struct.unpack_from(">6H", packet)
    if not flags & 0x8000:
        return []
    at = 12
    for _ in range(questions):
        _, at = _name(packet, at)
        at += 4
    records = []
    for _ in range(answers + authorities + additionals):
        name, at = _name(packet, at)
        kind, _, ttl_s, length = struct.unpack_from(">HHIH", packet, at)
        at += 10
        records.append(Record(name, kind, ttl_s, _data(packet, kind, at, length)))
        at += length
    return records


def _data(packet: bytes, kind: int, at: int, length: int) -> object:
    if kind == A:
        return socket.inet_ntoa(packet[at : at + length])
    if kind == PTR:
        return _name(packet, at)[0]
    if kind == SRV:
        return _name(packet, at + 6)[0], struct.unpack_from(">H", packet, at + 4)[0]
    if kind == TXT:
        entries, rest = {}, packet[at : at + length]
        while rest:
            key, _, value = rest[1 : 1 + rest[0]].decode().partition("=")
            entries[key] = value
            rest = rest[1 + rest[0] :]
        return entries
    return packet[at : at + length]


def _name(packet: bytes, at: int) -> tuple[str, int]:
    """A name with its final dot, and the position after it; it may point back into the packet."""
    labels, after = [], None
    while length := packet[at]:
        if length >= 0xC0:
            after = after or at + 2
            at = struct.unpack_from(">H", packet, at)[0] & 0x3FFF
        else:
            labels.append(packet[at + 1 : at + 1 + length].decode())
            at += 1 + length
    return ".".join([*labels, ""]), after or at + 1
