"""The file of an update: whoever changes one byte of it has changed nothing on a speaker."""

import json
import struct
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ren_device.errors import UpdateError
from ren_device.updates.bundle import PIECE_BYTES, open_bundle
from ren_device.updates.manifest import LARGEST_SLOT_BYTES, Manifest, parse
from tests.updates.scene import BOARD, KEY, PUBLIC_KEY_HEX, content, packed, sha256

SLOT = content(2 * PIECE_BYTES + 8192)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return packed(tmp_path_factory.mktemp("small"), content(4096))


class Trickle(BytesIO):
    """Gives a little at a time, as networks do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 60_000))


def read(update: bytes, make: Callable[[bytes], BytesIO] = BytesIO) -> bytes:
    """All of its slot. Raises UpdateError."""
    return b"".join(open_bundle(make(update), PUBLIC_KEY_HEX).slot())


def test_what_was_packed_comes_out(tmp_path: Path) -> None:
    update = packed(tmp_path, SLOT)
    assert read(update) == SLOT
    assert read(update, Trickle) == SLOT
    manifest = open_bundle(BytesIO(update), PUBLIC_KEY_HEX).manifest
    assert (manifest.version, manifest.build, manifest.slot_bytes) == ("1.1.0", "next", len(SLOT))
    assert packed(tmp_path, SLOT) == update  # to the byte


def test_it_is_a_tar_to_everybody_else(small: bytes) -> None:
    with tarfile.open(fileobj=BytesIO(small), mode="r:") as tar:
        assert tar.getnames() == ["manifest.json", "manifest.sig", "slot.ext4"]
        manifest, slot = tar.extractfile("manifest.json"), tar.extractfile("slot.ext4")
        assert manifest is not None
        assert slot is not None
        fields = json.loads(manifest.read())
        assert fields["slot"] == {"bytes": 4096, "sha256": sha256(slot.read())}
        assert fields["hardware"] == [BOARD, "linux,dummy-virt"]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_byte_can_be_changed(small: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(small) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = bytearray(small)
    changed[at] ^= flip
    with pytest.raises(UpdateError):
        read(bytes(changed))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_none_can_be_missing_or_added(small: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(small) - 1))
    with pytest.raises(UpdateError):
        read(small[:at])
    with pytest.raises(UpdateError):
        read(small[:at] + data.draw(st.binary(min_size=1, max_size=600)) + small[at:] + b"\1")


@settings(max_examples=30, deadline=None)
@given(noise=st.binary(max_size=2000))
def test_anything_else_is_no_update(noise: bytes) -> None:
    with pytest.raises(UpdateError):
        read(noise)


def test_a_strangers_signature_is_refused_before_the_slot_is_asked_for(tmp_path: Path) -> None:
    update = packed(tmp_path, SLOT, SigningKey(bytes(32)))
    source = BytesIO(update)
    with pytest.raises(UpdateError, match="not signed by who made this system"):
        open_bundle(source, PUBLIC_KEY_HEX)
    assert source.tell() <= 4 * 1024


def tarred(*members: tuple[str, bytes], **changed: object) -> bytes:
    """As tar writes it; `changed` is what is strange about each member."""
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            for field, value in changed.items():
                setattr(about, field, value)
            tar.addfile(about, BytesIO(data))
    return file.getvalue()


def members(update: bytes) -> list[tuple[str, bytes]]:
    with tarfile.open(fileobj=BytesIO(update), mode="r:") as tar:
        found = [(each.name, tar.extractfile(each)) for each in tar]
    return [(name, file.read()) for name, file in found if file is not None]


def test_another_order_other_members_and_tars_arts_are_refused(tmp_path: Path) -> None:
    manifest, signature, slot = members(packed(tmp_path, content(4096)))
    assert read(tarred(manifest, signature, slot)[: 5 * 512 + 4096 + 1024]) == slot[1]
    for order in (
        (signature, manifest, slot),
        (manifest, slot, signature),
        (slot, manifest, signature),
        (manifest, slot),
        (manifest, signature),
        (manifest, signature, slot, ("more", b"x")),
        (manifest, ("../etc/passwd", b"x"), signature, slot),
    ):
        with pytest.raises(UpdateError):
            read(tarred(*order))
    for changed in (
        {"type": tarfile.SYMTYPE, "linkname": "/etc/shadow"},
        {"mode": 0o4755},
        {"uid": 1000},
        {"uname": "root"},
        {"mtime": 1},
    ):
        with pytest.raises(UpdateError):
            read(tarred(manifest, signature, slot, **changed))


@pytest.mark.parametrize("size", [0, 65 * 1024, 8**11 - 1])
def test_a_manifest_of_a_strange_size_is_not_read(size: int, small: bytes) -> None:
    header = bytearray(small[:512])
    header[124:136] = b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    source = BytesIO(bytes(header) + bytes(1 << 20))
    with pytest.raises(UpdateError):
        open_bundle(source, PUBLIC_KEY_HEX)
    assert source.tell() <= 1024


def test_a_bomb_is_put_out_at_its_manifest(tmp_path: Path) -> None:
    """What is more than was signed is not even read: two blocks, and one byte."""
    update = packed(tmp_path, content(4096))
    bomb = BytesIO(update[:-1024] + bytes(50_000_000))
    with pytest.raises(UpdateError, match="more than its manifest says"):
        list(open_bundle(bomb, PUBLIC_KEY_HEX).slot())
    assert bomb.tell() == len(update) + 1


def manifest(**changed: object) -> bytes:
    fields = json.loads(Manifest("1.0.0", "b1", 1, 1, (BOARD,), 4096, "0" * 64).to_bytes())
    return json.dumps({**fields, **changed}).encode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "ren-backup"}, "not an update of Ren"),
        ({"format": True}, "not an update of Ren"),
        ({"format": 2}, "newer kind"),
        ({"version": "1.0\n0"}, "not whole"),
        ({"version": ""}, "not whole"),
        ({"build": 7}, "not whole"),
        ({"data_format": 0}, "not whole"),
        ({"boot_format": "1"}, "not whole"),
        ({"hardware": "x"}, ""),
        ({"hardware": [1]}, "not whole"),
        ({"slot": []}, "not whole"),
        ({"slot": {"bytes": -4096, "sha256": "0" * 64}}, "not whole"),
        ({"slot": {"bytes": 4097, "sha256": "0" * 64}}, "a size that no slot has"),
        ({"slot": {"bytes": 2 * LARGEST_SLOT_BYTES, "sha256": "0" * 64}}, "a size that no slot"),
        ({"slot": {"bytes": 4096, "sha256": "x"}}, "not whole"),
    ],
)
def test_a_manifest_is_whole_or_refused(changed: dict[str, object], said: str) -> None:
    if not said:
        assert parse(manifest(**changed)).hardware == ("x",)  # a board like any other
        return
    with pytest.raises(UpdateError, match=said):
        parse(manifest(**changed))


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"7", b"\xff", b"{" * 40_000, b'{"kind":"ren-update"}']
)
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(UpdateError):
        parse(text)


def test_a_signed_manifest_must_be_the_tars(tmp_path: Path) -> None:
    """Signed by us, but around it a slot of another size."""
    text, _, slot = members(packed(tmp_path, content(4096)))
    signature = KEY.sign(text[1]).signature
    with pytest.raises(UpdateError):
        read(tarred(text, ("manifest.sig", signature), (slot[0], slot[1] + bytes(4096))))


def test_a_damaged_release_key_is_said(small: bytes) -> None:
    with pytest.raises(UpdateError, match="release key"):
        open_bundle(BytesIO(small), "what?")


def test_headers_are_plain_ustar(small: bytes) -> None:
    assert small[257:265] == b"ustar\x0000"
    assert struct.unpack_from("100s8s8s8s", small)[1:] == (b"0000644\0", b"0000000\0", b"0000000\0")
