"""What is heard of a Ren that cannot start."""

import asyncio
import wave
from pathlib import Path
from typing import get_args

import pytest

from ren_device import languages
from ren_device.errors import EngineError
from ren_device.model import SAMPLE_RATE_HZ
from ren_device.sim import SimTextToSpeech, words
from ren_device.supervision import fault
from ren_device.supervision.fault import Fault, recorded, sentences, tones


@pytest.mark.parametrize("code", languages.codes())
def test_every_language_says_all_of_it(code: str) -> None:
    found = sentences(code)
    assert set(found) == set(get_args(Fault))
    assert set(languages.read(code, "fault")) == set(found)
    assert all(text.endswith(".") and "{" not in text for text in found.values())


def test_what_the_healthy_ren_records_is_played_when_it_is_not(tmp_path: Path) -> None:
    asyncio.run(fault.record(SimTextToSpeech(takes_s=0), tmp_path, "en", "joe"))
    for kind, text in sentences("en").items():
        assert words(recorded(tmp_path, kind)) == text


def test_it_is_recorded_once_until_something_changes(tmp_path: Path) -> None:
    async def times(language: str, voice: str) -> int:
        tts = SimTextToSpeech(takes_s=0)
        await fault.record(tts, tmp_path, language, voice)
        return len(tts.spoken)

    asked = [("en", "joe"), ("en", "joe"), ("en", "anna"), ("de", "anna"), ("de", "anna")]
    assert [asyncio.run(times(*each)) for each in asked] == [4, 0, 4, 4, 0]


def test_a_recording_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    tts = SimTextToSpeech(takes_s=0)
    asyncio.run(fault.record(tts, tmp_path, "en", "joe"))
    tts.broken = "the voice has gone"
    with pytest.raises(EngineError):
        asyncio.run(fault.record(tts, tmp_path, "de", "joe"))
    tts.broken = None
    asyncio.run(fault.record(tts, tmp_path, "en", "joe"))
    assert len(tts.spoken) == 8


@pytest.mark.parametrize("written", [None, b"", b"RIFF\0\0\0\0WAVE", b"\xff" * 4000])
def test_without_a_recording_there_are_tones(tmp_path: Path, written: bytes | None) -> None:
    if written is not None:
        (tmp_path / "fault").mkdir()
        (tmp_path / "fault" / "crash.wav").write_bytes(written)
    assert recorded(tmp_path, "crash") == tones()


def test_a_recording_of_another_form_is_not_played_at_the_wrong_speed(tmp_path: Path) -> None:
    (tmp_path / "fault").mkdir()
    with wave.open(str(tmp_path / "fault" / "crash.wav"), "wb") as file:
        file.setparams((2, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        file.writeframes(bytes(400))
    assert recorded(tmp_path, "crash") == tones()
