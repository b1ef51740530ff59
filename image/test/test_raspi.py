"""QEMU's Raspberry Pi 3B, with the image as its SD card and the device tree that is on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image.test.builds import FIRST
from image.test.card import Card
from image.test.machine import Process

Record = Callable[[str, object], None]
# QEMU's watchdog of a Pi resets at once, its USB network card has two drivers that quarrel, and
# four processors on two cores wait for each other.
FOR_QEMU = (
    "console=ttyS1,115200 systemd.watchdog_sec=0 modprobe.blacklist=cdc_subset ignore_loglevel"
    " systemd.show_status=1 maxcpus=1"
)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    card = Card.flash(FIRST.image, tmp_path / "raspi.img")  # 4 GiB: a power of two
    yield card
    card.path.unlink()


def test_a_pi_reaches_ren(card: Card, tmp_path: Path, record_property: Record) -> None:
    for name in ("u-boot.bin", "bcm2837-rpi-3-b.dtb"):
        content = card.get(name)
        assert content, f"no {name} on the boot partition"
        (tmp_path / name).write_bytes(content)
    told_by_firmware = (card.get("cmdline.txt") or b"").decode().strip()
    pi = Process(
        [
            *("-M", "raspi3b", "-display", "none", "-monitor", "none"),
            *("-serial", "null", "-serial", "stdio"),  # the second is the one on the pins
            *(
                "-kernel",
                str(tmp_path / "u-boot.bin"),
                "-dtb",
                str(tmp_path / "bcm2837-rpi-3-b.dtb"),
            ),
            *("-append", f"{told_by_firmware} {FOR_QEMU}"),
            *("-drive", f"if=sd,format=raw,file={card.path},cache=unsafe"),
        ],
        tmp_path / "raspi.serial",
    )
    try:
        at = pi.console.wait_for("Starting kernel", 120)
        at = pi.console.wait_for("Machine model: Raspberry Pi 3 Model B", 120, at)
        pi.console.wait_for("Started \x1b[0;1;39mren-device.service", 900, at)
    finally:
        pi.kill()
    assert not card.is_fresh()
    assert int(card.boot_state()["serial"], 16) > 1, "the boot was not counted"
