"""U-Boot in QEMU with a tiny card: one start, what it started, and what it left on the card.

The card has the places of image/layout and the image's own script; each slot holds tiny_kernel.c,
which says what it was started with and resets the machine.
"""

import gzip
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from image.boot.checksums import checksums
from image.test.card import LAYOUT, SECTOR, run
from ren_device.updates.boot_state import COPIES_AT, BootState, BootStateFile, encode
from ren_device.updates.facts import SlotName

Board = Literal["virt", "raspi3b"]

BOOT = Path(__file__).parents[1] / "boot"
MIB = 1 << 20
PART_BYTES = 4 * MIB
CARD_BYTES = 32 * MIB  # raspi3b wants a power of two
FAT_AT = LAYOUT["boot_start"] * SECTOR
SLOTS_AT: dict[SlotName, int] = {"a": FAT_AT + PART_BYTES, "b": FAT_AT + 2 * PART_BYTES}
_STARTED = re.compile(rb"\[kernel\|(.*?)\|(.*?)\]")

# What image/boot/environment does on a Pi, for virt: straight to the script, deaf to keys.
VIRT_ENVIRONMENT = """\
bootcmd=virtio scan; load virtio 0:1 ${scriptaddr} boot.scr && source ${scriptaddr}; reset
bootdelay=-2
devnum=0
devtype=virtio
fdt_addr=0x40000000
scriptaddr=0x40200000
stderr=serial
stdin=nulldev
stdout=serial
"""


@dataclass(frozen=True)
class Start:
    """What came of one."""

    system: str
    """What the initrd says of itself; empty when no kernel was started."""
    command_line: str
    said: str
    seconds: float


