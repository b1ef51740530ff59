from pathlib import Path

import pytest

from image.release import debian_lock
from image.release.debian_lock import Lock, Package
from tests.image.packages import status

SH = Package("dash", "0.5.12-12", "arm64", "a" * 64, "debian/pool/main/d/dash/dash.deb")
TZ = Package("tzdata", "2026c-1", "all", "b" * 64, "debian/pool/main/t/tzdata/tzdata.deb")
X86 = Package("dash", "0.5.12-12", "amd64", "c" * 64, "debian/pool/main/d/dash/dash2.deb")
LOCK = Lock("20261122T000000Z", (SH, X86, TZ))


def test_a_lock_is_read_as_it_was_written_in_any_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    debian_lock.write(one, LOCK)
    debian_lock.write(two, Lock(LOCK.date, (TZ, SH, X86, SH)))
    assert one.read_bytes() == two.read_bytes()
    assert debian_lock.read(one) == Lock(LOCK.date, (X86, SH, TZ))


def test_a_system_takes_packages_of_its_architecture_and_those_for_all() -> None:
    assert LOCK.of("arm64") == (SH, TZ)
    assert LOCK.of("amd64") == (X86, TZ)


@pytest.mark.parametrize(
    "text", ["", "snapshot 2026\n", "snapshot 2026\ndash 0.5 arm64 short path\n"]
)
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock").write_text(text)
    with pytest.raises(ValueError, match="lock"):
        debian_lock.read(tmp_path / "lock")


def test_a_root_is_held_against_the_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock, root = tmp_path / "lock", tmp_path / "root"
    debian_lock.write(lock, LOCK)
    status(root, ("dash", "0.5.12-12", "installed"), ("perl", "5.40", "deinstalled"))
    assert debian_lock.main([str(lock), str(root)]) == 0

    other = tmp_path / "other"
    status(other, ("dash", "0.5.12-13", "installed"), ("perl", "5.40", "installed"))
    assert debian_lock.main([str(lock), str(other)]) == 1
    said = capsys.readouterr().err
    assert "dash:arm64 is 0.5.12-13, the lock has 0.5.12-12" in said
    assert "perl:arm64 5.40 is not in the lock" in said


def test_a_root_without_packages_is_not_as_locked(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    debian_lock.write(lock, LOCK)
    status(tmp_path / "root")
    assert debian_lock.main([str(lock), str(tmp_path / "root")]) == 1
