"""What doctor finds of the machine itself: supply, heat, card and network, on made-up machines."""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from ren_device.commands.checks import card, power, temperature, wifi
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.checks.in_time import in_time
from ren_device.settings import Settings
from tests.commands.checks.trees import CARD, EXT4, FIRMWARE, Tree, by_radio, pi_4

Check = Callable[[Patient, Path], Iterator[Finding]]
EVERY = (power.check, temperature.check, card.check, wifi.check)


def patient(health: Mapping[str, object] | None = None) -> Patient:
    return Patient(Settings(data_dir=Path("/var/lib/ren")), health)


def found(check: Check, tree: Tree) -> dict[str, Finding]:
    findings = list(check(patient(), tree.root))
    assert len({each.name for each in findings}) == len(findings)
    for each in findings:
        assert (each.state == "ok") == (not each.advice), each
        assert each.advice.count(". ") == 0, each  # one sentence
    return {each.name: each for each in findings}


@pytest.fixture
def pi(tmp_path: Path) -> Tree:
    return pi_4(tmp_path)


def states(findings: Mapping[str, Finding]) -> dict[str, str]:
    return {name: each.state for name, each in findings.items() if each.state != "ok"}


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("check", EVERY)
def test_a_healthy_pi_is_fine(check: Check, pi: Tree) -> None:
    assert states(found(check, pi)) == {}


@pytest.mark.parametrize("check", EVERY)
def test_a_machine_that_tells_nothing_is_fine(check: Check, tmp_path: Path) -> None:
    assert states(found(check, Tree(tmp_path))) == {}


@pytest.mark.parametrize("check", EVERY)
@pytest.mark.parametrize(
    "garbage", ["", "\0\xff\xfe", "-1", "nan", "0x", "9" * 5000, "a b c " * 40]
)
def test_garbage_is_survived(check: Check, garbage: str, pi: Tree) -> None:
    for path in [each for each in pi.root.rglob("*") if each.is_file() and not each.is_symlink()]:
        path.write_text(garbage, errors="surrogateescape")
    for name in ("vcgencmd", "iw"):
        pi.program(name, f"printf '%s' '{garbage.replace(chr(0), '')[:99]}'")
    found(check, pi)


@pytest.mark.parametrize(
    ("check", "path"),
    [
        (power.check, "sys/class/hwmon/hwmon0/name"),
        (temperature.check, "sys/class/thermal/thermal_zone0/temp"),
        (card.check, f"{EXT4}/errors_count"),
        (wifi.check, "proc/net/wireless"),
    ],
)
def test_a_driver_that_hangs_is_left_alone(check: Check, path: str, pi: Tree) -> None:
    pi.remove("usr/bin/vcgencmd")
    pi.remove(FIRMWARE)
    pi.pipe(path)
    *_, last = in_time("group", check(patient(), pi.root), limit_s=0.2)
    assert (last.group, last.name, last.state) == ("group", "answer", "wrong")
    assert last.advice


def test_in_time_passes_everything_on_and_raises_bugs() -> None:
    def findings() -> Iterator[Finding]:
        for number in range(200):
            yield Finding("group", str(number), "ok", "")
        raise ZeroDivisionError

    seen: list[str] = []
    with pytest.raises(ZeroDivisionError):
        seen.extend(each.name for each in in_time("group", findings()))
    looked = in_time("group", findings())
    assert [next(looked).name for _ in range(200)] == [str(each) for each in range(200)]


# --- power ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "supply", "speed"),
    [
        ("0x0", "ok", "ok"),
        ("0x50005", "wrong", "wrong"),  # low and throttled now
        ("0x50000", "note", "note"),
        ("0x20002", "ok", "wrong"),  # the frequency is capped, by the heat
        ("0x60000", "ok", "note"),
        ("0x80008", "ok", "note"),  # the soft limit of a 3B+
        ("0x80000", "ok", "ok"),
    ],
)
def test_the_firmwares_flags(flags: str, supply: str, speed: str, pi: Tree) -> None:
    pi.program("vcgencmd", f"echo throttled={flags}")
    told = found(power.check, pi)
    assert (told["supply"].state, told["speed"].state) == (supply, speed)


def test_the_supply_gets_the_blame_for_what_it_did(pi: Tree) -> None:
    pi.program("vcgencmd", "echo throttled=0x50005")
    told = found(power.check, pi)
    assert "4.63 V" in told["supply"].text
    assert told["supply"].advice == told["speed"].advice
    pi.program("vcgencmd", "echo throttled=0x20002")
    assert "heat sink" in found(power.check, pi)["speed"].advice


