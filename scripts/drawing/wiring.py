"""Draws a profile's wiring: WireViz's diagram, and beside it the header as it lies on the Pi."""

import contextlib
import hashlib
import html
import io
import re
import subprocess
from pathlib import Path

import wireviz.wireviz

from ren_device.boards import reading
from ren_device.boards.pins import HEADER
from scripts.drawing.fingerprints import HARDWARE
from scripts.drawing.harness import COLOURS, POWER_PINS, Harness, harness

FOLDER = HARDWARE / "wiring"

_ROW, _TOP, _MAP = 26, 126, 330
_NAMES = {place: f"GPIO{pin}" for pin, place in HEADER.items()}
_NAMES |= {place: name for name, places in POWER_PINS.items() for place in places}


def target(name: str) -> Path:
    """Where the drawing of this profile is."""
    return FOLDER / f"{name}.svg"


def draw(name: str) -> str:
    """The drawing of this profile, as SVG. Needs Graphviz."""
    heading, drawing = _of(name)
    graph = _graph(drawing)
    inner = graph.pipe(format="svg", encoding="utf-8")
    size = r'<svg width="([\d.]+)pt" height="([\d.]+)pt"\s+viewBox="([^"]+)".*?>(.*)</svg>'
    body = re.search(size, inner, re.DOTALL)
    if body is None:
        raise SystemExit(f"graphviz drew something else:\n{inner[:500]}")
    wide, high, box, content = float(body[1]), float(body[2]), body[3], body[4]
    content = re.sub(r"<!--.*?-->\n?", "", content, flags=re.DOTALL)
    legend = _TOP + 20 * _ROW + 60
    total_wide = _MAP + wide + 60
    total_high = max(high + _TOP + 20, legend + 40)
    middle = max(_TOP - 30, (total_high - high) / 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total_wide:.0f}" '
        f'height="{total_high:.0f}" viewBox="0 0 {total_wide:.0f} {total_high:.0f}" '
        'font-family="Arial, Helvetica, sans-serif">\n'
        f"<!-- made from {fingerprint(name)} with {tools()} -->\n"
        '<rect width="100%" height="100%" fill="#ffffff"/>\n'
        f"{heading}"
        f"{_header_map(drawing)}"
        f'<svg x="{_MAP + 30}" y="{middle:.0f}" width="{wide}" height="{high}" viewBox="{box}">'
        f"{content}</svg>\n</svg>\n"
    )


def fingerprint(name: str) -> str:
    """The hash of all that the drawing is made from. Needs no Graphviz."""
    heading, drawing = _of(name)
    made_from = (heading, _graph(drawing).source, _header_map(drawing), Path(__file__).read_text())
    return hashlib.sha256("\0".join(made_from).encode()).hexdigest()


def tools() -> str:
    """What lays the drawing out: the same profile looks a little different with another."""
    version = subprocess.run(["dot", "-V"], capture_output=True, text=True, check=True).stderr
    font = subprocess.run(["fc-match", "Arial"], capture_output=True, text=True, check=True).stdout
    return f"{version.strip()}, {font.strip()}"


def is_current(name: str) -> bool:
    """Whether the drawing is there, of this profile, and as these tools would draw it."""
    path = target(name)
    if not path.exists():
        return False
    there = path.read_text()
    if f"<!-- made from {fingerprint(name)} with " not in there:
        return False
    return f" with {tools()} -->" not in there or there == draw(name)


def _of(name: str) -> tuple[str, Harness]:
    """The lines above the drawing, and what is drawn."""
    profile = reading.read(reading.find(name))
    drawing = harness(profile)
    title = html.escape(profile.title)
    heading = f'<text x="30" y="44" font-size="24" font-weight="bold">{title}</text>\n'
    return heading + _hints(drawing, by_usb="i2s" not in profile.reserved), drawing


