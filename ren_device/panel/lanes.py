"""Does deeds one after the other, however slow they are, and lives on when one fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from ren_device.errors import RenError

PATIENCE_S = 10.0
"""A deed that takes longer is cancelled."""

_log = logging.getLogger(__name__)

Act = Callable[[], Awaitable[None]]


class Attempts:
    """Tries deeds; of one that fails again and again the log tells once."""

    def __init__(self) -> None:
        """Nothing has failed yet."""
        self._failing: set[str] = set()

    async def make(self, name: str, act: Act) -> None:
        """Do it; a RenError and taking too long are logged. A bug goes on its way."""
        try:
            async with asyncio.timeout(PATIENCE_S) as patience:
                await act()
        except RenError as error:
            self._failed(name, type(error).__name__)
        except TimeoutError:
            if not patience.expired():
                raise
            self._failed(name, "it took too long")
        else:
            self._failing.discard(name)

    def at_once(self, name: str, act: Callable[[], None]) -> None:
        """The same for what takes no time."""
        try:
            act()
        except RenError as error:
            self._failed(name, type(error).__name__)
        else:
            self._failing.discard(name)

    def _failed(self, name: str, why: str) -> None:
        if name not in self._failing:
            _log.warning("panel: %s failed: %s", name, why)
        self._failing.add(name)


class InOrder:
    """Every deed, in order. Whoever adds looks at `full` first, where a whole gesture begins."""

    def __init__(self, attempts: Attempts) -> None:
        """Nothing to do."""
        self._attempts = attempts
        self._waiting: asyncio.Queue[tuple[str, Act]] = asyncio.Queue(16)

    @property
    def full(self) -> bool:
        """Whether so much waits that nothing more should begin; there is room for a gesture."""
        return self._waiting.qsize() >= self._waiting.maxsize // 2

    def add(self, name: str, act: Act) -> None:
        """Do this after what waits already."""
        self._waiting.put_nowait((name, act))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            name, act = await self._waiting.get()
            await self._attempts.make(name, act)


class Summed:
    """Deeds that can be added up: what comes while one is under way is one."""

    def __init__(
        self,
        attempts: Attempts,
        name: str,
        act: Callable[[int], Awaitable[None]],
        rest_s: float = 0.0,
    ) -> None:
        """`act` is given the sum; there are `rest_s` at least from one to the next."""
        self._attempts = attempts
        self._name = name
        self._act = act
        self._rest_s = rest_s
        self._sum = 0
        self._some = asyncio.Event()

    def add(self, number: int) -> None:
        """So much more."""
        self._sum += number
        self._some.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            number, self._sum = self._sum, 0
            await self._attempts.make(self._name, partial(self._act, number))
            await asyncio.sleep(self._rest_s)
