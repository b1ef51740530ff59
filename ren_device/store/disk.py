"""The few things that the store asks of a disk, so that tests can be one that fails."""

import os
from pathlib import Path
from typing import BinaryIO, Protocol


class AppendFile(Protocol):
    """A file that is open for writing at its end."""

    def append(self, data: bytes) -> None:
        """Write all of it. Raises OSError; then a part of it may be there."""

    def sync(self) -> None:
        """Return when all that was written is durable. Raises OSError."""

    def truncate(self, size: int) -> None:
        """Cut the file to this many bytes, and go on from there. Raises OSError."""

    def close(self) -> None:
        """Let go of it. Raises nothing."""


class Disk(Protocol):
    """One directory of files, by name. Everything raises OSError."""

    def names(self) -> list[str]:
        """The files that are there."""

    def read(self, name: str) -> BinaryIO:
        """Open for reading."""

    def create(self, name: str) -> AppendFile:
        """Open a new, empty file; one of this name is emptied."""

    def extend(self, name: str) -> AppendFile:
        """Open a file that is there, to write at its end."""

    def allocate(self, name: str, size: int) -> None:
        """Make a file that really takes up so many bytes; one that is there already will do."""

    def rename(self, old: str, new: str) -> None:
        """Give it this name, in place of any other file of that name."""

    def remove(self, name: str) -> None:
        """Harmless when it is not there."""

    def sync(self) -> None:
        """Return when names are durable: what was created, renamed and removed."""

    def room(self) -> int:
        """How many bytes may still be written, about."""


class Folder:
    """A Disk in a directory of the machine. Files are 0600."""

    def __init__(self, path: Path) -> None:
        """The directory must be there."""
        self._path = path

    def names(self) -> list[str]:
        """The files that are there."""
        return sorted(path.name for path in self._path.iterdir())

    def read(self, name: str) -> BinaryIO:
        """Open for reading."""
        return (self._path / name).open("rb")

    def create(self, name: str) -> AppendFile:
        """Open a new, empty file."""
        return _File(self._path / name, os.O_CREAT | os.O_TRUNC)

    def extend(self, name: str) -> AppendFile:
        """Open a file that is there."""
        return _File(self._path / name, 0)

    def allocate(self, name: str, size: int) -> None:
        """Make a file of so many bytes, none of them a hole, whatever there is of it yet."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path / name, flags, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, old: str, new: str) -> None:
        """Give it this name."""
        (self._path / old).replace(self._path / new)

    def remove(self, name: str) -> None:
        """Harmless when it is not there."""
        (self._path / name).unlink(missing_ok=True)

    def sync(self) -> None:
        """Return when names are durable."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def room(self) -> int:
        """How many bytes may still be written, about."""
        figures = os.statvfs(self._path)
        return figures.f_bavail * figures.f_frsize


class _File:
    def __init__(self, path: Path, flags: int) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)

    def append(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def sync(self) -> None:
        # The file's length, which reading needs, is part of it; its times are not.
        os.fdatasync(self._descriptor)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        os.close(self._descriptor)
