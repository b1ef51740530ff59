"""The initrd alone in QEMU, which loads the kernel itself; the system that is started is a script.

The script prints what the initrd has found, does what the kernel's command line asks for, and turns
the machine off.
"""

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.test.builds import CACHE, HOUSE
from image.test.card import LAYOUT, SECTOR, Card, run
from image.test.machine import Process
from image.test.write_log import entries

BOOT_S = 120.0  # alone it takes a tenth of it
MAKE = HOUSE / "image" / "initrd" / "make"
SIGNATURE = "52454e31"
_SYSTEM = r"""#!/bin/sh
PATH=/bin
cd /run/ren-image
for name in slot disk trial data; do
  [ ! -e $name ] || echo "FACT $name $(cat $name)"
done
echo boot >>/data/ren/boots
sync
echo "FACT boots $(wc -l </data/ren/boots)"
echo "FACT arguments $*"
echo "FACT machine-id $(cat /etc/machine-id)"
echo "FACT hostname $(cat /data/etc/hostname)"
echo "FACT mounted $(grep ' /data ' /proc/mounts)"
echo "FACT sectors $(cat /sys/class/block/?da4/size)"
[ ! -e /data/set-aside.txt ] || sed 's/^/FACT aside /' /data/set-aside.txt
sed 's/^/DETAIL /' data-detail
dmesg | sed -n 's/^\(\[.*\]\) \(ren: .*\|Run .init.*\)/STEP \1 \2/p'
case $(cat /proc/cmdline) in
*test.fill*) dd if=/dev/zero of=/data/ren/much bs=1M 2>/dev/null; echo "FACT filled" ;;
*test.hang*) echo "FACT hangs"; while :; do sleep 100; done ;;
esac
sync
poweroff -f
"""


@dataclass(frozen=True)
class Parts:
    """What is booted."""

    kernel: Path
    initrd: Path
    slot: Path
    """An ext4 with a `root.squashfs`."""


def unpacked_parts() -> Path:
    """Debian's arm64 packages: of REN_IMAGE_PARTS, else what the image was made of last."""
    if named := os.environ.get("REN_IMAGE_PARTS"):
        return Path(named)
    return max(CACHE.glob("parts-*"), key=lambda path: path.stat().st_mtime)


def make_parts(folder: Path) -> Parts:
    """The initrd as for the image, and a tiny system for it to start."""
    packages = unpacked_parts()
    (kernel,) = (packages / "boot").glob("vmlinuz-*")
    version = kernel.name.removeprefix("vmlinuz-")
    initrd, root, files = folder / "initrd.img", folder / "root", folder / "files"
    run(
        *(MAKE, initrd, "--packages", packages, "--modules", packages, "--kernel", version),
    )
    for place in ("bin", "sbin", "proc", "sys", "dev", "run", "data", "etc/systemd/system.conf.d"):
        (root / place).mkdir(parents=True)
    shutil.copy(packages / "usr/bin/busybox", root / "bin/busybox")
    for name in ("sh", "cat", "wc", "sync", "grep", "sed", "dmesg", "dd", "sleep", "poweroff"):
        (root / "bin" / name).symlink_to("busybox")
    (root / "etc/machine-id").touch()
    (root / "etc/systemd/system.conf.d/ren.conf").write_text("[Manager]\nRuntimeWatchdogSec=15s\n")
    (root / "sbin/init").write_text(_SYSTEM)
    (root / "sbin/init").chmod(0o755)
    files.mkdir()
    run("mksquashfs", root, files / "root.squashfs", "-quiet", "-no-progress", "-comp", "zstd")
    run(
        *("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-m", "0", "-d", files),
        *("-O", "^has_journal,^64bit,^metadata_csum,^resize_inode"),
        *(folder / "slot.ext4", "16m"),
    )
    return Parts(kernel, initrd, folder / "slot.ext4")


