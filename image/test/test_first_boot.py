"""A new card with a `ren.toml`, from its first boot to its factory reset."""

import base64
import json
import time
from collections.abc import Callable

import pytest
from websockets.sync.client import connect

from image.test.builds import FIRST
from image.test.card import LAYOUT, SECTOR, Card
from image.test.conftest import NewMachine
from image.test.machine import Machine
from tests.voices import say, silence

Record = Callable[[str, object], None]
SECRET = "correct horse battery staple"
SETTINGS = """
name = "Larder"
timezone = "Asia/Tokyo"
language = "en"
ssh_key = "{key}"

[wifi]
ssid = "Not there"
password = "{secret}"
country = "GB"
"""


@pytest.fixture(scope="module")
def machine(new_machine: NewMachine, key_line: str) -> Machine:
    machine = new_machine("told", SETTINGS.format(key=key_line, secret=SECRET))
    machine.boot()
    return machine


def test_the_image_has_nothing_that_a_device_should_have_for_itself() -> None:
    card = Card(FIRST.image)
    assert card.is_fresh()
    assert not any(card.sectors(LAYOUT["data_start"], LAYOUT["data_sectors"]))
    assert not any(card.sectors(LAYOUT["slot_b_start"], LAYOUT["slot_sectors"]))


def test_ren_answers_with_what_it_was_told(machine: Machine) -> None:
    assert machine.get("/hub.json")["name"] == "Larder"
    assert machine.get("/health")["version"] == FIRST.version
    assert machine.run("date +%Z").strip() == "JST"


def test_the_network_is_told_and_the_boot_partition_forgets_it(machine: Machine) -> None:
    network = machine.run("cat /etc/wpa_supplicant/wpa_supplicant-wlan0.conf")
    assert "Not there" in network
    assert "country=GB" in network
    assert (
        machine.run("stat -c '%a %U' -L /etc/wpa_supplicant/wpa_supplicant-wlan0.conf")
        == "600 root\n"
    )
    assert b"Larder" in (machine.card.get("ren.toml") or b"")
    # Nowhere: not in the file, and not where it was.
    partition = machine.card.sectors(LAYOUT["boot_start"], LAYOUT["boot_sectors"])
    assert SECRET.encode() not in partition
    assert SECRET not in machine.run("journalctl --no-pager")


def test_ssh_is_for_the_key_alone(machine: Machine) -> None:
    assert machine.run("id -u") == "0\n"
    assert machine.ssh_greeting().startswith(b"SSH-2.0-")
    assert "Permission denied (publickey)." in machine.ssh_refusal()


def test_no_failed_units_and_nothing_can_be_written_into_the_system(machine: Machine) -> None:
    assert machine.run("systemctl --failed --no-legend --plain") == ""
    root = machine.run("findmnt -n -o FSTYPE,OPTIONS /")
    assert root.startswith("squashfs")
    assert "noatime" in machine.run("findmnt -n -o OPTIONS /data")
    grown = int(machine.run("findmnt -n -b -o SIZE /data"))
    left = machine.card.path.stat().st_size - LAYOUT["data_start"] * SECTOR
    assert grown > 0.9 * left


def voice(machine: Machine) -> str:
    """What it is at."""
    return str(machine.get("/hub/health")["voice"]["state"])


def spoken(machine: Machine, text: str) -> tuple[list[dict[str, object]], list[float]]:
    """Say it to the voice socket: what came, and when, in seconds from the last word on."""
    pcm = silence(0.3) + say(text, "flite-rms")
    came: list[dict[str, object]] = []
    at: list[float] = []
    url = f"ws://{machine.address}/ws/audio"
    with connect(url, max_size=1 << 23, open_timeout=60, ping_interval=None) as socket:
        for start in range(0, len(pcm), 6400):
            piece = base64.b64encode(pcm[start : start + 6400]).decode()
            socket.send(json.dumps({"type": "audio", "pcm16": piece}))
            socket.ping().wait(60)  # as fast as it is heard, which no emulator does in real time
        socket.send(json.dumps({"type": "end"}))
        began = time.monotonic()
        while not came or came[-1]["type"] not in ("done", "error"):
            came.append(json.loads(socket.recv(timeout=180)))
            at.append(time.monotonic() - began)
    return came, at


