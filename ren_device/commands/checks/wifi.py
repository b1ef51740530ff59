"""The way into the network: a cable, or Wi-Fi and how well it is received."""

import re
from collections.abc import Iterator
from pathlib import Path

from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.checks.machine import has, number, read, said

# Wi-Fi that carries voice is laid out for -67 dBm at the edge of a cell:
# https://go.be4000.cisco.com/knowledge-base/design/wireless-lan-network-requirements/
_GOOD_DBM = -67
# Below this it may not be usable: https://www.speedguide.net/faq/439
_USABLE_DBM = -80

_CLOSER = (
    "Move Ren or the access point closer, away from metal and microwave ovens; or use a cable."
)
_OFFLINE = "Ren goes on with its offline mind; join a network with sudo nmtui for the rest."


def check(patient: Patient, root: Path = Path("/")) -> Iterator[Finding]:  # noqa: ARG001
    """By which way the default route leads, and how good that is."""
    folder = root / "sys/class/net"
    if not folder.is_dir():
        yield Finding("wifi", "network", "ok", "this machine does not tell")
        return
    radios = {each.name for each in folder.iterdir() if _is_radio(each)}
    ways = _ways_out(root)
    if wired := next((each for each in ways if each not in radios), None):
        yield Finding("wifi", "network", "ok", f"by cable ({wired})")
        return
    if not ways:
        yield _no_network(root, radios)
        return
    name = ways[0]
    yield _signal(name, _dbm(root, name), has_iw=has(root, "iw"))
    if re.search(r"power save: on", said(root, "iw", "dev", name, "get", "power_save"), re.I):
        text = f"{name} saves power, and may be asleep when a phone looks for Ren"
        advice = f"Turn it off: sudo iw dev {name} set power_save off."
        yield Finding("wifi", "power saving", "note", text, advice)


def _is_radio(interface: Path) -> bool:
    return (interface / "wireless").exists() or (interface / "phy80211").exists()


def _ways_out(root: Path) -> list[str]:
    """The interfaces with a default route, the best first; by IPv4, then by IPv6."""
    four = []
    for line in read(root / "proc/net/route").splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[1] == fields[7] == "00000000" and fields[6].isdecimal():
            four.append((int(fields[6]), fields[0]))
    six = [
        fields[9]
        for line in read(root / "proc/net/ipv6_route").splitlines()
        if len(fields := line.split()) > 9
        and set(fields[0]) == {"0"}
        and fields[1] == "00"
        and fields[9] != "lo"
    ]
    return [name for _, name in sorted(four)] + six


def _no_network(root: Path, radios: set[str]) -> Finding:
    for switch in sorted(root.glob("sys/class/rfkill/rfkill*")):
        if read(switch / "type") != "wlan":
            continue
        if number(switch / "hard") == 1:
            advice = "Turn the switch on the machine on."
            return Finding("wifi", "network", "note", "Wi-Fi is off by a switch", advice)
        if number(switch / "soft") == 1:
            # Raspberry Pi OS keeps it off until it knows the country.
            advice = "Set the country (sudo raspi-config), then: sudo rfkill unblock wifi."
            return Finding("wifi", "network", "note", "Wi-Fi is blocked by software", advice)
    text = "there is no network" if radios else "there is no network, and no Wi-Fi adapter"
    return Finding("wifi", "network", "note", text, _OFFLINE)


def _dbm(root: Path, name: str) -> int | None:
    """How strongly the access point is received; None: nobody tells."""
    for line in read(root / "proc/net/wireless").splitlines():
        interface, _, figures = line.partition(":")
        fields = figures.split()
        if interface.strip() == name and len(fields) > 2:
            level = _whole(fields[2])
            if level is not None and level > 63:
                level -= 256  # an older driver tells it as a byte
            if level is not None and -120 <= level < 0:
                return level
    match = re.search(r"signal:\s*(-\d+)", said(root, "iw", "dev", name, "link"))
    return int(match[1]) if match else None


def _whole(figure: str) -> int | None:
    try:
        return int(figure.rstrip("."))
    except ValueError:
        return None


def _signal(name: str, dbm: int | None, *, has_iw: bool) -> Finding:
    if dbm is None:
        text = f"by Wi-Fi ({name}), which does not tell its signal"
        if has_iw:
            return Finding("wifi", "signal", "ok", text)
        return Finding("wifi", "signal", "note", text, "Install iw to see it: sudo apt install iw.")
    text = f"{dbm} dBm by Wi-Fi ({name})"
    if dbm < _USABLE_DBM:
        return Finding("wifi", "signal", "note", f"{text}: hardly any", _CLOSER)
    if dbm < _GOOD_DBM:
        return Finding("wifi", "signal", "note", f"{text}: weak", _CLOSER)
    return Finding("wifi", "signal", "ok", text)
