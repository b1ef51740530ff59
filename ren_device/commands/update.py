"""`ren-device update FILE|URL`: a newer Ren onto the other slot of the card, on trial.

On a system from the image only. Ren goes on working meanwhile, and the system that runs stays as it
is until the new one has proved itself; see ren_device/updates.
"""

import os
import shutil
import signal
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ren_device.commands.checks.finding import asked, url_of
from ren_device.errors import UpdateError

if TYPE_CHECKING:
    from ren_device.settings import Settings
    from ren_device.updates.facts import Facts
    from ren_device.updates.household import Ask
    from ren_device.updates.pacing import Pace

SUMMARY = "install a newer Ren on a card that was made from its image"

_HANGUPS = (signal.SIGTERM, signal.SIGHUP)


def add_arguments(parser: ArgumentParser) -> None:
    """Define FILE|URL and the options."""
    parser.add_argument("place", metavar="FILE|URL", nargs="?", help="ren-VERSION-arm64.update")
    parser.add_argument("--again", action="store_true", help="also the build that runs already")
    parser.add_argument("--no-reboot", action="store_true", help="try it at the next boot instead")
    parser.add_argument("--status", action="store_true", help="what runs, and the last update")


def run(arguments: Namespace) -> int:
    """Install it, or change nothing. Raises UpdateError."""
    from ren_device import settings
    from ren_device.updates import facts, history, household
    from ren_device.updates.pacing import Pace, wait_until_free

    found = facts.read()
    if arguments.status:
        _status(found)
        return 0
    if not arguments.place:
        raise UpdateError("name the file or the address of an update, or ask for --status")
    if os.geteuid() != 0:
        raise UpdateError("this writes the card: run it as root")
    loaded, _ = settings.check(settings.read())
    ask = asking(loaded)
    pace = Pace(lambda: household.occupied(ask, household.BEFORE_WRITING_S), _say)
    with ends_in_order():
        install(arguments.place, found, loaded.data_dir, ask, pace, again=arguments.again)
    if arguments.no_reboot:
        _say("The next boot tries it.")
        return 0
    wait_until_free(lambda: household.occupied(ask, household.BEFORE_REBOOT_S), _say)
    _say(f"Restarting. ren-device update --status, or {history.FOLDER}/{history.NAME}, says more.")
    reboot()
    return 0


def install(
    place: str,
    found: "Facts",
    data_dir: Path,
    ask: "Ask",
    pace: "Pace",
    *,
    again: bool = False,
    root: Path = Path("/"),
) -> None:
    """All of it but the reboot, on the system under `root`. Blocks. Raises UpdateError."""
    from ren_device.store.data_format import kept_format
    from ren_device.updates import facts, history, installing, source, trial
    from ren_device.updates.bundle import open_bundle

    try:
        kept = kept_format(data_dir)
    except OSError as error:
        raise UpdateError(f"{data_dir} cannot be read: {error.strerror}") from None
    with (
        installing.alone(root / facts.RUN / "update.lock"),
        source.opened(place) as opened,
        _shown(root / "run/ren/updating"),
    ):
        bundle = open_bundle(opened, found.public_key_hex)
        folder = root / history.FOLDER.relative_to("/")
        here = installing.Here(
            found, kept, folder, lambda: trial.remembered(ask, facts.is_linked(root))
        )
        for note in installing.check(bundle.manifest, here, again=again):
            _say(note)
        _say(
            f"Installing Ren {bundle.manifest.version} in slot {found.other}; Ren goes on working."
        )
        installing.install(bundle, here, pace, _Progress())
    _say(f"Ren {bundle.manifest.version} is installed, and has yet to prove itself.")


def asking(loaded: "Settings") -> "Ask":
    """Asks the Ren that runs with these settings."""
    url = url_of(loaded)
    return lambda path: asked(f"{url}{path}") if loaded.port else None


def reboot() -> None:
    """Have the machine restart. Raises UpdateError."""
    # `systemctl reboot` asks logind first, which the image does not have, and complains of it.
    systemctl = shutil.which("systemctl") or "systemctl"
    words = ("--no-block", "--job-mode=replace-irreversibly", "start", "reboot.target")
    done = subprocess.run([systemctl, *words], check=False)  # noqa: S603
    if done.returncode:
        raise UpdateError("the machine does not restart: pull its plug and put it in again")


def _status(found: "Facts") -> None:
    from ren_device.updates import history
    from ren_device.updates.boot_state import BootStateFile

    print(f"Ren {found.version} (build {found.build}) runs in slot {found.slot}.")
    with suppress(OSError):  # only root may look at the card
        state = BootStateFile(found.disk).read()
        for name in state.order:
            slot = state.slot(name)
            good = "has proved itself" if slot.is_good else "has not proved itself"
            print(f"Slot {name} {good}; boots left: {slot.boots_left}.")
    if (last := history.read()) is None:
        print("It was never updated.")
        return
    why = f": {last.why}" if last.why else ""
    print(f"Last update, {last.at}: {last.from_version} to {last.to_version}, {last.state}{why}.")


@contextmanager
def _shown(marker: Path) -> Iterator[None]:
    """On the lights, for as long as it lasts; see engines/host_state.py."""
    with suppress(OSError):  # Ren does not run: it has no lights either
        # The folder is Ren's own, in which root follows no link.
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(marker, flags, 0o644))
    try:
        yield
    finally:
        with suppress(OSError):
            marker.unlink()


@contextmanager
def ends_in_order() -> Iterator[None]:
    """Being told to end is an end like others, with everything tidied up."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in _HANGUPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Progress:
    """A line for each twentieth."""

    def __init__(self) -> None:
        self._said: tuple[str, int] = ("", 0)

    def __call__(self, step: str, done: int, whole: int) -> None:
        twentieth = (step, 20 * done // whole)
        if twentieth != self._said:
            self._said = twentieth
            _say(f"{step}: {5 * twentieth[1]} %, {done >> 20} of {whole >> 20} MiB")


def _say(text: str) -> None:
    with suppress(OSError):  # whoever read it has left; the update goes on
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
