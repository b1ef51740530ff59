"""QEMU's Raspberry Pi 3B, with the image as its SD card and the device tree that is on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image.test.builds import FIRST
from image.test.card import Card, run
from image.test.machine import Process

Record = Callable[[str, object], None]
# QEMU's watchdog of a Pi resets at once, its USB network card has two drivers that quarrel, and
# four processors on two cores wait for each other.
FOR_QEMU = (
    "console=ttyS1,115200 systemd.watchdog_sec=0 modprobe.blacklist=cdc_subset ignore_loglevel"
    " systemd.show_status=1 maxcpus=1"
)

# What an old Imager puts into cmdline.txt, and what must not keep Ren from being started.
IMAGERS = "systemd.run=/boot/firstrun.sh systemd.unit=kernel-command-line.target"


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    card = Card.flash(FIRST.image, tmp_path / "raspi.img")  # 4 GiB: a power of two
    yield card
    card.path.unlink()


def test_the_card_is_the_first_that_u_boot_finds(card: Card, tmp_path: Path) -> None:
    """By its number in the device tree: QEMU has none of these boards."""
    for board in ("4-b", "400", "cm4-io"):
        tree = tmp_path / f"{board}.dtb"
        tree.write_bytes(card.get(f"bcm2711-rpi-{board}.dtb") or b"")
        path = run("fdtget", tree, "/aliases", "mmc0").stdout.decode().strip()
        assert run("fdtget", tree, path, "compatible").stdout.strip() == b"brcm,bcm2711-emmc2"


def test_a_pi_reaches_ren(card: Card, tmp_path: Path, record_property: Record) -> None:
    for name in ("u-boot.bin", "bcm2837-rpi-3-b.dtb"):
        content = card.get(name)
        assert content, f"no {name} on the boot partition"
        (tmp_path / name).write_bytes(content)
    told_by_firmware = (card.get("cmdline.txt") or b"").decode().strip()
    pi = Process(
        [
            *("-M", "raspi3b", "-display", "none", "-monitor", "none"),
            # Its four processors would spin against each other: all in one thread takes a fifth.
            *("-accel", "tcg,thread=single,tb-size=512"),
            *("-serial", "null", "-serial", "stdio"),  # the second is the one on the pins
            *(
                "-kernel",
                str(tmp_path / "u-boot.bin"),
                "-dtb",
                str(tmp_path / "bcm2837-rpi-3-b.dtb"),
            ),
            *("-append", f"{told_by_firmware} {IMAGERS} {FOR_QEMU}"),
            *("-drive", f"if=sd,format=raw,file={card.path},cache=unsafe"),
        ],
        tmp_path / "raspi.serial",
    )
    try:
        pi.console.wait_for("Loading Environment from FAT... OK", 60)
        at = pi.console.wait_for("Starting kernel", 120)
        at = pi.console.wait_for("Machine model: Raspberry Pi 3 Model B", 120, at)
        pi.console.wait_for("Started \x1b[0;1;39mren-device.service", 900, at)
    finally:
        pi.kill()
    assert not card.is_fresh()
    assert int(card.boot_state()["serial"], 16) > 1, "the boot was not counted"
