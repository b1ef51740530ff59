"""The real amixer on a real ALSA mixer: that of a PulseAudio without a sound card."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ren_device.engines.alsa_mixer import set_mixer
from ren_device.hardware_profile import MixerSetting, Sound
from tests.engines.test_sound_server import wait_until_it_answers

ALSA = """
ctl.!default { type pulse }
ctl.hw { @args [ CARD ] @args.CARD { type string } type pulse }
"""

pytestmark = pytest.mark.engine


@pytest.fixture
def mixer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A PulseAudio, where amixer finds it; any card is it."""
    runtime, socket = tmp_path / "run", tmp_path / "socket"
    runtime.mkdir(mode=0o700)
    (tmp_path / "alsa.conf").write_text(ALSA)
    server = subprocess.Popen(
        [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            "--disable-shm=yes", "--load=module-null-sink sink_name=out",
            f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
        ],
        env=os.environ | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{socket}")
    try:
        wait_until_it_answers(dict(os.environ))
        yield server
    finally:
        server.kill()
        server.wait()


def sound(*settings: tuple[str, str], card: str = "voicebonnet") -> Sound:
    return Sound(card=card, mixer=tuple(MixerSetting(control=c, value=v) for c, v in settings))


def heard_as(control: str) -> tuple[str, str]:
    """Percent and on or off, as amixer reads them."""
    shown = subprocess.run(
        ["amixer", "sget", control], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"Front Left: \w+ \d+ \[(\d+)%\] \[(\w+)\]", shown)
    assert found
    return found[1], found[2]


@pytest.mark.parametrize("card", ["voicebonnet", ""])
async def test_controls_are_set(mixer: object, card: str) -> None:
    settings = [("Master", "37%"), ("Master", "mute"), ("Capture", "61%"), ("Capture", "nocap")]
    assert await set_mixer(sound(*settings, card=card)) == ()
    assert heard_as("Master") == ("37", "off")
    assert heard_as("Capture") == ("61", "off")
    assert await set_mixer(sound(("Master", "unmute"), card=card)) == ()
    assert heard_as("Master") == ("37", "on")


async def test_what_is_missing_is_named_and_the_rest_is_set(mixer: object) -> None:
    troubles = await set_mixer(
        sound(("Master", "20%"), ("Left Input Mixer Boost", "on"), ("Capture", "33%"))
    )
    assert troubles == (
        "the mixer of the sound card voicebonnet: Left Input Mixer Boost cannot be set to on: "
        "Unable to find simple control 'Left Input Mixer Boost',0",
    )
    assert heard_as("Master")[0] == "20"
    assert heard_as("Capture")[0] == "33"


@pytest.mark.parametrize(
    "value", ["garbage", "5x", "cap", "40% unmute", "-10dB", "--help", "$(id)"]
)
async def test_a_value_that_makes_no_sense_is_named(mixer: object, value: str) -> None:
    assert await set_mixer(sound(("Master", "42%"))) == ()
    (trouble,) = await set_mixer(sound(("Master", value)))
    assert f"Master cannot be set to {value}: " in trouble
    assert heard_as("Master") == ("42", "on")


async def test_a_mixer_that_does_not_answer_is_one_trouble(mixer: subprocess.Popen[bytes]) -> None:
    mixer.send_signal(signal.SIGSTOP)
    troubles = await set_mixer(sound(("Master", "1%"), ("Capture", "1%")), patience_s=0.3)
    mixer.send_signal(signal.SIGCONT)
    assert troubles == (
        "the mixer of the sound card voicebonnet cannot be set: no answer within 0.3 s",
    )
    assert heard_as("Master")[0] != "1"


async def test_a_card_that_is_missing_is_one_trouble() -> None:
    (trouble,) = await set_mixer(sound(("Master", "1%"), ("Capture", "1%"), card="nowhere"))
    assert trouble.startswith("the mixer of the sound card nowhere cannot be set: Mixer attach")


async def test_without_amixer_its_package_is_named() -> None:
    troubles = await set_mixer(sound(("Master", "1%"), ("Capture", "1%")), program="no-amixer")
    assert troubles == (
        "the mixer of the sound card voicebonnet cannot be set: no-amixer cannot be run (No such "
        "file or directory); it is in Debian's package alsa-utils",
    )


async def test_a_profile_without_a_mixer_runs_nothing() -> None:
    assert await set_mixer(Sound(), program="no-amixer") == ()
