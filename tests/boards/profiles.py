"""Profiles for tests, written as people write them."""

from pathlib import Path

LEAST = """
title = "A board"
wiring = "board.svg"
[power]
supply_a = 2.5
"""


def profile(folder: Path, more: str = "", name: str = "board.toml") -> Path:
    """A profile with the least that one has, and more."""
    path = folder / name
    path.write_text(LEAST + more)
    return path
