"""What runs the models keeps no file of its own about us, and has nothing to send."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOAD_ALL = """
from ren_device import choice
from ren_device.settings import Settings
settings = Settings()
choice.load_wake_word(settings)
choice.load_vad()()
choice.load_turn_detector(settings)
choice.load_echo_canceller()
choice.load_tts(settings)
choice.load_stt(settings)
"""


@pytest.mark.engine
def test_the_engines_leave_nothing_in_the_persons_home(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if "TELEMETRY" not in key}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", LOAD_ALL], env=environment, check=True, timeout=120)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
