"""`ren-device boot-check`: whether this boot went well; `ren-boot-check.service` runs it.

On trial, the new system is kept or given up. Else the boot loader is told that this one is well.
"""

import logging
import time
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.commands.update import asking, reboot
from ren_device.errors import UpdateError

if TYPE_CHECKING:
    from ren_device.settings import Settings
    from ren_device.updates.history import Update
    from ren_device.updates.trial import Verdict

SUMMARY = "tell the boot loader whether this system is well (the system does this by itself)"

_MINDS_S = 300.0  # how long what rings or talks can put off falling back
_LOOKS_S = 1.0

_log = logging.getLogger(__name__)


def add_arguments(_parser: ArgumentParser) -> None:
    """Nothing to define."""


def run(_arguments: Namespace) -> int:
    """Settle it; 0 also where it was given up. Raises UpdateError."""
    from ren_device import logs, settings
    from ren_device.updates import facts, history
    from ren_device.updates.settling import Deeds, settle

    found = facts.read()
    loaded, _ = settings.check(settings.read())  # a wrong one keeps Ren from answering
    logs.set_up(loaded.log_level, loaded.log_format, settings.secrets(loaded))
    deeds = Deeds(lambda: _answers(loaded), partial(_prove, loaded), partial(_fall_back, loaded))
    try:
        if settle(found, history.FOLDER, deeds):
            (Path("/") / facts.TRIAL).unlink(missing_ok=True)
    except OSError as error:
        raise UpdateError(f"the card cannot be read or written: {error.strerror}") from None
    return 0


def _answers(loaded: "Settings") -> bool:
    from ren_device.updates.trial import PATIENCE_S

    ask, until = asking(loaded), time.monotonic() + PATIENCE_S
    while ask("/health") is None:
        if time.monotonic() > until:
            return False
        time.sleep(_LOOKS_S)
    return True


def _prove(loaded: "Settings", update: "Update | None") -> "Verdict":
    from ren_device.commands import board
    from ren_device.commands.checks.loop import QUIET_PERCENT, kept_volume
    from ren_device.updates import facts
    from ren_device.updates.trial import Room, judged, prove

    profile = board.profile_of(loaded)
    sound = profile.sound if profile is not None else None
    loudest = sound.loudest if sound is not None else 1.0
    room = Room(
        has_microphone=sound is not None and sound.microphone is not None,
        loud=lambda: kept_volume(loaded, loudest).heard_percent >= QUIET_PERCENT,
        linked=facts.is_linked,
    )
    ask, before = asking(loaded), update.before if update is not None else {}
    return prove(lambda: judged(ask, before, room))


def _fall_back(loaded: "Settings") -> None:
    from ren_device.updates.household import BEFORE_WRITING_S, occupied
    from ren_device.updates.pacing import wait_until_free

    ask = asking(loaded)
    wait_until_free(lambda: occupied(ask, BEFORE_WRITING_S), _log.warning, patience_s=_MINDS_S)
    reboot()
