"""The image on the card: which system runs, how its data is, how the last update went."""

from collections.abc import Iterator
from pathlib import Path

from ren_device.commands.checks.finding import Finding, Patient, State
from ren_device.supervision import image
from ren_device.updates.history import Update

_LOG = "data/log/ren.log"
_CARD = "Back it up (ren-device backup FILE), and put in a new card, best one of high endurance."
# By the initrd's word for the data; see supervision/image.py.
_DATA: dict[str, tuple[State, str, str]] = {
    "fresh": ("ok", "made at this start of the machine", ""),
    "clean": ("ok", "checked, and as it was left", ""),
    "repaired": ("note", "the file system was repaired at the last start", "If often: " + _CARD),
    "replaced": (
        "note",
        "the data was beyond repair; it was made anew at the last start",
        "Restore a backup. " + _CARD,
    ),
    "volatile": ("wrong", "the card cannot be written: all is in memory only", _CARD),
}


def check(_: Patient, root: Path = Path("/")) -> Iterator[Finding]:
    """What the image tells; nothing on a system that was not started from one."""
    found = image.look(root)
    if found is None:
        return
    facts = found.facts
    if facts is None:
        text = "it does not say what it is"
        yield Finding("image", "system", "wrong", text, "Install it again: ren-device update FILE.")
    else:
        text = f"{facts.version}, build {facts.build}, in slot {facts.slot}"
        if found.on_trial:
            text += ", on trial: if it does not prove itself, the one before comes back"
        yield Finding("image", "system", "note" if found.on_trial else "ok", text)
    state, text, advice = _DATA.get(found.data, ("note", f"the start says {found.data!r}", ""))
    yield Finding("image", "data", state, text, advice)
    if found.replaced and found.data != "replaced":
        text = "this data was made in place of some that was beyond repair"
        yield Finding("image", "card", "note", text, _CARD)
    if found.update is not None:
        yield _update(found.update)
    there = "" if (root / _LOG).parent.is_dir() else ", which is not there"
    text = f"the latest notices and errors outlive a restart in /{_LOG}{there}"
    yield Finding("image", "log", "note" if there else "ok", text)


def _update(update: Update) -> Finding:
    versions = f"from {update.from_version} to {update.to_version}"
    why = f": {update.why}" if update.why else ""
    match update.state:
        case "failed":
            text, advice = f"{versions} failed{why}", "The version before runs; try a newer one."
            return Finding("image", "update", "note", text, advice)
        case "installed":
            return Finding("image", "update", "note", f"{versions} is on trial{why}")
        case "kept":
            return Finding("image", "update", "ok", f"{versions} on {update.at}{why}")
