import math
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from ren_device.engines.webrtc_apm import MOST_WAITING, WebRtcApm
from ren_device.model import FRAME_BYTES, FRAME_SAMPLES, SILENT_FRAME
from tests.voices import say, silence

pytestmark = pytest.mark.engine

RATE = 16000
FAR = "it is a quarter past nine, and your timer for the eggs has four minutes left to go"
AHEAD_FRAMES = 10  # how far the loudspeaker's queue runs ahead


def room(played: np.ndarray) -> np.ndarray:
    """What the microphone hears of it, 80 ms later: the direct sound, and a tail of 150 ms."""
    tail = np.random.default_rng(3).normal(size=int(0.15 * RATE))
    tail *= 0.024 * np.exp(-np.arange(len(tail)) / (0.15 * RATE / 6.9))
    response = np.concatenate([np.zeros(int(0.08 * RATE)), [1.0], tail])
    return 0.5 * np.convolve(played, response)[: len(played)]


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def talk(near: np.ndarray, *, times: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Ren speaks `times` times over the near end: what was heard, what came out, where it began."""
    speech = say(FAR, "flite-slt")[: RATE * 2 * 5 // FRAME_BYTES * FRAME_BYTES]
    pause = silence(2.0)
    played = samples((pause + speech) * times + pause)
    begins = [k * (len(pause) + len(speech)) // 2 + len(pause) // 2 for k in range(times)]
    heard = room(played) + np.random.default_rng(4).normal(0, 10, len(played))
    heard[: len(near)] += near[: len(heard)]
    heard = np.clip(heard, -32768, 32767).astype("<i2")
    apm, cleaned = WebRtcApm.load(), []
    queue = {begin // FRAME_SAMPLES: begin // FRAME_SAMPLES for begin in begins}
    handed = length = len(speech) // FRAME_BYTES
    first = 0
    for number in range(len(heard) // FRAME_SAMPLES):
        if number in queue:
            first, handed = number, 0
        while handed < length and first + handed <= number + AHEAD_FRAMES:
            apm.reference(speech[handed * FRAME_BYTES : (handed + 1) * FRAME_BYTES])
            handed += 1
        frame = heard[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES].tobytes()
        cleaned.append(apm.process(frame))
    return heard.astype(np.float64), samples(b"".join(cleaned)), begins


def db(part: np.ndarray) -> float:
    return 20 * math.log10(math.sqrt(float(np.mean(part**2))) + 1e-9)


def test_rens_own_voice_is_taken_out() -> None:
    heard, cleaned, begins = talk(np.zeros(0), times=3)
    for time_number, begin in enumerate(begins):
        # The first time it has to find out about the room; later it knows at once.
        after = begin + (RATE if time_number == 0 else RATE // 10)
        part = slice(after, begin + 4 * RATE)
        assert db(heard[part]) - db(cleaned[part]) > (20 if time_number == 0 else 30)


def test_the_person_is_still_heard_over_rens_voice() -> None:
    near = np.zeros(23 * RATE)
    said = samples(say("stop the timer", "flite-rms"))
    begin = 17 * RATE
    near[begin : begin + len(said)] = said
    heard, cleaned, _ = talk(near, times=3)
    before = slice(begin - RATE, begin)
    assert db(heard[before]) > db(said) - 9  # Ren is about as loud as the person
    assert db(cleaned[before]) < db(said) - 30
    assert abs(db(cleaned[begin : begin + len(said)]) - db(said)) < 6


def test_without_ren_speaking_sound_passes() -> None:
    apm = WebRtcApm.load()
    pcm = say("what time is it", "flite-rms")
    pcm = pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES]
    out = b"".join(
        apm.process(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm), FRAME_BYTES)
    )
    assert len(out) == len(pcm)
    assert abs(db(samples(out)) - db(samples(pcm))) < 2


def test_a_microphone_that_stands_still_does_not_pile_up_reference() -> None:
    apm = WebRtcApm.load()
    for _ in range(10 * MOST_WAITING):
        apm.reference(SILENT_FRAME)
    assert len(apm._waiting) == MOST_WAITING


def test_a_frame_of_another_length_is_a_bug() -> None:
    with pytest.raises(ValueError, match="320 bytes"):
        WebRtcApm.load().process(bytes(100))


def test_a_frame_costs_little() -> None:
    apm = WebRtcApm.load()
    began = time.process_time()
    for _ in range(500):
        apm.reference(SILENT_FRAME)
        apm.process(SILENT_FRAME)
    assert time.process_time() - began < 0.5  # 10 % of a core; under 1 % was measured


def test_the_library_is_quiet_leaves_signals_alone_and_lets_the_process_end() -> None:
    program = """
import signal
before = {s: signal.getsignal(s) for s in signal.valid_signals()}
from ren_device.engines.webrtc_apm import WebRtcApm
import sys
assert not any(name.startswith("livekit") for name in sys.modules)
apm = WebRtcApm.load()
apm.reference(bytes(320)); apm.process(bytes(320))
assert before == {s: signal.getsignal(s) for s in signal.valid_signals()}
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
