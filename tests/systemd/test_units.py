"""What systemd itself says about the units."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ren_device.first_boot.job import ERRORS, SOURCES

UNITS = Path(__file__).parents[2] / "systemd"
LAYER = UNITS.parent / "image/layers/40-readonly/files/usr/local/lib/systemd"
MOST_EXPOSED = 1.5


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *map(str, arguments)], capture_output=True, text=True
    )


def test_the_units_are_clean() -> None:
    """It exits with 0 on unknown keys, and names them."""
    units = sorted(
        each
        for folder in (UNITS, LAYER / "system")
        for each in folder.iterdir()
        if each.suffix in (".service", ".slice", ".path", ".timer")
    )
    assert len(units) > 8
    done = analyze("verify", *units)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_key_that_does_not_exist_would_be_named(tmp_path: Path) -> None:
    unit = tmp_path / "ren-device.service"
    text = (UNITS / "ren-device.service").read_text()
    unit.write_text(text.replace("OOMPolicy=", "OOMPolitics="))
    for name in ("ren-fault.service", "ren-first-boot.service", "ren.slice"):
        shutil.copy(UNITS / name, tmp_path)
    assert "OOMPolitics" in analyze("verify", unit).stderr


@pytest.mark.parametrize("script", ["first-boot", "reset"])
def test_the_scripts_name_all_that_is_read_of_the_card(script: str) -> None:
    """In its order; a factory reset clears what was said of it, too."""
    lists = re.findall(r"for file in (.*); do", (UNITS / script).read_text())
    assert lists == [" ".join((*SOURCES, *([ERRORS] if script == "reset" else [])))]


@pytest.mark.parametrize("unit", ["ren-device.service", "ren-fault.service"])
def test_little_is_exposed(unit: str) -> None:
    done = analyze("security", "--offline=true", UNITS / unit)
    assert done.returncode == 0, done.stderr
    level = float(done.stdout.rpartition(f"exposure level for {unit}:")[2].split()[0])
    assert level <= MOST_EXPOSED, done.stdout


def test_the_journal_is_bounded(tmp_path: Path) -> None:
    """As systemd reads it, where `scripts/install` puts it."""
    place = tmp_path / "usr/local/lib/systemd/journald.conf.d"
    place.mkdir(parents=True)
    shutil.copy(UNITS / "journald.conf", place / "ren.conf")
    (tmp_path / "etc/systemd").mkdir(parents=True)
    (tmp_path / "etc/systemd/journald.conf").touch()
    journal = analyze("cat-config", "--root", tmp_path, "systemd/journald.conf")
    assert "SystemMaxUse=64M" in journal.stdout, journal.stderr


def test_the_journal_of_an_image_is_in_memory(tmp_path: Path) -> None:
    place = tmp_path / "usr/local/lib/systemd/journald.conf.d"
    shutil.copytree(LAYER / "journald.conf.d", place)
    shutil.copy(UNITS / "journald.conf", place / "ren.conf")
    (tmp_path / "etc/systemd").mkdir(parents=True)
    (tmp_path / "etc/systemd/journald.conf").touch()
    lines = analyze("cat-config", "--root", tmp_path, "systemd/journald.conf").stdout.splitlines()
    last = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert (last["Storage"], last["RuntimeMaxUse"]) == ("volatile", "16M")


def test_the_factory_reset_marks_the_sector_of_the_layout() -> None:
    layout = (UNITS.parent / "image/layout").read_text()
    sector = layout.partition("\ndata_mark=")[2].split()[0]
    assert f"\ndata_mark={sector} " in (UNITS / "reset").read_text()
