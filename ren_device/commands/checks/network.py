"""The port, whether phones find it, and the home."""

import ipaddress
import socket
import struct
import time
from collections.abc import Iterator

from ren_device.commands.checks.finding import Finding, Patient, asked
from ren_device.errors import SettingError

_MDNS = ("224.0.0.251", 5353)
_LISTEN_S = 1.5


def check(patient: Patient) -> Iterator[Finding]:
    """Whether others can reach and find this Ren."""
    yield _port(patient)
    if _is_loopback(patient.settings.host):
        text = f"REN_HOST={patient.settings.host}: only this machine reaches Ren"
        yield Finding("network", "phones", "note", text, "REN_HOST=0.0.0.0 lets phones in.")
    yield _discovery(patient)


def check_home(patient: Patient) -> Iterator[Finding]:
    """Whether the home of the settings can be read."""
    from ren_device import choice

    path = patient.settings.home_file
    if path is None:
        advice = "REN_HOME_FILE describes a virtual one to try Ren with."
        yield Finding("home", "home", "note", "no home is set up", advice)
        return
    try:
        count = choice.count_home(path)
    except SettingError as error:
        yield Finding("home", "home", "wrong", str(error), "Put the file right.")
    else:
        yield Finding("home", "home", "ok", f"{path} has {count} devices")


def _port(patient: Patient) -> Finding:
    settings = patient.settings
    if patient.health is not None:
        text = f"Ren {patient.health.get('version')} answers on {patient.url}"
        return Finding("network", "port", "ok", text)
    where = f"REN_HOST={settings.host}, REN_PORT={settings.port}"
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        advice = "Choose another port or address, or stop the program that has it."
        return Finding("network", "port", "wrong", f"{where}: {error.strerror}", advice)
    return Finding("network", "port", "ok", f"{where}: free")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _discovery(patient: Patient) -> Finding:
    settings = patient.settings
    if not settings.mdns_enabled:
        advice = "REN_MDNS_ENABLED=true lets phones find Ren by themselves."
        return Finding("network", "discovery", "note", "off", advice)
    if not patient.running:
        return Finding(
            "network", "discovery", "note", "on", "Whether it works shows when Ren runs."
        )
    card = asked(f"{patient.url}/identity") or {}
    public_key = str(card.get("public_key", ""))
    if public_key and _hears(public_key.encode(), settings.host):
        return Finding("network", "discovery", "ok", f"{settings.name!r} is announced by mDNS")
    advice = "Wait a few seconds after the start; else the network permits no multicast (UDP 5353)."
    return Finding("network", "discovery", "wrong", f"{settings.name!r} is not announced", advice)


def _hears(public_key: bytes, host: str) -> bool:
    """Ask the network for speakers; whether one with this key in its TXT record answers."""
    labels = b"".join(bytes([len(each)]) + each for each in (b"_ren", b"_tcp", b"local")) + b"\0"
    # One question, for pointers (12), to be answered to the asker (0x8000) in the class IN (1).
    query = struct.pack(">6H", 0, 0, 1, 0, 0, 0) + labels + struct.pack(">2H", 12, 0x8001)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        if _is_loopback(host):
            interface = socket.inet_aton("127.0.0.1")
            asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        try:
            for _ in range(2):
                asker.sendto(query, _MDNS)
                until = time.monotonic() + _LISTEN_S
                while (left_s := until - time.monotonic()) > 0:
                    asker.settimeout(left_s)
                    if public_key in asker.recv(9000):
                        return True
        except TimeoutError:
            pass
        except OSError:
            return False
    return False
