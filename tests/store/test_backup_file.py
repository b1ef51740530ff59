"""The file of a backup: anybody can read what is written, and what is read is not believed."""

import gzip
import hashlib
import io
import json
import resource
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from ren_device.errors import StoreError
from ren_device.store.backup_file import Packed, check, pack, unpack
from tests.store.hostile_backups import HOSTILE, SEED, SNAPSHOT, backup, manifest, tar

NOON = datetime.fromisoformat("2026-06-25T12:00:00.654321")


def packed(folder: Path, **contents: bytes) -> Packed:
    names = {"store": "store.snapshot", "identity": "identity.key"}
    files = {}
    for name, data in contents.items():
        files[names[name]] = folder / names[name]
        files[names[name]].write_bytes(data)
    return pack(files, version="1.0.0", name="Ren é", at=NOON)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 300_000])
@pytest.mark.parametrize("zipped", [False, True])
def test_what_is_packed_can_be_unpacked(
    tmp_path: Path, empty: Path, size: int, zipped: bool
) -> None:
    data = bytes(number % 251 for number in range(size))
    made = packed(tmp_path, store=data, identity=SEED)
    content = b"".join(made.pieces())
    assert len(content) == made.size_bytes
    path = tmp_path / "backup"
    path.write_bytes(gzip.compress(content) if zipped else content)
    found = unpack(path, empty)
    assert found == made.manifest == check(path)
    assert (found.name, found.version, found.has_identity) == ("Ren é", "1.0.0", True)
    assert found.created_at == NOON.replace(microsecond=0)
    assert (empty / "store.snapshot").read_bytes() == data
    assert (empty / "identity.key").read_bytes() == SEED
    assert stat.S_IMODE((empty / "identity.key").stat().st_mode) == 0o600


def test_others_can_read_it_too(tmp_path: Path) -> None:
    content = b"".join(packed(tmp_path, store=SNAPSHOT).pieces())
    with tarfile.open(fileobj=io.BytesIO(content)) as file:
        assert file.getnames() == ["manifest.json", "store.snapshot"]
        head = file.extractfile("manifest.json")
        assert head is not None
        fields = json.load(head)
        assert all(member.mode == 0o600 for member in file)
    part = {"bytes": len(SNAPSHOT), "sha256": hashlib.sha256(SNAPSHOT).hexdigest()}
    assert fields["contents"] == {"store.snapshot": part}
    assert (fields["kind"], fields["format"]) == ("ren-backup", 1)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
def test_what_others_packed_again_can_be_read(tmp_path: Path, empty: Path, form: int) -> None:
    path = tmp_path / "backup.tar"
    members = [
        ("manifest.json", manifest({"store.snapshot": SNAPSHOT})),
        ("store.snapshot", SNAPSHOT),
    ]
    path.write_bytes(tar(members, form))
    assert unpack(path, empty).name == "Ren"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_one_is_refused_in_one_sentence(tmp_path: Path, empty: Path, name: str) -> None:
    path = tmp_path / "backup"
    path.write_bytes(HOSTILE[name]())
    with pytest.raises(StoreError) as told:
        unpack(path, empty)
    assert str(told.value).isprintable()
    if name != "more than fits the disk":  # which only matters to who unpacks
        with pytest.raises(StoreError):
            check(path)
    assert {each.name for each in tmp_path.iterdir()} == {"backup", "unpacked"}
    assert {each.name for each in empty.iterdir()} <= {"store.snapshot"}


def test_a_newer_one_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    path.write_bytes(backup(format=2, contents={"hologram": 1}))
    with pytest.raises(StoreError, match=r"newer Ren.*update Ren first"):
        check(path)


def test_one_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = backup({"store.snapshot": SNAPSHOT, "identity.key": SEED})
    end = whole.rstrip(b"\0")
    path = tmp_path / "backup"
    for size in range(0, len(end), 97):
        path.write_bytes(whole[:size])
        with pytest.raises(StoreError):
            check(path)


def test_one_with_a_flipped_byte_anywhere_is_refused_or_says_the_same(tmp_path: Path) -> None:
    whole = bytearray(backup({"store.snapshot": SNAPSHOT, "identity.key": SEED}))
    path = tmp_path / "backup"
    path.write_bytes(whole)
    parts = check(path).parts
    refused = 0
    for at in range(0, 3072, 7):
        whole[at] ^= 0x01
        path.write_bytes(whole)
        try:
            # A digit of the date may have changed: the manifest vouches for the data, not itself.
            assert check(path).parts == parts
        except StoreError:
            refused += 1
        whole[at] ^= 0x01
    assert refused > 200


def test_a_full_disk_is_a_clear_error(tmp_path: Path, empty: Path) -> None:
    path = tmp_path / "backup"
    path.write_bytes(backup({"store.snapshot": SNAPSHOT * 1000}))
    with full_disk(), pytest.raises(StoreError, match="File too large"):
        unpack(path, empty)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        check(tmp_path / "none")


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow past ten bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