@pytest.mark.parametrize(
    ("flags", "supply", "speed"),
    [
        ("0", "ok", "ok"),
        ("10000", "wrong", "ok"),
        ("50005", "wrong", "wrong"),
        ("4", "ok", "wrong"),
    ],
)
def test_without_vcgencmd_the_kernel_tells_what_is_so_now(
    flags: str, supply: str, speed: str, pi: Tree
) -> None:
    pi.program("vcgencmd", "echo VCHI initialization failed; exit 255")
    pi.put(FIRMWARE, f"{flags}\n")
    told = found(power.check, pi)
    assert (told["supply"].state, told["speed"].state) == (supply, speed)
    assert "since the start" not in told["supply"].text + told["speed"].text


def test_a_kernel_without_that_file_has_an_alarm_for_the_voltage(pi: Tree) -> None:
    pi.remove("usr/bin/vcgencmd")
    pi.remove(FIRMWARE)
    assert found(power.check, pi)["supply"].state == "ok"
    pi.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert found(power.check, pi)["supply"].state == "wrong"
    pi.remove("sys/class/hwmon/hwmon1/in0_lcrit_alarm")
    assert "video" in found(power.check, pi)["supply"].advice


def test_a_pi_5_has_its_firmware_elsewhere(pi: Tree) -> None:
    pi.remove("usr/bin/vcgencmd")
    pi.remove(FIRMWARE)
    pi.put("sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", "10000\n")
    assert found(power.check, pi)["supply"].state == "wrong"


# --- temperature ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("celsius", "state"), [(48.7, "ok"), (69.9, "ok"), (70, "note"), (79.9, "note"), (80, "wrong")]
)
def test_a_pi_slows_down_at_80_degrees(celsius: float, state: str, pi: Tree) -> None:
    pi.put("sys/class/thermal/thermal_zone0/temp", f"{celsius * 1000:.0f}\n")
    told = found(temperature.check, pi)["processor"]
    assert told.state == state
    assert "slows down at 80 C" in told.text


def test_other_machines_say_themselves_where_their_limit_is(pi: Tree) -> None:
    pi.put("proc/device-tree/model", "Some other board")
    pi.put("sys/class/thermal/thermal_zone0/temp", "85000\n")
    assert found(temperature.check, pi)["processor"].state == "ok"
    pi.put("sys/class/thermal/thermal_zone1/type", "gpu-thermal\n")
    pi.put("sys/class/thermal/thermal_zone1/temp", "84000\n")
    pi.put("sys/class/thermal/thermal_zone1/trip_point_0_type", "passive\n")
    pi.put("sys/class/thermal/thermal_zone1/trip_point_0_temp", "85000\n")
    told = found(temperature.check, pi)["processor"]
    assert (told.state, "gpu-thermal" in told.text) == ("note", True)


def test_a_sensor_that_reads_nonsense_is_no_fire(pi: Tree) -> None:
    pi.put("sys/class/thermal/thermal_zone0/temp", "-274000\n")
    pi.put("sys/class/thermal/thermal_zone1/temp", "1000000\n")
    assert found(temperature.check, pi)["processor"].text == "this machine does not tell"


# --- the card ------------------------------------------------------------------------------------


def test_an_sd_card_is_named_and_what_was_written(pi: Tree) -> None:
    told = found(card.check, pi)
    assert told["disk"].text == "SD card SC32G of maker 0x000003, made 03/2021"
    assert "does not tell" in told["wear"].text
    assert told["errors"].text == "none in the file system"
    assert told["written"].text.startswith("13.3 GiB since the file system was made, 0.50 GiB")


@pytest.mark.parametrize(
    ("life", "reserve", "state", "text"),
    [
        ("0x01 0x01", "0x01", "ok", "up to 10 % of its life is used"),
        ("0x02 0x08", "0x01", "ok", "up to 80 %"),
        ("0x09 0x01", "0x01", "note", "up to 90 %"),
        ("0x0a 0x0a", "0x01", "note", "up to 100 %"),
        ("0x0b 0x01", "0x01", "wrong", "older than it was made for"),
        ("0x01 0x01", "0x02", "note", "80 % of its spare blocks"),
        ("0x00 0x00", "0x03", "wrong", "90 % of its spare blocks"),
        ("0x00 0x00", "0x00", "ok", "does not tell"),
        ("0xff 0x7f", "0x42", "ok", "does not tell"),
    ],
)
def test_an_emmc_wears(life: str, reserve: str, state: str, text: str, pi: Tree) -> None:
    pi.put(f"{CARD}/type", "MMC\n")
    pi.put(f"{CARD}/life_time", f"{life}\n")
    pi.put(f"{CARD}/pre_eol_info", f"{reserve}\n")
    told = found(card.check, pi)
    assert told["disk"].text.startswith("eMMC SC32G")
    assert (told["wear"].state, text in told["wear"].text) == (state, True), told["wear"]


def test_errors_of_the_file_system_are_dated(pi: Tree) -> None:
    first = datetime(2026, 10, 3, 4, tzinfo=UTC)
    pi.put(f"{EXT4}/errors_count", "17\n")
    pi.put(f"{EXT4}/first_error_time", f"{first.timestamp():.0f}\n")
    told = found(card.check, pi)["errors"]
    assert (told.state, told.text) == (
        "wrong",
        "17 in the file system, the first on 2026-10-03",
    )
    assert "ren-device backup" in told.advice


