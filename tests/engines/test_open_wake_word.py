import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyopen_wakeword
import pytest

from ren_device.engines.open_wake_word import OpenWakeWord, built_in
from ren_device.engines.wake_verdict import QUIET_S
from ren_device.errors import EngineError
from ren_device.model import FRAME_BYTES, SILENT_FRAME
from tests.voices import say, silence, with_noise

pytestmark = pytest.mark.engine

MODELS = Path(pyopen_wakeword.__file__).parent / "models"


def hear(wake_word: OpenWakeWord, pcm: bytes) -> list[tuple[float, str]]:
    """What was reported, and at which second."""
    found = []
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        wake = wake_word.process(pcm[at : at + FRAME_BYTES])
        if wake is not None and wake.certainty == "sure":
            found.append(((at + FRAME_BYTES) / 32000, wake.phrase))
    return found


def quiet_room(duration_s: float) -> bytes:
    made = np.random.default_rng(1).normal(0, 10, round(duration_s * 16000))
    return made.astype("<i2").tobytes()


@pytest.fixture(scope="module")
def jarvis() -> OpenWakeWord:
    return OpenWakeWord.load(["hey jarvis"])


@pytest.fixture
def ears(jarvis: OpenWakeWord) -> OpenWakeWord:
    jarvis.reset()
    return jarvis


@pytest.mark.parametrize("room", [silence, quiet_room])
def test_the_phrase_is_reported_once_and_soon_after_its_end(
    ears: OpenWakeWord, room: Callable[[float], bytes]
) -> None:
    spoken = room(1.0) + say("hey jarvis", "flite-rms")
    [(at, phrase)] = hear(ears, spoken + room(3.0))
    assert phrase == "hey jarvis"
    assert -0.1 <= at - len(spoken) / 32000 <= 0.5


def test_the_phrase_is_found_within_a_sentence_and_in_noise(ears: OpenWakeWord) -> None:
    pcm = silence(1.5) + say("hey jarvis, set a timer for five minutes", "flite-rms") + silence(1.0)
    assert len(hear(ears, pcm)) == 1
    ears.reset()
    assert len(hear(ears, with_noise(pcm, 10))) == 1


def test_other_speech_does_not_wake(ears: OpenWakeWord) -> None:
    for text in (
        "the weather was fine and we had breakfast in the garden",
        "hey there, could you charge this for me",
        "they just arrived and are having a harvest party",
    ):
        assert hear(ears, silence(0.5) + say(text, "flite-slt") + silence(0.5)) == []


def test_twice_said_is_twice_reported_however_long_the_silence(ears: OpenWakeWord) -> None:
    said = say("hey jarvis", "flite-rms")
    found = hear(ears, quiet_room(1) + said + quiet_room(3) + said + quiet_room(20) + said)
    found += hear(ears, quiet_room(1))
    assert len(found) == 3
    assert found[1][0] - found[0][0] > QUIET_S


def test_it_is_heard_as_the_very_first_thing_after_a_reset(ears: OpenWakeWord) -> None:
    hear(ears, quiet_room(1))  # what the room is like is kept
    ears.reset()
    assert len(hear(ears, say("hey jarvis", "flite-rms") + quiet_room(1))) == 1


def test_reset_forgets_half_a_phrase(ears: OpenWakeWord) -> None:
    phrase = say("hey jarvis", "flite-rms")
    said = quiet_room(1.0) + phrase
    half = (len(said) - len(phrase) // 3) // FRAME_BYTES * FRAME_BYTES
    assert hear(ears, said[:half]) == []
    ears.reset()
    assert hear(ears, said[half:] + quiet_room(1.0)) == []


def test_several_phrases_over_one_stream() -> None:
    ears = OpenWakeWord.load(["hey jarvis", "ok nabu", "hey rhasspy"])
    assert ears.phrases == ("hey jarvis", "okay nabu", "hey rhasspy")
    pcm = silence(1.0)
    for text in ("hey rhasspy", "okay nabu", "hey jarvis"):
        pcm += say(text, "flite-rms") + silence(2.0)
    assert [phrase for _, phrase in hear(ears, pcm)] == ["hey rhasspy", "okay nabu", "hey jarvis"]


def test_silence_costs_next_to_nothing_and_speech_little(ears: OpenWakeWord) -> None:
    began = time.process_time()
    hear(ears, quiet_room(20))
    assert time.process_time() - began < 0.2  # 1 % of a core; 0.06 % was measured
    began = time.process_time()
    hear(ears, say("they just arrived and are having a harvest party", "flite-slt"))
    assert time.process_time() - began < 0.5


def test_no_frame_takes_long_when_a_sound_begins(ears: OpenWakeWord) -> None:
    hear(ears, quiet_room(4))
    loud = np.random.default_rng(2).normal(0, 3000, 160 * 40).astype("<i2").tobytes()
    took = []
    for at in range(0, len(loud), FRAME_BYTES):
        began = time.thread_time()
        ears.process(loud[at : at + FRAME_BYTES])
        took.append(time.thread_time() - began)
    assert sum(each > 0.0005 for each in took) >= 8  # it does listen: 5 chunks, and 4 before
    assert max(took) < 0.02  # one step; 2 ms was measured


def test_an_unknown_phrase_is_refused_with_the_known_ones() -> None:
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS.*'hey toaster'.*alexa, hey jarvis"):
        OpenWakeWord.load(["hey jarvis", "hey toaster"])
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS: there is no file /no/such\.tflite"):
        OpenWakeWord.load(["/no/such.tflite"])
    with pytest.raises(EngineError, match="REN_WAKE_WORDS names no phrase"):
        OpenWakeWord.load([])


def test_a_model_of_ones_own_by_path(tmp_path: Path) -> None:
    mine = shutil.copy(MODELS / "okay_nabu.tflite", tmp_path / "Computer_please.tflite")
    ears = OpenWakeWord.load([str(mine)])
    pcm = silence(1.0) + say("okay nabu", "flite-rms") + silence(1.0)
    assert [phrase for _, phrase in hear(ears, pcm)] == ["computer please"]


def test_a_broken_model_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mine.tflite").write_bytes(b"not a model at all")
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS: .*not a TensorFlow Lite model"):
        OpenWakeWord.load([str(tmp_path / "mine.tflite")])
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS: .*takes other features"):
        OpenWakeWord.load([str(MODELS / "melspectrogram.tflite")])


def test_silence_is_harmless_from_the_start() -> None:
    assert OpenWakeWord.load(built_in()).process(SILENT_FRAME) is None
