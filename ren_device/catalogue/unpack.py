"""Unpacks an archive that may be broken or hostile: nothing leaves the directory, nothing swells.

Only plain files and directories come out, as the list says how much at most. What an archive says
of owners, modes, links and devices is not believed.
"""

import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_IFMT, S_ISDIR, S_ISREG
from typing import IO

from ren_device.errors import FetchError

_MOST_FILES = 10_000
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Member:
    path: PurePosixPath
    open: Callable[[], IO[bytes] | None]


def unpack(archive: Path, into: Path, at_most: int) -> None:
    """Unpack all files, at most so many bytes, without the one directory they are all in.

    Blocks; every file is on disk when it returns. `into` is to be thrown away when it raises:
    FetchError for an archive that is broken or not to be trusted, OSError for a full disk.
    """
    left = at_most
    try:
        with _members(archive) as members:
            top = {member.path.parts[0] for member in members}
            strip = 1 if len(top) == 1 and all(len(each.path.parts) > 1 for each in members) else 0
            for member in members:
                target = into.joinpath(*member.path.parts[strip:])
                target.parent.mkdir(parents=True, exist_ok=True)
                left = _write(member, target, left)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        FileExistsError,
        IsADirectoryError,
        NotADirectoryError,
        NotImplementedError,  # a way of packing that this Python does not know
        RuntimeError,  # it is encrypted
        ValueError,
        lzma.LZMAError,
        zlib.error,
    ) as error:
        raise FetchError(f"{archive.name} cannot be unpacked: {error}") from None


def copy(source: Path, target: Path) -> None:
    """A copy that is on disk when it returns."""
    with source.open("rb") as read, target.open("xb") as written:
        shutil.copyfileobj(read, written, _CHUNK_BYTES)
        _sync(written)


def _write(member: _Member, target: Path, left: int) -> int:
    source = member.open()
    if source is None:
        raise FetchError(f"{member.path} in the archive cannot be read")
    with source, target.open("xb") as written:
        while chunk := source.read(min(_CHUNK_BYTES, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise FetchError("the archive holds more than the list says; nothing is kept of it")
            written.write(chunk)
        _sync(written)
    return left


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _members(archive: Path) -> Iterator[list[_Member]]:
    """All files of a zip or tar archive; directories come about by themselves."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield _checked(_zipped(opened))
    else:
        with tarfile.open(archive) as opened_tar:
            yield _checked(_tarred(opened_tar))


def _zipped(opened: zipfile.ZipFile) -> Iterator[_Member]:
    for info in opened.infolist():
        mode = info.external_attr >> 16
        if S_IFMT(mode) and not (S_ISREG(mode) or S_ISDIR(mode)):
            raise FetchError(f"{info.filename} in the archive is no plain file")
        if not info.is_dir():
            yield _Member(PurePosixPath(info.filename), lambda info=info: opened.open(info))  # type: ignore[misc]


def _tarred(opened: tarfile.TarFile) -> Iterator[_Member]:
    for info in opened:
        if not (info.isreg() or info.isdir()):
            raise FetchError(f"{info.name} in the archive is no plain file")
        if info.isreg():
            yield _Member(PurePosixPath(info.name), lambda info=info: opened.extractfile(info))  # type: ignore[misc]


def _checked(found: Iterator[_Member]) -> list[_Member]:
    members: list[_Member] = []
    for member in found:
        parts = member.path.parts
        name = str(member.path)
        if not parts or member.path.is_absolute() or ".." in parts or "\\" in name or "\0" in name:
            raise FetchError(f"{name!r} in the archive would be written elsewhere")
        members.append(member)
        if len(members) > _MOST_FILES:
            raise FetchError(f"the archive holds more than {_MOST_FILES} files")
    if not members:
        raise FetchError("the archive is empty")
    return members
