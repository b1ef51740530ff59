"""The data directory, the store in it, and the identity."""

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ren_device.commands.checks.finding import Finding, Patient
from ren_device.errors import StoreError

_LITTLE = 200  # MiB free
_TOO_LITTLE = 20
_ELSEWHERE = "Point REN_DATA_DIR to a directory that this user may write to."


def check(patient: Patient) -> Iterator[Finding]:
    """Whether it can be written and read, and whose it is."""
    folder = patient.settings.data_dir
    if not _may_look(folder):
        advice = "Run this as the user that Ren runs as, with sudo -u USER in front of it."
        yield Finding("data", "folder", "wrong", f"{folder} is another user's", advice)
        return
    there = _nearest(folder)
    yield _writable(folder, there)
    free = shutil.disk_usage(there).free >> 20
    room = f"{free} MiB are free"
    if free < _TOO_LITTLE:
        yield Finding("data", "space", "wrong", room, "Make room, or writing will soon fail.")
    elif free < _LITTLE:
        yield Finding("data", "space", "note", room, "Make room before it runs out.")
    else:
        yield Finding("data", "space", "ok", room)
    yield from _store(patient)
    if (folder / "restore.pending").exists():
        yield Finding("data", "restore", "note", "a restore waits", "Restart Ren to finish it.")
    yield from _identity(patient)


def _may_look(folder: Path) -> bool:
    try:
        next(folder.iterdir(), None)
    except PermissionError:
        return False
    except OSError:
        pass  # it is not there, or no directory
    return True


def _nearest(folder: Path) -> Path:
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _writable(folder: Path, there: Path) -> Finding:
    if not there.is_dir():
        return Finding("data", "folder", "wrong", f"{there} is not a directory", _ELSEWHERE)
    if there != folder:
        if os.access(there, os.W_OK | os.X_OK):
            return Finding("data", "folder", "ok", f"{folder} will be made at the first start")
        return Finding("data", "folder", "wrong", f"{folder} cannot be made", _ELSEWHERE)
    owner = folder.stat().st_uid
    if os.geteuid() == 0 != owner:
        advice = f"Run Ren, and this, as {_name(owner)}: what root writes, others cannot read."
        return Finding("data", "folder", "note", f"{folder} is {_name(owner)}'s", advice)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"?")
            file.flush()
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding("data", "folder", "wrong", f"{folder}: {reason}", _ELSEWHERE)
    return Finding("data", "folder", "ok", f"{folder} can be written")


def _store(patient: Patient) -> Iterator[Finding]:
    from ren_device.store import inspect

    try:
        found = inspect(patient.settings.data_dir)
    except StoreError as error:
        yield Finding("data", "store", "wrong", str(error), "Restore a backup into it.")
        return
    told = (patient.health or {}).get("store")
    if isinstance(told, dict) and told.get("trouble"):
        text = f"the last write failed: {told['trouble']}"
        yield Finding("data", "store", "wrong", text, "Make room, or look after the disk.")
    for problem in found.problems:
        # Of a store that is being written, the last change may be seen half.
        if not patient.running or "aside" in problem:
            advice = "Nothing, if nothing is missing; else restore a backup."
            yield Finding("data", "store", "note", problem.rstrip("."), advice)
    size = f"{found.documents} documents, {found.bytes / 1024:.0f} KiB"
    yield Finding(
        "data", "store", "ok", f"{size}, all readable" if found.documents else "empty yet"
    )


def _identity(patient: Patient) -> Iterator[Finding]:
    from ren_device import choice

    path = choice.identity_file(patient.settings)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        yield Finding("identity", "key", "ok", "will be made at the first start")
        return
    except OSError as error:
        yield Finding("identity", "key", "wrong", f"{path}: {error.strerror}", _ELSEWHERE)
        return
    if mode & 0o077:
        text = f"{path} can be read by others (mode {mode:04o})"
        yield Finding("identity", "mode", "wrong", text, f"chmod 600 {path}")
        return
    try:
        public_key = choice.read_identity(patient.settings)
    except StoreError as error:
        yield Finding("identity", "key", "wrong", str(error), "See the sentence.")
        return
    yield Finding("identity", "key", "ok", f"this is {public_key[:16]}…, and only Ren can read it")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
