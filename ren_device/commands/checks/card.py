"""The card, or whatever disk has the data: its health, its wear, and room for more files."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ren_device.commands.checks.finding import Finding, Patient, State, fetched
from ren_device.commands.checks.machine import number, read

_LITTLE, _TOO_LITTLE = 200, 20  # MiB free on the system's own disk, as in data.py
_FEW, _TOO_FEW = 1000, 50  # files that can still be made; Ren itself needs a dozen
_READ_ONLY = {"ro", "emergency_ro", "shutdown"}  # what ext4 becomes after an error
_FLEETING = ("tmpfs", "ramfs", "overlay")
_GIB = 1 << 30

# JEDEC JESD84-B51, DEVICE_LIFE_TIME_EST and PRE_EOL_INFO: 1 is up to 10 % used, 10 is up to 100 %,
# 11 more than it was made for; of the reserve blocks 2 is 80 % used, 3 is 90 %.
# https://docs.kernel.org/driver-api/mmc/mmc-dev-attrs.html
_WORN, _WORN_OUT = 9, 10
_RESERVE_LOW, _RESERVE_GONE = 2, 3

_REPLACE = "Back it up (ren-device backup FILE) and put in a new card, best one of high endurance."

Statvfs = Callable[[Path], os.statvfs_result]


@dataclass(frozen=True, slots=True)
class _Mount:
    """A line of /proc/self/mountinfo, as far as it matters."""

    point: Path
    device: str
    """Major and minor number, as 179:2."""
    kind: str
    options: frozenset[str]
    """Of the mount and of the file system."""


def check(
    patient: Patient, root: Path = Path("/"), statvfs: Statvfs = os.statvfs
) -> Iterator[Finding]:
    """What can be told of the disk that has the data directory, and of the system's."""
    folder = patient.settings.data_dir.absolute()
    mount = _mount_of(root, folder)
    if mount is None:
        yield Finding("card", "disk", "ok", "this machine does not tell")
    else:
        partition = (root / "sys/dev/block" / mount.device).resolve().name
        yield from _disk(root, mount, partition)
        yield _mounted(mount)
        if mount.kind == "ext4":
            yield from _ext4(root / "sys/fs/ext4" / partition)
    yield from _room(root, folder, statvfs)
    if (wrote := _written(patient)) is not None:
        yield wrote


def _mount_of(root: Path, folder: Path) -> _Mount | None:
    found: _Mount | None = None
    for line in read(root / "proc/self/mountinfo").splitlines():
        mount = _parsed(line)
        if mount is None or not folder.is_relative_to(mount.point):
            continue
        # Of several on the same place the last is on top.
        if found is None or len(mount.point.parts) >= len(found.point.parts):
            found = mount
    return found


def _parsed(line: str) -> _Mount | None:
    words, _, more = line.partition(" - ")
    fields, others = words.split(), more.split()
    if len(fields) < 6 or len(others) < 3:
        return None
    point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
    options = frozenset((fields[5] + "," + others[2]).split(","))
    return _Mount(Path(point), fields[2], others[0], options)


def _disk(root: Path, mount: _Mount, partition: str) -> Iterator[Finding]:
    if mount.kind in _FLEETING:
        text = f"{mount.point} is {mount.kind}: it may be empty after the next start"
        advice = "Point REN_DATA_DIR to a real disk, unless something else keeps this one."
        yield Finding("card", "disk", "note", text, advice)
        return
    match = re.fullmatch(r"(mmcblk\d+)(p\d+)?", partition)
    device = root / "sys/block" / match[1] / "device" if match else None
    if device is None or not device.is_dir():
        yield Finding("card", "disk", "ok", f"{mount.kind} on {partition}, which is no card")
        return
    kind = {"SD": "SD card", "MMC": "eMMC"}.get(read(device / "type"), "card")
    text = f"{kind} {read(device / 'name') or 'without a name'}"
    text += f" of maker {read(device / 'manfid')}" * bool(read(device / "manfid"))
    text += f", made {read(device / 'date')}" * bool(read(device / "date"))
    yield Finding("card", "disk", "ok", text)
    yield _wear(device)


