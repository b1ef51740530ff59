"""From an update that is signed to a system that is on trial; or nothing of it.

The order is what makes it safe. The other slot is first made one that no boot takes, then written,
then read back; and only when it is certain to be what was signed do the boot counters hear of it.
Whatever breaks off before that leaves the system that runs as it was.
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ren_device.errors import UpdateError
from ren_device.updates import boot_state, history
from ren_device.updates.boot_state import BootState, BootStateFile
from ren_device.updates.bundle import Bundle
from ren_device.updates.facts import Facts, SlotName
from ren_device.updates.history import Update
from ren_device.updates.manifest import Manifest
from ren_device.updates.pacing import Pace
from ren_device.updates.slots import find

Step = Literal["writing", "reading back"]
Told = Callable[[Step, int, int], None]
"""What is being done, how many bytes of it are, and how many there are."""


@dataclass(frozen=True, slots=True)
class Here:
    """The system that is to be renewed."""

    facts: Facts
    kept_format: int
    """Of what Ren keeps here."""
    history: Path
    """The folder of the last update."""
    before: Callable[[], dict[str, str]]
    """How Ren is, asked when all is written; see trial.py. Blocks."""


def check(manifest: Manifest, here: Here, *, again: bool = False) -> list[str]:
    """Refuse what cannot work here (UpdateError); else what a person should know of it."""
    facts = here.facts
    if not _is_good(facts):
        raise UpdateError(
            "the system that runs is on trial itself, and the other slot is all that it could fall"
            " back on: try again in a few minutes"
        )
    if not set(manifest.hardware) & set(facts.compatible):
        raise UpdateError(
            f"this update is for {', '.join(manifest.hardware) or 'no board'}; this board is"
            f" {', '.join(facts.compatible)}"
        )
    if manifest.boot_format != facts.boot_format:
        raise UpdateError(
            f"this update needs another boot partition (format {manifest.boot_format}, this card"
            f" has {facts.boot_format}), which no update writes: make a backup, flash the card"
            " anew, and restore the backup"
        )
    if manifest.data_format < here.kept_format:
        raise UpdateError(
            f"Ren {manifest.version} is too old for what is kept here (it reads format"
            f" {manifest.data_format}, this is {here.kept_format}): install a newer one"
        )
    if manifest.build == facts.build and not again:
        raise UpdateError(
            f"Ren {manifest.version} (build {manifest.build}) runs already; --again installs it"
            " once more"
        )
    if _order(manifest.version) < _order(facts.version):
        return [f"Ren {manifest.version} is older than the {facts.version} that runs."]
    return []


def install(bundle: Bundle, here: Here, pace: Pace, told: Told) -> Update:
    """Put it into the other slot and on trial for the next boot. Blocks, for minutes.

    `check` must have passed. Raises UpdateError; then the next boot is of the system that runs.
    """
    facts, manifest = here.facts, bundle.manifest
    slot = find(facts.disk, facts.other)
    if manifest.slot_bytes > slot.size:
        raise UpdateError(
            f"this update takes {manifest.slot_bytes >> 20} MiB, and the card has"
            f" {slot.size >> 20} MiB for it: make a backup and flash the card anew"
        )

    def report(step: Step) -> Callable[[int], None]:
        done = 0

        def after(size: int) -> None:
            nonlocal done
            done += size
            told(step, done, manifest.slot_bytes)
            pace.after(size)

        return after

    pace.wait()
    with slot.claimed() as descriptor:
        _set(facts, boot_state.give_up)
        last = history.read(here.history)
        if last is not None and last.state == "installed":
            why = "another update was begun before it was tried"
            history.write(replace(last, state="failed", why=why, at=history.now()), here.history)
        try:
            slot.write(descriptor, bundle.slot(), report("writing"))
        except OSError as error:  # of a file that it comes from
            raise UpdateError(f"the update cannot be read: {error.strerror or error}") from None
    if slot.sha256(manifest.slot_bytes, report("reading back")) != manifest.slot_sha256:
        raise UpdateError("the card does not hold what was written to it: it is worn out or loose")
    update = Update(
        state="installed",
        from_version=facts.version,
        to_version=manifest.version,
        to_build=manifest.build,
        slot=facts.other,
        at=history.now(),
        before=here.before(),
    )
    history.write(update, here.history)
    _set(facts, boot_state.trial)
    return update


def _is_good(facts: Facts) -> bool:
    try:
        return BootStateFile(facts.disk).read().slot(facts.slot).is_good
    except OSError as error:
        raise UpdateError(f"the card cannot be read: {error.strerror or error}") from None


def _set(facts: Facts, become: Callable[[BootState, SlotName], BootState]) -> None:
    """Have the other slot become this, for the boot loader."""
    file = BootStateFile(facts.disk)
    try:
        file.write(become(file.read(), facts.other))
    except OSError as error:
        raise UpdateError(f"the card cannot be written: {error.strerror or error}") from None


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """One update at a time; the lock goes with the process. Raises UpdateError."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UpdateError("another update is being installed") from None
        yield
    finally:
        os.close(descriptor)


def _order(version: str) -> list[int]:
    """By which versions are sorted; whatever follows the numbers does not count."""
    return [int(each) for each in re.findall(r"\d+", version.partition("+")[0])[:3]]
