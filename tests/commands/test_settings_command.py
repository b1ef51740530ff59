"""`ren-device settings`, and the command line around it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ren_device.settings import Settings, variables
from tests.commands.command_line import ROOT, environment, ren_device


def test_every_setting_is_listed_within_80_columns(tmp_path: Path) -> None:
    made = ren_device(tmp_path, "settings", REN_DATA_DIR="/var/lib/ren")
    text = made.stdout.decode()
    assert made.returncode == 0
    assert not made.stderr
    for field in Settings.model_fields:
        assert f"\n\n{variables(field)[0]} = " in f"\n\n{text}"
    assert max(map(len, text.splitlines())) < 80


def test_values_sources_and_aliases(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REN_NAME=Olive\nWREN_SPEAKER=none\n")
    made = ren_device(tmp_path, "settings", WREN_PORT="8123", REN_WAKE_WORDS="Alexa, hey jarvis")
    text = " ".join(made.stdout.decode().split())
    assert "REN_PORT = 8123 From the environment, as WREN_PORT." in text
    assert f"REN_NAME = Olive From {tmp_path}/.env." in text
    assert f"REN_SPEAKER = none From {tmp_path}/.env, as WREN_SPEAKER." in text
    assert "REN_WAKE_WORDS = alexa, hey jarvis From the environment." in text
    assert "REN_HOST = 127.0.0.1 Address to serve on" in text


def test_secrets_are_set_or_not_set(tmp_path: Path) -> None:
    url = "http://me:sk-secret@localhost:1"
    for extra in ((), ("--json",)):
        made = ren_device(
            tmp_path,
            "settings",
            *extra,
            ANTHROPIC_API_KEY="sk-secret",
            REN_API_KEY="sk-secret-é",
            ANTHROPIC_BASE_URL=url,
        )
        assert b"sk-secret" not in made.stdout + made.stderr
    text = ren_device(tmp_path, "settings", ANTHROPIC_API_KEY="sk-secret").stdout.decode()
    assert "ANTHROPIC_API_KEY = (set)" in text
    assert "REN_API_KEY = (not set)" in text


def test_json_for_programs(tmp_path: Path) -> None:
    made = ren_device(tmp_path, "settings", "--json", WREN_PORT="8123", REN_PROT="1")
    told = json.loads(made.stdout)
    assert told["valid"] is True
    by_name = {each["name"]: each for each in told["settings"]}
    assert len(by_name) == len(Settings.model_fields)
    assert by_name["REN_PORT"] == {
        "name": "REN_PORT",
        "value": "8123",
        "is_set": True,
        "secret": False,
        "variable": "WREN_PORT",
        "source": "environment",
        "meaning": "Port to serve on; 0 takes any free one.",
        "allowed": "a whole number from 0 to 65535",
        "problem": None,
    }
    assert by_name["ANTHROPIC_API_KEY"]["value"] is None
    assert told["unknown"] == [
        {
            "name": "REN_PROT",
            "source": "environment",
            "problem": "REN_PROT is not a setting; did you mean REN_PORT?",
        }
    ]


def test_a_wrong_one_is_marked_among_all_others(tmp_path: Path) -> None:
    made = ren_device(tmp_path, "settings", REN_PORT="soon", REN_NAME="Olive", REN_PROT="1")
    text = made.stdout.decode()
    assert made.returncode == 1
    assert not made.stderr
    assert "REN_PORT = soon\n    WRONG: REN_PORT=soon: must be a whole number" in text
    assert "REN_NAME = Olive" in text
    assert text.endswith(
        "WRONG: REN_PORT=soon: must be a whole number from 0 to 65535\n"
        "REN_PROT is not a setting; did you mean REN_PORT?\n"
    )
    told = json.loads(ren_device(tmp_path, "settings", "--json", REN_PORT="soon").stdout)
    assert told["valid"] is False


def test_a_board_that_is_none_is_marked_and_one_that_is_there_is_not(tmp_path: Path) -> None:
    made = ren_device(tmp_path, "settings", REN_HARDWARE="nosuch")
    assert made.returncode == 1
    assert "WRONG: REN_HARDWARE=nosuch: there is no profile" in made.stdout.decode()
    for board in ("bare-i2s", "auto"):
        assert ren_device(tmp_path, "settings", REN_HARDWARE=board).returncode == 0


@pytest.mark.parametrize("command", ["settings", "serve"])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, command: str) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    made = ren_device(tmp_path, command)
    assert made.returncode == 1
    assert made.stderr.count(b"\n") == 1
    assert b"must be UTF-8" in made.stderr


def test_help_names_every_command(tmp_path: Path) -> None:
    text = ren_device(tmp_path, "--help").stdout.decode()
    for command in ("serve", "settings", "doctor", "backup", "restore"):
        assert f"\n    {command} " in text


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    made = ren_device(tmp_path, "dance")
    assert made.returncode == 2
    assert b"dance" in made.stderr


def test_nothing_heavy_is_imported_for_help_and_settings() -> None:
    """Which is why they answer at once; a time of its own would depend on the machine."""
    code = (
        "import sys; sys.argv[1:] = [{!r}]\n"
        "from ren_device.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {{'aiohttp', 'anthropic', 'numpy', 'tinydb', 'prometheus_client', 'zeroconf'}}\n"
        "heavy |= {{'pydantic'}} if {!r} == '--help' else set()\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    for argument in ("--help", "settings"):
        began = time.perf_counter()
        made = subprocess.run(
            [sys.executable, "-c", code.format(argument, argument)],
            capture_output=True,
            check=True,
            cwd=ROOT,
            env=environment(),
        )
        assert made.stderr == b"[]\n"
        assert time.perf_counter() - began < 5  # 0.1 to 0.3 s on a quiet machine


def test_a_reader_that_has_seen_enough_is_no_trouble(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "ren_device", "settings"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_serve_warns_of_a_variable_that_is_no_setting(tmp_path: Path) -> None:
    # The data directory is a file, so the start ends right after the warning.
    (tmp_path / "data").write_text("")
    made = ren_device(tmp_path, "serve", REN_PROT="1")
    warning, error = made.stderr.decode().splitlines()
    assert "WARNING" in warning
    assert "REN_PROT is not a setting; did you mean REN_PORT?" in warning
    assert "REN_DATA_DIR" in error
    assert made.returncode == 1