def _wear(device: Path) -> Finding:
    lives = [int(each, 16) for each in re.findall(r"0x[0-9a-fA-F]+", read(device / "life_time"))]
    life = max((each for each in lives if 1 <= each <= 11), default=0)
    reserve = number(device / "pre_eol_info", 0) or 0
    if not life and reserve not in (1, _RESERVE_LOW, _RESERVE_GONE):
        return Finding("card", "wear", "ok", "it does not tell, as SD cards do not")
    used = (
        f"up to {10 * life} % of its life is used" if life <= 10 else "older than it was made for"
    )
    text = used if life else "its life is not told"
    if reserve in (_RESERVE_LOW, _RESERVE_GONE):
        text += f", and {60 + 10 * reserve} % of its spare blocks"
    if life > _WORN_OUT or reserve == _RESERVE_GONE:
        return Finding("card", "wear", "wrong", text, _REPLACE)
    if life >= _WORN or reserve == _RESERVE_LOW:
        return Finding("card", "wear", "note", text, _REPLACE)
    return Finding("card", "wear", "ok", text)


def _mounted(mount: _Mount) -> Finding:
    if mount.options & _READ_ONLY:
        text = f"{mount.point} is read-only: nothing new can be kept"
        advice = "Restart the machine; if it comes back read-only, back it up and replace the card."
        return Finding("card", "mount", "wrong", text, advice)
    return Finding("card", "mount", "ok", f"{mount.point} can be written")


def _ext4(folder: Path) -> Iterator[Finding]:
    """What the file system has counted since it was made, or since its last check."""
    errors = number(folder / "errors_count")
    if errors:
        text = f"{errors} in the file system" + _when(number(folder / "first_error_time"))
        advice = "Back it up (ren-device backup FILE), check it with fsck, and replace the card."
        yield Finding("card", "errors", "wrong", text, advice)
    elif errors == 0:
        yield Finding("card", "errors", "ok", "none in the file system")
    kib = number(folder / "lifetime_write_kbytes")
    if kib is not None and kib > 0:
        text = f"{kib * 1024 / _GIB:.1f} GiB since the file system was made"
        since = number(folder / "session_write_kbytes")
        if since is not None and since >= 0:
            text += f", {since * 1024 / _GIB:.2f} GiB since it was mounted"
        yield Finding("card", "written", "ok", text)


def _when(timestamp: int | None) -> str:
    if not timestamp or not 0 < timestamp < 1 << 33:
        return ""
    return f", the first on {datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d}"


def _room(root: Path, folder: Path, statvfs: Statvfs) -> Iterator[Finding]:
    """Files on the data's disk; room on the system's, which data.py does not look at."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        disk = statvfs(there)
        system = statvfs(root)
    except OSError:
        return
    if disk.f_files:  # else it makes them as it needs them
        text = f"{disk.f_favail} more can be made"
        advice = "Remove files: the disk has room, but no more names for them."
        state = _state(disk.f_favail, _FEW, _TOO_FEW)
        yield Finding("card", "files", state, text, "" if state == "ok" else advice)
    if system.f_fsid != disk.f_fsid:
        free = system.f_bavail * system.f_frsize >> 20
        state = _state(free, _LITTLE, _TOO_LITTLE)
        advice = "" if state == "ok" else "Make room: without it the system itself stumbles."
        yield Finding("card", "system", state, f"{free} MiB are free on the system's disk", advice)


def _written(patient: Patient) -> Finding | None:
    """What the Ren that runs has written itself."""
    uptime_s = (patient.health or {}).get("uptime_s")
    if not isinstance(uptime_s, int | float) or uptime_s <= 0:
        return None
    told = fetched(f"{patient.url}/metrics") or ""
    match = re.search(r"^ren_store_written_bytes_total (\S+)$", told, re.MULTILINE)
    if match is None:
        return None
    kib = float(match[1]) / 1024
    text = f"{kib:.0f} KiB by the Ren that runs, in {uptime_s / 3600:.1f} h"
    return Finding("card", "by Ren", "ok", text)


def _state(left: int, little: int, too_little: int) -> State:
    if left < too_little:
        return "wrong"
    return "note" if left < little else "ok"
