"""Where the pins come from: lgpio on a Pi. (`gpio_mock` has simulated ones.)

A gpiozero factory of its own, handed to every device: gpiozero's global one is never made.
"""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gpiozero

from ren_device.engines.gpio_spi import (
    CLOCK_OF,
    PORT_OF,
    HardwareSpi,
    Spi,
    lgpio_software_spi,
)
from ren_device.errors import EngineError


class Pins(ABC):
    """A gpiozero factory, shared by the controls and the lights; it closes with the last user."""

    errors: tuple[type[Exception], ...] = (gpiozero.GPIOZeroError, OSError)
    """What the pins raise when they cannot be used."""
    slow = False
    """Whether opening and closing take so long that they are no work for an event loop."""

    def __init__(self, factory: Any) -> None:
        """`factory` is a gpiozero.Factory."""
        self.factory = factory
        self._users = 0
        self._lock = threading.Lock()

    @abstractmethod
    def spi(self, clock: int, data: int, hz: int) -> Spi:
        """A clock and a data pin; `hz` is for ports of the hardware. Raises EngineError."""

    def enter(self) -> None:
        """One more uses the pins."""
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        """One has released all its pins; after the last one the chip is closed."""
        with self._lock:
            self._users -= 1
            last = self._users == 0
        if last:
            self.factory.close()

    @contextmanager
    def naming(self, key: str, *pins: int) -> Generator[None, None, None]:
        """Say which key of the profile it was, when its pins cannot be used: EngineError."""
        try:
            yield
        except self.errors as error:
            names = " and ".join(f"GPIO{pin}" for pin in pins)
            advice = "look for another program, or a line of config.txt, that has it"
            if isinstance(error, gpiozero.PinFixedPull):
                advice = 'say pull = "up" there'
            raise EngineError(
                f"{key} of the hardware profile cannot use {names} ({reason(error)}): {advice}."
            ) from error


def reason(error: Exception) -> str:
    """What an error of the pins says, to be part of a sentence."""
    return str(error).strip("'.")


class PiPins(Pins):
    """The pins of this Raspberry Pi."""

    slow = True

    def __init__(self, device_folder: Path = Path("/dev")) -> None:
        """Blocks for up to a second. Raises EngineError: one sentence with what to do."""
        self._devices = device_folder
        chips = list(device_folder.glob("gpiochip*"))
        if not chips:
            raise EngineError(
                "This machine has no GPIO pins: set REN_HARDWARE=none,"
                " or REN_GPIO=mock for a panel on screen."
            )
        if not any(os.access(chip, os.R_OK | os.W_OK, effective_ids=True) for chip in chips):
            raise EngineError(
                "Ren may not use the GPIO pins: add its user to the group gpio"
                " (sudo usermod -aG gpio USER) and start it again."
            )
        super().__init__(self._open())

    def _open(self) -> Any:
        """The factory; lgpio is needed for it."""
        try:
            import lgpio
            from gpiozero.pins.lgpio import LGPIOFactory
        except ImportError as error:
            raise EngineError(
                "The GPIO pins need lgpio, which is not installed:"
                " install Ren with its extra `gpio`, or the system's python3-lgpio."
            ) from error
        except OSError as error:  # it makes a pipe there, `.lgd-nfy0`
            raise EngineError(
                f"lgpio cannot write to {Path.cwd()}: start Ren in a folder that it may write to."
            ) from error
        self._lgpio = lgpio
        self.errors = (*Pins.errors, lgpio.error)
        try:
            return LGPIOFactory()
        except self.errors as error:
            raise EngineError(
                f"The GPIO pins cannot be opened ({reason(error)}):"
                " set REN_HARDWARE=none if this is no Raspberry Pi."
            ) from error

    def spi(self, clock: int, data: int, hz: int) -> Spi:
        """A port of the hardware where the pins are one, else the pins moved by hand."""
        if CLOCK_OF.get(data) != clock:
            return lgpio_software_spi(self._lgpio, self.factory.chip, clock, data)
        port = PORT_OF[data]
        look_for_port(port, self._devices)
        return HardwareSpi(self._lgpio, port, hz)


def look_for_port(port: int, device_folder: Path) -> None:
    """Raises EngineError, with what to do, if this SPI port is off or not for us."""
    device = device_folder / f"spidev{port}.0"
    if not device.exists():
        line = "dtparam=spi=on" if port == 0 else "dtoverlay=spi1-1cs"
        raise EngineError(
            f"The lights need SPI, which is off: add {line} to config.txt and start the Pi again."
        )
    if not os.access(device, os.R_OK | os.W_OK, effective_ids=True):
        raise EngineError(
            "Ren may not use SPI for the lights: add its user to the group spi"
            " (sudo usermod -aG spi USER) and start it again."
        )
