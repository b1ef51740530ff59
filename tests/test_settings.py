"""Where settings come from, and what is said about a wrong one."""

import os
from pathlib import Path

import pytest

from ren_device import settings as settings_module
from ren_device.errors import SettingError
from ren_device.settings import Settings, allowed, check, load, read, shown, unknown, variables

PROMISED = """
    REN_HOST REN_PORT REN_DATA_DIR REN_NAME REN_LANGUAGE REN_TIMEZONE REN_DEFAULT_TIER
    REN_CHAT_TIMEOUT_S REN_NOTIFICATIONS_INTERVAL_S REN_ALLOW_DANGEROUS REN_OFFLINE_FALLBACK
    REN_ALLOWED_HOSTS REN_ALLOWED_ORIGINS REN_VOICE_ENABLED REN_MICROPHONE REN_SPEAKER
    REN_WAKE_ENGINE REN_WAKE_WORDS REN_STT_ENGINE REN_TTS_VOICE REN_API_KEY REN_BRAIN
""".split()
UNPREFIXED = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("REN_", "WREN_", "ANTHROPIC_")):
            monkeypatch.delenv(name)


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


def test_the_sensitivity_of_wake_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load(None).wake_sensitivity.of("hey jarvis"), str(load(None).wake_sensitivity)) == (
        0.5,
        "0.5",
    )
    monkeypatch.setenv("REN_WAKE_WORDS", "hey jarvis, alexa, okay nabu")
    monkeypatch.setenv("REN_WAKE_SENSITIVITY", "0.6, Hey Jarvis = 0.7,alexa=0.3")
    given = load(None).wake_sensitivity
    assert [given.of(each) for each in ("hey jarvis", "alexa", "okay nabu")] == [0.7, 0.3, 0.6]
    assert str(given) == "0.6, hey jarvis=0.7, alexa=0.3"


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


def test_what_others_rely_on_is_there_under_both_names() -> None:
    names = {variables(field) for field in Settings.model_fields}
    assert {(name, f"W{name}") for name in PROMISED} <= names
    assert {(name,) for name in UNPREFIXED} <= names


def test_the_keys_of_others_have_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REN_ANTHROPIC_API_KEY", "sk-wrong")
    assert not load(None).has_api_key
    monkeypatch.setenv("ANTHROPIC_API_KEY", " sk-right ")
    assert load(None).anthropic_api_key.get_secret_value() == "sk-right"


