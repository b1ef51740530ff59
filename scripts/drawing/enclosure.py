"""Renders the enclosure: STL files to print, and pictures to look at and to build by."""

import json
import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from scripts.drawing import labels
from scripts.drawing.fingerprints import HARDWARE, digest, note, stale
from scripts.drawing.labels import SIZE, Camera, Point

ENCLOSURE = HARDWARE / "enclosure"
ASSEMBLY = HARDWARE / "assembly"
PRINTED = ("base", "body", "chamber", "diffuser", "grille", "top_bare", "top_hat", "tray")
"""Each is a `.scad` file that makes one `.stl`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A view of `views.scad`, taken by a camera."""

    view: str
    camera: Camera
    named: bool = True
    """Whether the parts' names stand beside it."""


_FROM_FRONT = (66.0, 0.0, 25.0)
_FROM_ABOVE = (55.0, 0.0, 25.0)

PICTURES = {
    ENCLOSURE: {
        "bare": Picture("bare", Camera(_FROM_FRONT, (0, 0, 65), 620), named=False),
        "bare-back": Picture("bare-back", Camera((68, 0, 155), (0, 0, 65), 680), named=False),
        "hat": Picture("hat", Camera(_FROM_ABOVE, (0, 0, 65), 620), named=False),
        "parts": Picture("parts", Camera((42, 0, 0), (225, -20, 40), 1150), named=False),
    },
    ASSEMBLY: {
        "bare-apart": Picture("bare-apart", Camera(_FROM_FRONT, (0, 0, 65), 1050)),
        "voice": Picture("voice", Camera((66, 0, 62), (0, 0, 65), 800)),
        "bare-top": Picture("bare-top", Camera((66, 0, 155), (0, 0, -110), 620)),
        "bare-base": Picture("bare-base", Camera(_FROM_ABOVE, (0, 0, 15), 460)),
        "close-top": Picture("close-top", Camera((80, 0, 68), (0, 0, 70), 760)),
        "close-base": Picture("close-base", Camera((68, 0, 155), (0, 0, 40), 860)),
        "hat-top": Picture("hat-top", Camera(_FROM_FRONT, (0, 0, 105), 560)),
        "close-hat": Picture("close-hat", Camera(_FROM_FRONT, (0, 0, 65), 900)),
    },
}
"""By the folder that they are in; PNG files."""


def draw_stl() -> None:
    """Render every printed part."""
    for name in PRINTED:
        render_stl(name, ENCLOSURE / "stl" / f"{name}.stl")
    note(ENCLOSURE / "stl" / "drawn.json", _stl_sources())


def render_stl(name: str, target: Path) -> None:
    """Render one part into a binary STL file, its triangles in order."""
    _openscad("--export-format", "binstl", "-o", str(target), f"{name}.scad")
    target.write_bytes(_in_order(target.read_bytes()))


def _in_order(stl: bytes) -> bytes:
    """The same body, always in the same words: OpenSCAD’s order changes from run to run.

    A facet is a normal, three corners (12 floats in all) and two bytes.
    """
    facets = []
    for facet in struct.iter_unpack("<12fH", stl[84:]):
        corners = [facet[3:6], facet[6:9], facet[9:12]]
        first = corners.index(min(corners))
        facets.append((*corners[first:], *corners[:first], facet[:3]))
    lines = (struct.pack("<12fH", *normal, *a, *b, *c, 0) for a, b, c, normal in sorted(facets))
    return b"Ren".ljust(80) + struct.pack("<I", len(facets)) + b"".join(lines)


def draw_pictures(folder: Path) -> None:
    """Take every picture of this folder."""
    for name, picture in PICTURES[folder].items():
        _take(picture, folder / "pictures" / f"{name}.png")
    note(folder / "pictures" / "drawn.json", _picture_sources(folder))


def stale_stl() -> list[str]:
    """The printed parts that are not current."""
    return stale(ENCLOSURE / "stl" / "drawn.json", _stl_sources())


def stale_pictures(folder: Path) -> list[str]:
    """The pictures of this folder that are not current."""
    return stale(folder / "pictures" / "drawn.json", _picture_sources(folder))


def _stl_sources() -> dict[str, str]:
    shared = [ENCLOSURE / "parameters.scad", ENCLOSURE / "shapes.scad"]
    return {f"{name}.stl": digest([*shared, ENCLOSURE / f"{name}.scad"]) for name in PRINTED}


def _picture_sources(folder: Path) -> dict[str, str]:
    scene = [*ENCLOSURE.glob("*.scad"), Path(labels.__file__)]
    return {
        f"{name}.png": digest(scene, repr(picture)) for name, picture in PICTURES[folder].items()
    }


def _take(picture: Picture, target: Path) -> None:
    with tempfile.TemporaryDirectory() as aside:
        raw = Path(aside) / "raw.png"
        said = _openscad(
            "--projection=o",
            "--colorscheme=Tomorrow",
            f"--camera={picture.camera.argument()}",
            f"--imgsize={SIZE[0]},{SIZE[1]}",
            "-D",
            f'view="{picture.view}"',
            "-o",
            str(raw),
            "views.scad",
        )
        names = _labels(said) if picture.named else []
        labels.finish(Image.open(raw), picture.camera, names).save(target, optimize=True)


def _labels(said: str) -> list[tuple[str, Point]]:
    """What `labelled` in views.scad said: a part's name, and where it is."""
    found = []
    for line in re.findall(r'^ECHO: ("label", .*)$', said, re.MULTILINE):
        _, name, (x, y, z) = json.loads(f"[{line}]")
        found.append((name, (x, y, z)))
    return found


def _openscad(*arguments: str) -> str:
    """Run it in the enclosure's folder, on a display of its own; what it said."""
    command = ["xvfb-run", "-a", "-s", "-screen 0 2560x2048x24", "openscad", *arguments]
    run = subprocess.run(
        command, cwd=ENCLOSURE, capture_output=True, text=True, check=False, timeout=600
    )
    said = run.stdout + run.stderr
    if run.returncode != 0 or "ERROR" in said:
        raise SystemExit(f"openscad {' '.join(arguments)}\n{said}")
    return said
