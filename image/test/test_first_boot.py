"""A new card with a `ren.toml`, from its first boot to its factory reset."""

from collections.abc import Callable

import pytest

from image.test.builds import FIRST
from image.test.card import LAYOUT, SECTOR, Card
from image.test.conftest import NewMachine
from image.test.machine import Machine
from image.test.updating import QUIET

Record = Callable[[str, object], None]
SECRET = "correct horse battery staple"
USB_LOUDSPEAKER = (
    *("-audiodev", "none,id=silence", "-device", "qemu-xhci"),
    *("-device", "usb-audio,audiodev=silence"),
)
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
    told = SETTINGS.format(key=key_line, secret=SECRET)
    machine = new_machine("told", told, QUIET, devices=USB_LOUDSPEAKER)
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


def test_a_usb_loudspeaker_is_there_for_ren(machine: Machine) -> None:
    assert "USB-Audio" in machine.run("cat /proc/asound/cards")
    assert machine.run("stat -c %G /dev/snd/pcmC0D0p") == "audio\n"
    assert "audio" in machine.run("id -nG ren").split()


def test_who_ren_is_does_not_depend_on_the_build(machine: Machine) -> None:
    """Its numbers are on the data partition, for the next system to find."""
    assert machine.run("id -u ren; id -g ren") == "500\n500\n"
    assert machine.run("stat -c '%u %g' /var/lib/ren") == "500 500\n"


def test_ren_can_tell_a_server_from_an_impostor(machine: Machine) -> None:
    count = "import ssl; print(ssl.create_default_context().cert_store_stats()['x509_ca'])"
    assert int(machine.run(f'/opt/ren/.venv/bin/python -c "{count}"')) > 100


def test_no_failed_units_and_nothing_can_be_written_into_the_system(machine: Machine) -> None:
    assert machine.run("systemctl --failed --no-legend --plain") == ""
    root = machine.run("findmnt -n -o FSTYPE,OPTIONS /")
    assert root.startswith("squashfs")
    assert "noatime" in machine.run("findmnt -n -o OPTIONS /data")
    grown = int(machine.run("findmnt -n -b -o SIZE /data"))
    left = machine.card.path.stat().st_size - LAYOUT["data_start"] * SECTOR
    assert grown > 0.9 * left


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
