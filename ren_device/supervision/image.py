"""The image that Ren runs from: what its initrd found, and how its last update went."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ren_device.errors import UpdateError
from ren_device.updates import facts, history
from ren_device.updates.facts import Facts
from ren_device.updates.history import Update

_WORD = re.compile(r"[a-z]{1,16}")
_SET_ASIDE = "data/set-aside.txt"  # on the data partition that was made in place of a broken one


@dataclass(frozen=True, slots=True)
class Image:
    """As it is at this moment; `facts` is None where the image does not say what it is."""

    facts: Facts | None
    on_trial: bool
    """Whether it has still to prove itself."""
    data: str
    """`fresh`, `clean`, `repaired`, `replaced` (it was beyond repair, and is made anew), `volatile`
    (nothing can be written: it is in memory); another word for what is to come."""
    replaced: bool
    """Whether the data is the one that was made in place of a broken one, now or some time ago."""
    update: Update | None

    def health(self) -> Mapping[str, object]:
        """For /hub/health."""
        update = self.update
        return {
            "slot": self.facts.slot if self.facts else "",
            "version": self.facts.version if self.facts else "",
            "build": self.facts.build if self.facts else "",
            "data": self.data,
            "update": update
            and {
                "state": update.state,
                "from": update.from_version,
                "to": update.to_version,
                "why": update.why,
                "at": update.at,
            },
        }


def look(root: Path = Path("/")) -> Image | None:
    """What the system under `root` says; None where it was not started from an image. Blocks."""
    try:
        word = (root / facts.RUN / "data").read_text(errors="replace").strip()
    except OSError:
        return None
    try:
        told = facts.read(root)
    except UpdateError:
        told = None
    return Image(
        told,
        on_trial=(root / facts.TRIAL).exists(),
        data=word if _WORD.fullmatch(word) else "unknown",
        replaced=word == "replaced" or (root / _SET_ASIDE).exists(),
        update=history.read(root / history.FOLDER.relative_to("/")),
    )