@pytest.mark.parametrize(
    ("mount", "file_system"), [("ro", "ro"), ("rw", "ro"), ("rw", "rw,emergency_ro"), ("ro", "rw")]
)
def test_a_card_that_became_read_only(mount: str, file_system: str, pi: Tree) -> None:
    pi.put(
        "proc/self/mountinfo",
        f"26 1 179:2 / / {mount},noatime shared:1 - ext4 /dev/mmcblk0p2 {file_system}\n",
    )
    assert states(found(card.check, pi)) == {"mount": "wrong"}


def test_the_disk_is_the_one_that_has_the_data(pi: Tree) -> None:
    lines = (pi.root / "proc/self/mountinfo").read_text()
    more = "90 26 0:44 / /var/lib rw shared:9 - tmpfs tmpfs rw\n"
    pi.put("proc/self/mountinfo", lines + more)
    told = found(card.check, pi)
    assert (told["disk"].state, told["disk"].text[:17]) == ("note", "/var/lib is tmpfs")
    pi.put("proc/self/mountinfo", lines + more.replace("/var/lib", r"/var/lib\040b"))
    assert "SD card" in found(card.check, pi)["disk"].text
    pi.put("proc/self/mountinfo", lines + "91 26 259:1 / /var rw shared:9 - ext4 /dev/nvme0n1 rw\n")
    assert "no card" in found(card.check, pi)["disk"].text


def test_room_for_files_and_on_the_systems_disk(pi: Tree) -> None:
    def full(files: int, mib: int, total: int = 10**6) -> Mapping[str, str]:
        def statvfs(path: Path) -> os.statvfs_result:
            whole = {"f_frsize": 4096, "f_bavail": mib * 256, "f_fsid": 1 + (path == pi.root)}
            return SimpleNamespace(f_files=total, f_favail=files, **whole)  # type: ignore[return-value]

        return {each.name: each.state for each in card.check(patient(), pi.root, statvfs)}

    assert full(10**5, 900)["files"] == full(10**5, 900)["system"] == "ok"
    assert (full(900, 150)["files"], full(900, 150)["system"]) == ("note", "note")
    assert (full(9, 15)["files"], full(9, 15)["system"]) == ("wrong", "wrong")
    assert "files" not in full(0, 900, total=0)  # as btrfs, which makes them as it needs them


# --- the network ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "state", "dbm"),
    [("-52.", "ok", -52), ("-67", "ok", -67), ("-68.", "note", -68), ("-81.", "note", -81),
     ("204.", "ok", -52)],
)  # fmt: skip
def test_how_well_wifi_is_received(level: str, state: str, dbm: int, pi: Tree) -> None:
    by_radio(pi, level)
    told = found(wifi.check, pi)["signal"]
    assert (told.state, told.text.split()[0]) == (state, str(dbm))


def test_a_kernel_without_the_old_file_is_asked_by_iw(pi: Tree) -> None:
    pi.remove("proc/net/wireless")
    assert "sudo apt install iw" in found(wifi.check, pi)["signal"].advice
    pi.program(
        "iw",
        'case "$*" in "dev wlan0 link") printf "Connected to 02:00\\n\\tsignal: -71 dBm\\n";;'
        ' *) echo "Power save: off";; esac',
    )
    assert states(found(wifi.check, pi)) == {"signal": "note"}


def test_power_saving_is_noted(pi: Tree) -> None:
    pi.program("iw", 'echo "Power save: on"')
    assert states(found(wifi.check, pi)) == {"power saving": "note"}


def test_a_cable_is_fine_even_beside_weak_wifi(pi: Tree) -> None:
    by_radio(pi, "-85.")
    route = pi.root / "proc/net/route"
    route.write_text(
        route.read_text() + "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    )
    assert found(wifi.check, pi)["network"].text == "by cable (eth0)"


def test_a_network_that_has_only_ipv6(pi: Tree) -> None:
    pi.remove("proc/net/route")
    zeros = "0" * 32
    pi.put("proc/net/ipv6_route", f"{zeros} 00 {zeros} 00 fe80{zeros[4:]} 0 1 0 3 wlan0\n")
    assert found(wifi.check, pi)["signal"].state == "ok"


def test_no_network_says_why(pi: Tree) -> None:
    pi.remove("proc/net/route")
    assert "nmtui" in found(wifi.check, pi)["network"].advice
    pi.put("sys/class/rfkill/rfkill0/type", "wlan\n")
    pi.put("sys/class/rfkill/rfkill0/hard", "0\n")
    pi.put("sys/class/rfkill/rfkill0/soft", "1\n")
    assert "rfkill unblock" in found(wifi.check, pi)["network"].advice
