"""`scripts/install` on files that are no running system, such as those of an image."""

import stat
from pathlib import Path

import pytest

from tests.systemd.machine import install, new_root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_root(tmp_path / "root")


def picture(root: Path) -> dict[str, str]:
    """Every file, with its rights, its owners and what is in it."""
    found = {}
    for path in sorted(root.rglob("*")):
        about = path.lstat()
        if path.is_symlink():
            inside = str(path.readlink())
        else:
            inside = path.read_bytes().hex() if path.is_file() else ""
        rights = f"{stat.filemode(about.st_mode)} {about.st_uid} {about.st_gid}"
        found[str(path.relative_to(root))] = f"{rights} {inside}"
    return found


def test_installing_again_changes_nothing(root: Path) -> None:
    first = install(root)
    assert first.returncode == 0, first.stderr
    assert "Ren was not started" in first.stderr
    before = picture(root)
    assert "opt/ren/ren_device/app.py" in before
    assert "opt/ren/hardware/profiles/bare-i2s.toml" in before
    assert not [name for name in before if "__pycache__" in name or "/tests" in name]
    second = install(root)
    assert second.returncode == 0, second.stderr
    assert picture(root) == before


def test_keys_are_for_root_and_ren_alone(root: Path) -> None:
    assert install(root).returncode == 0
    users = dict(line.split(":", 1) for line in (root / "etc/passwd").read_text().splitlines())
    uid, gid = map(int, users["ren"].split(":")[1:3])
    settings = (root / "etc/ren/ren.env").stat()
    assert (settings.st_uid, settings.st_gid, stat.S_IMODE(settings.st_mode)) == (0, gid, 0o640)
    kept = (root / "var/lib/ren").stat()
    assert (kept.st_uid, kept.st_gid, stat.S_IMODE(kept.st_mode)) == (uid, gid, 0o700)
    groups = (root / "etc/group").read_text().splitlines()
    own = {line.split(":")[0] for line in groups if "ren" in line.split(":")[3].split(",")}
    assert own == {"audio", "gpio", "spi", "video"}


def test_settings_that_a_person_has_changed_are_left_alone(root: Path) -> None:
    assert install(root).returncode == 0
    settings = root / "etc/ren/ren.env"
    settings.write_text("REN_NAME=Kitchen\n")
    assert install(root).returncode == 0
    assert settings.read_text() == "REN_NAME=Kitchen\n"


@pytest.mark.parametrize(("version", "expected"), [("252", False), ("257", True)])
def test_the_back_off_is_only_for_a_systemd_that_knows_it(
    root: Path, version: str, expected: bool
) -> None:
    for library in (root / "usr/lib").glob("*/systemd/libsystemd-shared-*.so"):
        library.rename(library.with_name(f"libsystemd-shared-{version}.so"))
    backoff = root / "usr/local/lib/systemd/system/ren-device.service.d/back-off.conf"
    assert install(root).returncode == 0
    assert backoff.exists() == expected


def test_taking_it_away_leaves_what_ren_keeps(root: Path) -> None:
    before = picture(root)
    assert install(root).returncode == 0
    (root / "var/lib/ren/identity.key").write_text("it is I")
    assert install(root, "--uninstall").returncode == 0
    left = set(picture(root)) - set(before)
    assert {"var/lib/ren/identity.key", "etc/ren/ren.env"} <= left
    assert not [name for name in left if name.startswith(("opt/ren", "usr/local/lib/"))]
    assert not list((root / "etc/systemd/system").glob("*.wants/*"))
    again = install(root, "--uninstall")
    assert again.returncode == 0, again.stderr


def test_purging_leaves_nothing(root: Path) -> None:
    assert install(root).returncode == 0
    assert install(root, "--uninstall", "--purge").returncode == 0
    assert not [name for name in picture(root) if "ren" in Path(name).parts]
    for table in ("passwd", "group", "shadow", "gshadow"):
        lines = (root / "etc" / table).read_text().splitlines()
        assert "ren" not in {line.split(":")[0] for line in lines}
    again = install(root, "--uninstall", "--purge")
    assert again.returncode == 0, again.stderr


def test_another_system_is_left_alone(root: Path) -> None:
    (root / "etc/os-release").write_text("ID=fedora\n")
    before = picture(root)
    done = install(root)
    assert done.returncode == 1
    assert "neither Debian nor Raspberry Pi OS" in done.stderr
    assert picture(root) == before
