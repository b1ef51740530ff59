import asyncio
import random
import threading
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ren_device.engines import moonshine_model
from ren_device.engines.moonshine import MoonshineSpeechToText
from ren_device.errors import EngineError
from ren_device.model import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECOND = SAMPLE_RATE_HZ * 2


class Decoder:
    """Stands in for the vendor's: says how often and on how much it was asked, and can be held."""

    def __init__(self, says: str = "hello") -> None:
        self.says = says
        self.asked: list[int] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, samples: "NDArray[np.float32]") -> str:
        self.asked.append(len(samples))
        self.begun.set()
        assert self.go_on.wait(10)
        if self.says == "broken":
            raise EngineError("REN_STT_ENGINE=moonshine: broken")
        return self.says


@asynccontextmanager
async def engine(decoder: Decoder) -> AsyncIterator[MoonshineSpeechToText]:
    stt = MoonshineSpeechToText(decoder)
    try:
        yield stt
    finally:
        decoder.go_on.set()
        await stt.close()


def noise(duration_s: float, amplitude: int) -> bytes:
    dice = random.Random(1)
    return b"".join(
        dice.randint(-amplitude, amplitude).to_bytes(2, "little", signed=True)
        for _ in range(round(duration_s * SAMPLE_RATE_HZ))
    )


def speech_like(duration_s: float = 1.0) -> bytes:
    """Loud and soft in turn, as syllables are."""
    syllable = noise(0.1, 6000) + noise(0.1, 60)
    return syllable * round(duration_s / 0.2)


async def test_decodes_once_for_the_same_sound_and_again_for_more() -> None:
    decoder = Decoder()
    async with engine(decoder) as stt:
        recognition = stt.start()
        recognition.feed(speech_like())
        assert (decoder.asked, recognition.partial) == ([], "")
        assert [await recognition.interim(), await recognition.interim()] == ["hello", "hello"]
        assert len(decoder.asked) == 1
        recognition.feed(speech_like())
        await recognition.interim()
        assert decoder.asked[1] == decoder.asked[0] + SAMPLE_RATE_HZ


@pytest.mark.parametrize(
    "pcm",
    [
        b"",
        b"\x01",
        bytes(2),
        speech_like(0.2)[:1600],
        bytes(3 * SECOND),
        noise(2, 3),
        noise(2, 900),
    ],
    ids=["nothing", "half a sample", "a sample", "50 ms", "silence", "very quiet", "a fan"],
)
async def test_no_words_are_made_up_where_nobody_speaks(pcm: bytes) -> None:
    decoder = Decoder("The first is the first is")
    async with engine(decoder) as stt:
        recognition = stt.start()
        recognition.feed(pcm)
        assert await recognition.interim() == ""


@pytest.mark.parametrize(
    ("heard", "transcript"),
    [("You", ""), ("The.", ""), ("♪♪♪♪", ""), ("...", ""), ("You too.", "You too."), (" no", "no")],
)
async def test_what_the_model_hears_in_a_cough_is_no_transcript(
    heard: str, transcript: str
) -> None:
    async with engine(Decoder(heard)) as stt:
        recognition = stt.start()
        recognition.feed(speech_like())
        assert await recognition.interim() == transcript


async def test_an_endless_utterance_takes_bounded_memory() -> None:
    decoder = Decoder()
    async with engine(decoder) as stt:
        recognition = stt.start()
        for _ in range(40):
            recognition.feed(speech_like())
        await recognition.interim()
        assert 30 * SAMPLE_RATE_HZ <= decoder.asked[0] < 31 * SAMPLE_RATE_HZ


async def test_closing_cancels_who_waits() -> None:
    decoder = Decoder()
    async with engine(decoder) as stt:
        decoder.go_on.clear()
        recognition = stt.start()
        recognition.feed(speech_like())
        waiting = asyncio.create_task(recognition.interim())
        await asyncio.to_thread(decoder.begun.wait, 10)
        await recognition.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_a_cancelled_wait_does_not_spoil_the_next() -> None:
    decoder = Decoder()
    async with engine(decoder) as stt:
        decoder.go_on.clear()
        recognition = stt.start()
        recognition.feed(speech_like())
        waiting = asyncio.create_task(recognition.interim())
        await asyncio.to_thread(decoder.begun.wait, 10)
        waiting.cancel()
        recognition.feed(speech_like())
        decoder.go_on.set()
        assert await recognition.interim() == "hello"


async def test_trouble_in_the_library_names_the_setting() -> None:
    async with engine(Decoder("broken")) as stt:
        recognition = stt.start()
        recognition.feed(speech_like())
        with pytest.raises(EngineError, match="REN_STT_ENGINE=moonshine"):
            await recognition.interim()


def test_a_missing_package_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moonshine_model, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="REN_STT_ENGINE=moonshine: the package moonshine-voice"):
        MoonshineSpeechToText.load()


def test_a_release_without_the_model_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = ModuleSpec("moonshine_voice", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(moonshine_model, "find_spec", lambda _: spec)
    with pytest.raises(EngineError, match=r"moonshine-voice==0\.1\.0"):
        MoonshineSpeechToText.load()
    folder = tmp_path / "assets/tiny-en"
    folder.mkdir(parents=True)
    for name in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"):
        (folder / name).write_bytes(b"not a model")
    with pytest.raises(EngineError, match=r"REN_STT_ENGINE=moonshine: .* cannot be loaded"):
        MoonshineSpeechToText.load()


@pytest.mark.engine
@pytest.mark.parametrize("lean", [False, True])
async def test_a_person_is_understood(lean: bool) -> None:
    """A man reads a line of Beckett; the recording comes with the library."""
    from moonshine_voice.utils import get_assets_path

    with wave.open(str(get_assets_path() / "beckett.wav")) as wav:
        pcm = wav.readframes(wav.getnframes())
    stt = await asyncio.to_thread(MoonshineSpeechToText.load, lean=lean)
    recognition = stt.start()
    recognition.feed(pcm[: 4 * SECOND])
    assert (await recognition.interim()).lower().startswith("ever tried")
    recognition.feed(pcm[4 * SECOND :])
    assert "fail better" in (await recognition.interim()).lower()
    await recognition.close()
    await stt.close()
