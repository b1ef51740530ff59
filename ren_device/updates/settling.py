"""What a boot means for the two systems: whether this one is kept, or the other one comes back.

The boot loader has counted this boot against the slot that runs, and trusts what is written here.
Each step may be the last before the power goes; the next boot takes it up from there.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ren_device.errors import UpdateError
from ren_device.updates import boot_state, history
from ren_device.updates.boot_state import BOOTS, BootState, BootStateFile
from ren_device.updates.facts import Facts
from ren_device.updates.history import Update
from ren_device.updates.trial import Verdict

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What settling needs of the machine."""

    answers: Callable[[], bool]
    """Whether Ren's server comes up; waits for it. Blocks."""
    prove: Callable[[Update | None], Verdict]
    """Whether this system proves itself, compared with the update's `before`. Blocks."""
    reboot: Callable[[], None]
    """When nobody minds. Blocks."""


def settle(facts: Facts, folder: Path, deeds: Deeds) -> bool:
    """Do what this boot asks for; whether this system is one that has proved itself.

    Blocks, for minutes. Raises UpdateError and OSError.
    """
    file = BootStateFile(facts.disk)
    state, last = file.read(), history.read(folder)
    if not state.slot(facts.slot).is_good:
        return _try(facts, folder, file, deeds, last)
    # What keeps a system from starting that did start, a setting for one, may keep both: the order
    # changes only when this one answers.
    is_sure = state.order[0] == facts.slot or not state.slot(facts.other).is_good
    if is_sure:
        _look_back(facts, folder, file, last)
    if not deeds.answers():
        _log.error("Ren does not answer: this boot still counts against slot %s", facts.slot)
        return True
    if not is_sure:
        _look_back(facts, folder, file, last)
    if file.read().slot(facts.slot).boots_left != BOOTS:
        file.write(boot_state.healthy(file.read(), facts.slot))
    return True


def _try(
    facts: Facts, folder: Path, file: BootStateFile, deeds: Deeds, last: Update | None
) -> bool:
    update = last if last is not None and last.slot == facts.slot else None
    verdict = deeds.prove(update)
    update = update or Update("installed", "", facts.version, facts.build, facts.slot)
    if verdict.state == "proved":
        file.write(boot_state.commit(file.read(), facts.slot))
        _keep(update, "kept", verdict.untried, folder)
        _log.info("slot %s is kept: Ren %s has proved itself", facts.slot, facts.version)
        return True
    _log.error("slot %s is given up: %s", facts.slot, verdict.why)
    _keep(update, "failed", verdict.why, folder)
    file.write(boot_state.give_up(file.read(), facts.slot))
    deeds.reboot()
    return False


def _look_back(facts: Facts, folder: Path, file: BootStateFile, last: Update | None) -> None:
    """That this one runs may say that the other one did not."""
    state = file.read()
    if last is not None:
        _finish(facts, folder, state, last)
    if state.order[0] != facts.slot:
        file.write(boot_state.step_back(state, facts.other))


def _finish(facts: Facts, folder: Path, state: BootState, last: Update) -> None:
    """Write down how an update went that did not come to say so itself."""
    if last.slot == facts.slot:
        if last.state == "installed" and last.to_build == facts.build:
            _keep(last, "kept", "", folder)  # the power went just after it was committed
        return
    was_first = state.order[0] == last.slot
    if last.state == "installed":
        why = "it did not start" if was_first else "the power went before it could be tried"
        _keep(last, "failed", why, folder)
    elif last.state == "kept" and was_first:
        _keep(last, "failed", "it does not start any more", folder)


def _keep(update: Update, state: history.State, why: str, folder: Path) -> None:
    """A disk that cannot be written must not keep a system from being kept or given up."""
    try:
        history.write(replace(update, state=state, why=why, at=history.now()), folder)
    except UpdateError as error:
        _log.error("%s", error)