def test_only_our_own_variables_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shells and builds have variables of their own that are called `name` or `host`."""
    for name in ("name", "host", "port", "data_dir", "NAME", "PORT", "ren_port"):
        monkeypatch.setenv(name, "not meant for Ren")
    assert (load(None).name, load(None).port) == ("Ren", 8000)


def test_every_setting_says_what_it_is_and_what_is_allowed() -> None:
    for field, info in Settings.model_fields.items():
        assert info.description, field
        assert allowed(field), field


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("REN_PORT", "70000", "must be a whole number from 0 to 65535"),
        ("REN_CHAT_TIMEOUT_S", "0", "must be a number above 0 and up to 3600"),
        ("REN_CHAT_TIMEOUT_S", "nan", "must be a number above 0 and up to 3600"),
        ("REN_VOICE_ENABLED", "perhaps", "must be true or false"),
        ("REN_DEFAULT_TIER", "huge", "must be fast, default, hard or local"),
        ("REN_LOG_FORMAT", "xml", "must be text or json"),
        ("REN_LANGUAGE", "ko", "must be de or en"),
        ("REN_NAME", "x" * 41, "must be a text of 1 to 40 characters"),
        ("REN_TIMEZONE", "Mars/Olympus", "use a name such as Europe/London"),
        ("REN_ALLOWED_HOSTS", "ren.example:80", "write ren.example, with no port"),
        ("REN_ALLOWED_ORIGINS", "app.example", "write https://app.example, with no path"),
        ("REN_QUIET_HOURS", "22-7", "write 22:00-07:00"),
        ("REN_QUIET_HOURS", "22:00-24:00", "write 22:00-07:00"),
        ("REN_QUIET_VOLUME", "101", "must be a whole number from 0 to 100"),
        ("REN_MICROPHONE", "wav:", "write wav:PATH"),
        ("REN_WAKE_SENSITIVITY", "1.5", "'1.5' is not a number from 0 to 1"),
        ("REN_WAKE_SENSITIVITY", "hey jarvis=high", "'high' is not a number from 0 to 1"),
        ("REN_WAKE_SENSITIVITY", "=0.5", "write 0.5, or a phrase and a number"),
        ("REN_WAKE_SENSITIVITY", "alexa=0.3", "alexa is not in REN_WAKE_WORDS"),
        ("REN_MICROPHONE_CHANNELS", "0,1", "must be mix, or numbers from 1 such as 1,3"),
        ("REN_MICROPHONE_CHANNELS", "left", "must be mix, or numbers from 1 such as 1,3"),
        ("ANTHROPIC_BASE_URL", "localhost", "not an http or https URL"),
    ],
)
def test_a_wrong_one_is_told_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as told:
        load(None)
    assert str(told.value).startswith(f"{name}={value}: ")
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("value", "channels"), [("mix", ()), ("2", (2,)), (" 3, 1,3", (3, 1)), ("MIX", ())]
)
def test_channels_are_numbers_from_one(
    monkeypatch: pytest.MonkeyPatch, value: str, channels: tuple[int, ...]
) -> None:
    monkeypatch.setenv("REN_MICROPHONE_CHANNELS", value)
    assert load(None).microphone_channels == channels


def test_an_origin_is_kept_as_browsers_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = "https://a.example:443, http://b.example:80, http://c.example:443, https://d.example:80"
    monkeypatch.setenv("REN_ALLOWED_ORIGINS", given)
    assert load(None).allowed_origins == (
        "https://a.example",
        "http://b.example",
        "http://c.example:443",
        "https://d.example:80",
    )


def test_no_message_is_in_the_words_of_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.setenv(variables(field)[0], "\x7f£")
    _, wrong = check(read(None))
    assert {"port", "anthropic_api_key", "voice_enabled", "brain"} <= wrong.keys()
    for field, line in wrong.items():
        assert "nput should" not in line
        assert line.isprintable()
        assert line.startswith(variables(field)[0] + "=")


def test_capital_letters_in_a_choice_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REN_DEFAULT_TIER", "Local")
    monkeypatch.setenv("REN_WAKE_ENGINE", "MICRO")
    assert (load(None).default_tier.value, load(None).wake_engine) == ("local", "micro")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANTHROPIC_API_KEY", "sk-secr\u00ebt"),
        ("REN_API_KEY", "sk-secret\nnext"),
        ("WREN_PORCUPINE_ACCESS_KEY", "secr\u00ebt"),
        ("ANTHROPIC_BASE_URL", "ftp://me:secret@example.com/"),
    ],
)
def test_a_wrong_secret_is_named_but_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=f"^{name}=.*\\*\\*\\*") as told:
        load(None)
    assert "secr" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_strange_value_is_shown_on_one_line_of_bearable_length() -> None:
    assert shown("name", "a\nb\x1b[2J") == "a\\nb\\x1b[2J"
    assert len(shown("name", "x" * 10_000)) < 300


def test_several_wrong_ones_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REN_PORT", "soon")
    monkeypatch.setenv("REN_BRAIN", "mine")
    monkeypatch.setenv("REN_NAME", "Olive")
    with pytest.raises(SettingError, match=r"^REN_PORT=soon: .* \(and 1 more") as told:
        load(None)
    assert "\n" not in str(told.value)
    settings, wrong = check(read(None))
    assert (settings.name, settings.port, set(wrong)) == ("Olive", 8000, {"port", "brain"})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("REN_PROT", "REN_PORT"),
        ("WREN_PROT", "WREN_PORT"),
        ("REN_ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"),
        ("REN_VOICE", "REN_VOICE_ENABLED"),
        ("REN_WHATEVER_ELSE", None),
    ],
)
def test_a_variable_that_is_no_setting_is_noticed(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str | None
) -> None:
    monkeypatch.setenv(name, "sk-secret")
    (line,) = unknown(read(None)).values()
    hint = f"; did you mean {meant}?" if meant else ""
    assert line == f"{name} is not a setting{hint}"


def test_one_in_the_file_is_noticed_as_well(tmp_path: Path) -> None:
    path = dotenv(tmp_path, "REN_NAEM=Olive\nOTHER=1\n")
    assert list(unknown(read(path))) == ["REN_NAEM"]
    assert read(path)["REN_NAEM"].source == str(path)


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REN_DATA_DIR", "~/ren")
    assert load(None).data_dir == tmp_path / "ren"


def test_systemd_says_where_data_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/ren:/var/lib/other")
    assert load(None).data_dir == Path("/var/lib/ren")


def test_secrets_are_all_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "one")
    monkeypatch.setenv("REN_PORCUPINE_ACCESS_KEY", "two")
    monkeypatch.setenv("REN_API_KEY", "three")
    assert set(settings_module.secrets(load(None))) == {"one", "two", "three"}
