"""How Ren's own voice gets back into its microphone, and what can therefore be said over it.

At the start a short chime is played and looked for in what the microphone hears: how late and how
loud it comes back. From that follows how Ren may be interrupted. Every longer answer is looked at
too, for how much of it the canceller really takes out.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal

from ren_device.ports import EchoMeter
from ren_device.voice.echo_takes import Answer, Take, level_dbfs

_log = logging.getLogger(__name__)

BargeIn = Literal["full", "wake_word", "button"]
Chime = Literal["pending", "heard", "not heard", "not played", "unclear", "no microphone", "none"]
"""What became of the chime; `none`: there is none between files."""

PERSON_DBFS = -28.0
"""How loud a person is at the microphone, until one was heard."""
LOUDER_DB = 2.0
"""How much louder Ren's voice is than the chime."""

_BEFORE_S = 0.4  # of the room, before the chime
_AFTER_S = 0.8  # and after it: the longest delay and a tail
_TIMES = 3  # the chime is played at most
_AGAIN_S = 2.0  # after which whoever talked may have finished
_SURE = 0.5  # explained by the chime: else somebody talks
_QUIET_DBFS = -45.0  # in which a person would be noticed
_SILENT_DBFS = -70.0
# Ren's voice against a person's, at the microphone; engines/README.md has the figures.
_FULL_DB = 3.0  # beyond, four words in ten are lost although Ren falls silent
_WAKE_DB = 6.0  # beyond, so are five wake words in six
_LEFT_DB = -6.0  # after the canceller: beyond, Ren would interrupt itself


@dataclass(frozen=True, slots=True)
class EchoPath:
    """From the loudspeaker to the microphone.

    `residual_db` is how far the canceller takes the echo down (ERLE). Without an echo (`heard` is
    false) the figures mean nothing.
    """

    heard: bool
    delay_s: float = 0.0
    attenuation_db: float = math.inf
    residual_db: float = 0.0


class Calibrator:
    """Measures the echo path, at the start and while Ren speaks, and chooses how to interrupt."""

    def __init__(
        self,
        meter: EchoMeter,
        set_delay: Callable[[float], None],
        wanted: Literal["auto"] | BargeIn = "auto",
        *,
        echoes: bool = True,
    ) -> None:
        """`set_delay` is the canceller's. Anything but `auto` is what happens, come what may.

        Where nothing `echoes`, as between files, there is nothing to measure.
        """
        self._meter = meter
        self._set_delay = set_delay
        self._wanted = wanted
        self._take: Take | None = None
        self._answer = Answer()
        self._person_dbfs = PERSON_DBFS
        self._echo_dbfs = -math.inf
        self.path: EchoPath | None = None if echoes else EchoPath(heard=False)
        """None until it was measured."""
        self.chime: Chime = "pending" if echoes else "none"
        self._doubt = "the echo was not measured yet"

    @property
    def mode(self) -> BargeIn:
        """How Ren may be interrupted while it speaks."""
        return self._judged()[0] if self._wanted == "auto" else self._wanted

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        if self._wanted != "auto":
            return f"as REN_BARGE_IN={self._wanted} says"
        return self._judged()[1]

    def health(self) -> dict[str, object]:
        """For /hub/health."""
        said: dict[str, object] = {"mode": self.mode, "reason": self.reason, "chime": self.chime}
        if self.path is not None and self.path.heard:
            said["delay_ms"] = round(1000 * self.path.delay_s)
            said["attenuation_db"] = round(self.path.attenuation_db, 1)
            said["residual_db"] = round(self.path.residual_db, 1)
        return said

    async def run(self, play: Callable[[bytes], Awaitable[None]]) -> None:
        """Play the chime, three times at most, until it is sure what it means.

        `play` returns when all of it was heard. The microphone's sound must come in by `hear`
        meanwhile; when none does, nothing is measured.
        """
        became: Chime = "pending"
        for number in range(_TIMES):
            if number:
                await asyncio.sleep(_AGAIN_S)
            self._take = take = Take()
            try:
                await take.lasts(_BEFORE_S)
                await play(self._meter.sound)
                await take.lasts(_AFTER_S)
            except TimeoutError:
                self._doubt = "there is no microphone to measure the echo with"
                self.chime = "no microphone"
                return
            finally:
                self._take = None
            became = self._measured(take)
            if became != "unclear":
                break
        self.chime = became
        _log.info("barge-in: %s (%s)", self.mode, self.reason)

    def hear(self, near: bytes, far: bytes, cleaned: bytes, *, rings: bool = False) -> None:
        """Each block, as the canceller got it and as it left it.

        What `rings` is as loud as alarms are, and tells nothing of answers.
        """
        if self._take is not None:
            self._take.add(near, far, cleaned)
        elif rings:
            self._answer = Answer()
        elif self.path is not None and self.path.heard:
            self._answer.add(near, far, cleaned)
            if self._answer.over:
                self._learn(self._answer)
                self._answer = Answer()

    def person(self, pcm: bytes) -> None:
        """An utterance while Ren was silent: how loud people are here."""
        self._person_dbfs += 0.2 * (max(-50.0, level_dbfs(pcm)) - self._person_dbfs)

    def _measured(self, take: Take) -> Chime:
        """What became of this chime, as its recording tells."""
        near, far = bytes(take.near), take.played()
        if level_dbfs(far) < _SILENT_DBFS:
            self.path = EchoPath(False)
            self._doubt = "nothing is played that could come back"
            return "not played"
        echo = self._meter.measure(near, far)
        chime = slice(take.began, len(far))
        if not echo.heard:
            before = near[: take.began]
            loud = level_dbfs(near[chime]) > max(_QUIET_DBFS, level_dbfs(before) + 3)
            self._doubt = "somebody spoke while it was measured"
            if loud:
                return "unclear"
            self.path = EchoPath(False)
            return "not heard"
        if echo.explained < _SURE:
            self._doubt = "somebody spoke while it was measured"
            return "unclear"
        ends = slice(take.began + len(self._meter.sound) // 2, len(far))
        removed = level_dbfs(near[ends]) - level_dbfs(bytes(take.cleaned)[ends])
        self.path = EchoPath(True, echo.delay_s, echo.attenuation_db, max(0.0, removed))
        sounding = far[take.began : take.began + len(self._meter.sound)]
        self._echo_dbfs = level_dbfs(sounding) + LOUDER_DB - echo.attenuation_db
        self._set_delay(echo.delay_s)
        return "heard"

    def _learn(self, answer: Answer) -> None:
        if self.path is None or answer.residual_db is None:
            return
        known = self.path
        better_db = answer.residual_db - known.residual_db
        self.path = replace(known, residual_db=known.residual_db + 0.5 * better_db)
        self._echo_dbfs = answer.played_dbfs - known.attenuation_db

    def _judged(self) -> tuple[BargeIn, str]:
        if self.path is None:
            return "wake_word", self._doubt
        if not self.path.heard:
            return "full", "the loudspeaker is not heard by the microphone"
        over_db = self._echo_dbfs - self._person_dbfs
        loud = f"Ren's voice is {abs(over_db):.0f} dB {'louder' if over_db > 0 else 'quieter'}"
        loud += " than a person at the microphone"
        if over_db > _WAKE_DB:
            return "button", f"{loud}, which drowns even the wake word"
        if over_db > _FULL_DB:
            return "wake_word", f"{loud}, which drowns much of what they say"
        if over_db - self.path.residual_db > _LEFT_DB:
            return "wake_word", f"{loud}, and only {self.path.residual_db:.0f} dB are taken out"
        return "full", f"{loud}, and {self.path.residual_db:.0f} dB are taken out"
