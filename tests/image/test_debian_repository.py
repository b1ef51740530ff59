import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from image.release import debian_repository
from image.release.debian_lock import Lock, Package
from image.release.debian_repository import Unreachable
from image.release.debian_resolve import Apt, only, sources
from tests.image.packages import package


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A web server that has this folder; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def publish(folder: Path, file: Path, path: str) -> None:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)


def test_what_the_mirror_no_longer_has_comes_from_the_snapshot(tmp_path: Path) -> None:
    wanted, file = package(tmp_path, "ren-part", "1:2.0~rc1+b1")
    publish(tmp_path / "web", file, "snapshot/part.deb")
    (tmp_path / "web/mirror.deb").write_bytes(b"another version of it")
    cache = tmp_path / "cache"
    cache.mkdir()
    with served(tmp_path / "web") as address:
        places = (f"{address}/gone.deb", f"{address}/mirror.deb", f"{address}/snapshot/part.deb")
        kept = debian_repository.fetch(wanted, places, cache)
        assert kept.read_bytes() == file.read_bytes()
        with pytest.raises(Unreachable, match=r"gone\.deb.*404.*not the file that is in the lock"):
            debian_repository.fetch(
                Package("x", "1", "arm64", "0" * 64, "debian/pool/x"), places[:2], cache
            )
    assert debian_repository.fetch(wanted, places, cache) == kept  # nobody answers any more


def test_a_download_that_was_spoilt_on_the_disk_is_fetched_again(tmp_path: Path) -> None:
    wanted, file = package(tmp_path, "ren-part", "1")
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / f"{wanted.sha256}.deb").write_bytes(b"half of it")
    publish(tmp_path / "web", file, "part.deb")
    with served(tmp_path / "web") as address:
        kept = debian_repository.fetch(wanted, (f"{address}/part.deb",), cache)
    assert kept.read_bytes() == file.read_bytes()


def test_the_snapshot_is_asked_for_the_locks_date() -> None:
    wanted = Package("u-boot", "1", "all", "", "debian-security/pool/updates/u/u-boot_1+b1.deb")
    assert debian_repository.places(wanted, "http://mirror", "20261122T000000Z") == (
        "http://mirror/debian-security/pool/updates/u/u-boot_1%2Bb1.deb",
        "http://snapshot.debian.org/archive/debian-security/20261122T000000Z/pool/updates/u/"
        "u-boot_1%2Bb1.deb",
    )


def test_apt_installs_from_the_repository_exactly_what_is_in_the_lock(tmp_path: Path) -> None:
    base, base_file = package(tmp_path, "ren-base", "1:2.0~rc1")
    upper, upper_file = package(tmp_path, "ren-upper", "3", needs="ren-base (>= 1:1)")
    foreign = Package("ren-base", "9", "amd64", "0" * 64, "debian/pool/nowhere")
    for each, file in ((base, base_file), (upper, upper_file)):
        publish(tmp_path / "web", file, each.path)
    lock = Lock("20261122T000000Z", (base, upper, foreign))
    folder = tmp_path / "debian"
    with served(tmp_path / "web") as address:
        count = debian_repository.make(lock, "arm64", folder, tmp_path / "cache", address)
    assert count == 2

    apt = Apt(tmp_path / "apt", "arm64", f"deb [trusted=yes] copy:{folder} ./\n")
    found = apt.closure(["ren-upper"])
    assert [(each.name, each.version, each.sha256) for each in sorted(found)] == [
        ("ren-base", "1:2.0~rc1", base.sha256),
        ("ren-upper", "3", upper.sha256),
    ]
    assert {each.path.partition("/")[0] for each in found} == {"debian"}


def test_all_that_cannot_be_had_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = tmp_path / "lock"
    lock.write_text(
        "snapshot 20261122T000000Z\n"
        + "".join(f"{name} 1 arm64 {'0' * 64} debian/pool/{name}.deb\n" for name in ("one", "two"))
    )
    (tmp_path / "web").mkdir()
    with served(tmp_path / "web") as address, pytest.MonkeyPatch.context() as patch:
        patch.setattr(debian_repository, "SNAPSHOT", f"{address}/snapshot")
        words = [str(lock), "arm64", str(tmp_path / "repository"), "--mirror", address]
        assert debian_repository.main(words) == 1
    said = capsys.readouterr().err
    assert "one 1 (" in said
    assert "two 1 (" in said
    assert "neither the mirror nor the snapshot" in said
    assert not (tmp_path / "repository/Packages").exists()


def test_of_the_pis_archive_only_kernel_and_firmware_are_taken(tmp_path: Path) -> None:
    archives = {}
    for archive, suffix in (("debian", "1"), ("pi", "1:2+rpt1")):
        folder = tmp_path / "web" / archive
        folder.mkdir(parents=True)
        paragraphs = []
        for name, needs in (("raspi-firmware", "ren-shell"), ("ren-shell", "")):
            (work := tmp_path / f"{archive}-{name}").mkdir()
            part, file = package(work, name, suffix, needs=needs)
            shutil.copyfile(file, folder / file.name)
            said = debian_repository.paragraph(part, file)
            paragraphs.append(said.replace(debian_repository.file_name(part), file.name))
        (folder / "Packages").write_text("\n".join(paragraphs))
        archives[archive] = folder
    with served(archives["pi"]) as address:
        lines = f"deb [trusted=yes] copy:{archives['debian']} ./\ndeb [trusted=yes] {address} ./\n"
        preferences = only("linux-image-*rpi* raspi-firmware", "127.0.0.1")
        apt = Apt(tmp_path / "apt", "arm64", lines, preferences)
        found = sorted(apt.closure(["raspi-firmware"]))
    assert [(each.name, each.version) for each in found] == [
        ("raspi-firmware", "1:2+rpt1"),
        ("ren-shell", "1"),
    ]


def test_raspberry_pis_packages_come_from_its_archive() -> None:
    wanted = Package("raspi-firmware", "1:1", "all", "", "raspberrypi/pool/main/r/fw_1_all.deb")
    assert debian_repository.places(wanted, "http://mirror", "20261122T000000Z") == (
        "http://archive.raspberrypi.com/debian/pool/main/r/fw_1_all.deb",
    )
    assert "[signed-by=CF8A1AF502A2AA2D763BAE7E82B129927FA3303E]" in sources(
        "http://mirror", "trixie", raspios=True
    )
    assert "raspberrypi" not in sources("http://mirror", "trixie", raspios=False)
