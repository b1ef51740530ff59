"""`ren-device fault`: a process of its own, a loudspeaker that is a file, mocked pins."""

import asyncio
import os
import signal
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from ren_device import choice
from ren_device.commands import fault
from ren_device.settings import Settings
from ren_device.sim import SimTextToSpeech
from ren_device.supervision.fault import record, recorded, tones
from ren_device.voice.mixing import scaled
from tests.commands.command_line import environment, ren_device

LOUD = 0.7**2


def heard(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        sound: bytes = file.readframes(file.getnframes())
    return sound


def told(folder: Path, **settings: str) -> tuple[str, bytes]:
    """What the log says and what is heard within 2 s."""
    settings |= {"REN_SPEAKER": f"wav:{folder}/heard.wav", "REN_HARDWARE": "none"}
    done = ren_device(folder, "fault", "--seconds", "2", stdin=None, **settings)
    assert done.returncode == 0, done.stderr
    return done.stderr.decode(), heard(folder / "heard.wav")


def test_it_says_what_the_healthy_ren_has_recorded(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    asyncio.run(record(SimTextToSpeech(takes_s=0), data, "en", "joe"))
    log, sound = told(tmp_path)
    expected = scaled(recorded(data, "crash"), LOUD)
    assert expected[:32_000] in sound  # the first second, as it is
    assert "Ren does not start (crash)" in log


def test_a_wrong_setting_is_named_and_cannot_keep_it_from_telling(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    log, sound = told(tmp_path, REN_LANGUAGE="klingon", REN_PORT="front door")
    assert "Ren does not start (setting)" in log
    assert "REN_PORT=front door: must be" in log
    assert scaled(tones(), LOUD)[:32_000].lstrip(b"\0") in sound


def test_a_card_that_cannot_be_written_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no directory")
    log, _ = told(tmp_path)
    assert "Ren does not start (storage)" in log


def test_without_loudspeaker_and_board_it_stays_until_it_is_stopped(tmp_path: Path) -> None:
    settings = {
        "REN_DATA_DIR": str(tmp_path),
        "REN_SPEAKER": "wav:/proc/none.wav",
        "REN_HARDWARE": "no-such-board",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "ren_device", "fault"],
        env=environment(**settings),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        log = ""
        while "not aloud" not in log or "no light" not in log:
            line = os.read(process.stderr.fileno(), 4096)
            assert line, log  # else it has ended
            log += line.decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


async def test_the_light_of_a_fault_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the very pins: it blinks, red the brightest."""
    settings = Settings(hardware="bare-i2s", gpio="mock", speaker="none", data_dir=tmp_path)
    board = await asyncio.to_thread(choice.panel, settings)
    assert board.on_screen is not None
    monkeypatch.setattr(choice, "panel", lambda _: board)
    telling = asyncio.create_task(fault._tell(settings, "crash", 600))
    seen: set[tuple[float, float, float]] = set()
    async with asyncio.timeout(10):
        while not {False, True} <= {max(pixel) > 0 for pixel in seen}:
            seen.update(board.on_screen.seen())
            await asyncio.sleep(0.02)
    red, green, blue = max(seen)
    assert red > green >= blue
    telling.cancel()
    await asyncio.wait([telling])
