"""The key that signs releases.

`keys.py KEY` makes one where there is none, and writes its public half to KEY.pub.

KEY is 64 hex digits, the seed of an ed25519 key, readable by its owner alone; KEY.pub is what
devices hold.
"""

import base64
import os
import re
import sys
from pathlib import Path

from nacl.encoding import HexEncoder
from nacl.signing import SigningKey

_SEED = re.compile(rb"[0-9a-f]{64}")
# RFC 8410: what stands before the 32 bytes in a SubjectPublicKeyInfo.
_SPKI_HEAD = bytes.fromhex("302a300506032b6570032100")


def make(path: Path) -> bool:
    """Whether there was none and one was made. Another's is never overwritten. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(SigningKey.generate().encode(HexEncoder) + b"\n")
    return True


def read(path: Path) -> SigningKey:
    """Raises OSError, ValueError (without the key's text) for what is not a key or is open to
    others.
    """
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} can be read by others; chmod 600 it")
    text = path.read_bytes().strip()
    if not _SEED.fullmatch(text):
        raise ValueError(f"{path} is not a key: 64 hex digits are")
    return SigningKey(text, HexEncoder)


def public_hex(key: SigningKey) -> str:
    """As the device has it."""
    return key.verify_key.encode(HexEncoder).decode()


def public_pem(key: SigningKey) -> str:
    """As openssl reads it."""
    text = base64.b64encode(_SPKI_HEAD + key.verify_key.encode()).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


def main(path: Path) -> int:
    """Exit status: 1 when the file is there and is not a key."""
    try:
        made = make(path)
        public = path.with_name(path.name + ".pub")
        public.write_text(public_hex(read(path)) + "\n")
    except (OSError, ValueError) as error:
        print(f"no signature without a key: {error}", file=sys.stderr)
        return 1
    if made:
        print(
            f"made a new key, {path}: whoever loses it can update no device that knows it",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
