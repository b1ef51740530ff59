import asyncio
import hashlib
from pathlib import Path

import pytest

from ren_device import __main__, catalogue
from ren_device.commands.checks import licences
from ren_device.commands.checks.finding import Patient
from ren_device.engines.light_voice import copy_of
from ren_device.settings import Settings
from tests.catalogue.servers import FileServer, bytes_of, serving

BODY = bytes_of(200_000)
LISTED = """
[[model]]
id = "v"
kind = "tts"
languages = ["en"]
setting = "REN_TTS_VOICE"
licence = "CC0"
commercial = "{sale}"
[[model.file]]
name = "v.onnx"
urls = ["http://127.0.0.1:1/v.onnx"]
size = {size}
sha256 = "{sha256}"
"""


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "models.toml"
    sha256 = hashlib.sha256(BODY).hexdigest()
    path.write_text(LISTED.format(sale="no", size=len(BODY), sha256=sha256))
    monkeypatch.setattr(catalogue, "LIST", path)
    monkeypatch.setenv("REN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REN_TTS_VOICE", "v")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.onnx").write_bytes(BODY)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = __main__.main(["models", *words])
    return (code, *capsys.readouterr())


def test_a_life_of_a_model(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "list")
    assert code == 0
    head, licence = out.splitlines()[:2]
    assert head.split() == ["v", "tts", "en", "used", "by", "REN_TTS_VOICE"]
    assert licence == "    CC0; not for sale"
    code, out, err = told(capsys, "fetch", "v", "--from", str(listed))
    assert (code, err) == (0, "v.onnx: 0.2 MB\n")
    assert "v is here. REN_TTS_VOICE=v uses it." in out
    home = listed / "data" / "models" / "v"
    assert (home / "v.onnx").read_bytes() == BODY
    assert " here     used by REN_TTS_VOICE" in told(capsys, "list")[1]
    assert told(capsys, "verify")[:2] == (0, "v: as it was fetched\n")
    (home / "v.onnx").write_bytes(BODY[1:])
    code, out, _ = told(capsys, "verify", "v")
    assert (code, out.splitlines()[0]) == (1, "v: v.onnx has changed")
    assert told(capsys, "remove", "v") == (0, "v: removed\n", "")
    assert not home.exists()


def test_a_model_that_is_there_and_whole_is_not_fetched_again(
    listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch = ("fetch", "v", "--from", str(listed))
    assert told(capsys, *fetch)[0] == 0
    assert told(capsys, *fetch) == (0, "v is here already. REN_TTS_VOICE=v uses it.\n", "")
    voice = listed / "data" / "models" / "v" / "v.onnx"
    voice.write_bytes(BODY[1:])
    code, out, err = told(capsys, *fetch)
    assert (code, err) == (0, "v.onnx: 0.2 MB\n")
    assert "v is here. " in out
    assert voice.read_bytes() == BODY


def test_verify_goes_on_after_a_model_that_lost_its_manifest(
    listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = (listed / "models.toml").read_text()
    (listed / "models.toml").write_text(one + one.replace('"v', '"w').replace("/v.", "/w."))
    (listed / "w.onnx").write_bytes(BODY)
    assert told(capsys, "fetch", "v", "w", "--from", str(listed))[0] == 0
    (listed / "data" / "models" / "v" / "model.json").unlink()
    code, out, _ = told(capsys, "verify")
    assert code == 1
    first, second, *_ = out.splitlines()
    assert first.startswith("v: ")
    assert "model.json cannot be read" in first
    assert second == "w: as it was fetched"
    assert "1 damaged" in out


def test_the_lighter_copy_of_a_voice_goes_with_it(
    listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "fetch", "v", "--from", str(listed))[0] == 0
    models = listed / "data" / "models"
    (models / "light").mkdir()
    copy = copy_of(models / "v" / "v.onnx", models / "light")
    copy.touch()
    of_another = models / "light" / "w.0123456789abcdef.light.onnx"
    of_another.touch()
    assert told(capsys, "remove", "v") == (0, "v: removed\n", "")
    assert list((models / "light").iterdir()) == [of_another]


def test_trouble_is_one_line(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "fetch", "w") == (
        1,
        "",
        "ren-device: no such model: w; see ren-device models list\n",
    )
    code, out, err = told(capsys, "fetch", "v", "--from", str(listed / "elsewhere"))
    assert (code, out) == (1, "")
    assert err.splitlines() == [f"there is no file {listed / 'elsewhere' / 'v.onnx'}"]


def test_only_one_language(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "v " in told(capsys, "list", "--language", "en")[1]
    assert told(capsys, "list", "--language", "de")[1].startswith("\nFetched models are in")


async def test_the_setting_names_a_mirror(
    listed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(FileServer({"v.onnx": BODY})) as server:
        monkeypatch.setenv("REN_MODELS_MIRROR", server.url)
        code = await asyncio.to_thread(__main__.main, ["models", "fetch", "v"])
    assert code == 0
    assert [name for name, _ in server.asked] == ["v.onnx"]


@pytest.mark.parametrize(
    ("chosen", "state", "text"),
    [
        ({}, "ok", "joe: CC0"),
        ({"tts_voice": "en_GB-cori-medium"}, "ok", "public domain"),
        ({"tts_voice": "en_US-lessac-low"}, "note", "research only: not in anything that is sold"),
        ({"tts_voice": "en_GB-vctk-medium#3"}, "note", "CC BY 4.0 (VCTK): see its card"),
        ({"tts_voice": "/my/voice.onnx"}, "note", "/my/voice.onnx is not in Ren's list"),
        ({"stt_engine": "moonshine"}, "ok", "moonshine-tiny-en: MIT"),
        ({"vosk_model": "vosk-model-small-de-0.15"}, "ok", "0.15: Apache-2.0"),
        ({"vosk_model": "/my/model"}, "note", "/my/model is not in Ren's list"),
    ],
)
def test_the_doctor_names_the_licence(chosen: dict[str, str], state: str, text: str) -> None:
    settings = Settings.model_validate({"voice_enabled": True, **chosen})
    found = list(licences.check(Patient(settings, None, True)))
    assert [each.state for each in found if text in each.text] == [state]
