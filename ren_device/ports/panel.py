"""What is touched and what is seen."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from ren_device.model import Colour, Control, ControlEvent


class ControlPanel(Protocol):
    """Buttons, a mute switch, a knob: what people can touch."""

    controls: frozenset[Control]
    """Which there are."""
    mute_is_switch: bool
    """Whether `mute` stays where it is put, so that its line is the truth; else it is a button."""
    trouble: str | None
    """Why none of it works, in one sentence; or None."""

    def is_down(self, control: Control) -> bool:
        """What the line says now; False for one that is not there."""

    def events(self) -> AsyncGenerator[ControlEvent, None]:
        """What happens from now on, in order, until `aclose()`; one reader at a time.

        At most 256 wait for a slow reader; then the oldest go. Contacts bounce, and so may these.
        """

    async def close(self) -> None:
        """Release the pins."""


class Lamp(Protocol):
    """The lights of the panel."""

    pixels: int
    """How many places there are that can differ; 0 without lights."""
    trouble: str | None
    """Why it is dark, in one sentence; or None."""

    def show(self, pixels: Sequence[Colour], for_s: float = 3.0) -> None:
        """Light up so, now; `pixels` has `self.pixels` of them. Under 5 ms; never fails.

        It goes dark by itself after `for_s` unless shown again, even if the event loop hangs: a
        light must not say what is no longer so. With all colours dark that costs nothing.
        """

    async def close(self) -> None:
        """Dark; release the pins."""


class PanelOnScreen(Protocol):
    """The other side of simulated pins: a finger on the buttons, an eye on the lights."""

    controls: frozenset[Control]
    has_knob: bool

    def press(self, control: Control) -> None:
        """Push it down, or put the switch to muted; harmless when it is already."""

    def release(self, control: Control) -> None:
        """Let go, or put the switch back."""

    def turn(self, steps: int) -> None:
        """Turn the knob; positive is clockwise."""

    def is_down(self, control: Control) -> bool:
        """Whether it is pressed."""

    def seen(self) -> tuple[Colour, ...]:
        """What the lights show, read off the very pins that drive them."""
