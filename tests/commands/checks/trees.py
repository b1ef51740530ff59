"""Machines made of files: what a Linux tells of itself under /proc, /sys and /usr."""

import os
from pathlib import Path

FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
MMC = "sys/devices/platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa"
CARD = "sys/block/mmcblk0/device"
EXT4 = "sys/fs/ext4/mmcblk0p2"


class Tree:
    """A root directory with few things in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def program(self, name: str, script: str) -> None:
        """A shell script of this name in /usr/bin."""
        self.put(f"usr/bin/{name}", f"#!/bin/sh\n{script}\n")
        (self.root / "usr/bin" / name).chmod(0o755)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def pipe(self, path: str) -> None:
        """A file that hangs whoever reads it, as a driver that is stuck does."""
        file = self.root / path
        file.unlink(missing_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(file)


def pi_4(root: Path) -> Tree:
    """A healthy Raspberry Pi 4 with an SD card, as Raspberry Pi OS has it."""
    tree = Tree(root)
    tree.put("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    tree.put(FIRMWARE, "0\n")
    tree.put("sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    tree.put("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    tree.program("vcgencmd", '[ "$1" = get_throttled ] && echo throttled=0x0')
    tree.put("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    tree.put("sys/class/thermal/thermal_zone0/temp", "48686\n")
    tree.put("sys/class/thermal/thermal_zone0/trip_point_0_type", "critical\n")
    tree.put("sys/class/thermal/thermal_zone0/trip_point_0_temp", "110000\n")
    tree.put(
        "proc/self/mountinfo",
        "21 26 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:6 - sysfs sysfs rw\n"
        "26 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw\n"
        "87 26 179:1 / /boot/firmware rw,relatime shared:40 - vfat /dev/mmcblk0p1 rw\n",
    )
    tree.put(f"{MMC}/type", "SD\n")
    tree.put(f"{MMC}/name", "SC32G\n")
    tree.put(f"{MMC}/manfid", "0x000003\n")
    tree.put(f"{MMC}/date", "03/2021\n")
    (root / f"{MMC}/block/mmcblk0/mmcblk0p2").mkdir(parents=True)
    (root / f"{MMC}/block/mmcblk0/device").symlink_to("../..")
    (root / "sys/block").mkdir()
    (root / "sys/block/mmcblk0").symlink_to(f"../../{MMC}/block/mmcblk0")
    (root / "sys/dev/block").mkdir(parents=True)
    (root / "sys/dev/block/179:2").symlink_to(f"../../../{MMC}/block/mmcblk0/mmcblk0p2")
    tree.put(f"{EXT4}/errors_count", "0\n")
    tree.put(f"{EXT4}/first_error_time", "0\n")
    tree.put(f"{EXT4}/lifetime_write_kbytes", "13958643\n")
    tree.put(f"{EXT4}/session_write_kbytes", "524288\n")
    (root / "sys/class/net/wlan0/wireless").mkdir(parents=True)
    (root / "sys/class/net/eth0").mkdir()
    (root / "sys/class/net/lo").mkdir()
    by_radio(tree, "-52.")
    return tree


def by_radio(tree: Tree, level: str, name: str = "wlan0") -> None:
    """The only way out is Wi-Fi, and this is how well it is received."""
    tree.put(
        "proc/net/route",
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        f"{name}\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
        f"{name}\t0000A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n",
    )
    tree.put(
        "proc/net/wireless",
        "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
        " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
        f" {name}: 0000   58.  {level}  -256        0      0      0      0      0        0\n",
    )
