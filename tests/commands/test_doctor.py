"""`ren-device doctor`: what it finds, what it advises, and that it disturbs nobody."""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from ren_device.__main__ import main
from ren_device.commands import doctor as command
from ren_device.commands.checks import data
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.settings import Settings
from ren_device.store import open_store
from tests.commands.command_line import environment
from tests.engines.models_service import models_service
from tests.ren import free_port, running

NOBODY = 65534

Found = dict[tuple[str, str], dict[str, str]]


class Doctor:
    """Looks at the settings of the environment, in this process."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.code = 0
        self.text = ""

    def looks(self, *words: str) -> Found:
        """What it found, by group and name; of several of a name the worst."""
        self._capfd.readouterr()
        self.code = main(["doctor", "--json", *words])
        self.text = self._capfd.readouterr().out
        return found_in(json.loads(self.text))

    def says(self) -> str:
        """The list for people."""
        self._capfd.readouterr()
        self.code = main(["doctor"])
        return self._capfd.readouterr().out


def found_in(told: dict[str, Any]) -> Found:
    findings = sorted(
        told["findings"], key=lambda each: ("ok", "note", "wrong").index(each["state"])
    )
    assert told["healthy"] == (not findings or findings[-1]["state"] != "wrong")
    for each in findings:
        assert each["state"] == "ok" or each["advice"], each
    return {(each["group"], each["name"]): each for each in findings}


@pytest.fixture
def doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Doctor:
    for name in list(os.environ):
        if name.startswith(("REN_", "WREN_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REN_PORT", str(free_port()))
    monkeypatch.setenv("REN_MDNS_ENABLED", "false")
    monkeypatch.chdir(tmp_path)
    return Doctor(capfd)


def test_a_fresh_machine_is_fine(tmp_path: Path, doctor: Doctor) -> None:
    found = doctor.looks()
    assert doctor.code == 0
    assert found["settings", "values"]["state"] == "ok"
    assert "will be made" in found["data", "folder"]["text"]
    assert "will be made" in found["identity", "key"]["text"]
    assert found["mind", "local"]["state"] == "ok"
    assert found["mind", "cloud"]["state"] == "note"
    assert "free" in found["network", "port"]["text"]
    assert {("clock", "time"), ("clock", "zone")} <= found.keys()
    assert found["licences", "offline mind"]["text"].startswith("home-assistant-intents: CC-BY-4.0")
    assert not (tmp_path / "data").exists()


def test_people_get_a_line_each_in_80_columns(doctor: Doctor) -> None:
    text = doctor.says()
    assert text.startswith("settings\n   ok   values: ")
    assert text.endswith("\nNothing is wrong.\n")
    # A path may be longer than that, and must not be broken.
    assert max(len(line) for line in text.splitlines() if " " in line.strip()) < 80


def test_settings_that_are_wrong_or_unknown(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REN_CHAT_TIMEOUT_S", "soon")
    monkeypatch.setenv("REN_PROT", "1")
    found = doctor.looks()
    assert doctor.code == 1
    assert found["settings", "value"]["text"].startswith("REN_CHAT_TIMEOUT_S=soon: must be")
    assert "did you mean REN_PORT?" in found["settings", "name"]["text"]
    assert "1 wrong." in doctor.says()


def test_data_that_cannot_be_there(
    tmp_path: Path, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REN_DATA_DIR", str(tmp_path / "file" / "data"))
    assert doctor.looks()["data", "folder"]["state"] == "wrong"
    assert doctor.code == 1


def test_data_of_another_user(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0)
    patient = Patient(Settings(data_dir=folder), None)
    me = os.geteuid()
    if me == 0:
        os.seteuid(NOBODY)
    try:
        [found] = data.check(patient)
    finally:
        os.seteuid(me)
    assert (found.name, found.state) == ("folder", "wrong")
    assert "another user's" in found.text


def test_a_store_that_is_damaged(tmp_path: Path, doctor: Doctor) -> None:
    async def scene() -> None:
        store = await open_store(tmp_path / "data")
        await store.lists.add("shopping", ["milk"])
        await store.close()

    asyncio.run(scene())
    before = doctor.looks()["data", "store"]
    assert (before["state"], doctor.code) == ("ok", 0)
    assert "documents" in before["text"]
    (journal,) = (tmp_path / "data" / "store").glob("*.journal")
    journal.write_bytes(journal.read_bytes()[:-3])
    assert doctor.looks()["data", "store"]["state"] == "note"
    names = {path.name for path in (tmp_path / "data" / "store").iterdir()}
    assert names == {journal.name, "reserve"}


def test_an_identity_that_others_can_read(tmp_path: Path, doctor: Doctor) -> None:
    key = tmp_path / "data" / "identity.key"
    key.parent.mkdir()
    key.write_bytes(b"ab" * 32)
    key.chmod(0o644)
    found = doctor.looks()["identity", "mode"]
    assert (found["state"], found["advice"]) == ("wrong", f"chmod 600 {key}")
    key.chmod(0o600)
    assert doctor.looks()["identity", "key"]["state"] == "ok"
    assert "ab" * 32 not in doctor.text
    key.write_bytes(b"no key")
    assert doctor.looks()["identity", "key"]["state"] == "wrong"


def test_a_port_that_is_taken(doctor: Doctor) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(os.environ["REN_PORT"])))
        other.listen()
        found = doctor.looks()["network", "port"]
    assert found["state"] == "wrong"
    assert "Address already in use" in found["text"]


@pytest.mark.engine
def test_each_engine_is_loaded_and_a_wrong_one_is_named(
    tmp_path: Path, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REN_VOICE_ENABLED", "true")
    monkeypatch.setenv("REN_MICROPHONE", "none")
    monkeypatch.setenv("REN_SPEAKER", f"wav:{tmp_path}/no/such/folder/out.wav")
    monkeypatch.setenv("REN_WAKE_WORDS", "open sesame")
    found = doctor.looks()
    for part in ("voice detector", "echo canceller", "speech to text", "text to speech"):
        assert found["voice", part]["text"].startswith("loads in ")
    assert "open sesame" in found["voice", "wake word"]["text"]
    assert found["voice", "wake word"]["state"] == "wrong"
    assert found["voice", "microphone"]["state"] == "ok"
    assert "REN_SPEAKER" in found["voice", "speaker"]["text"]
    assert "not in anything that is sold" in found["licences", "wake word"]["text"]
    assert "GPL-3.0" in doctor.text


async def test_the_cloud_is_asked_with_the_key_which_is_never_shown(tmp_path: Path) -> None:
    async with models_service(401) as (url, asked):
        code, told = await doctor_of(
            tmp_path, ANTHROPIC_API_KEY="sk-secret", ANTHROPIC_BASE_URL=url
        )
    found = found_in(json.loads(told))["mind", "cloud"]
    assert (found["state"], code) == ("wrong", 1)
    assert found["text"] == "ANTHROPIC_API_KEY is not accepted there"
    assert asked == ["GET /v1/models"]
    assert "sk-secret" not in told


def test_offline_nobody_is_asked(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{free_port()}")
    found = doctor.looks("--offline")["mind", "cloud"]
    assert (found["state"], doctor.code) == ("note", 0)
    assert "sk-secret" not in doctor.text


def test_astra_needs_its_own_key(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REN_BRAIN", "astra")
    assert doctor.looks("--offline")["settings", "value"]["text"].endswith("needs REN_API_KEY")
    assert doctor.code == 1


async def doctor_of(folder: Path, *words: str, **settings: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ren_device", "doctor", "--json", *words),
        cwd=folder,
        env=environment(
            **{
                "REN_DATA_DIR": str(folder / "data"),
                "REN_PORT": str(free_port()),
                "REN_MDNS_ENABLED": "false",
                **settings,
            }
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    assert error == b""
    return await process.wait(), out.decode()


async def test_a_ren_that_runs_is_asked_and_not_disturbed(tmp_path: Path) -> None:
    """What it uses stays its own; and it is found by mDNS, as a phone would find it."""
    settings = {"REN_MDNS_ENABLED": "true", "REN_NAME": "Doctor's Ren"}
    async with running(tmp_path, **settings) as ren:
        await ren.until_up()
        await ren.until_logged("announced as")
        port = ren.url.rpartition(":")[2]
        code, told = await doctor_of(tmp_path, REN_PORT=port, **settings)
        found = found_in(json.loads(told))
        assert code == 0, told
        assert f"Ren 1.0.0 answers on {ren.url}" in found["network", "port"]["text"]
        assert "is announced" in found["network", "discovery"]["text"]
        assert found["data", "store"]["state"] == "ok"
        # The settings ask for a voice now, which the one that runs was not started with.
        code, told = await doctor_of(tmp_path, REN_PORT=port, REN_VOICE_ENABLED="true", **settings)
        assert found_in(json.loads(told))["voice", "engines"]["state"] == "wrong"
        assert code == 1
        assert await ren.stop() == 0
        assert "WARNING" not in ren.log()


def test_a_finding_that_is_a_sentence_ends_in_one_full_stop() -> None:
    found = [Finding("a", "b", "wrong", "It is broken.", "Mend it."), Finding("a", "c", "ok", "so")]
    shown = list(command._grouped(iter(found), []))
    assert shown == ["a", "  WRONG b: It is broken. Mend it.", "   ok   c: so."]
