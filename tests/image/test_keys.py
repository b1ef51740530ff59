import subprocess
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from image.release import keys


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    place = tmp_path / "made/for/it/key"
    assert keys.main(place) == 0
    first = place.read_bytes()
    assert place.stat().st_mode & 0o777 == 0o600
    assert keys.main(place) == 0
    assert place.read_bytes() == first
    public = bytes.fromhex((place.parent / "key.pub").read_text().strip())
    VerifyKey(public).verify(keys.read(place).sign(b"a list"))


def test_openssl_checks_a_signature(tmp_path: Path) -> None:
    place, text, signature = tmp_path / "key", tmp_path / "list", tmp_path / "list.sig"
    keys.make(place)
    key = keys.read(place)
    (tmp_path / "pem").write_text(keys.public_pem(key))
    text.write_bytes(b"digest  file\n")
    signature.write_bytes(key.sign(text.read_bytes()).signature)
    check = f"openssl pkeyutl -verify -pubin -inkey {tmp_path}/pem -rawin".split()
    check += f"-in {text} -sigfile {signature}".split()
    assert subprocess.run(check, stdout=subprocess.DEVNULL, check=False).returncode == 0
    text.write_bytes(b"digest  File\n")
    assert subprocess.run(check, stdout=subprocess.DEVNULL, check=False).returncode == 1


@pytest.mark.parametrize("text", ["", "ab" * 31, "xy" * 32, "ab" * 33])
def test_what_is_no_key_is_refused_without_being_shown(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "key"
    place.write_text(text)
    place.chmod(0o600)
    assert keys.main(place) == 1
    said = capsys.readouterr().err
    assert "is not a key" in said
    assert not text or text not in said


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "key"
    keys.make(place)
    place.chmod(0o640)
    with pytest.raises(ValueError, match="can be read by others"):
        keys.read(place)