def make_card(path: Path, parts: Parts, bytes_: int) -> Card:
    """A card as it is flashed, with a system in slot A only."""
    with path.open("wb") as card:
        card.truncate(bytes_)
    boot, slot, data = (LAYOUT[f"{name}_sectors"] for name in ("boot", "slot", "data"))
    table = [
        f"start={LAYOUT['boot_start']}, size={boot}, type=c, bootable",
        *(
            f"start={LAYOUT[name]}, size={slot}, type=83"
            for name in ("slot_a_start", "slot_b_start")
        ),
        f"start={LAYOUT['data_start']}, size={data}, type=83",
    ]
    script = path.with_suffix(".table")
    script.write_text("\n".join(["label: dos", f"label-id: 0x{SIGNATURE}", *table, ""]))
    run("sh", "-c", f"sfdisk --quiet {path} <{script}")
    write(path, LAYOUT["slot_a_start"], parts.slot.read_bytes())
    card_made = Card(path)
    mark_fresh(card_made)
    return card_made


def write(path: Path, sector: int, content: bytes) -> None:
    """Put this there, whatever it is."""
    with path.open("r+b") as card:
        card.seek(sector * SECTOR)
        card.write(content)


def mark_fresh(card: Card) -> None:
    """As Ren does for a factory reset."""
    write(card.path, LAYOUT["data_mark"], b"ren-data fresh\n".ljust(SECTOR, b"\0"))


def cut_at(card: Card, log_path: Path, kept: int) -> None:
    """Bring the card to where it was when so many of the things that it was told were done."""
    with log_path.open("rb") as log:
        for entry in list(entries(log))[:kept]:
            if entry.sectors:
                log.seek(entry.data_at)
                write(card.path, entry.sector, log.read(entry.sectors * SECTOR))


@dataclass(frozen=True)
class Boot:
    """What the system has said, and all that was on the console."""

    facts: dict[str, str]
    text: str

    def step_s(self, begin: str, end: str) -> float:
        """Seconds of the machine's clock between two lines of the kernel's log."""

        def at(words: str) -> float:
            found = re.search(rf"STEP \[ *([0-9.]+)\] .*{words}", self.text)
            assert found, f"no {words!r} in:\n{self.text}"
            return float(found[1])

        return at(end) - at(begin)


def boot(
    card: Card,
    parts: Parts,
    words: str = "ren.slot=a ren.trial=0",
    *,
    write_log: Path | None = None,
    is_read_only: bool = False,
    by_usb: bool = False,
    clock: str = "utc",
) -> Boot:
    """Turn it on, and wait until it turns itself off or starts again."""
    drive: dict[str, Any] = {"driver": "file", "filename": str(card.path)}
    drive["cache"] = {"no-flush": True}
    if write_log:
        write_log.unlink(missing_ok=True)
        write_log.touch()
        log = {"driver": "file", "filename": str(write_log)}
        drive = {"driver": "blklogwrites", "file": drive, "log": log, "log-sector-size": SECTOR}
    drive = {"driver": "raw", "node-name": "card", "file": drive, "read-only": is_read_only}
    # QEMU 7.2 does not note large writes in its log, into which it merges small ones.
    disk = ["-device", "virtio-blk-pci,drive=card,discard=off,write-zeroes=off,request-merging=off"]
    if by_usb:
        disk = ["-device", "qemu-xhci", "-device", "usb-storage,drive=card"]
    process = Process(
        [
            *("-M", "virt", "-cpu", "cortex-a53", "-m", "512", "-display", "none"),
            *("-monitor", "none", "-serial", "stdio", "-nodefaults", "-no-reboot"),
            *("-rtc", f"base={clock}"),
            *("-kernel", str(parts.kernel), "-initrd", str(parts.initrd)),
            *("-append", f"console=ttyAMA0 quiet panic=1 {words}"),
            *("-blockdev", json.dumps(drive), *disk),
            *("-device", "i6300esb", "-action", "watchdog=reset"),
        ],
        card.path.with_suffix(".serial"),
    )
    try:
        process.console.wait_for_end(BOOT_S)
        text = process.console.since(0)
    finally:
        process.kill()
    facts: dict[str, str] = {}
    for name, value in re.findall(r"^FACT (\S+) ?(.*?)\r*$", text, re.MULTILINE):
        facts[name] = f"{facts[name]}\n{value}" if name in facts else value
    return Boot(facts, text)
