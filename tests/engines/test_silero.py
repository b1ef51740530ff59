import pytest

from ren_device.engines.silero import SileroVad
from tests.voices import say, silence, with_noise

pytestmark = pytest.mark.engine


def probabilities(vad: SileroVad, pcm: bytes) -> list[float]:
    size = vad.chunk_bytes
    return [vad.process(pcm[at : at + size]) for at in range(0, len(pcm) - size + 1, size)]


def test_speech_is_told_from_silence_and_noise() -> None:
    vad = SileroVad.load()
    assert vad.chunk_bytes == 1024
    assert max(probabilities(vad, silence(1.0))) < 0.2
    vad.reset()
    assert max(probabilities(vad, with_noise(silence(1.0), 10))) < 0.4
    for voice in ("flite-slt", "flite-rms"):
        vad.reset()
        spoken = probabilities(vad, say("set a timer for five minutes please", voice))
        assert sum(p > 0.5 for p in spoken) > 0.7 * len(spoken)


def test_after_reset_the_same_sound_gives_the_same_answer() -> None:
    vad = SileroVad.load()
    pcm = say("good morning", "flite-slt")
    first = probabilities(vad, pcm)
    assert probabilities(vad, pcm) != first  # it has a memory
    vad.reset()
    assert probabilities(vad, pcm) == first


def test_two_detectors_do_not_share_a_memory() -> None:
    one, other = SileroVad.load(), SileroVad.load()
    pcm = say("good morning", "flite-slt")
    first = probabilities(one, pcm)
    assert probabilities(other, pcm) == first
