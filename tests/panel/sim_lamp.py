"""A lamp in the loop's own time: strict about what it is told, and dark when it was forgotten."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ren_device.model import Colour


@dataclass(frozen=True)
class Picture:
    """What was shown, and when."""

    at: float
    pixels: tuple[Colour, ...]
    for_s: float


class SimLamp:
    """A ports.Lamp."""

    def __init__(self, pixels: int) -> None:
        self.pixels = pixels
        self.trouble: str | None = None
        self.shown: list[Picture] = []
        self._open = True

    def show(self, pixels: Sequence[Colour], for_s: float = 3.0) -> None:
        assert self._open, "shown after it was closed"
        assert len(pixels) == self.pixels
        assert all(0.0 <= part <= 1.0 for colour in pixels for part in colour)
        assert for_s > 0
        self.shown.append(Picture(asyncio.get_running_loop().time(), tuple(pixels), for_s))

    def seen(self) -> tuple[Colour, ...]:
        """What an eye sees at this moment."""
        now = asyncio.get_running_loop().time()
        if not self.shown or now >= self.shown[-1].at + self.shown[-1].for_s:
            return ((0.0, 0.0, 0.0),) * self.pixels
        return self.shown[-1].pixels

    def is_lit(self) -> bool:
        return any(any(colour) for colour in self.seen())

    async def close(self) -> None:
        self._open = False
