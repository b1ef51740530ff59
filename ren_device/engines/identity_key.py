"""The speaker's ed25519 key, in a file that only Ren can read. Uses PyNaCl."""

import os
import re
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ren_device.errors import StoreError

if TYPE_CHECKING:
    from nacl.signing import SigningKey

FILE_NAME = "identity.key"
_SEED_BYTES = 32
_SEED_HEX = re.compile(rb"[0-9a-f]{64}\n?")


class IdentityKey:
    """Signs for this speaker. The file holds the 32-byte seed as 64 hex digits."""

    def __init__(self, key: "SigningKey") -> None:
        """Use `open` instead."""
        self._key = key

    @classmethod
    def open(cls, data_dir: Path) -> Self:
        """Read the key, or make one on the first start. Blocks for a disk write.

        Raises StoreError; a file that is there but is no key is left as it is, never replaced.
        """
        from nacl.signing import SigningKey

        path = data_dir / FILE_NAME
        try:
            seed = _read(path)
            if seed is None:
                _create(path, os.urandom(_SEED_BYTES))
                # Read back: another process may have been first.
                seed = _read(path)
        except OSError as error:
            raise StoreError(
                f"The identity key {path} cannot be read or made: {error.strerror or error}."
            ) from None
        if seed is None:
            raise StoreError(f"The identity key {path} went away while it was made.")
        return cls(SigningKey(seed))

    @property
    def public_key_hex(self) -> str:
        """64 hex digits."""
        return bytes(self._key.verify_key).hex()

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over `message`."""
        return self._key.sign(message).signature


def _read(path: Path) -> bytes | None:
    """The seed, or None where there is no file. Raises OSError and StoreError."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                os.fchmod(file.fileno(), 0o600)
            content = file.read(2 * _SEED_BYTES + 2)
    except FileNotFoundError:
        return None
    if not _SEED_HEX.fullmatch(content):
        raise StoreError(
            f"{path} is not an identity key; restore it from a backup, or remove it to let Ren"
            " become somebody new."
        )
    return bytes.fromhex(content.decode())


def _create(path: Path, seed: bytes) -> None:
    """Put a whole key in place, or leave the one that appeared meanwhile. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file with mode 0600 and O_EXCL.
    handle, name = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(seed.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces a key that is there.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
