"""Says whether a drawn file is current: of what sources it was made, and what it was then.

A renderer's output may differ by a pixel from machine to machine; its sources do not.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

HARDWARE = Path(__file__).parents[2] / "hardware"


def digest(paths: Iterable[Path], *also: str) -> str:
    """The hash of these files, by name and content, and of these words."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    for words in also:
        total.update(f"{words}\0".encode())
    return total.hexdigest()


def note(book: Path, made_from: Mapping[str, str]) -> None:
    """Write down of what the files beside `book` were made (name -> hash of its sources)."""
    lines = {
        name: {"made_from": source, "is": digest([book.parent / name])}
        for name, source in sorted(made_from.items())
    }
    book.write_text(json.dumps(lines, indent=2) + "\n")


def stale(book: Path, made_from: Mapping[str, str]) -> list[str]:
    """Which files beside `book` are missing, too many, changed by hand, or of older sources."""
    noted: dict[str, dict[str, str]] = json.loads(book.read_text()) if book.exists() else {}
    wrong = []
    for name in sorted(noted.keys() | made_from.keys()):
        path = book.parent / name
        line = noted.get(name, {})
        if (
            not path.exists()
            or line.get("made_from") != made_from.get(name)
            or line.get("is") != digest([path])
        ):
            wrong.append(str(path.relative_to(HARDWARE)))
    return wrong
