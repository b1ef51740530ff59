"""The files that the first boot reads and writes, below one folder: `/`, or a test's."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ren_device.errors import StoreError

CARD = "boot/firmware"
"""The FAT partition."""
DATA = "data"
"""The data partition."""


class Tree:
    """A replacement is whole or not at all, also when the power goes; then it stays."""

    def __init__(self, root: Path) -> None:
        """`root` holds `boot/firmware` and `data`."""
        self._root = root

    def read(self, path: str) -> bytes | None:
        """A file's content; None when there is no such file."""
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def replace(self, path: str, content: bytes, mode: int, like: str = "") -> None:
        """Write a file with this mode; owner and group are those of the file or folder `like`."""
        target = self._root / path
        target.parent.mkdir(mode=0o755 if mode & 0o077 else 0o700, parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if like:
                about = (self._root / like).stat()
                os.fchown(file.fileno(), about.st_uid, about.st_gid)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        _sync_folder(target.parent)

    def link(self, path: str, target: str) -> None:
        """Let a symbolic link lead there."""
        place = self._root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{place.name}.new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(target)
        draft.replace(place)
        _sync_folder(place.parent)

    def remove(self, path: str) -> None:
        """Take a file away, if it is there."""
        target = self._root / path
        if target.is_symlink() or target.exists():
            target.unlink()
            _sync_folder(target.parent)

    def overwrite(self, path: str, content: bytes) -> None:
        """Write over a file's own blocks, so that nothing of the old content stays in them.

        This alone is not whole when the power goes: the caller must know how to do it again.
        """
        descriptor = os.open(self._root / path, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "r+b") as file:
            before = os.fstat(descriptor).st_size
            file.write(content.ljust(before, b" "))
            file.flush()
            os.fsync(descriptor)
            file.truncate(len(content))
            os.fsync(descriptor)
        _sync_folder((self._root / path).parent)

    @contextmanager
    def writable_card(self) -> Iterator[None]:
        """The boot partition, which is read-only, can be written to; raises StoreError."""
        folder = self._root / CARD
        if not os.statvfs(folder).f_flag & os.ST_RDONLY:
            yield
            return
        _remount(folder, "rw")
        try:
            yield
        finally:
            with suppress(StoreError):  # it is whole, and so it is at the next start
                _remount(folder, "ro")


def _remount(folder: Path, how: str) -> None:
    command = ("mount", "-o", f"remount,{how}", str(folder))
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise StoreError(f"cannot remount {folder} {how}: {done.stderr.strip()}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
