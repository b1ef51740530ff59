"""The file of an update: a tar of a manifest, its signature and a slot's file system.

It is read as a stream, and with suspicion: the three members come in this order, and every byte
around them is the one that `write_bundle` writes, so that tar's further arts have no place. The
signature (ed25519, PyNaCl) covers the manifest, and the manifest holds the slot's hash.
"""

import hashlib
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ren_device.errors import UpdateError
from ren_device.updates.manifest import Manifest, parse

if TYPE_CHECKING:
    from nacl.signing import SigningKey

MANIFEST, SIGNATURE, SLOT = "manifest.json", "manifest.sig", "slot.ext4"
PIECE_BYTES = 1 << 20

_LARGEST_MANIFEST = 64 * 1024
_SIGNATURE_BYTES = 64
_TAR_BLOCK = 512
_END = bytes(2 * _TAR_BLOCK)
_PUBLIC_KEY = re.compile(r"[0-9a-f]{64}")
_SIZE = slice(124, 136)  # where a header has it, in octal digits
_STRANGE = "this is not an update of Ren, or it is damaged"


class Source(Protocol):
    """Where an update comes from, byte after byte."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end. Blocks. Raises UpdateError or OSError."""


class Bundle:
    """An update whose manifest is signed by who may; its slot is still to be read."""

    def __init__(self, source: Source, manifest: Manifest) -> None:
        """Use `open_bundle` instead."""
        self._source = source
        self.manifest = manifest

    def slot(self) -> Iterator[bytes]:
        """The slot's file system, once, in pieces of up to 1 MiB. Blocks.

        Raises UpdateError: at its end, too, when it is not what the manifest says, so nothing
        may be believed before that.
        """
        digest = hashlib.sha256()
        left = self.manifest.slot_bytes
        while left:
            piece = _exactly(self._source, min(left, PIECE_BYTES))
            left -= len(piece)
            digest.update(piece)
            yield piece
        # Whole blocks: no padding.
        if digest.hexdigest() != self.manifest.slot_sha256:
            raise UpdateError("the update is damaged: its system is not what was signed")
        if _exactly(self._source, len(_END)) != _END or self._source.read(1):
            raise UpdateError("the update holds more than its manifest says")


def open_bundle(source: Source, public_key_hex: str) -> Bundle:
    """Read and check what comes before the slot. Blocks. Raises UpdateError."""
    header = _exactly(source, _TAR_BLOCK)
    try:
        size = int(header[_SIZE].rstrip(b"\0"), 8)
    except ValueError:
        raise UpdateError(_STRANGE) from None
    if not 0 < size <= _LARGEST_MANIFEST:
        raise UpdateError(_STRANGE)
    _expect(header, MANIFEST, size)
    text = _member(source, size)
    _expect(_exactly(source, _TAR_BLOCK), SIGNATURE, _SIGNATURE_BYTES)
    _check(text, _member(source, _SIGNATURE_BYTES), public_key_hex)
    manifest = parse(text)
    _expect(_exactly(source, _TAR_BLOCK), SLOT, manifest.slot_bytes)
    return Bundle(source, manifest)


def write_bundle(target: BinaryIO, manifest: Manifest, slot: Path, key: "SigningKey") -> None:
    """Write an update of this slot, always the same bytes for the same input. Blocks.

    `manifest` must be this slot's: see `measured`. Raises OSError.
    """
    text = manifest.to_bytes()
    target.write(_header(MANIFEST, len(text)) + text + bytes(-len(text) % _TAR_BLOCK))
    signature = key.sign(text).signature
    target.write(_header(SIGNATURE, _SIGNATURE_BYTES))
    target.write(signature + bytes(-len(signature) % _TAR_BLOCK))
    target.write(_header(SLOT, manifest.slot_bytes))
    with slot.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            target.write(piece)
    target.write(_END)


def measured(slot: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a slot, for its manifest. Blocks. Raises OSError."""
    with slot.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _check(text: bytes, signature: bytes, public_key_hex: str) -> None:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    if not _PUBLIC_KEY.fullmatch(public_key_hex):
        raise UpdateError("this system's release key is damaged: flash the card anew")
    try:
        VerifyKey(bytes.fromhex(public_key_hex)).verify(text, signature)
    except BadSignatureError:
        raise UpdateError(
            "this update is not signed by who made this system; nothing was changed"
        ) from None


def _header(name: str, size: int) -> bytes:
    """The one tar header (ustar, POSIX.1-1988) that a file of this name and size has here."""
    fields = struct.pack(
        "100s8s8s8s12s12s8s1s100s6s2s247x",
        name.encode(),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"00000000000\0",
        b" " * 8,
        b"0",
        b"",
        b"ustar\0",
        b"00",
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def _expect(header: bytes, name: str, size: int) -> None:
    if header != _header(name, size):
        raise UpdateError(_STRANGE)


def _member(source: Source, size: int) -> bytes:
    content = _exactly(source, size)
    padding = -size % _TAR_BLOCK
    if _exactly(source, padding) != bytes(padding):
        raise UpdateError(_STRANGE)
    return content


def _exactly(source: Source, size: int) -> bytes:
    pieces = []
    left = size
    while left:
        piece = source.read(left)
        if not piece:
            raise UpdateError("the update is cut off")
        left -= len(piece)
        pieces.append(piece)
    return b"".join(pieces)
