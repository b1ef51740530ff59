"""The file of a backup: a tar of a manifest and of what it lists. Read with suspicion.

A backup comes from anywhere, so nothing is taken from it but the few names that Ren itself writes,
in the order and with the sizes and hashes that its manifest states, and tar's further arts (links,
directories, long names) are refused. A gzip around it is seen through.
"""

import errno
import gzip
import hashlib
import json
import os
import re
import shutil
import tarfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from ren_device.errors import StoreError

FORMAT = 1
MANIFEST = "manifest.json"
SNAPSHOT = "store.snapshot"
IDENTITY = "identity.key"

_KIND = "ren-backup"
_LARGEST_MANIFEST = 64 * 1024
_SPARE_BYTES = 16 * 1024 * 1024  # left free on the disk for Ren to go on with
_CHUNK = 256 * 1024
_BLOCK = 512
_GZIP = b"\x1f\x8b"
_SEED_HEX = re.compile(rb"[0-9a-f]{64}\n?")  # what the identity's own file holds
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Part:
    """A file within a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says about itself. `created_at` is the speaker's wall clock, naive."""

    version: str
    name: str
    created_at: datetime
    parts: Mapping[str, Part]

    @property
    def has_identity(self) -> bool:
        """Whether the speaker's key is in it."""
        return IDENTITY in self.parts


@dataclass(frozen=True, slots=True)
class Packed:
    """A backup that is ready to be written out, from files that must stay as they are."""

    manifest: Manifest
    files: Mapping[str, Path]

    @property
    def size_bytes(self) -> int:
        """Of the whole tar."""
        return sum(map(_padded, self._sizes().values())) + (len(self._sizes()) + 2) * _BLOCK

    def pieces(self) -> Iterator[bytes]:
        """The tar, up to 256 KiB at a time. Blocks for reads; raises OSError."""
        at = self.manifest.created_at
        text = _manifest_json(self.manifest)
        yield _header(MANIFEST, len(text), at) + text + _padding(len(text))
        for name, part in self.manifest.parts.items():
            yield _header(name, part.bytes, at)
            with self.files[name].open("rb") as file:
                yield from _measured_pieces(file, part.bytes)
            yield _padding(part.bytes)
        yield bytes(2 * _BLOCK)

    def _sizes(self) -> dict[str, int]:
        sizes = {name: part.bytes for name, part in self.manifest.parts.items()}
        return {MANIFEST: len(_manifest_json(self.manifest)), **sizes}


def pack(files: Mapping[str, Path], *, version: str, name: str, at: datetime) -> Packed:
    """Describe these files. Blocks; raises OSError."""
    parts = {each: _measured(path) for each, path in files.items()}
    return Packed(Manifest(version, name, at.replace(microsecond=0), parts), files)


def unpack(path: Path, folder: Path) -> Manifest:
    """Check all of a backup and put its parts, durable, into the empty `folder`. Blocks.

    Raises StoreError for whatever is wrong with it, and when there is no room.
    """
    return _opened(path, folder)


def check(path: Path) -> Manifest:
    """Check all of a backup and leave it at that. Blocks. Raises StoreError."""
    return _opened(path, None)


def write_durably(path: Path, content: Iterator[bytes]) -> None:
    """A new file, 0600, on disk when the call returns. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in content:
            file.write(piece)
        file.flush()
        os.fsync(descriptor)


def replace_durably(path: Path, content: bytes) -> None:
    """In place of what was in the file: all of it or nothing. Raises OSError."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    write_durably(draft, iter([content]))
    draft.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make names durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- reading -------------------------------------------------------------------------------------


def _opened(path: Path, folder: Path | None) -> Manifest:
    try:
        with path.open("rb") as file:
            zipped = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            source = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if zipped else file
            return _unpack(source, folder)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise StoreError("The backup is damaged: its compression is broken.") from None
    except OSError as error:
        raise StoreError(f"The backup cannot be read: {error.strerror or error}.") from None


