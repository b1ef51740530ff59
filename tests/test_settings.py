"""Where settings come from, and what is said about a wrong one."""

from pathlib import Path

import pytest

from ren_device.errors import SettingError
from ren_device.settings import load


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "NAME", "WAKE_WORDS", "TIMEZONE", "DEFAULT_TIER"):
        monkeypatch.delenv(f"REN_{name}", raising=False)
        monkeypatch.delenv(f"WREN_{name}", raising=False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)


def dotenv(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text)
    return path


def test_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path / "none.env")
    assert (settings.host, settings.port, settings.voice_enabled) == ("127.0.0.1", 8000, False)
    assert settings.wake_words == ("hey jarvis",)
    assert not settings.has_api_key


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REN_PORT", "8001")
    settings = load(dotenv(tmp_path, "REN_PORT=8002\nREN_NAME='Kitchen $X'\n"))
    assert (settings.port, settings.name) == (8001, "Kitchen $X")


@pytest.mark.parametrize("newer", ["environment", "file"])
def test_the_newer_name_wins_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newer: str
) -> None:
    there, here = ("REN", "WREN") if newer == "environment" else ("WREN", "REN")
    monkeypatch.setenv(f"{there}_PORT", "8001" if there == "REN" else "8002")
    path = dotenv(tmp_path, f"{here}_PORT={8001 if here == 'REN' else 8002}\n")
    assert load(path).port == 8001


def test_empty_means_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REN_PORT", "")
    assert load(dotenv(tmp_path, "WREN_PORT=8003\nREN_NAME=\n")).port == 8003


def test_several_wake_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REN_WAKE_WORDS", "Hey Jarvis, /Models/My.json")
    assert load(None).wake_words == ("hey jarvis", "/Models/My.json")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REN_PORT", "soon"),
        ("WREN_PORT", "70000"),
        ("REN_TIMEZONE", "Mars/Olympus"),
        ("REN_DEFAULT_TIER", "huge"),
    ],
)
def test_a_wrong_one_is_named_with_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=f"^{name}={value}: ") as told:
        load(None)
    assert "\n" not in str(told.value)


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    assert "sk-secret" not in repr(load(None))


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(SettingError, match="UTF-8"):
        load(path)
