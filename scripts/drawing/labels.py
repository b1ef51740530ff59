"""Names the parts in a picture: each name stands in a margin, and a line leads to its part."""

import math
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFont

Point = tuple[float, float, float]

SIZE = (2400, 1800)
"""Of the raw picture in pixels, before it is cut and made half as large."""

_FIELD_OF_VIEW = math.radians(22.5)  # OpenSCAD's
_TEXT, _LINE, _PAPER = "#2b2e33", "#8a9099", "#f8f8f8"
_MARGIN = 60
_FONT = 36


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the picture is taken from, in OpenSCAD's words; parallel projection."""

    turn: Point
    """Rotation around x, y, z in degrees; (90, 0, 0) looks at the front."""
    at: Point
    """What it looks at, mm."""
    distance: float
    """How much it sees."""

    def argument(self) -> str:
        """For `openscad --camera`."""
        return ",".join(f"{number:g}" for number in (*self.at, *self.turn, self.distance))

    def pixel(self, point: Point) -> tuple[float, float]:
        """Where a point of the model is in the raw picture."""
        x, y, z = (a - b for a, b in zip(point, self.at, strict=True))
        about_x, about_y, about_z = (math.radians(angle) for angle in self.turn)
        x, y = _rotate(x, y, -about_z)
        z, x = _rotate(z, x, -about_y)
        y, z = _rotate(y, z, math.pi / 2 - about_x)
        scale = SIZE[1] / 2 / (self.distance * math.tan(_FIELD_OF_VIEW / 2))
        return SIZE[0] / 2 + x * scale, SIZE[1] / 2 - z * scale


def _rotate(a: float, b: float, angle: float) -> tuple[float, float]:
    cos, sin = math.cos(angle), math.sin(angle)
    return a * cos - b * sin, a * sin + b * cos


def finish(raw: Image.Image, camera: Camera, labels: list[tuple[str, Point]]) -> Image.Image:
    """The raw picture cut to what is on it, with names beside it, half as large, few colours."""
    raw = raw.convert("RGB")
    paper = raw.getpixel((0, 0))
    box = ImageChops.difference(raw, Image.new("RGB", raw.size, paper)).getbbox()
    left, top, right, bottom = box or (0, 0, *raw.size)
    font = ImageFont.load_default(_FONT)
    room = max((int(font.getlength(name)) for name, _ in labels), default=0)
    side = _MARGIN + (room + 2 * _MARGIN if labels else 0)
    wide, high = right - left + 2 * side, bottom - top + 2 * _MARGIN
    picture = Image.new("RGB", (wide, high), _PAPER)
    picture.paste(raw.crop((left, top, right, bottom)), (side, _MARGIN))

    draw = ImageDraw.Draw(picture)
    places = [
        (name, (x - left + side, y - top + _MARGIN))
        for name, (x, y) in ((name, camera.pixel(point)) for name, point in labels)
    ]
    here = [place for place in places if place[1][0] < wide / 2]
    there = [place for place in places if place[1][0] >= wide / 2]
    for column, edge in ((here, side - _MARGIN), (there, wide - side + _MARGIN)):
        column.sort(key=lambda place: place[1][1])
        rows = _spread([y for _, (_, y) in column], _FONT * 1.7, high)
        for (name, end), row in zip(column, rows, strict=True):
            draw.line([(edge, row), end], fill=_LINE, width=3)
            draw.ellipse([end[0] - 7, end[1] - 7, end[0] + 7, end[1] + 7], fill=_LINE)
            anchor = "rm" if edge < wide / 2 else "lm"
            draw.text((edge + (-12 if anchor == "rm" else 12), row), name, _TEXT, font, anchor)
    small = picture.resize((wide // 2, high // 2), Image.Resampling.LANCZOS)
    return small.quantize(96, dither=Image.Dither.NONE)


def _spread(wanted: list[float], apart: float, high: int) -> list[float]:
    """Heights near the wanted ones (ascending), at least `apart`, all within the picture."""
    rows: list[float] = []
    for want in wanted:
        rows.append(max(want, rows[-1] + apart if rows else apart))
    limit = high - apart
    for index in range(len(rows) - 1, -1, -1):
        rows[index] = min(rows[index], limit)
        limit = rows[index] - apart
    return rows
