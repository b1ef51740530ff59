"""Makes what is due heard, until somebody reacts: tones, and what they are about.

A tone is mixed into all that sounds, by `playback.py`, and needs neither an engine nor the disk nor
the microphone. Sentences come on top of it when nobody speaks, and where they fail it rings on.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ren_device import languages
from ren_device.alerts.kernel import SNOOZE_S
from ren_device.bus import Bus, Subscription
from ren_device.errors import AlertError, StoreError
from ren_device.model import FRAME_S, Alert, AlertChanged, RingingHeard
from ren_device.ports import Clock
from ren_device.voice import tones
from ren_device.voice.announcer import Announcer
from ren_device.voice.mixing import scaled
from ren_device.voice.playback import Playback
from ren_device.voice.volume import Level

_log = logging.getLogger(__name__)
_LOOK_S = 0.2
_NOTICED_S = 1.0  # who says "stop" sooner has begun to say it before, and means something else
_FIRST_SENTENCE_S = {"timer": 2.0, "alarm": 2.0, "reminder": 0.0}
_SENTENCE_EVERY_S = 30.0
_REMINDER_EVERY_S = 120.0  # once it has rung for as long
_STUCK_S = 5.0  # a loudspeaker that takes nothing for so long is not heard
_STUCK = "the loudspeaker takes no sound"

_LISTENING = 10 ** (-20 / 20)
"""How loud what rings is while somebody is listened to, so that they are understood."""
_SPEAKING = 10 ** (-10 / 20)
"""And while Ren speaks or thinks."""
_FADE = (
    2.0  # from frame to frame it gets louder or quieter by no more than this, and does not click
)


class Alarms(Protocol):
    """What may ring; see alerts.kernel.AlertKernel."""

    def ringing(self) -> tuple[Alert, ...]:
        """What is due and not acknowledged, oldest first."""

    def rang_s(self, alert: Alert) -> float:
        """For how long it has been ringing."""

    async def acknowledge_all(self) -> list[Alert]:
        """Put it all away. Raises StoreError."""

    async def snooze(self, alert_id: int, for_s: float = SNOOZE_S) -> Alert | None:
        """Let it ring again later. Raises AlertError where it does not ring; StoreError."""


def announcement(alert: Alert, language: str = "en") -> str:
    """What is said when an alert is due."""
    sentences: dict[str, str] = languages.read(language, "voice")["alerts"]
    text = alert.text
    if alert.kind == "reminder":  # "about the dentist"
        text = re.sub(sentences["before_text"], "", text)
    return sentences[f"named_{alert.kind}" if text else alert.kind].format(text=text)


class Ringer:
    """Rings whatever the alert kernel says is due."""

    def __init__(
        self,
        kernel: Alarms,
        playback: Playback,
        announcer: Announcer,
        clock: Clock,
        bus: Bus,
        volume: Level,
        *,
        floor_taken: Callable[[], bool],
        listening: Callable[[], bool],
        language: str = "en",
    ) -> None:
        """`volume` is that of alarms.

        `floor_taken`: a conversation goes on; `listening`: somebody is listened to in it.
        """
        self._kernel = kernel
        self._playback = playback
        self._announcer = announcer
        self._clock = clock
        self._bus = bus
        self._volume = volume
        self._floor_taken = floor_taken
        self._listening = listening
        self._language = language
        self.trouble: str | None = None
        """Why what rings is not heard, or None."""
        self._tone: tones.Tone | None = None
        self._sounding: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._told_of: tuple[int, ...] = ()
        self._say_at_s: dict[int, float] = {}  # by alert: when its sentence is due
        self._risen_s = 0.0  # how much of a tone was played since something rings
        self._played_s = 0.0  # when the latest of it was

    def heard(self, for_s: float = _NOTICED_S) -> bool:
        """Whether something rings that somebody may have noticed, and may want to stop."""
        return any(self._kernel.rang_s(each) >= for_s for each in self._kernel.ringing())

    async def silence(self) -> None:
        """Put away all that rings. Never raises."""
        try:
            await self._kernel.acknowledge_all()
        except StoreError as error:
            _log.error("what rang is silent, which cannot be kept: %s", error)

    async def snooze(self, minutes: float | None) -> str | None:
        """Let all that rings ring again later; None: in as long as usual.

        What is to be said about it; None where nothing could be put off.
        """
        minutes = minutes or SNOOZE_S / 60
        ringing = self._kernel.ringing()
        put_off = (self._kernel.snooze(each.id, 60 * minutes) for each in ringing)
        done = await asyncio.gather(*put_off, return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException) and not isinstance(each, (AlertError, StoreError)):
                raise each
        if not any(isinstance(each, Alert) for each in done):
            return None
        sentences: dict[str, str] = languages.read(self._language, "voice")["alerts"]
        return sentences["snoozed_one" if minutes == 1 else "snoozed"].format(
            minutes=f"{minutes:g}"
        )

    async def run(self) -> None:
        """Ring until cancelled."""
        with self._bus.subscribe() as events:
            while True:
                if self._kernel.ringing():
                    await self._ring(events)
                await _change(events)

    async def _ring(self, events: Subscription) -> None:
        """Until nothing rings any more."""
        self._risen_s, self._played_s = 0.0, self._clock.monotonic()
        try:
            while ringing := self._kernel.ringing():
                await self._sound(ringing)
                await self._tell(ringing)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await _change(events)
                self._say_whether_heard()
        finally:
            await self._end_telling()
            await self._end_tone()
            self._say_at_s.clear()
            self._heard_again()

    # --- the tone ------------------------------------------------------------------------------

    async def _sound(self, ringing: Sequence[Alert]) -> None:
        """The tone of the most urgent."""
        kinds = {alert.kind for alert in ringing}
        tone = next((tone for kind, tone in tones.BY_URGENCY.items() if kind in kinds), None)
        _check(self._sounding)
        if tone is self._tone:
            return
        await self._end_tone()
        self._tone = tone
        if tone is not None:
            await self._end_telling()  # it may chime
            frames = self._loud_enough(tones.ringing(tone, self._risen_s))
            self._sounding = asyncio.create_task(self._playback.ring(frames), name="tone")

    async def _end_tone(self) -> None:
        task, self._sounding, self._tone = self._sounding, None, None
        await _ended(task)

    def _loud_enough(self, frames: tones.Ringing) -> Iterator[bytes]:
        """At the alarms' volume, and quieter while people or Ren speak."""
        ducked = self._ducked()
        for frame, loudness in frames:
            ducked = min(max(self._ducked(), ducked / _FADE), ducked * _FADE)
            yield scaled(frame, ducked * loudness * self._volume.gain)
            self._risen_s += FRAME_S
            self._played_s = self._clock.monotonic()

    def _ducked(self) -> float:
        if self._listening():
            return _LISTENING
        return _SPEAKING if self._playback.busy or self._floor_taken() else 1.0

    # --- what it is about ----------------------------------------------------------------------

    async def _tell(self, ringing: Sequence[Alert]) -> None:
        now_s = self._clock.monotonic()
        self._say_at_s = {
            alert.id: self._say_at_s.get(alert.id, now_s + _FIRST_SENTENCE_S[alert.kind])
            for alert in ringing
        }
        _check(self._telling)
        if self._telling is not None:
            if {alert.id for alert in ringing}.issuperset(self._told_of):
                return
            await self._end_telling()  # of something that was silenced
        due = [alert for alert in ringing if self._say_at_s[alert.id] <= now_s]
        if due:
            self._told_of = tuple(alert.id for alert in due)
            self._telling = asyncio.create_task(self._say(due), name="what rings")

    async def _end_telling(self) -> None:
        task, self._telling = self._telling, None
        await _ended(task)

    async def _say(self, alerts: Sequence[Alert]) -> None:
        if self._tone is None:
            await self._playback.ring(self._loud_enough(tones.chime()))
        for alert in alerts:
            await self._announcer.say(announcement(alert, self._language), self._volume)
        for alert in alerts:
            seldom = alert.kind == "reminder" and self._kernel.rang_s(alert) >= _REMINDER_EVERY_S
            every_s = _REMINDER_EVERY_S if seldom else _SENTENCE_EVERY_S
            self._say_at_s[alert.id] = self._clock.monotonic() + every_s
        self._telling = None

    # --- whether it is heard -------------------------------------------------------------------

    def _say_whether_heard(self) -> None:
        silent_s = self._clock.monotonic() - self._played_s
        stuck = self._sounding is not None and silent_s > _STUCK_S
        trouble = self._playback.trouble or (_STUCK if stuck else None)
        if trouble is None:
            self._heard_again()
        elif self.trouble is None:
            self.trouble = trouble
            _log.error("what rings is not heard: %s", trouble)
            self._bus.publish(RingingHeard(trouble))

    def _heard_again(self) -> None:
        """Or nothing rings any more that could be."""
        if self.trouble is not None:
            self.trouble = None
            self._bus.publish(RingingHeard(None))


async def _change(events: Subscription) -> None:
    """Return when something has happened to an alert."""
    async for event in events:
        if isinstance(event, AlertChanged):
            return


def _check(task: asyncio.Task[None] | None) -> None:
    """Raise what has ended it: a bug."""
    if task is not None and task.done():
        task.result()


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait({task})
