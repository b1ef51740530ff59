"""Where the question begins that follows a wake phrase.

The phrase itself must not reach the recogniser, which makes words of it ("this turn on the light"),
and the question must not lose its first sound. The figures are in the README of the engines.
"""

from array import array
from operator import mul

from ren_device.model import FRAME_BYTES, FRAME_S, Wake, duration_s
from ren_device.ports import WakeWord

OPENING_S = 0.1
"""The question's sound begins so long before the phrase's end: that end is only known about."""

_QUIET_RATIO = 10 ** (25 / 10)  # in power, between the loudest frame and a pause
_PAUSE_FRAMES = 14  # longer than any consonant holds the breath
_LATEST_FRAME = round((OPENING_S + 0.2) / FRAME_S)  # a pause after that is one in the question
_BEFORE_FRAMES = 10  # of the pause are kept: recognisers like a breath before the first word

_BLOCK_BYTES = 8 * FRAME_BYTES
_SILENCE = bytes(5 * _BLOCK_BYTES)  # for what an engine notices late
_SECONDS_LOOKED_AT = 3.0


def after_pause(sound: bytes) -> bytes:
    """`sound` without what is before the pause that follows the wake phrase, if there is one.

    `sound` begins OPENING_S before the phrase's end and holds the question's first sound; of what
    is longer than a second only the first is looked at. Takes 2 ms for a second.
    """
    powers = [_power(sound[at : at + FRAME_BYTES]) for at in range(0, len(sound), FRAME_BYTES)]
    powers = powers[: round(1.0 / FRAME_S)]
    quiet = max(powers, default=0) / _QUIET_RATIO
    begin = 0
    for at, power in enumerate(powers):
        if power <= quiet:
            continue
        if at - begin >= _PAUSE_FRAMES and begin <= _LATEST_FRAME:
            return sound[max(begin, at - _BEFORE_FRAMES) * FRAME_BYTES :]
        begin = at + 1
    return sound


def find_wake(wake_word: WakeWord, pcm: bytes) -> Wake | None:
    """The wake phrase at the beginning of an utterance, if there surely is one.

    `wake_word` is used for nothing else meanwhile. `Wake.ended_s` is counted from the end of `pcm`,
    of which the first 3 s are heard; takes 35 ms for a second, so call it in a thread.
    """
    wake_word.reset()
    heard = pcm[: round(_SECONDS_LOOKED_AT / FRAME_S) * FRAME_BYTES]
    sound = heard[: len(heard) // FRAME_BYTES * FRAME_BYTES] + _SILENCE
    for at in range(0, len(sound), _BLOCK_BYTES):
        block = sound[at : at + _BLOCK_BYTES]
        wake = wake_word.process(block)
        if wake is not None and wake.certainty == "sure":
            end_s = duration_s(sound[: at + len(block)]) - wake.ended_s
            return Wake(wake.phrase, wake.score, "sure", max(0.0, duration_s(pcm) - end_s))
    return None


def _power(frame: bytes) -> int:
    samples = array("h", frame)
    energy: int = sum(map(mul, samples, samples))
    return energy // max(1, len(samples))
