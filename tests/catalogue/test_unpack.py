import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ren_device.catalogue.unpack import unpack
from ren_device.errors import FetchError
from tests.catalogue.servers import bytes_of, tarred, tree, zipped

FILES = {"m/am/final.mdl": bytes_of(70_000), "m/README": b"hello", "m/empty": b""}


def unpacked(archive: bytes, name: str, into: Path, at_most: int = 100_000) -> dict[str, bytes]:
    into.mkdir()
    path = into.with_name(name)
    path.write_bytes(archive)
    unpack(path, into / "out", at_most)
    return tree(into / "out")


@pytest.mark.parametrize(("pack", "name"), [(zipped, "m.zip"), (tarred, "m.tar.gz")])
def test_the_directory_at_the_top_is_left_out(
    pack: Callable[[dict[str, bytes]], bytes], name: str, tmp_path: Path
) -> None:
    wanted = {path.removeprefix("m/"): body for path, body in FILES.items()}
    assert unpacked(pack(FILES), name, tmp_path / "a") == wanted
    flat = {"one": b"1", "two/three": b"3"}
    assert unpacked(pack(flat), f"2{name}", tmp_path / "b") == flat


def link(name: str, kind: bytes, to: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return tarred({"m/a": b"a", name: info})


def symlink_in_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        info = zipfile.ZipInfo("m/passwd")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return made.getvalue()


def test_an_archive_that_rotted_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        info = tarfile.TarInfo("m/final.mdl")
        info.size = 70_000
        archive.addfile(info, io.BytesIO(bytes_of(info.size)))
    rotten = bytearray(packed.getvalue())
    rotten[len(rotten) // 2 : len(rotten) // 2 + 20] = bytes(20)
    with pytest.raises(FetchError, match=r"m\.tar\.xz cannot be unpacked: "):
        unpacked(bytes(rotten), "m.tar.xz", tmp_path / "into")


@pytest.mark.parametrize(
    ("archive", "name"),
    [
        (zipped({"../out.txt": b"x"}), "m.zip"),
        (zipped({"m/../../out.txt": b"x"}), "m.zip"),
        (zipped({"/etc/out.txt": b"x"}), "m.zip"),
        (zipped({"m\\..\\out.txt": b"x"}), "m.zip"),
        (symlink_in_zip(), "m.zip"),
        (tarred({"../out.txt": b"x"}), "m.tar.gz"),
        (tarred({"/out.txt": b"x"}), "m.tar.gz"),
        (link("m/link", tarfile.SYMTYPE, "/etc"), "m.tar.gz"),
        (link("m/hard", tarfile.LNKTYPE, "/etc/passwd"), "m.tar.gz"),
        (link("m/pipe", tarfile.FIFOTYPE), "m.tar.gz"),
        (link("m/disk", tarfile.BLKTYPE), "m.tar.gz"),
        (zipped({}), "m.zip"),
        (tarred({"m/a": b"x", "m/a/b": b"x"}), "m.tar.gz"),
        (zipped(FILES)[:-30], "m.zip"),
        (tarred(FILES)[:-3000], "m.tar.gz"),
        (b"no archive at all", "m.zip"),
        (zipped({f"m/{n}": b"" for n in range(10_001)}), "m.zip"),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else "archive"
    ),  # no bytes: they hold the time
)
def test_what_is_not_to_be_trusted_is_refused(archive: bytes, name: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError):
        unpacked(archive, name, tmp_path / "x")
    assert not list(tmp_path.glob("**/out.txt"))


@pytest.mark.parametrize(("pack", "name"), [(zipped, "m.zip"), (tarred, "m.tar.gz")])
def test_a_bomb_is_stopped_where_the_list_says(
    pack: Callable[[dict[str, bytes]], bytes], name: str, tmp_path: Path
) -> None:
    bomb = pack({"m/zeros": bytes(50_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(FetchError, match="holds more than the list says"):
        unpacked(bomb, name, tmp_path / "x")
    assert sum(len(body) for body in tree(tmp_path / "x").values()) <= 100_000
