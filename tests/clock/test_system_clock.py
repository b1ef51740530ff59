"""The real clock: the machine's zone is followed, and trust is asked for seldom."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ren_device.clock import Machine, SystemClock
from tests.clock.machines import move_to, pi

SUMMER_S = 1_782_388_800.0  # 2026-06-25 12:00 UTC


class Waiting:
    """A machine in whose life time passes when we say so."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 5000.0
        self.machine = replace(pi(folder), monotonic=lambda: self.now_s)

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    monkeypatch.delenv("TZ", raising=False)
    return Waiting(tmp_path)


def hour(clock: SystemClock) -> str:
    return f"{clock.local(SUMMER_S):%H:%M}"


def test_a_machine_that_moves_is_followed(waiting: Waiting) -> None:
    machine = waiting.machine
    move_to(machine, "Europe/Berlin")
    clock = SystemClock("", machine)
    assert hour(clock) == "14:00"
    move_to(machine, "Asia/Kathmandu")
    waiting.wait(1.9)
    assert hour(clock) == "14:00"  # it does not look every time
    waiting.wait(0.2)
    assert hour(clock) == "17:45"
    assert abs(clock.now() - clock.local(clock.timestamp())) < timedelta(seconds=1)
    assert clock.now().tzinfo is None


def test_what_is_no_time_zone_changes_nothing(waiting: Waiting) -> None:
    """It may be half written; with a file cut off anywhere the clock goes on."""
    machine = waiting.machine
    move_to(machine, "Australia/Lord_Howe")
    clock = SystemClock("", machine)
    assert hour(clock) == "22:30"
    whole = machine.zone.read_bytes()
    machine.zone.unlink()
    for length in range(len(whole)):
        machine.zone.write_bytes(whole[:length])
        waiting.wait(10)
        assert hour(clock), length
    machine.zone.write_bytes(b"no time zone")
    waiting.wait(10)
    before = hour(clock)
    machine.zone.write_bytes(whole)
    waiting.wait(10)
    assert (before, hour(clock)) == ("22:30", "22:30")


def test_a_machine_without_a_zone_shows_utc(waiting: Waiting) -> None:
    machine = waiting.machine
    clock = SystemClock("", machine)
    assert hour(clock) == "12:00"
    move_to(machine, "America/St_Johns")
    waiting.wait(10)
    assert hour(clock) == "09:30"
    machine.zone.unlink()
    waiting.wait(10)
    assert hour(clock) == "12:00"


def test_a_zone_of_the_settings_is_not_moved(waiting: Waiting) -> None:
    machine = waiting.machine
    move_to(machine, "Europe/Berlin")
    clock = SystemClock("America/Phoenix", machine)
    assert hour(clock) == "05:00"
    waiting.wait(10)
    assert hour(clock) == "05:00"


def test_the_environment_wins_over_the_machine(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = waiting.machine
    move_to(machine, "Europe/Berlin")
    try:
        with monkeypatch.context() as environment:
            environment.setenv("TZ", "Pacific/Marquesas")
            time.tzset()
            assert hour(SystemClock("", machine)) == "02:30"
            assert hour(SystemClock("Asia/Tokyo", machine)) == "21:00"
    finally:
        time.tzset()


@pytest.mark.parametrize("zone", ["Europe/London", "America/Santiago", "Australia/Lord_Howe"])
def test_it_shows_what_the_zone_shows_at_both_switches(waiting: Waiting, zone: str) -> None:
    machine = waiting.machine
    move_to(machine, zone)
    followed, named = SystemClock("", machine), SystemClock(zone)
    year = [SUMMER_S + half_hour * 1800 for half_hour in range(2 * 24 * 366)]
    assert all(followed.local(each) == named.local(each) for each in year)
    shown = [followed.local(each) for each in year]
    assert sum(later <= earlier for earlier, later in pairwise(shown)) in (1, 2)  # once, back


def test_trust_is_asked_for_every_two_seconds_until_it_is_there(waiting: Waiting) -> None:
    asked: list[bool] = []
    answer = False

    def kernel() -> bool:
        asked.append(answer)
        return answer

    clock = SystemClock("", replace(waiting.machine, kernel_synchronised=kernel))
    assert [clock.synchronised() for _ in range(3)] == [False] * 3
    assert asked == [False]
    answer = True
    waiting.wait(1.9)
    assert not clock.synchronised()
    waiting.wait(0.2)
    assert clock.synchronised()
    answer = False  # the network is away, the time is not
    waiting.wait(100_000)
    assert clock.synchronised()
    assert asked == [False, True]


def test_a_start_of_the_machine_has_a_name(tmp_path: Path) -> None:
    machine = pi(tmp_path)
    named = [SystemClock("", machine).boot_id for _ in range(2)]
    assert named == ["b47cd020-9570-4a54-9204-b001ec675254"] * 2
    machine.boot_id.unlink()
    first, second = (SystemClock("", machine).boot_id for _ in range(2))
    assert first
    assert first != second  # nothing is taken to go on that may not


def test_the_real_machine() -> None:
    clock = SystemClock()
    assert clock.boot_id == SystemClock().boot_id
    assert abs(clock.timestamp() - time.time()) < 60
    assert abs(clock.local(clock.timestamp()) - clock.now()) < timedelta(seconds=60)
    assert clock.synchronised() in (True, False)
    assert SystemClock("UTC").local(0.0) == datetime.fromisoformat("1970-01-01T00:00:00")
    assert Machine().zone == Path("/etc/localtime")
