"""Slow enough that nobody notices, and not at all while the household needs the machine."""

import time
from collections.abc import Callable

BYTES_PER_S = 8_000_000
"""About half of what a slow card takes."""

_LOOKS_S = 5.0
"""Between two looks at the household."""


class Pace:
    """Told of every piece, it returns when the next one may come."""

    def __init__(
        self,
        occupied: Callable[[], str | None],
        say: Callable[[str], None],
        *,
        bytes_per_s: float = BYTES_PER_S,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`occupied` says what is to be waited for; see household.py."""
        self._occupied = occupied
        self._say = say
        self._bytes_per_s = bytes_per_s
        self._sleep = sleep
        self._monotonic = monotonic
        self._next = monotonic()
        self._looked_at = float("-inf")

    def after(self, size: int) -> None:
        """So many bytes were written or read. Blocks."""
        now = self._monotonic()
        # What it was late by is not made up for: that would be a burst.
        self._next = max(self._next, now - 1.0) + size / self._bytes_per_s
        if self._next > now:
            self._sleep(self._next - now)
        if self._monotonic() - self._looked_at >= _LOOKS_S:
            self.wait()

    def wait(self) -> None:
        """Return when nothing is to be waited for. Blocks."""
        wait_until_free(self._occupied, self._say, self._sleep)
        self._looked_at = self._monotonic()


def wait_until_free(
    occupied: Callable[[], str | None],
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
    *,
    patience_s: float = float("inf"),
) -> None:
    """Return when `occupied` has nothing to say any more, or the patience is over. Blocks."""
    said = ""
    waited_s = 0.0
    while (why := occupied()) is not None and waited_s < patience_s:
        kind = why.partition(" in ")[0]  # the seconds alone are no news
        if kind != said:
            say(f"Waiting: {why}.")
            said = kind
        sleep(_LOOKS_S)
        waited_s += _LOOKS_S
