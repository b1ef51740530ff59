"""The printed parts can be printed, fit a Pi, and are those of the source that is there."""

import struct
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from scripts.drawing import enclosure, fingerprints

_STL = enclosure.ENCLOSURE / "stl"
_PRINTER_MM = 180
_MOST_BYTES = 500_000

_FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])

Triangles = npt.NDArray[np.float32]
"""Shape (triangles, corners, xyz), mm."""


@cache
def _triangles(name: str) -> Triangles:
    data = (_STL / f"{name}.stl").read_bytes()
    (count,) = struct.unpack_from("<I", data, 80)
    assert len(data) == 84 + 50 * count, "not a binary STL"
    facets = np.frombuffer(data, dtype=_FACET, offset=84)
    return np.asarray(facets["corners"], dtype=np.float32)


def _open_edges(triangles: Triangles) -> int:
    """How many edges are not run through once in each direction."""
    corners = [[tuple(corner) for corner in triangle] for triangle in triangles.tolist()]
    edges = Counter((triangle[i], triangle[(i + 1) % 3]) for triangle in corners for i in range(3))
    return sum(1 for (a, b), times in edges.items() if times != edges[(b, a)])


def _volume_mm3(triangles: Triangles) -> float:
    a, b, c = (triangles[:, corner].astype(float) for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


@pytest.mark.parametrize("name", enclosure.PRINTED)
def test_a_printed_part_is_a_closed_body_that_a_small_printer_takes(name: str) -> None:
    triangles = _triangles(name)
    assert _open_edges(triangles) == 0
    assert _volume_mm3(triangles) > 1000, "inside out, or nothing"
    assert np.ptp(triangles.reshape(-1, 3), axis=0).max() <= _PRINTER_MM
    assert (_STL / f"{name}.stl").stat().st_size <= _MOST_BYTES


def test_a_hole_in_a_part_would_be_seen() -> None:
    whole = _triangles("tray")
    assert _open_edges(whole[1:]) == 3


def _centres(points: npt.NDArray[np.float32], apart_mm: float) -> list[tuple[float, float]]:
    """Middles of the groups of points that lie within `apart_mm` of each other."""
    groups: list[list[npt.NDArray[np.float32]]] = []
    for point in points:
        near = [group for group in groups if np.linalg.norm(group[0] - point) < apart_mm]
        if near:
            near[0].append(point)
        else:
            groups.append([point])
    middles = [np.mean([np.min(group, 0), np.max(group, 0)], axis=0) for group in groups]
    return sorted((round(float(x), 2), round(float(y), 2)) for x, y in middles)


@pytest.mark.parametrize(("name", "level_mm"), [("base", 5.0), ("top_hat", 130.0 - 5 - 12.6)])
def test_the_holes_for_the_pi_are_those_of_a_pi(name: str, level_mm: float) -> None:
    points = _triangles(name).reshape(-1, 3)
    ends = np.unique(points[np.abs(points[:, 2] - level_mm) < 0.01][:, :2], axis=0)
    found = _centres(ends, 10)
    if name == "top_hat":  # its two short pillars end at the HAT, 12.6 mm higher
        ends = np.unique(points[np.abs(points[:, 2] - level_mm - 12.6) < 0.01][:, :2], axis=0)
        found = sorted(found + _centres(ends, 10))
    across = sorted({x for x, _ in found})
    deep = sorted({y for _, y in found})
    assert len(found) == 4
    assert [round(b - a, 2) for a, b in pairwise(across)] == [58]
    assert [round(b - a, 2) for a, b in pairwise(deep)] == [49]


def test_the_filament_that_is_bought_is_enough() -> None:
    grams = {name: _volume_mm3(_triangles(name)) * 1.27 / 1000 for name in enclosure.PRINTED}
    white = grams.pop("diffuser") + grams.pop("tray")
    grams.pop("top_hat")  # one top or the other; the bare one is not lighter by much
    assert sum(grams.values()) < 500
    assert white < 20


def test_parts_and_pictures_are_of_the_source_that_is_there() -> None:
    assert enclosure.stale_stl() == []
    for folder in enclosure.PICTURES:
        assert enclosure.stale_pictures(folder) == []


def test_every_picture_can_be_looked_at() -> None:
    for folder, pictures in enclosure.PICTURES.items():
        for name in pictures:
            with Image.open(folder / "pictures" / f"{name}.png") as picture:
                assert picture.width > 400
                assert len(picture.convert("RGB").getcolors(100_000) or ()) > 20


def test_whatever_changes_makes_a_drawn_file_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "HARDWARE", tmp_path)
    book, source, drawn = tmp_path / "drawn.json", tmp_path / "a.scad", tmp_path / "a.stl"
    source.write_text("cube(1);")
    drawn.write_text("solid")

    def now() -> list[str]:
        return fingerprints.stale(book, {"a.stl": fingerprints.digest([source])})

    assert now() == ["a.stl"]
    fingerprints.note(book, {"a.stl": fingerprints.digest([source])})
    assert now() == []
    drawn.write_text("by hand")
    assert now() == ["a.stl"]
    drawn.write_text("solid")
    source.write_text("cube(2);")
    assert now() == ["a.stl"]
    source.write_text("cube(1);")
    assert now() == []
    drawn.unlink()
    assert now() == ["a.stl"]