def test_a_spoken_timer_is_set_and_answered_aloud(
    machine: Machine, record_property: Record
) -> None:
    # Four seconds are enough for a Pi, but not for an emulated one.
    machine.run("systemctl service-watchdogs no")
    engines_s = machine.console.until("ready", lambda: voice(machine) != "starting", 300)
    came, at = spoken(machine, "set a timer for five minutes")
    kinds = [str(frame["type"]) for frame in came]
    assert [kinds[0], kinds[-1]] == ["wake", "done"], came[-1]
    heard = came[kinds.index("transcript")]["data"]
    assert "timer" in str(heard)
    done = came[-1]["data"]
    assert isinstance(done, dict)
    assert done["tier"] == "local"
    sound = b"".join(base64.b64decode(str(f["pcm16"])) for f in came if f["type"] == "audio")
    assert len(sound) > 16000  # half a second
    assert max(sound) > 0
    timers = machine.get("/alerts?kind=timer")["alerts"]
    assert [timer["duration_s"] for timer in timers] == [300]
    record_property("engines loaded after the first answer, s", f"{engines_s:.0f}")
    record_property("spoken command to transcript, s", f"{at[kinds.index('transcript')]:.1f}")
    record_property("spoken command to first sound, s", f"{at[kinds.index('audio')]:.1f}")


def test_how_it_boots(machine: Machine, record_property: Record) -> None:
    """Ren waits for nothing that is not its own."""
    machine.run("systemctl is-system-running --wait", within_s=180, check=False)
    times = machine.run("systemd-analyze time", within_s=120)
    before = machine.run("systemctl list-dependencies --after --plain ren-device.service").split()
    assert "ren-first-boot.service" in before
    # The light that listens comes before the network.
    assert not {"network-online.target", "network.target", "systemd-networkd.service"} & {*before}
    record_property("first boot", times.splitlines()[0])


def test_a_speaker_at_rest_hardly_writes_to_its_card(
    machine: Machine, record_property: Record
) -> None:
    count = "awk '{print $7}' /sys/class/block/vda/stat"
    # What the tests before this left to be written is no rest.
    written = machine.run(f"sync; {count}; sleep 60; sync; {count}", within_s=150).split()
    kib_an_hour = (int(written[1]) - int(written[0])) / 2 * 60
    record_property("written at rest, KiB an hour", f"{kib_an_hour:.0f}")
    assert kib_an_hour < 6 * 1024  # 50 GB in a year of a card that takes some TB


def made(card: Card) -> list[str]:
    """What a speaker has made for itself, which no other has."""
    data = card.data()
    assert data.is_sound, data.told
    assert len(data.read("etc/machine-id")) == 33
    names = ("etc/machine-id", "ssh/dropbear_ed25519_host_key")
    return [data.read(name) for name in names]


def test_after_a_factory_reset_it_is_somebody_else(
    machine: Machine, record_property: Record
) -> None:
    """As new as any other card with this image, so that it stands for all of them."""
    card = machine.card
    was = [
        machine.get("/identity")["public_key"],
        *made(card.copy(card.path.with_suffix(".was.img"))),
    ]
    since = machine.console.position
    machine.run("ren-device factory-reset --yes")
    took_s = machine.until_booted_again(since)
    record_property("factory reset to answer, s", f"{took_s:.0f}")
    now = [machine.get("/identity")["public_key"]]
    assert machine.get("/hub.json")["name"] == "Ren"
    assert machine.get("/alerts")["alerts"] == []
    assert machine.ssh_greeting() == b"", "without a key nobody listens"
    machine.kill()
    now += made(card)
    assert all(was)
    assert not set(was) & set(now)
    assert not card.data().contains(b"Not there")
