"""What came due and reached nobody is told at the next contact by voice, once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from ren_device.errors import StoreError
from ren_device.model import Alert
from ren_device.ports import Announcer, Clock

_log = logging.getLogger(__name__)
_BREATH_S = 0.6  # between an answer and what follows it

MissedWords = Callable[[Sequence[Alert], datetime], str]
"""What is said about these at this local time; empty: nothing is to be said."""


class MissedAlarms(Protocol):
    """What may have been missed; see alerts.kernel.AlertKernel."""

    def ringing(self) -> tuple[Alert, ...]:
        """What is due and not acknowledged."""

    def missed(self) -> tuple[Alert, ...]:
        """What was missed and not told, oldest first."""

    async def told(self, alerts: Sequence[Alert]) -> None:
        """That these were missed has been said."""


class Missed:
    """Tells what was missed."""

    def __init__(
        self, kernel: MissedAlarms, announcer: Announcer, clock: Clock, words: MissedWords
    ) -> None:
        """Nothing is said before `run`, and a `contact`."""
        self._kernel = kernel
        self._announcer = announcer
        self._clock = clock
        self._words = words
        self._contact = asyncio.Event()

    def contact(self) -> None:
        """Somebody is there: they have just been given an answer."""
        self._contact.set()

    async def run(self) -> None:
        """Until cancelled. What was not said to its end is said at the next contact."""
        while True:
            await self._contact.wait()
            self._contact.clear()
            await asyncio.sleep(_BREATH_S)
            await self._tell()

    async def _tell(self) -> None:
        missed = self._kernel.missed()
        if not missed or self._kernel.ringing():
            return
        text = self._words(missed, self._clock.now())
        if text and await self._announcer.say(text):
            try:
                await self._kernel.told(missed)
            except StoreError as error:
                _log.error("what was missed was told, which cannot be kept: %s", error)
