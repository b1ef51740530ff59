import asyncio
from pathlib import Path

import pytest

from ren_device.engines.light_voice import lighten
from ren_device.engines.moonshine import MoonshineSpeechToText
from ren_device.engines.piper import PiperTextToSpeech
from ren_device.errors import EngineError

SENTENCE = "The alarm is set for half past seven tomorrow morning."


async def said(tts: PiperTextToSpeech) -> bytes:
    return b"".join([pcm async for pcm in tts.speak(SENTENCE)])


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.mark.engine
async def test_a_lighter_voice_says_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tts = await asyncio.to_thread(PiperTextToSpeech.load, "joe", light=tmp_path)
    copy = only(tmp_path)
    assert copy.stat().st_size < 31_000_000  # half of what the voice has
    made_ns = copy.stat().st_mtime_ns
    pcm = await said(tts)
    await tts.close()

    tts = await asyncio.to_thread(PiperTextToSpeech.load, "joe", light=tmp_path)
    assert copy.stat().st_mtime_ns == made_ns
    await tts.close()

    stt = await asyncio.to_thread(MoonshineSpeechToText.load)
    recognition = stt.start()
    recognition.feed(pcm)
    heard = (await recognition.interim()).lower()
    await recognition.close()
    await stt.close()
    assert heard.replace("7", "seven").startswith("the alarm is set for half past seven")
    assert not caplog.records


@pytest.mark.engine
async def test_a_full_disk_costs_memory_and_no_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("here is no room for a folder")
    tts = await asyncio.to_thread(PiperTextToSpeech.load, "joe", light=tmp_path / "file")
    assert await said(tts)
    await tts.close()
    assert "cannot be made lighter" in caplog.text


def test_what_is_no_model_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "v.onnx").write_bytes(b"\xff\xff\xff")
    with pytest.raises(EngineError, match=r"v\.onnx cannot be made lighter"):
        lighten(tmp_path / "v.onnx", tmp_path / "light" / "v.onnx")
    assert not (tmp_path / "light").exists()
