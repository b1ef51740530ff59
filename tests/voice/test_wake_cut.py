"""Where the question begins."""

import numpy as np
import pytest

from ren_device.engines import wake_words
from ren_device.model import FRAME_BYTES, duration_s
from ren_device.sim import SimWakeWord
from ren_device.sim import silence as sim_silence
from ren_device.sim import speech as sim_speech
from ren_device.voice.wake_cut import OPENING_S, after_pause, find_wake
from tests.voices import Voice, say, silence, with_noise

VOICES: tuple[Voice, ...] = ("flite-slt", "flite-rms", "espeak-gb")


def noise(duration_s: float, rms: float, seed: int = 0) -> bytes:
    made = np.random.default_rng(seed).normal(0, rms, round(duration_s * 16000))
    return made.astype("<i2").tobytes()


def test_what_is_before_a_pause_is_cut_off_and_a_breath_of_the_pause_stays() -> None:
    tail, pause, question = noise(0.1, 1500), noise(0.3, 20, 1), noise(0.5, 3000, 2)
    assert after_pause(tail + pause + question) == pause[-10 * FRAME_BYTES :] + question


@pytest.mark.parametrize("pause_s", [0.0, 0.05, 0.12])
def test_what_is_no_longer_than_a_consonant_is_no_pause(pause_s: float) -> None:
    sound = noise(0.1, 1500) + noise(pause_s, 20, 1) + noise(0.5, 3000, 2)
    assert after_pause(sound) == sound


def test_a_pause_within_the_question_stays() -> None:
    sound = noise(0.5, 1500) + noise(0.3, 20, 1) + noise(0.3, 3000, 2)
    assert after_pause(sound) == sound


def test_silence_and_nothing_stay_as_they_are() -> None:
    assert after_pause(b"") == b""
    assert after_pause(bytes(FRAME_BYTES * 50)) == bytes(FRAME_BYTES * 50)


def test_the_end_of_the_phrase_is_counted_from_the_end_of_the_sound() -> None:
    after = sim_speech(" what time is it?") + sim_silence(0.5)
    wake = find_wake(SimWakeWord(), sim_speech("hey jarvis") + after)
    assert wake is not None
    assert wake.ended_s == pytest.approx(duration_s(after), abs=0.1)


def test_no_phrase_and_a_doubtful_one_are_none() -> None:
    word = SimWakeWord()
    assert find_wake(word, sim_speech("what time is it?")) is None
    word.certainty = "doubtful"
    assert find_wake(word, sim_speech("hey jarvis")) is None


@pytest.mark.engine
@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("pause_s", [0.0, 0.3])
def test_real_engines_know_about_where_the_phrase_ended(voice: Voice, pause_s: float) -> None:
    phrase = say("hey jarvis", voice)
    after = silence(pause_s) + say("what time is it", voice)
    wake = find_wake(wake_words.load(["hey jarvis"]), with_noise(silence(0.3) + phrase + after, 40))
    assert wake is not None
    assert wake.ended_s == pytest.approx(duration_s(after), abs=2 * OPENING_S)
