"""The microphone and the loop as doctor looks at them, over a PulseAudio of our own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ren_device.commands.checks.in_time import SOUND_LIMIT_S
from tests.engines.test_sound_server import SoundServer, run_there


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    started = SoundServer(tmp_path, sleepy=True)
    started.start()
    try:
        yield started
    finally:
        started.kill()


SCENE = """
import pathlib, tempfile, time
from ren_device.commands.checks import loop, microphone
from ren_device.commands.checks.finding import Patient
from ren_device.settings import Settings

settings = Settings(voice_enabled=True, data_dir=pathlib.Path(tempfile.mkdtemp()))
for check in (microphone.check, loop.check):
    began = time.monotonic()
    for found in check(Patient(settings, None), None, lambda _: None):
        print(found.group, found.name, found.state, found.text, sep="|")
    print(time.monotonic() - began)
"""


@pytest.mark.engine
def test_a_monitor_of_the_loudspeaker_hears_the_chime(server: SoundServer) -> None:
    """Nothing is so quiet as that monitor, and nothing hears the loudspeaker so well."""
    ended = run_there(SCENE, server.environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    level_, level_s, *echoes, echo_s = ended.stdout.splitlines()
    assert level_.startswith("microphone|level|wrong|it delivers one and the same sample")
    echo = next(each for each in echoes if each.startswith("loop|echo|"))
    words = echo.split()
    assert "the chime is heard after" in echo
    assert 0 < int(words[words.index("ms,") - 1]) < 400
    assert abs(int(words[words.index("dB") - 1])) <= 3  # a gap on a busy machine costs a little
    assert max(float(level_s), float(echo_s)) < SOUND_LIMIT_S


@pytest.mark.engine
def test_without_a_sound_card_it_is_a_note(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])}
    ended = run_there(SCENE, environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    level_, _, echo, _ = ended.stdout.splitlines()
    assert level_.startswith("microphone|level|note|not measured: ")
    assert echo.startswith("loop|echo|note|not tried: ")
