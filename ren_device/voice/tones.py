"""What timers, alarms and reminders sound like; made of sine tones, as the cues are.

A tone begins gently and gets louder, and goes on for ever. Half of it is rests, in which people
are heard: over one with shorter rests "stop", in one breath with the wake word, was understood 6
times of 12 at its loudest, and 9 times over one with longer ones.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice

from ren_device.model import FRAME_BYTES, FRAME_S, AlertKind
from ren_device.voice.cues import Note, sound

PEAK = 20_000
"""Of a tone at its loudest, in steps of 16-bit PCM."""


@dataclass(frozen=True, slots=True)
class Tone:
    """`gentle` is repeated until it is at its loudest, after `rises_s`; then `insistent` is.

    It begins `from_db` below its loudest. Patterns are whole frames long.
    """

    gentle: tuple[Note, ...]
    insistent: tuple[Note, ...]
    rises_s: float
    from_db: float

    def loudness(self, rung_s: float) -> float:
        """How loud it is after so long, 0 to 1."""
        below_db = self.from_db * max(0.0, 1 - rung_s / self.rises_s)
        return float(10 ** (-below_db / 20))


def _bell(frequency_hz: float, length_s: float) -> Note:
    return Note(frequency_hz, frequency_hz, length_s, decay=5.0, rounded_s=0.005)


def _beep(frequency_hz: float, length_s: float) -> Note:
    return Note(frequency_hz, frequency_hz, length_s, decay=1.0)


def _rest(length_s: float) -> Note:
    return Note(0, 0, length_s)


_GENTLE = (523.25, 659.26, 783.99, 1046.5)  # a chord upwards
_INSISTENT = (1046.5, 1318.5) * 2
_PING = (1568.0, 1568.0, 2093.0)

ALARM = Tone(
    gentle=(*(_bell(each, 0.22) for each in _GENTLE), _rest(0.62)),
    insistent=(*(_beep(each, 0.11) for each in _INSISTENT), _rest(0.76)),
    rises_s=30.0,
    from_db=22.0,
)
TIMER = Tone(
    gentle=(*(_bell(each, 0.16) for each in _PING), _rest(0.72)),
    insistent=(*(_bell(each, 0.12) for each in _PING), _rest(0.64)),
    rises_s=10.0,
    from_db=14.0,
)
CHIME = (_bell(880.0, 0.2), _bell(1174.7, 0.5))
"""Two soft bell tones before a reminder."""
CHIME_S = sum(note.length_s for note in CHIME)

BY_URGENCY: dict[AlertKind, Tone] = {"alarm": ALARM, "timer": TIMER}
"""What rings without a break, the most urgent first."""

Ringing = Iterator[tuple[bytes, float]]
"""Frames, and how loud each is meant to be, 0 to 1."""


def ringing(tone: Tone, rung_s: float = 0.0) -> Ringing:
    """For ever; it has risen for `rung_s` already. A note is made when it is first heard."""
    gentle_s = sum(note.length_s for note in tone.gentle)
    times = max(0, math.ceil((tone.rises_s - rung_s) / gentle_s))
    gently = islice(cycle(_frames(tone.gentle)), times * round(gentle_s / FRAME_S))
    for number, frame in enumerate(chain(gently, cycle(_frames(tone.insistent)))):
        yield frame, tone.loudness(rung_s + number * FRAME_S)


def chime() -> Ringing:
    """The reminder's, once."""
    return ((frame, 1.0) for frame in _frames(CHIME))


def _frames(notes: Iterable[Note]) -> Iterator[bytes]:
    for note in notes:
        pcm = sound([note], PEAK)
        for at in range(0, len(pcm), FRAME_BYTES):
            yield pcm[at : at + FRAME_BYTES]
