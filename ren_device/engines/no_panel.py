"""No panel: nothing to touch and nothing to see, because there is none or it cannot be used."""

from collections.abc import AsyncGenerator, Sequence

from ren_device.model import Colour, Control, ControlEvent


class NoControls:
    """Implements ports.ControlPanel without a control."""

    controls: frozenset[Control] = frozenset()

    def __init__(self, trouble: str | None = None, *, hides_switch: bool = False) -> None:
        """`trouble` says why there are none, if there should be some.

        `hides_switch`: there is a mute switch that cannot be read. It may say muted, so it does.
        """
        self.trouble = trouble
        self.mute_is_switch = hides_switch

    def is_down(self, control: Control) -> bool:
        """Never, but for a mute switch that cannot be read."""
        return control == "mute" and self.mute_is_switch

    async def events(self) -> AsyncGenerator[ControlEvent, None]:
        """Nothing happens; it ends at once."""
        nothing: tuple[ControlEvent, ...] = ()
        for event in nothing:
            yield event

    async def close(self) -> None:
        """Nothing is open."""


class DarkLamp:
    """Implements ports.Lamp without a light."""

    pixels = 0

    def __init__(self, trouble: str | None = None) -> None:
        """`trouble` says why it is dark, if it should not be."""
        self.trouble = trouble

    def show(self, pixels: Sequence[Colour], for_s: float = 3.0) -> None:
        """Stay dark."""

    async def close(self) -> None:
        """Nothing is open."""
