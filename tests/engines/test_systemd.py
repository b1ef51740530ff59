"""What systemd hears, on a socket such as its own."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ren_device.engines import systemd


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The other end; the environment leads there, as in a unit with WatchdogSec=5s."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "5000000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        yield listening


@pytest.fixture
def supervisor(manager: socket.socket) -> Iterator[systemd.Systemd]:
    """What Ren tells it with."""
    found = systemd.find()
    assert isinstance(found, systemd.Systemd)
    yield found
    found.close()


def heard(manager: socket.socket) -> str:
    return manager.recv(4096).decode()


def test_it_says_what_sd_notify_says(manager: socket.socket, supervisor: systemd.Systemd) -> None:
    supervisor.ready()
    assert heard(manager) == "READY=1"
    supervisor.alive()
    assert heard(manager) == "WATCHDOG=1"
    supervisor.status("answers on port 8000;\nlistens")
    assert heard(manager) == "STATUS=answers on port 8000; listens"  # one line, whatever it is
    supervisor.patience(60)
    assert heard(manager) == "WATCHDOG_USEC=60000000"
    supervisor.stopping()
    assert heard(manager) == "STOPPING=1"


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize(
    ("name", "value", "watchdog_s"),
    [
        ("WATCHDOG_USEC", "2500000", 2.5),
        ("WATCHDOG_USEC", "", None),
        ("WATCHDOG_PID", "1", None),  # meant for somebody else
    ],
)
def test_it_knows_how_patient_systemd_is(
    name: str, value: str, watchdog_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    supervisor = systemd.Systemd()
    supervisor.close()
    assert supervisor.watchdog_s == watchdog_s


def test_a_systemd_that_does_not_read_holds_nothing_up(
    manager: socket.socket, supervisor: systemd.Systemd
) -> None:
    for number in range(5000):  # far more than a socket takes: one that waits would wait for ever
        supervisor.alive()
        supervisor.status(f"number {number}")
    supervisor.ready()  # must not be lost
    told = []
    with contextlib.suppress(BlockingIOError):
        while True:
            told.append(heard(manager))
    assert "READY=1" not in "\n".join(told)
    supervisor.alive()
    last = heard(manager).splitlines()
    assert set(last) == {"READY=1", "WATCHDOG=1", "STATUS=number 4999"}


def test_a_systemd_that_has_gone_is_no_trouble(
    manager: socket.socket, supervisor: systemd.Systemd
) -> None:
    manager.close()
    supervisor.alive()
    supervisor.stopping()


def test_without_systemd_there_is_nobody_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    nobody = systemd.find()
    assert isinstance(nobody, systemd.NoSupervisor)
    assert nobody.watchdog_s is None
    nobody.ready()
    nobody.alive()
    nobody.status("…")
    nobody.patience(1)
    nobody.stopping()
