"""Where the time of a spoken turn goes, from the wake word to Ren's first sound.

    wake -> first word -> last word | transcript -> committed -> first text -> first clause
         -> first speech -> first sound

What is before the bar is the person's time, what is behind it is Ren's. With a head start the turn
is committed after the first text; the stages are in the order in which they were reached.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta

from ren_device.bus import Bus
from ren_device.model import Outcome, Tier, TurnTimed
from ren_device.ports import Clock

_log = logging.getLogger(__name__)
_KEPT = 200

LAST_STAGE = "first_sound"


@dataclass(slots=True)
class LatencyTrace:
    """Marks of one spoken turn on the monotonic clock; each stage is marked once.

    `woken` is the end of the wake word, `speech_start` and `speech_end` of the person's words.
    """

    clock: Clock
    speech_end: float
    speech_start: float | None = None
    woken: float | None = None
    tier: Tier | None = None
    outcome: Outcome = "replied"
    head_start: bool = False
    marks: dict[str, float] = field(default_factory=dict)

    def mark(self, stage: str, *, later_s: float = 0.0) -> None:
        """Note that this stage is reached now, or will be `later_s` from now."""
        self.marks.setdefault(stage, self.clock.monotonic() + later_s)

    def summary(self) -> TurnTimed | None:
        """Milliseconds that each stage took; None while there was no sound.

        They add up to the whole; what was ready before the person's last word took none.
        """
        last = self.marks.get(LAST_STAGE)
        if last is None:
            return None
        stages: dict[str, int] = {}
        previous = 0
        for stage, at in sorted(self.marks.items(), key=lambda mark: mark[1]):
            if at <= last:
                reached = max(0, round((at - self.speech_end) * 1000))
                stages[stage] = reached - previous
                previous = reached
        ago = timedelta(seconds=self.clock.monotonic() - self.speech_end)
        return TurnTimed(
            total_ms=previous,
            stages_ms=stages,
            at=self.clock.now() - ago,
            before_ms=self._before(),
            tier=self.tier,
            outcome=self.outcome,
            head_start=self.head_start,
        )

    def _before(self) -> dict[str, int]:
        before: dict[str, int] = {}
        if self.speech_start is not None:
            if self.woken is not None:
                # In one breath the first word may seem to begin within the wake word.
                before["wake"] = max(0, round((self.speech_start - self.woken) * 1000))
            before["speech"] = round((self.speech_end - self.speech_start) * 1000)
        return before


class Traces:
    """The latest spoken turns, in memory only. `run` must run for them to be kept."""

    def __init__(self, bus: Bus) -> None:
        """None yet."""
        self._bus = bus
        self._turns: deque[TurnTimed] = deque(maxlen=_KEPT)
        self._count = 0
        self._more = asyncio.Condition()

    async def run(self) -> None:
        """Keep and log what the bus tells, until cancelled."""
        with self._bus.subscribe() as events:
            async for event in events:
                if not isinstance(event, TurnTimed):
                    continue
                stages = " ".join(f"{name}={ms}" for name, ms in event.stages_ms.items())
                _log.debug("first sound %d ms after the last word: %s", event.total_ms, stages)
                async with self._more:
                    self._turns.append(event)
                    self._count += 1
                    self._more.notify_all()

    async def read(
        self, latest: int, *, follow: bool = False, patience_s: float = 15.0
    ) -> AsyncGenerator[TurnTimed | None, None]:
        """The latest ones, oldest first; then, if asked to, each as it comes.

        Yields None after `patience_s` without a turn, so that the reader can see who has left.
        """
        seen = max(0, self._count - latest)
        while True:
            fresh = list(self._turns)[-(self._count - seen) :] if self._count > seen else []
            seen = self._count
            for turn in fresh:
                yield turn
            if not follow:
                return
            try:
                async with asyncio.timeout(patience_s), self._more:
                    while self._count == seen:
                        await self._more.wait()
            except TimeoutError:
                yield None