def _graph(drawing: Harness):  # type: ignore[no-untyped-def]  # graphviz has no types
    with contextlib.redirect_stdout(io.StringIO()):
        graph = wireviz.wireviz.parse(drawing.document(), return_types="harness").graph
    # Its cells are too narrow for another machine's font, and it would write the wires' colours
    # in figures, since it has but its own by name.
    text = "\0".join(graph.body).replace('cellpadding="3"', 'cellpadding="6"')
    wide = '<table border="0" cellspacing="0" cellborder="0"'
    text = text.replace(f"{wide}>", f'{wide} cellpadding="4">')
    for name, value in COLOURS.values():
        text = re.sub(rf"(?m)^( *){value}$", rf"\1{name}", text)
    graph.body = text.split("\0")
    return graph


def _hex(kind: str) -> str:
    return COLOURS[kind][1]


def _hints(drawing: Harness, by_usb: bool) -> str:
    hints = ["Power off and plug out before you touch a wire."]
    if drawing.shared:
        names = ", ".join(f"{drawing.used[place][0]} ({place})" for place in sorted(drawing.shared))
        hints.append(
            f"Two wires share {names}: join them in a Y-lead (a socket for "
            "the Pi, two ends that fit the modules) or on a strip of perfboard."
        )
    if by_usb:
        hints.append("The speakerphone goes into any USB socket of the Pi.")
    return (
        f'<text x="30" y="70" font-size="14" fill="#495057">{html.escape(" ".join(hints))}</text>\n'
    )


def _header_map(drawing: Harness) -> str:
    """The 40 pins as they lie: pin 1 in the corner of the Pi, the USB sockets below."""
    middle = _MAP / 2 + 20
    parts = [
        f'<text x="{middle}" y="{_TOP - 22}" font-size="12" fill="#666" text-anchor="middle">'
        "the header from above: pin 1 is in the Pi’s corner,</text>\n"
        f'<text x="{middle}" y="{_TOP - 7}" font-size="12" fill="#666" text-anchor="middle">'
        "the USB sockets are below</text>\n",
        f'<rect x="{middle - 26}" y="{_TOP}" width="52" height="{20 * _ROW + 4}" rx="4" '
        'fill="#343a40"/>\n',
    ]
    for place in range(1, 41):
        left = place % 2 == 1
        x = middle + (-13 if left else 13)
        y = _TOP + 2 + (place - 1) // 2 * _ROW + _ROW / 2
        used = drawing.used.get(place)
        colour = _hex(used[1]) if used else "#868e96"
        shape = "rect" if place == 1 else "circle"
        size = (
            f'x="{x - 9}" y="{y - 9}" width="18" height="18"'
            if shape == "rect"
            else f'cx="{x}" cy="{y}" r="9.5"'
        )
        ring = 'stroke="#ffffff" stroke-width="1.6"' if used else 'fill-opacity="0.35"'
        parts.append(f'<{shape} {size} fill="{colour}" {ring}/>\n')
        parts.append(
            f'<text x="{x}" y="{y + 3.5}" font-size="10" fill="#ffffff" text-anchor="middle">'
            f"{place}</text>\n"
        )
        weight = 'font-weight="bold"' if used else 'fill="#adb5bd"'
        parts.append(
            f'<text x="{x + (-20 if left else 20)}" y="{y + 4}" font-size="12" {weight} '
            f'text-anchor="{"end" if left else "start"}">{_NAMES[place]}</text>\n'
        )
    kinds = [kind for kind in COLOURS if any(kind == used for _, used in drawing.used.values())]
    for index, kind in enumerate(kinds):
        x, y = 40 + index % 3 * 105, _TOP + 20 * _ROW + 30 + index // 3 * 22
        parts.append(
            f'<rect x="{x}" y="{y - 10}" width="14" height="14" rx="3" fill="{_hex(kind)}"/>'
            f'<text x="{x + 20}" y="{y + 2}" font-size="12">{kind}</text>\n'
        )
    return "".join(parts)
