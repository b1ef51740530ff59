"""Ren's little sounds."""

import math
from array import array
from itertools import pairwise

import pytest

from ren_device.model import duration_s
from ren_device.voice import cues

CUES: dict[cues.Cue, float] = {
    cues.listening_cue: 0.12,
    cues.closed_cue: 0.15,
    cues.not_understood_cue: 0.25,
    cues.error_cue: 0.35,
    cues.volume_cue: 0.06,
}


def samples(pcm: bytes) -> "array[int]":
    return array("h", pcm)


@pytest.mark.parametrize("cue", CUES)
def test_it_is_short_and_softer_than_the_voice(cue: cues.Cue) -> None:
    heard = samples(cue())
    assert 0.03 < duration_s(cue()) <= CUES[cue]
    rms = math.sqrt(sum(each * each for each in heard) / len(heard))
    below_db = 20 * math.log10(cues.VOICE_RMS / rms)
    assert 8 < below_db < 22
    assert max(map(abs, heard)) < cues.VOICE_RMS


@pytest.mark.parametrize("cue", CUES)
def test_it_does_not_click(cue: cues.Cue) -> None:
    heard = samples(cue())
    assert abs(heard[0]) < 30
    assert abs(heard[-1]) < 30
    steps = [abs(after - before) for before, after in pairwise(heard)]
    assert max(steps) < max(map(abs, heard)) * 0.5  # 1 kHz and below


@pytest.mark.parametrize("cue", CUES)
def test_it_is_made_once(cue: cues.Cue) -> None:
    assert cue() is cue()


def crossings(heard: "array[int]") -> int:
    return sum((one < 0) != (other < 0) for one, other in pairwise(heard))


def test_listening_rises_and_closing_falls() -> None:
    for cue, rises in ((cues.listening_cue, True), (cues.closed_cue, False)):
        heard = samples(cue())
        half = len(heard) // 2
        assert (crossings(heard[half:]) > crossings(heard[:half])) is rises


def test_they_are_five_different_sounds() -> None:
    assert len({cue() for cue in CUES}) == len(CUES)
