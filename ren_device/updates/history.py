"""How the last update went: one small file, which Ren reads to say so."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ren_device.errors import UpdateError

FOLDER = Path("/data/update")
NAME = "last.json"

State = Literal["installed", "kept", "failed"]
"""On trial; proved itself; given up."""


@dataclass(frozen=True, slots=True)
class Update:
    """From one version to another."""

    state: State
    from_version: str
    to_version: str
    to_build: str
    slot: str
    """Where the new one is: a or b."""
    why: str = ""
    """Of a failed one: what was wrong; of one that was kept: what could not be tried."""
    at: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    """How the old system was, to compare the new one with; see trial.py."""


def now() -> str:
    """The moment as an Update has it: ISO 8601, UTC, in seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read(folder: Path = FOLDER) -> Update | None:
    """The last update; None when there was none, or its file is damaged. Blocks."""
    try:
        fields = json.loads((folder / NAME).read_bytes())
        state: State = fields["state"]
        if state not in ("installed", "kept", "failed"):
            return None
        return Update(
            state=state,
            from_version=str(fields["from"]),
            to_version=str(fields["to"]),
            to_build=str(fields["build"]),
            slot=str(fields["slot"]),
            why=str(fields["why"]),
            at=str(fields["at"]),
            before={str(key): str(value) for key, value in fields["before"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def write(update: Update, folder: Path = FOLDER) -> None:
    """Keep it, durable when the call returns; all of it or nothing. Blocks. Raises UpdateError."""
    fields = {
        "state": update.state,
        "from": update.from_version,
        "to": update.to_version,
        "build": update.to_build,
        "slot": update.slot,
        "why": update.why,
        "at": update.at,
        "before": dict(update.before),
    }
    draft = folder / f"{NAME}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            os.fchmod(file.fileno(), 0o644)  # Ren, who reads it, is another user
            file.write(json.dumps(fields, indent=2).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / NAME)
        _sync(folder)
    except OSError as error:
        raise UpdateError(f"{folder} cannot be written: {error.strerror or error}") from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
