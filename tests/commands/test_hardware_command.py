"""`ren-device hardware`, as people run it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ren_device import __main__
from ren_device.boards import reading
from tests.boards.profiles import profile

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Told:
    monkeypatch.chdir(tmp_path)  # where no .env is

    def run(*words: str, board: str = "") -> tuple[int, str, str]:
        monkeypatch.setenv("REN_HARDWARE", board)
        code = __main__.main(["hardware", *words])
        return (code, *capsys.readouterr())

    return run


def test_on_a_laptop_no_pin_is_touched(told: Told, tmp_path: Path) -> None:
    code, out, err = told()
    assert (code, err) == (0, "")
    assert "Not recognised: this is no Raspberry Pi\nSo no pin is touched. " in out
    assert told(board="none")[1].endswith("REN_HARDWARE=none: no pin is touched.\n")


def test_what_is_on_which_pin(told: Told, tmp_path: Path) -> None:
    code, out, err = told(board="bare-i2s")
    assert (code, err) == (0, "")
    assert "\nBare build: I2S microphone and amplifier\n" in out
    assert "\nHeader  GPIO  What\n" in out
    assert "\n    16    23  controls.talk.pin\n" in out
    assert "\n    36    16  reserved.driver\n" in out
    assert '\nMicrophone: "googlevoicehat", 48000 Hz, S32_LE, 2 channels\n' in out


def test_a_profile_of_ones_own(told: Told, tmp_path: Path) -> None:
    path = profile(tmp_path, "[controls]\ntalk.pin = 4\n")
    assert "\n     7     4  controls.talk.pin\n" in told(board=str(path))[1]
    path.write_text(path.read_text().replace("4", "40"))
    code, _, err = told(board=str(path))
    assert code == 1
    assert err.startswith(f"ren-device: {path}: controls.talk.pin = 40: it must be a BCM number")
    code, _, err = told(board="nothing")
    assert code == 1
    assert err.startswith("ren-device: there is no profile 'nothing'; there are aiy-voice-v1, ")


def test_the_list(told: Told, tmp_path: Path) -> None:
    code, out, err = told("list")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == reading.names()
    assert "voice-bonnet      Adafruit Voice Bonnet\n" in out


def test_check_lists_everything(told: Told, tmp_path: Path) -> None:
    path = profile(tmp_path, "[controls]\ntalk.pin = 17\nmute = {pin = 17, kind = 'switch'}\n")
    code, out, err = told("check", str(path))
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        f"{path}: controls.talk.pin and controls.mute.pin are both on GPIO17",
        f"{path}: wiring: there is no file {tmp_path}/board.svg",
    ]
    (tmp_path / "board.svg").touch()
    path.write_text(path.read_text().replace("mute = {pin = 17,", "mute = {pin = 27,"))
    assert told("check", str(path)) == (0, f"{path}: nothing is wrong\n", "")
    assert told("check", "bare-i2s")[0] == 0


def test_check_takes_several(told: Told, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code, out, err = told("check", "bare-i2s", str(pipe), "voice-bonnet")
    assert (code, err) == (1, "")
    good, bad, last = out.splitlines()
    assert bad == f"{pipe}: it cannot be read: it is no file"
    assert good.endswith("bare-i2s.toml: nothing is wrong")
    assert last.endswith("voice-bonnet.toml: nothing is wrong")


def test_check_takes_all_that_come_with_ren(told: Told, tmp_path: Path) -> None:
    code, out, _ = told("check")
    assert code == 0
    assert len(out.splitlines()) == len(reading.names())
