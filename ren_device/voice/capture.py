"""The microphone for good: opened again whenever it fails, and watched while it seems to work."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ren_device.bus import Bus
from ren_device.errors import DeviceError
from ren_device.model import SAMPLE_BYTES, VoicePhaseChanged, duration_s
from ren_device.ports import Clock, Microphone

_log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
STEADY_S = 30.0
"""A microphone that was heard for so long is well, and retries begin anew."""

DEAD_S = 5.0
"""No microphone in a room is silent to the last bit for so long, or at its limit."""

_CLIPPED = 0.1  # of the samples
_HIGHEST, _LOWEST = b"\xff\x7f", b"\x00\x80"


class Capture:
    """Owns a microphone; whoever listens never has to open it.

    Its trouble is a phase on the bus: `fault`, and `idle` when something is heard again.
    """

    def __init__(self, microphone: Microphone, clock: Clock, bus: Bus) -> None:
        """Nothing is opened before `blocks`."""
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
            began_s = self._clock.monotonic()
            watch = _Watch() if self._microphone.hardware else None
            try:
                async with aclosing(self._microphone.blocks()) as blocks:
                    async for block in blocks:
                        self._heard(None if watch is None else watch.trouble(block))
                        yield block
            except DeviceError as error:
                self._heard(str(error))
            else:
                return  # this microphone has nothing more to say
            if self._clock.monotonic() - began_s >= STEADY_S:
                delay_s = FIRST_RETRY_S
            await asyncio.sleep(delay_s * random.uniform(0.8, 1.2))  # noqa: S311  no secret
            delay_s = min(LONGEST_RETRY_S, delay_s * 2)

    def _heard(self, trouble: str | None) -> None:
        if trouble is None and not self._hears:
            self._bus.publish(VoicePhaseChanged("idle"))
            if self.trouble is not None:
                _log.info("hearing again")
        elif trouble is not None and (self._hears or self.trouble is None):
            self._bus.publish(VoicePhaseChanged("fault"))
            _log.warning("cannot hear: %s", trouble)
        self._hears = trouble is None
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
