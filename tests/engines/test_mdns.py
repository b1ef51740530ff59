"""mDNS on loopback, where every machine permits it, read by a decoder of our own."""

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.engines.mdns import MdnsDiscovery, Place, _serves
from ren_device.engines.mdns_announcement import instance_name
from ren_device.engines.mdns_names import host_name
from tests.engines.mdns_wire import PTR, SRV, TXT, A, Record, claim, decode, wire

KEY = "5e" * 32
KINDS = ("_ren._tcp.local.", "_http._tcp.local.")
HERE = frozenset({(1, "127.0.0.1")})
ELSEWHERE = frozenset({(1, "127.0.0.2")})  # Linux answers to all of 127.0.0.0/8


@pytest.fixture
def name() -> str:
    """One that no test beside us uses."""
    return f"Ren {time.monotonic_ns()}"


def discovery(
    name: str, key: str = KEY, places: Callable[[], frozenset[Place]] | None = None
) -> MdnsDiscovery:
    return MdnsDiscovery(
        name=name,
        host="127.0.0.1",
        port=8123,
        version="1.2.3",
        public_key_hex=key,
        poll_interval_s=0.02,
        places=places,
    )


@asynccontextmanager
async def running(part: MdnsDiscovery) -> AsyncGenerator[asyncio.Task[None], None]:
    task = asyncio.create_task(part.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def of(name: str, kind: int, *, gone: bool = False) -> Callable[[Record], bool]:
    return lambda record: (record.name, record.type, record.ttl_s == 0) == (name, kind, gone)


def pointing_at(name: str, *, gone: bool = False) -> Callable[[Record], bool]:
    return lambda record: record.data == name and (record.ttl_s == 0) == gone


def open_sockets() -> int:
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists the others
            found += str(each.readlink()).startswith("socket:")
    return found


async def test_both_services_answer_a_question_with_what_a_phone_needs(name: str) -> None:
    server = name.lower().replace(" ", "-") + ".local."
    async with wire() as heard, running(discovery(name)):
        for kind in KINDS:
            await heard.first(of(f"{name}.{kind}", SRV))
            asked = len(heard.records)
            heard.ask(kind, PTR)
            await heard.first(pointing_at(f"{name}.{kind}"), after=asked)
            service = await heard.first(of(f"{name}.{kind}", SRV))
            text = await heard.first(of(f"{name}.{kind}", TXT))
            assert service.data == (server, 8123)
            assert text.data == {"version": "1.2.3", "path": "/hub.json", "id": KEY, "name": name}
        address = await heard.first(of(server, A))

    assert address.data == "127.0.0.1"
    assert {each.data for each in heard.records if (each.name, each.type) == (server, A)} == {
        "127.0.0.1"
    }


async def test_a_cancel_says_goodbye_and_leaves_nothing_behind(name: str) -> None:
    async with wire() as heard:
        sockets = open_sockets()
        async with running(discovery(name)) as task:
            await heard.first(of(f"{name}._http._tcp.local.", SRV))
            began = time.monotonic()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        took_s = time.monotonic() - began
        for kind in KINDS:
            await heard.first(pointing_at(f"{name}.{kind}", gone=True))

        assert took_s < 2
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert open_sockets() == sockets


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13, 21])
async def test_a_cancel_at_any_step_of_the_start_leaves_nothing_behind(
    name: str, steps: int
) -> None:
    sockets = open_sockets()
    looked = asyncio.Event()

    def places() -> frozenset[Place]:
        looked.set()
        return HERE

    async with running(discovery(name, places=places)):
        await looked.wait()
        for _ in range(steps):
            await asyncio.sleep(0)

    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert open_sockets() == sockets


async def test_the_second_of_two_takes_another_name_for_both_services_and_its_host(
    name: str,
) -> None:
    async with wire() as heard, running(discovery(name, key="ff" * 32)):
        await heard.first(of(f"{name}._http._tcp.local.", SRV))
        async with running(discovery(name, key="00" * 32)):  # even with the better right
            ren = await heard.first(of(f"{name} (2)._ren._tcp.local.", SRV))
            http = await heard.first(of(f"{name} (2)._http._tcp.local.", SRV))

    assert ren.data == http.data == (name.lower().replace(" ", "-") + "-2.local.", 8123)


async def test_of_two_that_met_later_the_one_with_the_greater_key_moves_without_a_goodbye(
    name: str,
) -> None:
    async with wire() as heard, running(discovery(name)):
        await heard.first(of(f"{name}._http._tcp.local.", SRV))
        heard.rival = claim(name, KINDS[0], {"id": "00" * 32})
        heard.say(heard.rival)
        await heard.first(of(f"{name} (2)._http._tcp.local.", SRV))

    # It would have taken the other one off every phone's list.
    assert not any(
        pointing_at(f"{name}.{kind}", gone=True)(each) for each in heard.records for kind in KINDS
    )


