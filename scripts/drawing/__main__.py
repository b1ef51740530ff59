"""`scripts/draw`: draws what is in hardware/ anew, or says what is not current."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ren_device.boards import reading
from scripts.drawing import enclosure, tables, wiring

SUBJECTS = ("wiring", "tables", "enclosure", "assembly")


def main() -> int:
    """Do what the arguments say; 1 if something is not current."""
    parser = argparse.ArgumentParser(prog="scripts/draw", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="|".join(SUBJECTS), help="all, if none is")
    parser.add_argument("--check", action="store_true", help="change nothing; 1 if not current")
    arguments = parser.parse_args()
    if wrong := set(arguments.subjects) - set(SUBJECTS):
        parser.error(f"there is no {', '.join(sorted(wrong))}; there are {', '.join(SUBJECTS)}")
    chosen = [subject for subject in SUBJECTS if subject in (arguments.subjects or SUBJECTS)]
    if not arguments.check:
        for subject in chosen:
            print(f"drawing: {subject}", file=sys.stderr)
            _DRAW[subject]()
        return 0
    stale = [path for subject in chosen for path in _CHECK[subject]()]
    for path in stale:
        print(f"not current: hardware/{path}", file=sys.stderr)
    print("run scripts/draw" if stale else "all is current", file=sys.stderr)
    return 1 if stale else 0


def _draw_wiring() -> None:
    for name in reading.names():
        wiring.target(name).write_text(wiring.draw(name))


def _draw_tables() -> None:
    for path, text in tables.texts().items():
        path.write_text(text)


def _draw_enclosure() -> None:
    enclosure.draw_stl()
    enclosure.draw_pictures(enclosure.ENCLOSURE)


def _draw_assembly() -> None:
    enclosure.draw_pictures(enclosure.ASSEMBLY)


def _stale_wiring() -> list[str]:
    return [f"wiring/{name}.svg" for name in reading.names() if not wiring.is_current(name)]


def _stale_enclosure() -> list[str]:
    """Also renders every part anew: the same source and OpenSCAD give the same bytes."""
    stale = enclosure.stale_stl() + enclosure.stale_pictures(enclosure.ENCLOSURE)
    with tempfile.TemporaryDirectory() as aside:
        for name in enclosure.PRINTED:
            again = Path(aside) / f"{name}.stl"
            enclosure.render_stl(name, again)
            there = enclosure.ENCLOSURE / "stl" / f"{name}.stl"
            if again.read_bytes() != there.read_bytes():
                stale.append(f"enclosure/stl/{name}.stl (rendered anew it is another)")
    return stale


def _stale_assembly() -> list[str]:
    return enclosure.stale_pictures(enclosure.ASSEMBLY)


_DRAW: dict[str, Callable[[], None]] = {
    "wiring": _draw_wiring,
    "tables": _draw_tables,
    "enclosure": _draw_enclosure,
    "assembly": _draw_assembly,
}
_CHECK: dict[str, Callable[[], list[str]]] = {
    "wiring": _stale_wiring,
    "tables": tables.stale,
    "enclosure": _stale_enclosure,
    "assembly": _stale_assembly,
}

if __name__ == "__main__":
    sys.exit(main())
