"""A TinyDB storage in one JSON file that a crash or a full disk cannot break.

Each write makes a whole new file, durable before it takes the old one's place; the old one stays
beside it as the previous copy. Cost grows with everything that is kept: a journal is to take this
file's place, behind the same three methods.
"""

import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from tinydb import Storage

Tables = dict[str, dict[str, Any]]

_log = logging.getLogger(__name__)


class AtomicJsonStorage(Storage):
    """Keeps all tables in `path`. Used by one thread of one process.

    Files beside it: `NAME.previous` (the state before the last write), `NAME.new` (a write under
    way) and `NAME.broken` (what could not be read at start). Modes are 0600.
    """

    def __init__(self, path: Path) -> None:
        """Recover what is there. Raises OSError when a file is there and cannot be read."""
        super().__init__()
        self._path = path
        self._previous = path.with_name(path.name + ".previous")
        self._new = path.with_name(path.name + ".new")
        self._committed = self._recover()

    def read(self) -> Tables | None:
        """A fresh copy of the last state that was written in full; None when there is none."""
        return None if self._committed is None else _parsed(self._committed)

    def write(self, data: Tables) -> None:
        """Make `data` durable, or raise OSError and leave the last state in its place."""
        payload = json.dumps(data, separators=(",", ":")).encode()
        moved = False
        try:
            _write_durably(self._new, payload)
            if self._path.exists():
                self._path.replace(self._previous)
                moved = True
            self._new.replace(self._path)
            _sync_directory(self._path.parent)
        except OSError:
            with suppress(OSError):
                self._new.unlink(missing_ok=True)
            if moved:
                with suppress(OSError):  # if this fails too, the next start takes the previous copy
                    self._previous.replace(self._path)
            raise
        self._committed = payload

    def _recover(self) -> bytes | None:
        self._new.unlink(missing_ok=True)  # was never acknowledged
        for path in (self._path, self._previous):
            try:
                payload = path.read_bytes()
            except FileNotFoundError:
                continue
            try:
                _parsed(payload)
            except ValueError as error:
                aside = path.with_name(path.name + ".broken")
                path.replace(aside)
                _log.warning("%s is broken (%s): set aside as %s", path, error, aside.name)
                continue
            if path == self._previous:
                _log.warning("%s is missing or broken: using %s", self._path, path.name)
            return payload
        return None


def _parsed(payload: bytes) -> Tables:
    """Raises ValueError for anything but an object of tables of documents."""
    try:
        data = json.loads(payload)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    tables = data.values() if isinstance(data, dict) else None
    if tables is None or not all(isinstance(table, dict) for table in tables):
        raise ValueError("not an object of tables")
    for table in tables:
        if not all(key.isdecimal() and isinstance(row, dict) for key, row in table.items()):
            raise ValueError("not a table of documents")
    return dict(data)


def _write_durably(path: Path, payload: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
