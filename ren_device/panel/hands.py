"""What a press comes to: the deeds of the panel, done with the voice, the volume and the mute.

The page does the same things through the same hands.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from ren_device.bus import Bus
from ren_device.errors import EngineError, RenError
from ren_device.model import Alert, PanelChanged
from ren_device.panel.mute import Mute
from ren_device.panel.warning import warning_sound
from ren_device.ports import Clock
from ren_device.voice.by_hand import ByHand
from ren_device.voice.cues import closed_cue, error_cue, listening_cue, volume_cue
from ren_device.voice.volume import Volume

_log = logging.getLogger(__name__)
_NEVER = float("-inf")


class Alarms(Protocol):
    """What may ring; see alerts.kernel.AlertKernel."""

    def ringing(self) -> tuple[Alert, ...]:
        """What is due and not acknowledged."""

    async def acknowledge_all(self) -> list[Alert]:
        """Put it all away. Raises StoreError."""


class Hands:
    """Implements panel.deeds.Deeds. Without a voice it still silences, mutes and resets."""

    def __init__(
        self,
        voice: ByHand | None,
        alarms: Alarms,
        mute: Mute,
        volume: Volume,
        clock: Clock,
        bus: Bus,
        reset: Callable[[], Awaitable[None]],
    ) -> None:
        """`reset` asks for everything to be erased, durably, and for a new start."""
        self._voice = voice
        self._alarms = alarms
        self._mute = mute
        self._volume = volume
        self._clock = clock
        self._bus = bus
        self._reset = reset
        self._sound: asyncio.Task[None] | None = None
        self._lifting: asyncio.Task[None] | None = None
        self.refused_at = _NEVER
        """When somebody last wanted to talk in vain, because the microphone is off."""
        self.reset_progress: float | None = None
        """How near the factory reset is; see panel.truth.Truth."""

    # --- the talk button -----------------------------------------------------------------------

    async def talk_down(self) -> None:
        """See Deeds."""
        if not await self._stopped():
            await self._listen(held=False)

    async def talk_held(self) -> None:
        """See Deeds."""
        await self._listen(held=True)

    async def talk_up(self) -> None:
        """See Deeds."""
        if self._voice is not None:
            await self._voice.release()

    async def repeat(self) -> None:
        """See Deeds."""
        if self._voice is not None and not await self._voice.repeat():
            self._play(error_cue())

    async def stop(self) -> None:
        """See Deeds."""
        await self._stopped()

    async def talk(self, *, held: bool = False) -> bool:
        """The same from the page. False when there was nothing to stop and the microphone is off.

        Raises EngineError when there is nobody to listen.
        """
        if not held and await self._stopped():
            return True
        if self._voice is None:
            raise EngineError("there is no voice: set REN_VOICE_ENABLED")
        if not self._voice.can_listen and not self._mute.muted:
            raise EngineError("the voice is not ready, or hears nothing")
        return await self._listen(held=held)

    async def _stopped(self) -> bool:
        if self._voice is not None:
            return await self._voice.stop()
        rang = bool(self._alarms.ringing())
        if rang:
            await self._alarms.acknowledge_all()
        return rang

    async def _listen(self, *, held: bool) -> bool:
        if self._mute.muted or self._voice is None or not self._voice.can_listen:
            self.refused_at = self._clock.monotonic()
            self._bus.publish(PanelChanged())
            self._play(error_cue())
            return False
        if held:
            await self._voice.hold()
        else:
            await self._voice.listen()
        return True

    # --- mute and volume -----------------------------------------------------------------------

    async def mute(self) -> None:
        """See Deeds."""
        try:
            await self._mute.toggle()
        except RenError:
            self._play(error_cue())
            raise
        self._play(closed_cue() if self._mute.muted else listening_cue())

    def mute_line(self, down: bool) -> None:
        """See Deeds. Who puts the switch back wants to be heard, whatever a phone has asked for."""
        lifted = self._mute.by == "switch" and not down
        self._mute.line(down)
        if lifted and self._mute.muted:
            self._lifting = asyncio.create_task(self._lift(), name="unmute")

    async def _lift(self) -> None:
        try:
            await self._mute.set(False)
        except RenError as error:
            _log.warning("the microphone stays off: %s", error)

    async def volume(self, by_percent: int) -> None:
        """See Deeds. Whoever turns it while something rings means what rings."""
        ringing = bool(self._alarms.ringing())
        level = self._volume.alarms if ringing else self._volume.voice
        await level.step(by_percent)
        self._play(volume_cue())

    # --- the factory reset ---------------------------------------------------------------------

    def warn(self, progress: float | None) -> None:
        """See Deeds."""
        began = self.reset_progress is None and progress is not None
        if began:
            self._play(warning_sound())
        elif progress is None:
            self._silence()
        self.reset_progress = progress
        self._bus.publish(PanelChanged())

    async def factory_reset(self) -> None:
        """See Deeds."""
        _log.warning("factory reset: everything that Ren keeps is erased")
        try:
            await self._reset()
        except RenError:
            self._play(error_cue())
            raise

    # --- cues ----------------------------------------------------------------------------------

    def _play(self, pcm: bytes) -> None:
        """A cue instead of the one before, if nothing else sounds."""
        if self._voice is not None:
            tick = self._instead(self._silence(), self._voice, pcm)
            self._sound = asyncio.create_task(tick, name="cue of the panel")

    async def _instead(self, before: asyncio.Task[None] | None, voice: ByHand, pcm: bytes) -> None:
        if before is not None:
            await asyncio.wait({before})  # else this one would take it for something that sounds
        await voice.tick(pcm)

    def _silence(self) -> asyncio.Task[None] | None:
        sound, self._sound = self._sound, None
        if sound is not None:
            sound.cancel()
        return sound

    async def close(self) -> None:
        """End what it has begun."""
        for task in (self._sound, self._lifting):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
