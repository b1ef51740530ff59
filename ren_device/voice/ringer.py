"""Makes due alerts heard: a chime and a sentence, again and again until somebody reacts."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from functools import cache
from typing import Protocol

from ren_device import languages
from ren_device.bus import Bus
from ren_device.errors import EngineError, StoreError
from ren_device.model import FRAME_BYTES, Alert, AlertChanged
from ren_device.ports import Clock, TextToSpeech
from ren_device.voice.cues import Note, sound
from ren_device.voice.playback import Playback, Voice
from ren_device.voice.volume import Level

_log = logging.getLogger(__name__)
_PAUSE_S = 1.5  # between chimes
_SENTENCE_EVERY = 4  # chimes
_STEP_BYTES = 5 * FRAME_BYTES
_LONGEST_S = 300.0  # an alert that nobody reacts to falls silent after this


class Alarms(Protocol):
    """What may ring; see alerts.kernel.AlertKernel."""

    def ringing(self) -> tuple[Alert, ...]:
        """What is due and not acknowledged."""

    async def acknowledge_all(self) -> list[Alert]:
        """Put it all away. Raises StoreError."""


@cache
def chime() -> bytes:
    """Two soft bell tones, 0.7 s of PCM."""
    notes = (
        Note(frequency_hz, frequency_hz, length_s, decay=5.0, rounded_s=0.005)
        for frequency_hz, length_s in ((880.0, 0.2), (1174.7, 0.5))
    )
    return sound(notes, peak=20_000)


def announcement(alert: Alert, language: str = "en") -> str:
    """What is said when an alert is due."""
    sentences: dict[str, str] = languages.read(language, "voice")["alerts"]
    return sentences[f"named_{alert.kind}" if alert.text else alert.kind].format(text=alert.text)


class Ringer:
    """Rings whatever the alert kernel says is due."""

    def __init__(
        self,
        kernel: Alarms,
        playback: Playback,
        tts: TextToSpeech,
        clock: Clock,
        bus: Bus,
        floor_taken: Callable[[], bool],
        volume: Level | None = None,
        language: str = "en",
    ) -> None:
        """`floor_taken`: a conversation goes on; the ringer waits politely between chimes.

        `volume` is that of alarms; None: as loud as the voice.
        """
        self._kernel = kernel
        self._playback = playback
        self._tts = tts
        self._clock = clock
        self._bus = bus
        self._floor_taken = floor_taken
        self._rung_s: dict[int, float] = {}  # by alert: how long each has rung
        self._volume = volume
        self._language = language

    def heard(self) -> bool:
        """Whether something rings that somebody may have heard, and may want to stop."""
        return any(self._rung_s.get(alert.id, 0.0) > 0 for alert in self._kernel.ringing())

    async def run(self) -> None:
        """Ring until cancelled."""
        with self._bus.subscribe() as events:
            while True:
                if self._kernel.ringing():
                    await self._ring()
                async for event in events:
                    if isinstance(event, AlertChanged) and event.alert.state == "due":
                        break

    async def _ring(self) -> None:
        chimes = 0
        while ringing := self._kernel.ringing():
            # Only what was really heard counts: neither a conversation nor another alert's time.
            self._rung_s = {alert.id: self._rung_s.get(alert.id, 0.0) for alert in ringing}
            if min(self._rung_s.values()) > _LONGEST_S:
                await self._fall_silent()
                return
            if self._floor_taken():
                await asyncio.sleep(_PAUSE_S)
                continue
            began = self._clock.monotonic()
            sentences = [announcement(alert, self._language) for alert in ringing]
            await self._sound(sentences if chimes % _SENTENCE_EVERY == 0 else [])
            chimes += 1
            await asyncio.sleep(_PAUSE_S)
            for alert in ringing:
                self._rung_s[alert.id] += self._clock.monotonic() - began

    async def _sound(self, sentences: Sequence[str]) -> None:
        async with self._playback.claim(self._volume) as voice:
            if not await self._play(voice, chime()):
                return
            for sentence in sentences:
                try:
                    async with aclosing(self._tts.speak(sentence)) as speech:
                        async for pcm in speech:
                            if not await self._play(voice, pcm):
                                return
                except EngineError as error:
                    _log.error("an alert was rung but not spoken: %s", error)
            await voice.finish()

    async def _play(self, voice: Voice, pcm: bytes) -> bool:
        """Whether all of it was played; somebody who speaks to Ren must not be rung over."""
        for start in range(0, len(pcm), _STEP_BYTES):
            if self._floor_taken():
                await self._playback.flush()
                return False
            await voice.play(pcm[start : start + _STEP_BYTES])
        return True

    async def _fall_silent(self) -> None:
        _log.warning("nobody reacted to what rang")
        try:
            await self._kernel.acknowledge_all()
        except StoreError as error:
            _log.error("an alert could not be put away: %s", error)
