import json
import time
from pathlib import Path

import numpy as np
import pymicro_wakeword
import pytest

from ren_device.engines.micro_wake_word import MicroWakeWord
from ren_device.engines.wake_verdict import QUIET_S
from ren_device.errors import EngineError
from ren_device.model import FRAME_BYTES, SILENT_FRAME
from tests.voices import say, silence, with_noise

pytestmark = pytest.mark.engine


def hear(wake_word: MicroWakeWord, pcm: bytes) -> list[tuple[float, str]]:
    """What was reported, and at which second."""
    found = []
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        wake = wake_word.process(pcm[at : at + FRAME_BYTES])
        if wake is not None and wake.certainty == "sure":
            found.append(((at + FRAME_BYTES) / 32000, wake.phrase))
    return found


@pytest.fixture(scope="module")
def jarvis() -> MicroWakeWord:
    return MicroWakeWord.load(["hey jarvis"])


@pytest.fixture
def ears(jarvis: MicroWakeWord) -> MicroWakeWord:
    jarvis.reset()
    return jarvis


def test_the_phrase_is_reported_once_and_soon_after_its_end(ears: MicroWakeWord) -> None:
    spoken = silence(1.0) + say("hey jarvis", "flite-rms")
    [(at, phrase)] = hear(ears, spoken + silence(3.0))
    assert phrase == "hey jarvis"
    assert -0.2 <= at - len(spoken) / 32000 <= 0.4


def test_the_phrase_is_found_within_a_sentence_and_in_noise(ears: MicroWakeWord) -> None:
    pcm = silence(1.5) + say("hey jarvis, set a timer for five minutes", "flite-rms") + silence(1.0)
    assert len(hear(ears, pcm)) == 1
    ears.reset()
    assert len(hear(ears, with_noise(pcm, 10))) == 1


def test_other_speech_does_not_wake(ears: MicroWakeWord) -> None:
    for text in (
        "the weather was fine and we had breakfast in the garden",
        "hey there, could you charge this for me",
        "they just arrived and are having a harvest party",
    ):
        assert hear(ears, silence(0.5) + say(text, "flite-slt") + silence(0.5)) == []


def test_twice_said_is_twice_reported_unless_at_once(ears: MicroWakeWord) -> None:
    said = say("hey jarvis", "flite-rms")
    found = hear(ears, silence(1) + said + silence(3) + said + silence(1))
    assert len(found) == 2
    assert found[1][0] - found[0][0] > QUIET_S


def test_reset_forgets_half_a_phrase(ears: MicroWakeWord) -> None:
    phrase = say("hey jarvis", "flite-rms")
    said = silence(1.0) + phrase
    half = (len(said) - len(phrase) // 3) // FRAME_BYTES * FRAME_BYTES
    assert hear(ears, said[:half]) == []
    ears.reset()
    assert hear(ears, said[half:] + silence(1.0)) == []


def test_several_phrases_over_one_stream() -> None:
    ears = MicroWakeWord.load(["hey jarvis", "okay nabu"])
    assert ears.phrases == ("hey jarvis", "okay nabu")
    pcm = silence(1.0)
    for text in ("okay nabu", "hey jarvis"):
        pcm += say(text, "flite-rms") + silence(2.0)
    assert [phrase for _, phrase in hear(ears, pcm)] == ["okay nabu", "hey jarvis"]


def test_loud_sound_does_not_wrap_around(ears: MicroWakeWord) -> None:
    said = np.frombuffer(say("hey jarvis", "flite-rms"), "<i2").astype(float)
    loud = np.clip(said * 32767 / np.abs(said).max() * 1.05, -32768, 32767).astype("<i2")
    assert len(hear(ears, silence(1.0) + loud.tobytes() + silence(1.0))) == 1


def test_a_frame_costs_little(ears: MicroWakeWord) -> None:
    began = time.process_time()
    for _ in range(500):
        ears.process(SILENT_FRAME)
    assert time.process_time() - began < 0.5  # 10 % of a core; about 1 % was measured


def test_an_unknown_phrase_is_refused_with_the_known_ones() -> None:
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS.*'hey toaster'.*alexa, hey jarvis"):
        MicroWakeWord.load(["hey jarvis", "hey toaster"])
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS: there is no file /no/such\.json"):
        MicroWakeWord.load(["/no/such.json"])
    with pytest.raises(EngineError, match="REN_WAKE_WORDS names no phrase"):
        MicroWakeWord.load([])


def a_config(folder: Path, model: bytes) -> Path:
    (folder / "mine.tflite").write_bytes(model)
    path = folder / "mine.json"
    micro = {"probability_cutoff": 0.9, "sliding_window_size": 5}
    path.write_text(json.dumps({"wake_word": "Okay", "model": "mine.tflite", "micro": micro}))
    return path


def test_a_model_of_ones_own_by_path(tmp_path: Path) -> None:
    wheel = Path(pymicro_wakeword.__file__).parent
    config = a_config(tmp_path, (wheel / "models" / "okay_nabu.tflite").read_bytes())
    ears = MicroWakeWord.load([str(config)])
    pcm = silence(1.0) + say("okay nabu", "flite-rms") + silence(1.0)
    assert [phrase for _, phrase in hear(ears, pcm)] == ["okay"]


def test_a_broken_model_is_an_error_and_not_the_end_of_the_process(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"mine\.tflite is not a TensorFlow Lite model"):
        MicroWakeWord.load([str(a_config(tmp_path, b"not a model at all"))])
    (tmp_path / "mine.json").write_text("[]")
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS: .*mine\.json cannot be loaded"):
        MicroWakeWord.load([str(tmp_path / "mine.json")])
