"""Bytes over a clock and a data line: the kernel's SPI port, or two pins moved by hand.

gpiozero's own SPI is not used. Its hardware SPI knows port 0 only, and falls back to a software SPI
that wants a select pin (GPIO8, which may be anybody's) and makes a pin factory for the whole
process.
"""

from collections.abc import Callable
from typing import Any, Protocol

CLOCK_OF = {10: 11, 20: 21}
"""The clock pin that belongs to the data pin (MOSI) of an SPI port."""
PORT_OF = {10: 0, 20: 1}
"""The number of that port."""

DATA_HIGH, CLOCK_HIGH = 1, 2


class Spi(Protocol):
    """A line that takes bytes, the highest bit first; a bit counts when the clock rises."""

    slow: bool
    """Whether writing takes so long that it is no work for an event loop."""

    def write(self, data: bytes) -> None:
        """Returns when the last bit is out. Raises what its pins raise."""

    def close(self) -> None:
        """Release the pins."""


class HardwareSpi:
    """An SPI port of the Pi: `/dev/spidevPORT.0`."""

    slow = False

    def __init__(self, lgpio: Any, port: int, hz: int) -> None:
        """`hz` is the clock; the kernel takes the next lower one that the hardware has."""
        self._lgpio = lgpio
        self._handle: int = lgpio.spi_open(port, 0, hz, 0)

    def write(self, data: bytes) -> None:
        """One call of the kernel; at most 4096 bytes."""
        self._lgpio.spi_write(self._handle, data)

    def close(self) -> None:
        """Release the port."""
        self._lgpio.spi_close(self._handle)


class SoftwareSpi:
    """Two pins as an SPI, as fast as they can be moved: for lights that have their own clock."""

    def __init__(
        self, move: Callable[[int], object], close: Callable[[], object], *, slow: bool
    ) -> None:
        """`move` sets both pins, to a sum of DATA_HIGH and CLOCK_HIGH."""
        self._move = move
        self._close = close
        self.slow = slow

    def write(self, data: bytes) -> None:
        """Two moves a bit; both pins are low in the end."""
        move = self._move
        for byte in data:
            for place in range(7, -1, -1):
                bit = DATA_HIGH if byte >> place & 1 else 0
                move(bit)
                move(bit | CLOCK_HIGH)
        move(0)

    def close(self) -> None:
        """Release the pins."""
        self._close()


def lgpio_software_spi(lgpio: Any, chip: int, clock: int, data: int) -> SoftwareSpi:
    """Both pins as one group of lgpio's, so that each move is one call of the kernel."""
    handle: int = lgpio.gpiochip_open(chip)
    try:
        lgpio.group_claim_output(handle, [data, clock], [0, 0])
    except lgpio.error:
        lgpio.gpiochip_close(handle)
        raise
    both = DATA_HIGH | CLOCK_HIGH
    return SoftwareSpi(
        lambda levels: lgpio.group_write(handle, data, levels, both),
        lambda: lgpio.gpiochip_close(handle),
        slow=True,
    )