def _unpack(source: BinaryIO, folder: Path | None) -> Manifest:
    name, size = _next(source)
    if name != MANIFEST or size > _LARGEST_MANIFEST:
        raise StoreError("This is not a backup of Ren: it does not begin with a manifest.")
    manifest = _parsed(b"".join(_content(source, size)))
    needed = sum(part.bytes for part in manifest.parts.values())
    if folder is not None and needed + _SPARE_BYTES > shutil.disk_usage(folder).free:
        raise StoreError(f"There is no room for the backup: it needs {needed >> 20} MiB.")
    for expected, part in manifest.parts.items():
        name, size = _next(source)
        if (name, size) != (expected, part.bytes):
            raise StoreError(f"The backup is damaged: {expected} is not where it should be.")
        digest = hashlib.sha256()
        content = _hashed(_content(source, size), digest.update)
        if expected == IDENTITY:
            content = iter([_seed(b"".join(content))])
        if folder is None:
            deque(content, maxlen=0)
        else:
            write_durably(folder / expected, content)
        if digest.hexdigest() != part.sha256:
            raise StoreError(f"The backup is damaged: {expected} is not what it was.")
    if _next(source, end=True) != ("", 0):
        raise StoreError("The backup holds more than its manifest says.")
    return manifest


def _seed(content: bytes) -> bytes:
    if not _SEED_HEX.fullmatch(content):
        raise StoreError("The backup is damaged: what it holds as identity is none.")
    return content


def _next(source: BinaryIO, *, end: bool = False) -> tuple[str, int]:
    """Name and size of the next file; ("", 0) at the end, which must be expected."""
    block = _exactly(source, _BLOCK)
    if not any(block) and end:
        return "", 0
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        raise StoreError("This is not a backup of Ren, or it is damaged.") from None
    if not info.isreg() or info.sparse is not None or info.size < 0:
        raise StoreError("This is not a backup of Ren: it holds more than plain files.")
    return info.name, info.size


def _content(source: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = _exactly(source, min(left, _CHUNK))
        left -= len(piece)
        yield piece
    _exactly(source, len(_padding(size)))


def _exactly(source: BinaryIO, size: int) -> bytes:
    piece = source.read(size)
    if len(piece) != size:
        raise StoreError("The backup is damaged: it is cut off.")
    return piece


def _parsed(text: bytes) -> Manifest:
    try:
        fields = json.loads(text)
        kind, form = fields["kind"], fields["format"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise StoreError("This is not a backup of Ren: its manifest cannot be read.") from None
    if kind != _KIND or not isinstance(form, int) or form < 1:
        raise StoreError("This is not a backup of Ren.")
    if form > FORMAT:
        raise StoreError(
            f"A newer Ren made this backup (format {form}, this one reads up to {FORMAT}):"
            " update Ren first."
        )
    try:
        parts = {name: _part(name, part) for name, part in fields["contents"].items()}
        at = datetime.fromisoformat(fields["created_at"]).replace(tzinfo=None)
        manifest = Manifest(str(fields["version"]), str(fields["name"]), at, parts)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise StoreError("The backup is damaged: its manifest is not whole.") from None
    if SNAPSHOT not in parts:
        raise StoreError("The backup is damaged: it lists no data.")
    return manifest


def _part(name: str, fields: Mapping[str, object]) -> Part:
    size, digest = fields["bytes"], fields["sha256"]
    if name not in (SNAPSHOT, IDENTITY) or not isinstance(size, int) or size < 0:
        raise ValueError(name)
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise ValueError(name)
    if name == IDENTITY and size > _BLOCK:
        raise ValueError(name)
    return Part(size, digest)


# --- writing -------------------------------------------------------------------------------------


def _manifest_json(manifest: Manifest) -> bytes:
    contents = {
        name: {"bytes": part.bytes, "sha256": part.sha256} for name, part in manifest.parts.items()
    }
    fields = {
        "kind": _KIND,
        "format": FORMAT,
        "version": manifest.version,
        "name": manifest.name,
        "created_at": manifest.created_at.isoformat(timespec="seconds"),
        "contents": contents,
    }
    return json.dumps(fields, indent=2).encode() + b"\n"


def _header(name: str, size: int, at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(at.timestamp())
    return info.tobuf(tarfile.USTAR_FORMAT)


def _padded(size: int) -> int:
    return size + len(_padding(size))


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _measured(path: Path) -> Part:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Part(file.tell(), digest)


def _measured_pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """As many bytes as were promised. Raises OSError when the file has become shorter."""
    left = size
    while left:
        piece = file.read(min(left, _CHUNK))
        if not piece:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        left -= len(piece)
        yield piece


def _hashed(pieces: Iterator[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        update(piece)
        yield piece
