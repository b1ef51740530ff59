import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from ren_device.engines.identity_key import FILE_NAME, IdentityKey
from ren_device.errors import StoreError


def test_the_key_is_made_once_and_only_ren_may_read_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "not" / "there"
    first = IdentityKey.open(data_dir)
    [file] = data_dir.iterdir()
    assert file.name == FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(bytes.fromhex(first.public_key_hex)) == 32
    assert IdentityKey.open(data_dir).public_key_hex == first.public_key_hex


def test_two_speakers_have_two_keys(tmp_path: Path) -> None:
    one, two = IdentityKey.open(tmp_path / "one"), IdentityKey.open(tmp_path / "two")
    assert one.public_key_hex != two.public_key_hex


def test_the_signature_holds_for_the_message_and_no_other(tmp_path: Path) -> None:
    key = IdentityKey.open(tmp_path)
    signature = key.sign(b"the card")
    assert len(signature) == 64
    verify = VerifyKey(bytes.fromhex(key.public_key_hex)).verify
    assert verify(b"the card", signature) == b"the card"
    with pytest.raises(BadSignatureError):
        verify(b"the cart", signature)


def test_the_key_in_the_file_is_the_one_of_rfc_8032(tmp_path: Path) -> None:
    seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    (tmp_path / FILE_NAME).write_text(f"{seed}\n")
    key = IdentityKey.open(tmp_path)
    assert key.public_key_hex == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974")


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"ab" * 31, b"ab" * 32 + b"\n\n", b"AB" * 32, b"\xff" * 64]
)
def test_a_broken_key_file_is_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(StoreError, match=str(path)):
        IdentityKey.open(tmp_path)
    assert path.read_bytes() == content


def test_a_key_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StoreError, match="cannot be read or made"):
        IdentityKey.open(tmp_path)


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be read or made"):
        IdentityKey.open(tmp_path / "file" / "data")


def test_a_key_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    IdentityKey.open(tmp_path)
    path = tmp_path / FILE_NAME
    path.chmod(0o644)
    IdentityKey.open(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_starts_at_the_same_time_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: IdentityKey.open(tmp_path), range(32)))
    assert len({key.public_key_hex for key in keys}) == 1
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


def test_the_key_never_shows_in_a_repr(tmp_path: Path) -> None:
    key = IdentityKey.open(tmp_path)
    assert (tmp_path / FILE_NAME).read_text().strip() not in repr(vars(key)) + repr(key)
