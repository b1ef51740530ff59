"""Machines made of files."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import TZPATH

from ren_device.clock import Machine

NOW_S = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()


def pi(folder: Path, *, kernel: bool | None = False) -> Machine:
    """A board that nobody has told the time yet."""
    (folder / "boot_id").write_text("b47cd020-9570-4a54-9204-b001ec675254\n")
    return Machine(
        boot_id=folder / "boot_id",
        zone=folder / "localtime",
        synchronised=folder / "synchronized",
        clock_chips=folder / "rtc",
        has_chip=False,
        kernel_synchronised=lambda: kernel,
    )


def add_chip(machine: Machine, shows: str, name: str = "rtc0") -> None:
    chip = machine.clock_chips / name
    chip.mkdir(parents=True)
    (chip / "since_epoch").write_text(shows)


def move_to(machine: Machine, zone: str) -> None:
    """As `timedatectl set-timezone` does it."""
    file = next(path for path in (Path(each) / zone for each in TZPATH) if path.exists())
    link = machine.zone.with_suffix(".new")
    link.symlink_to(file)
    link.replace(machine.zone)
