"""A look at a store from outside, while a Ren may be using it: for the doctor."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from ren_device.errors import StoreError
from ren_device.store.data_format import refuse_newer
from ren_device.store.database import FOLDER
from ren_device.store.disk import Folder
from ren_device.store.recovery import recover
from ren_device.store.reserve import NAME as RESERVE


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is there, and what is wrong with it, in sentences."""

    documents: int
    bytes: int
    """Of all files, copies and damaged ones included; without what is kept back for a full disk."""
    problems: tuple[str, ...]


_LOOKS = 5
_PAUSE_S = 0.1


def inspect(data_dir: Path) -> Inspection:
    """Read every file and change nothing. Blocks. Raises StoreError when it cannot be read."""
    folder = data_dir / FOLDER
    if not folder.is_dir():
        return Inspection(0, 0, ())
    try:
        refuse_newer(data_dir)
        return _look(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be read: {error.strerror or error}") from None


def kept_preferences(data_dir: Path) -> dict[str, str]:
    """The small things that outlive a restart, as they are on the disk, for commands that do not
    open the store. Blocks. Raises StoreError when they cannot be read.
    """
    folder = data_dir / FOLDER
    if not folder.is_dir():
        return {}
    try:
        rows = recover(Folder(folder)).tables.get("preferences", {})
    except OSError as error:
        raise StoreError(f"{folder} cannot be read: {error.strerror or error}") from None
    kept = [json.loads(row) for row in rows.values()]
    return {each["key"]: each["value"] for each in kept}


def _look(folder: Path) -> Inspection:
    """A Ren that writes meanwhile may make one look come out wrong, but not two alike."""
    notes: list[str] = []
    for left in reversed(range(_LOOKS)):
        try:
            found = recover(Folder(folder))
            files = [(path.name, path.stat().st_size) for path in folder.iterdir()]
        except FileNotFoundError:  # just removed, because something newer is there
            if not left:
                raise
            continue
        if found.notes == notes:
            break
        notes = found.notes
        time.sleep(_PAUSE_S)  # what is being written now is written then
    problems = list(found.notes)
    if aside := sorted(name for name, _ in files if name.endswith(".damaged")):
        problems.append(f"Damaged files were set aside: {', '.join(aside)}.")
    documents = sum(map(len, found.tables.values()))
    files = [(name, size) for name, size in files if name != RESERVE]
    return Inspection(documents, sum(size for _, size in files), tuple(problems))
