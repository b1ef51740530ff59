"""What presses come to: the panel recognises gestures, and somebody else does what they mean."""

from typing import Protocol


class Deeds(Protocol):
    """One method for each thing that a person can do with the panel.

    The panel never calls two of the same control at once: the talk button's come one after the
    other and in order, those of mute and of the volume beside them. They return as soon as the deed
    is begun or refused; what lasts, such as an answer, goes on by itself. One that takes longer
    than `lanes.PATIENCE_S` is cancelled. They may raise RenError, which is logged.
    """

    async def talk_down(self) -> None:
        """The talk button was pressed: stop what sounds, else listen."""

    async def talk_held(self) -> None:
        """It is held: listen until `talk_up` or `stop`, of which exactly one follows.

        Nothing that was said since the press may be lost: `talk_down` came before.
        """

    async def talk_up(self) -> None:
        """It was let go after `talk_held`: what has been said is the whole of it."""

    async def repeat(self) -> None:
        """It was tapped twice: say the last answer again. The first tap was a `talk_down`."""

    async def stop(self) -> None:
        """It is held for very long, or another button was pressed with it: listen no more."""

    async def volume(self, by_percent: int) -> None:
        """Louder by so much, or quieter; what came while this was under way comes as one."""

    async def mute(self) -> None:
        """The mute button was pressed: the other way round from now on."""

    def mute_line(self, down: bool) -> None:
        """What the mute switch says: at the start, and whenever it was moved. At once."""

    def warn(self, progress: float | None) -> None:
        """How near the factory reset is, 0 to 1, several times a second; at 1 letting go does it.

        None: the warning is over, one way or the other.
        """

    async def factory_reset(self) -> None:
        """It was held until `warn(1.0)`, and then let go in time."""
