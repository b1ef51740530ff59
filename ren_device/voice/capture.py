"""The microphone for good: opened again whenever it fails, and watched while it seems to work.

While it is muted it is closed, and nobody gets to hear what came last.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Protocol

from ren_device.bus import Bus
from ren_device.errors import DeviceError
from ren_device.model import NOT_OPENED, SAMPLE_BYTES, VoicePhaseChanged, duration_s
from ren_device.ports import Clock, Microphone

_log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
STEADY_S = 30.0
"""A microphone that was heard for so long is well, and retries begin anew."""

DEAD_S = 5.0
"""No microphone in a room is silent to the last bit for so long, or at its limit."""

HUNG_S = 15.0
"""A microphone that has worked, and then for so long gives neither sound nor an error, hangs."""

_CLIPPED = 0.1  # of the samples
_HIGHEST, _LOWEST = b"\xff\x7f", b"\x00\x80"


class MuteState(Protocol):
    """Whether the microphone is to be off; see panel.mute.Mute."""

    @property
    def muted(self) -> bool:
        """Now."""

    async def wait(self, muted: bool) -> None:
        """Return as soon as it is so."""


class NeverMuted:
    """Where nobody can switch the microphone off."""

    muted = False

    async def wait(self, muted: bool) -> None:
        """For ever, if need be."""
        if muted:
            await asyncio.Event().wait()


class Capture:
    """Owns a microphone; whoever listens never has to open it.

    Its trouble is a phase on the bus: `fault`, and `idle` when something is heard again.
    """

    def __init__(
        self,
        microphone: Microphone,
        clock: Clock,
        bus: Bus,
        mute: MuteState | None = None,
        closed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Nothing is opened before `blocks`, and nothing while it is muted.

        `closed` is called whenever the microphone was closed for a while.
        """
        self._closed = closed
        self._mute = mute or NeverMuted()
        self._asked_at: float | None = None  # since when the microphone owes a block
        self._worked = False
        self._microphone = microphone
        self._clock = clock
        self._bus = bus
        self._hears = False
        self.trouble: str | None = None
        """Why nothing, or nothing useful, is heard at present, in one sentence; or None."""

    @property
    def hardware(self) -> bool:
        """See ports.Microphone."""
        return self._microphone.hardware

    @property
    def block_frames(self) -> int:
        """See ports.Microphone."""
        return self._microphone.block_frames

    @block_frames.setter
    def block_frames(self, frames: int) -> None:
        self._microphone.block_frames = frames

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """What the microphone hears, for ever; see ports.Microphone. Raises nothing."""
        delay_s = FIRST_RETRY_S
        while True:
            if self._mute.muted:
                self._forget_trouble()
                await self._mute.wait(False)
                delay_s = FIRST_RETRY_S
            began_s = self._clock.monotonic()
            watch = _Watch() if self._microphone.hardware else None
            try:
                async with aclosing(self._microphone.blocks()) as blocks:
                    self._asked_at = began_s
                    async for block in blocks:
                        if self._mute.muted:
                            break
                        self._heard(None if watch is None else watch.trouble(block))
                        yield block
                        self._asked_at = self._clock.monotonic()
                    else:
                        self._hears = False
                        return  # this microphone has nothing more to say
            except DeviceError as error:
                if not self._mute.muted:  # else nobody wants it
                    self._heard(str(error))
            finally:
                self._asked_at = None
            if self._closed is not None:
                await self._closed()
            if self._mute.muted:
                continue
            if self._clock.monotonic() - began_s >= STEADY_S:
                delay_s = FIRST_RETRY_S
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s * random.uniform(0.8, 1.2)):  # noqa: S311
                    await self._mute.wait(True)  # what is off has no trouble
            delay_s = min(LONGEST_RETRY_S, delay_s * 2)

    @property
    def muted(self) -> bool:
        """Whether it is, or is about to be, closed."""
        return self._mute.muted

    @property
    def health(self) -> str:
        """How it is: `ok`, or what is the matter."""
        if self._mute.muted:
            return "muted"
        return self.trouble or ("ok" if self._worked else NOT_OPENED)

    @property
    def hears(self) -> bool:
        """Whether there is sound to be listened to."""
        return self._hears and not self._mute.muted

    def hangs(self) -> bool:
        """Whether a microphone that has worked gives nothing any more, and no error either."""
        asked_at = self._asked_at
        owes = self._worked and asked_at is not None
        return owes and self._clock.monotonic() - (asked_at or 0.0) > HUNG_S

    def _forget_trouble(self) -> None:
        """What is closed has none."""
        if self.trouble is not None:
            self.trouble = None
            self._hears = True
            self._bus.publish(VoicePhaseChanged("idle"))

    def _heard(self, trouble: str | None) -> None:
        if trouble is None and not self._hears:
            self._bus.publish(VoicePhaseChanged("idle"))
            if self.trouble is not None:
                _log.info("hearing again")
        elif trouble is not None and (self._hears or self.trouble is None):
            self._bus.publish(VoicePhaseChanged("fault"))
            _log.warning("cannot hear: %s", trouble)
        self._hears = trouble is None
        self._worked = self._worked or self._hears
        self._asked_at = None  # whoever takes the block may be busy with it
        self.trouble = trouble


class _Watch:
    """Tells whether what an open microphone delivers can be the sound of a room."""

    def __init__(self) -> None:
        self._still_s = 0.0
        self._clipped_s = 0.0

    def trouble(self, block: bytes) -> str | None:
        """What is wrong by now, or None."""
        samples = len(block) // SAMPLE_BYTES
        length_s = duration_s(block)
        still = block == block[:SAMPLE_BYTES] * samples
        self._still_s = self._still_s + length_s if still else 0.0
        if self._still_s > DEAD_S:
            return "the microphone delivers only silence: is it muted or unplugged?"
        clipped = block.count(_HIGHEST) + block.count(_LOWEST) > _CLIPPED * samples
        self._clipped_s = self._clipped_s + length_s if clipped else 0.0
        if self._clipped_s > DEAD_S:
            return "the microphone is overdriven: is its level too high, or is it broken?"
        return None
