"""The factory reset: everything that Ren was told or has learnt goes, and cannot come half back.

It is asked for with a marker in the data directory and carried out by the next start, before
anything is opened. The marker goes last: a start that is killed in between is finished by the next.
In an image the system sees the marker and makes all data anew (systemd/reset).
Files are removed, not overwritten; a card does not promise where it would write anyway.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ren_device.errors import StoreError
from ren_device.store.database import LOCK

MARKER = "factory-reset"
KEPT = frozenset({"models", LOCK, "lost+found"})
"""What is nobody's: models, which take long to fetch, an empty file, and the file system's own."""

_log = logging.getLogger(__name__)


class Tree(Protocol):
    """The few things that a reset asks of a disk, so that tests can be one that dies.

    Everything raises OSError.
    """

    def entries(self, folder: Path) -> list[tuple[Path, bool]]:
        """What is in it, and whether that is a folder; a symbolic link is none."""

    def create(self, path: Path) -> None:
        """An empty file, durable but for its name; harmless when it is there."""

    def unlink(self, path: Path) -> None:
        """Remove a file, or a link."""

    def rmdir(self, path: Path) -> None:
        """Remove an empty folder."""

    def sync(self, folder: Path) -> None:
        """Return when its names are durable."""


class Machine:
    """Implements Tree."""

    def entries(self, folder: Path) -> list[tuple[Path, bool]]:
        """See Tree."""
        with os.scandir(folder) as found:
            return [(Path(each.path), each.is_dir(follow_symlinks=False)) for each in found]

    def create(self, path: Path) -> None:
        """See Tree."""
        path.touch(0o600)

    def unlink(self, path: Path) -> None:
        """See Tree."""
        path.unlink()

    def rmdir(self, path: Path) -> None:
        """See Tree."""
        path.rmdir()

    def sync(self, folder: Path) -> None:
        """See Tree."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def ask(data_dir: Path, tree: Tree | None = None) -> None:
    """Have the next start reset; certain when it returns. Blocks. Raises StoreError.

    It refuses a directory that no Ren has ever used.
    """
    tree = tree or Machine()
    try:
        if data_dir / LOCK not in _names(tree, data_dir):
            raise StoreError(f"REN_DATA_DIR={data_dir}: no Ren has ever kept anything there")
        tree.create(data_dir / MARKER)
        tree.sync(data_dir)
    except OSError as error:
        raise StoreError(f"REN_DATA_DIR={data_dir}: {error.strerror or error}") from None


def carry_out(data_dir: Path, tree: Tree | None = None) -> bool:
    """Reset if it was asked for; whether it was. Blocks. Before anything is opened.

    Everything in the directory goes, but for KEPT. Raises StoreError when another Ren uses it, or
    when something cannot be removed: the rest is gone then, and the next start tries again.
    """
    tree = tree or Machine()
    if not data_dir.is_dir():
        return False
    try:
        if data_dir / MARKER not in _names(tree, data_dir):
            return False
        with _locked(data_dir):
            failed = _empty(tree, data_dir, KEPT | {MARKER})
            tree.sync(data_dir)
            if failed is not None:
                raise failed
            tree.unlink(data_dir / MARKER)
            tree.sync(data_dir)
    except OSError as error:
        name = error.filename or data_dir
        raise StoreError(f"the factory reset failed at {name}: {error.strerror or error}") from None
    _log.info("reset to how it came: everything in %s is gone but the models", data_dir)
    return True


def _empty(tree: Tree, folder: Path, kept: frozenset[str] = frozenset()) -> OSError | None:
    """Remove all that can be removed; the first error."""
    failed: OSError | None = None
    for path, is_folder in tree.entries(folder):
        if path.name in kept:
            continue
        try:
            if not is_folder:
                tree.unlink(path)
            elif (inside := _empty(tree, path)) is None:
                tree.rmdir(path)
            else:
                failed = failed or inside
        except OSError as error:
            failed = failed or error
    return failed


def _names(tree: Tree, folder: Path) -> set[Path]:
    return {path for path, _ in tree.entries(folder)}


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """Keep every other Ren out, as store.database does."""
    descriptor = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"REN_DATA_DIR={data_dir}: another Ren is using it") from None
        yield
    finally:
        os.close(descriptor)