async def test_of_two_that_met_later_the_one_with_the_smaller_key_says_so_again(name: str) -> None:
    async with wire() as heard, running(discovery(name)):
        await heard.first(of(f"{name}._http._tcp.local.", SRV))
        heard.say(claim(name, KINDS[0], {"id": "ff" * 32}))
        ours = of(f"{name}.{KINDS[0]}", TXT)
        # An announcement is said three times; what comes after it is the defence.
        await heard.first(
            lambda _: sum(ours(each) and KEY in str(each.data) for each in heard.records) > 3
        )

    assert not [each for each in heard.records if each.name.startswith(f"{name} (2)")]


async def test_a_new_address_is_announced_and_the_old_one_withdrawn(name: str) -> None:
    now = [HERE]
    server = name.lower().replace(" ", "-") + ".local."
    async with wire() as heard, running(discovery(name, places=lambda: now[0])):
        await heard.first(of(server, A))
        now[0] = ELSEWHERE
        gone = await heard.first(of(server, A, gone=True))
        new = await heard.first(lambda record: record.name == server and record.data == "127.0.0.2")

    assert gone.data == "127.0.0.1"
    assert new.ttl_s > 0


async def test_no_network_is_said_once_and_announced_when_it_comes(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [frozenset[Place]()] * 4
    caplog.set_level(logging.INFO, "ren_device")

    async with (
        wire() as heard,
        running(discovery(name, places=lambda: answers.pop() if answers else HERE)),
    ):
        await heard.first(of(f"{name}._ren._tcp.local.", SRV))

    warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert warnings == [
        "mDNS: no network yet: nothing announces this speaker; trying again by itself"
    ]


async def test_an_address_that_is_not_ours_is_one_line_and_not_the_end(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[frozenset[Place]] = [frozenset({(1, "192.0.2.77")}), HERE]

    async with (
        wire() as heard,
        running(discovery(name, places=lambda: tries.pop(0) if len(tries) > 1 else tries[0])),
    ):
        await heard.first(of(f"{name}._ren._tcp.local.", SRV))

    ours = [each for each in caplog.records if each.name.startswith("ren_device")]
    assert len(ours) == 1
    assert "multicast" in ours[0].getMessage()


@pytest.mark.parametrize(
    ("host", "address", "interface", "reached"),
    [
        ("0.0.0.0", "192.168.1.5", "wlan0", True),
        ("0.0.0.0", "169.254.3.4", "eth0", True),
        ("0.0.0.0", "127.0.0.1", "lo", False),
        ("0.0.0.0", "172.17.0.1", "docker0", False),
        ("0.0.0.0", "fd00::5", "wlan0", False),  # an IPv4 server cannot be reached there
        ("::", "fd00::5", "wlan0", True),
        ("::", "192.168.1.5", "wlan0", False),
        ("::", "fe80::1", "wlan0", False),
        ("127.0.0.1", "127.0.0.1", "lo", True),
        ("127.0.0.1", "192.168.1.5", "wlan0", False),  # the server does not listen there
        ("::1", "::1", "lo", False),
        ("192.168.1.5", "192.168.1.5", "wlan0", True),
        ("192.168.1.5", "192.168.2.5", "wlan1", False),
    ],
)
def test_only_what_the_server_listens_on_is_announced(
    host: str, address: str, interface: str, *, reached: bool
) -> None:
    assert _serves(frozenset({ip_address(host)}), ip_address(address), interface) is reached


@pytest.mark.parametrize(
    ("name", "number", "instance", "host"),
    [
        ("Ren", 1, "Ren", "ren.local."),
        ("Ren", 2, "Ren (2)", "ren-2.local."),
        ("Mr. Küche", 1, "Mr Küche", "mr-kuche.local."),
        ("台所", 3, "台所 (3)", "ren-3.local."),
        (" \x07. ", 1, "Ren", "ren.local."),
    ],
)
def test_names_for_people_and_for_machines(
    name: str, number: int, instance: str, host: str
) -> None:
    assert instance_name(name, number) == instance
    assert host_name(name, number) == host


@given(st.text(max_size=80), st.integers(1, 9999))
def test_every_name_fits_into_a_dns_label(name: str, number: int) -> None:
    label = instance_name(name, number)
    assert 0 < len(label.encode()) <= 63
    assert "." not in label
    host = host_name(name, number).removesuffix(".local.")
    assert 0 < len(host) <= 63
    assert host.strip("-") == host


def test_zeroconf_is_not_loaded_by_the_import() -> None:
    code = "import sys, ren_device.engines.mdns; sys.exit('zeroconf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_decoder_reads_a_packet_written_by_hand() -> None:
    packet = bytes.fromhex(
        "0000 8400 0000 0002 0000 0000"
        "0372656e 056c6f63616c 00 0001 8001 00000078 0004 7f000001"  # ren.local A, 120 s
        "c00c 0010 8001 00000000 0004 03613d62"  # the same name again, TXT "a=b", gone
    )

    assert decode(packet) == [
        Record("ren.local.", A, 120, "127.0.0.1"),
        Record("ren.local.", TXT, 0, {"a": "b"}),
    ]