class TinyCard:
    """One file in a folder of its own."""

    def __init__(self, folder: Path, parts: Path) -> None:
        """Both slots can be loaded, the boot state is zeros. `parts`: Debian's, unpacked."""
        self.path = folder / "card.img"
        self._folder = folder
        self._parts = parts
        self.path.touch()
        os.truncate(self.path, CARD_BYTES)
        places = [(at // SECTOR, "c") for at in (FAT_AT,)] + [
            (at // SECTOR, "83") for at in SLOTS_AT.values()
        ]
        table = "".join(
            f"start={at},size={PART_BYTES // SECTOR},type={kind}\n" for at, kind in places
        )
        (folder / "table").write_text("label: dos\n" + table)
        run("sh", "-c", f"sfdisk -q {self.path} <{folder / 'table'}")
        self._put(FAT_AT, self._fat())
        self._kernel = gzip.compress(tiny_kernel(folder).read_bytes())
        for name in SLOTS_AT:
            self.fill(name, self.files(name))

    def files(self, name: SlotName) -> dict[str, bytes]:
        """What a whole slot holds of what the boot loader reads."""
        files = {"vmlinuz.gz": self._kernel, "initrd.img": f"system {name}\0".encode()}
        content = self._new_content(files)
        return {**files, "boot.crc32": checksums(content)}

    def fill(self, name: SlotName, files: dict[str, bytes]) -> None:
        """Make a slot anew, of these files."""
        content, image = self._new_content(files), self._folder / "slot.img"
        image.unlink(missing_ok=True)
        image.touch()
        os.truncate(image, PART_BYTES)
        features = "^has_journal,^64bit,^metadata_csum"
        run("mke2fs", "-q", "-t", "ext4", "-O", features, "-d", content, image)
        self._put(SLOTS_AT[name], image.read_bytes())

    def clear(self, name: SlotName) -> None:
        """An empty slot, as in a new image."""
        self._put(SLOTS_AT[name], bytes(PART_BYTES))

    def set_copies(self, *copies: bytes | BootState) -> None:
        """Both copies of the boot state; what is not given is zeros."""
        for at, copy in zip(COPIES_AT, (*copies, b"", b""), strict=False):
            data = encode(copy) if isinstance(copy, BootState) else copy
            self._put(at, data.ljust(4096, b"\0"))

    @property
    def state(self) -> BootState:
        """As Ren reads it."""
        return BootStateFile(self.path).read()

    def remove_environment(self) -> None:
        """Without it, U-Boot looks for the script by itself."""
        run("mdel", "-i", f"{self.path}@@{FAT_AT}", "::uboot.env")

    def start(
        self,
        board: Board = "virt",
        given: str | None = None,
        fast: bool = True,
        serial_number: str | None = None,
    ) -> Start:
        """Until the machine resets itself.

        `given` is the command line that a Pi's firmware passes on, `serial_number` what it adds to
        the device tree; without `fast`, virt has no environment of its own.
        """
        began = time.monotonic()
        done = subprocess.run(
            [
                "qemu-system-aarch64",
                "-M",
                board,
                "-display",
                "none",
                "-monitor",
                "none",
                "-no-reboot",
            ]
            + (self._virt(given, fast) if board == "virt" else self._pi(given, serial_number)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        seconds = time.monotonic() - began
        found = _STARTED.search(done.stdout)
        system, line = (part.decode() for part in found.groups()) if found else ("", "")
        return Start(system, line, done.stdout.decode(errors="replace"), seconds)

    def _virt(self, given: str | None, fast: bool) -> list[str]:
        cpu = ["-cpu", "cortex-a53", "-m", "512"]
        command = [*cpu, "-nodefaults", "-serial", "stdio"]
        command += ["-bios", str(self._parts / "usr/lib/u-boot/qemu_arm64/u-boot.bin")]
        command += ["-drive", f"if=none,id=card,format=raw,file={self.path}"]
        command += ["-device", "virtio-blk-device,drive=card"]
        if fast:
            flash = self._folder / "flash"
            if not flash.exists():
                environment(VIRT_ENVIRONMENT, 0x40000, flash)
                os.truncate(flash, 64 * MIB)
            command += ["-drive", f"if=pflash,index=1,format=raw,readonly=on,file={flash}"]
        if given is not None:
            tree = self._folder / "virt.dtb"
            bare = ("-nodefaults", "-display", "none")
            run("qemu-system-aarch64", "-M", f"virt,dumpdtb={tree}", *cpu, *bare)
            run("fdtput", "-t", "s", tree, "/chosen", "bootargs", given)
            command += ["-dtb", str(tree)]
        return command

    def _pi(self, given: str | None, serial_number: str | None) -> list[str]:
        (tree,) = self._parts.glob("usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb")
        if serial_number is not None:
            own = self._folder / "pi.dtb"
            own.write_bytes(tree.read_bytes())
            run("fdtput", "-t", "s", own, "/", "serial-number", serial_number)
            tree = own
        command = ["-kernel", str(self._parts / "usr/lib/u-boot/rpi_arm64/u-boot.bin")]
        command += ["-dtb", str(tree), "-append", given or ""]
        command += ["-serial", "null", "-serial", "stdio"]  # the second one is the console
        return [*command, "-drive", f"if=sd,format=raw,file={self.path}"]

    def _fat(self) -> bytes:
        fat = self._folder / "fat.img"
        fat.touch()
        os.truncate(fat, PART_BYTES)
        run("mkfs.vfat", fat)
        script, variables = self._folder / "boot.scr", self._folder / "uboot.env"
        run("mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-d", BOOT / "boot.cmd", script)
        environment((BOOT / "environment").read_text(), 0x4000, variables)
        run("mcopy", "-i", fat, script, variables, "::")
        return fat.read_bytes()

    def _new_content(self, files: dict[str, bytes]) -> Path:
        content = self._folder / "content"
        run("rm", "-rf", content)
        content.mkdir()
        for file, data in files.items():
            (content / file).write_bytes(data)
        return content

    def _put(self, at: int, data: bytes) -> None:
        with self.path.open("r+b") as card:
            card.seek(at)
            card.write(data)


def environment(text: str, size: int, to: Path) -> bytes:
    """What U-Boot's own tool makes of these variables."""
    source = to.with_suffix(".source")
    source.write_text(text)
    run("mkenvimage", "-s", str(size), "-p", "0", "-o", to, source)
    return to.read_bytes()


def tiny_kernel(folder: Path) -> Path:
    """Compile it; its header comes first."""
    source, linked, image = (
        Path(__file__).with_name("tiny_kernel.c"),
        folder / "elf",
        folder / "Image",
    )
    flags = "-O1 -Wall -Wextra -Werror -ffreestanding -fpie -mgeneral-regs-only -mstrict-align"
    link = "-nostdlib -static -Wl,-e,0,--build-id=none,--section-start=.head=0,-Ttext=0x80"
    run("aarch64-linux-gnu-gcc", *flags.split(), *link.split(), "-o", linked, source)
    run("aarch64-linux-gnu-objcopy", "-O", "binary", linked, image)
    return image
