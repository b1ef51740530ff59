"""Routes as the kernel writes them, and what the system says of itself."""

from pathlib import Path

import pytest

from ren_device.engines.host_state import HostState

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
DEFAULT = "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
LAN = "wlan0\t0002A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
REFUSED = "lo\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0\n"
ANY6 = "00000000000000000000000000000000"
IPV6 = f"{ANY6} 00 {ANY6} 00 fe80000000000000021122fffe334455 00000400 1 0 00000003 wlan0\n"
IPV6_NONE = f"{ANY6} 00 {ANY6} 00 {ANY6} ffffffff 1 0 00200200 lo\n"


class Machine:
    def __init__(self, root: Path) -> None:
        self.root, self.time = root, 0.0
        (root / "proc/net").mkdir(parents=True)
        (root / "run").mkdir()
        self.state = HostState(lambda: self.time, root, root / "run")

    def routes(self, ipv4: str, ipv6: str = "") -> None:
        (self.root / "proc/net/route").write_text(HEAD + ipv4)
        (self.root / "proc/net/ipv6_route").write_text(ipv6)

    def later(self) -> HostState:
        self.time += 3
        return self.state


@pytest.mark.parametrize(
    ("ipv4", "ipv6", "online"),
    [
        (DEFAULT, "", True),
        (LAN, "", False),
        (LAN + DEFAULT, "", True),
        ("", "", False),
        (REFUSED, IPV6_NONE, False),
        (LAN, IPV6, True),
        ("garbage\n\0\0", "more garbage", False),
        ("wlan0\t00000000\t0102A8C0\tzzzz\t0\t0\t600\t00000000\n", "", False),
    ],
)
def test_a_default_route_is_a_network(tmp_path: Path, ipv4: str, ipv6: str, online: bool) -> None:
    machine = Machine(tmp_path)
    machine.routes(ipv4, ipv6)
    assert machine.state.online() is online


def test_where_nobody_knows_nothing_is_said_to_be_wrong(tmp_path: Path) -> None:
    assert Machine(tmp_path).state.online()


def test_the_kernel_is_asked_only_every_other_second(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.routes(DEFAULT)
    assert machine.state.online()
    machine.routes("")
    assert machine.state.online()
    assert not machine.later().online()


def test_the_system_says_what_it_does_by_files(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert not machine.state.setting_up()
    assert not machine.state.updating()
    (tmp_path / "run/setup").touch()
    assert machine.later().setting_up()
    (tmp_path / "run/setup").unlink()
    machine.state.await_setup(True)
    assert machine.later().setting_up()
    machine.state.await_setup(False)
    (tmp_path / "run/updating").touch()
    state = machine.later()
    assert (state.setting_up(), state.updating()) == (False, True)
