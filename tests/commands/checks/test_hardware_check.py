"""What doctor finds of the board, its pins, its devices, its panel and its mixer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ren_device.boards import reading
from ren_device.commands.checks import hardware
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.settings import Settings
from tests.commands.checks.trees import Tree, pi_4

CARDS = (
    " 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0\n"
    "                      vc4-hdmi-0\n"
    " 1 [seeed2micvoicec]: seeed2micvoicec - seeed2micvoicec\n"
    "                      seeed2micvoicec\n"
)
MIXER = """
case "$4" in
  ?*)
    echo "Simple mixer control '$4',0"
    case "$4" in
      Speaker|Headphone) echo "  Front Left: Playback 121 [95%] [0.00dB]";;
      Capture) echo "  Front Left: Capture 40 [63%] [12.75dB] [on]";;
      "ADC PCM") echo "  Front Left: Capture 195 [76%] [0.00dB]";;
      Playback) echo "  Front Left: Playback 255 [100%] [0.00dB]";;
      "ALC Function") echo "  Items: 'Off' 'Right' 'Left' 'Stereo'"; echo "  Item0: 'Off'";;
      *"Input Boost Mixer"*) echo "  Front Left: 2 [67%] [20.00dB]";;
      *) echo "  Mono: Playback [on]";;
    esac;;
esac
"""


@pytest.fixture
def pi(tmp_path: Path) -> Tree:
    """With a ReSpeaker HAT that works."""
    tree = pi_4(tmp_path)
    tree.put("proc/asound/cards", CARDS)
    for device in ("gpiochip0", "spidev0.0", "snd/pcmC1D0c"):
        tree.put(f"dev/{device}", "")
    tree.program("amixer", MIXER)
    return tree


def found(
    tree: Tree,
    chosen: str = "auto",
    *,
    may_use: Callable[[Path], bool] = lambda _: True,
    trouble: str | None = None,
    health: dict[str, object] | None = None,
) -> dict[str, Finding]:
    patient = Patient(Settings(hardware=chosen, port=1), health)
    findings = list(hardware.check(patient, tree.root, may_use, lambda _: trouble))
    for each in findings:
        assert (each.state == "ok") == (not each.advice), each
    return {each.name: each for each in findings}


def wrong(findings: dict[str, Finding]) -> dict[str, str]:
    return {name: each.state for name, each in findings.items() if each.state != "ok"}


def test_a_board_is_recognised_and_all_of_it_works(pi: Tree) -> None:
    told = found(pi)
    assert wrong(told) == {}, told
    assert told["board"].text.startswith("respeaker-2mic, by the sound card seeed2micvoicec")
    assert told.keys() == {"board", "profile", "gpio", "spi", "audio", "mixer", "panel"}
    assert "ReSpeaker 2-Mics Pi HAT: 3 pins" in told["profile"].text


@pytest.mark.parametrize("name", reading.names())
def test_every_profile_that_comes_with_ren_can_be_examined(name: str, pi: Tree) -> None:
    told = found(pi, name)
    assert told["board"].text == f"{name}, as REN_HARDWARE says"
    assert told["profile"].state == "ok"


def test_a_pc_has_no_board_and_needs_none(tmp_path: Path) -> None:
    told = found(Tree(tmp_path))
    assert (list(told), told["board"].state) == (["board"], "ok")
    assert found(Tree(tmp_path), "none")["board"].text == "none, as the settings say"


def test_a_pc_with_the_settings_of_a_pi_is_told_once(tmp_path: Path) -> None:
    told = found(Tree(tmp_path), "bare-i2s", trouble="it was opened")
    assert wrong(told) == {"machine": "wrong", "mute switch": "wrong"}
    assert "no Raspberry Pi" in told["machine"].text
    for name in ("machine", "mute switch"):
        assert "REN_HARDWARE=none or auto" in told[name].advice
    assert "machine" in wrong(found(Tree(tmp_path), "respeaker-2mic"))


def test_a_switch_that_cannot_be_read_is_a_finding_of_its_own(pi: Tree) -> None:
    why = "It is another's. The mute switch cannot be read, so the microphone stays off."
    told = found(pi, "bare-i2s", trouble=why)
    assert told["mute switch"].text == why
    assert "panel" not in told
    assert found(pi, trouble=why)["panel"].state == "wrong"  # this board has no switch


def test_no_advice_is_given_twice(pi: Tree) -> None:
    pi.put("proc/asound/cards", "")
    for device in ("gpiochip0", "spidev0.0", "snd/pcmC1D0c"):
        pi.remove(f"dev/{device}")
    for name in reading.names():
        advice = [each.advice for each in found(pi, name).values() if each.advice]
        assert len(set(advice)) == len(advice), advice


def test_a_pi_with_an_unknown_board_is_told_which_there_are(pi: Tree) -> None:
    pi.put("proc/asound/cards", "")
    board = found(pi)["board"]
    assert (board.state, "respeaker-2mic" in board.advice) == ("note", True)
    board = found(pi, "resqeaker")["board"]
    assert (board.state, "respeaker-2mic" in board.text) == ("wrong", True)


def test_conflicts_of_pins_are_told_before_anything_is_opened(pi: Tree, tmp_path: Path) -> None:
    text = reading.find("respeaker-2mic").read_text()
    profile = tmp_path / "mine.toml"
    profile.write_text(text.replace("talk = { pin = 17", "talk = { pin = 10"))
    told = found(pi, str(profile), trouble="it was opened")
    assert told["profile"].state == "wrong"
    assert "GPIO10" in told["profile"].text
    assert "panel" not in told


@pytest.mark.parametrize(
    ("device", "name", "advice"),
    [
        ("gpiochip0", "gpio", "container"),
        ("spidev0.0", "spi", "dtparam=spi=on"),
        ("snd/pcmC1D0c", "audio", "dtoverlay=ren-wm8960"),
    ],
)
def test_devices_that_are_missing_or_of_another_group(
    device: str, name: str, advice: str, pi: Tree
) -> None:
    told = found(pi, may_use=lambda path: path != pi.root / "dev" / device)
    assert wrong(told) == {name: "wrong"}
    assert f"usermod -aG {name}" in told[name].advice
    pi.remove(f"dev/{device}")
    told = found(pi)
    assert wrong(told) == {name: "wrong"}
    assert advice in told[name].advice


def test_a_sound_card_that_is_not_there(pi: Tree) -> None:
    pi.put("proc/asound/cards", CARDS.partition(" 1 [")[0])
    told = found(pi, "respeaker-2mic")
    assert wrong(told) == {"sound card": "wrong"}
    assert "there is vc4hdmi0" in told["sound card"].text


@pytest.mark.parametrize(
    ("before", "after", "control"),
    [
        ("Playback 121 [95%]", "Playback 21 [15%]", "Speaker, Headphone"),
        ("[12.75dB] [on]", "[12.75dB] [off]", "Capture"),
        ("Item0: 'Off'", "Item0: 'Left'", "ALC Function"),
        ('echo "  Mono: Playback [on]"', "exit 1", "Left Boost Mixer LINPUT1"),
    ],
)
def test_a_mixer_that_somebody_has_turned(before: str, after: str, control: str, pi: Tree) -> None:
    assert before in MIXER
    pi.program("amixer", MIXER.replace(before, after))
    told = found(pi)
    assert wrong(told) == {"mixer": "note"}
    assert control in told["mixer"].text


def test_without_amixer_nobody_knows(pi: Tree) -> None:
    pi.remove("usr/bin/amixer")
    assert "alsa-utils" in found(pi)["mixer"].advice


@pytest.mark.parametrize(
    ("shown", "value", "is_set"),
    [
        ("Mono: Playback -1200 [40%] [-12.00dB] [on]", "-12dB", True),
        ("Mono: Playback -1200 [40%] [-12.00dB] [on]", "12dB", False),
        ("Mono: Playback 40 [40%]", "40%", True),
        ("Mono: Playback 140 [40%]", "40", False),
        ("Mono: Capture 3 [40%] [off]", "nocap", True),
        ("", "on", False),
    ],
)
def test_what_amixer_says_is_understood(shown: str, value: str, is_set: bool) -> None:
    assert hardware._is_set(shown, value) == is_set


def test_pins_that_cannot_be_opened(pi: Tree) -> None:
    panel = found(pi, trouble="GPIO17 is another program's")["panel"]
    assert (panel.state, panel.text) == ("wrong", "GPIO17 is another program's")


def test_a_ren_that_runs_without_the_board_is_to_be_restarted(pi: Tree) -> None:
    panel = found(pi, trouble="it was opened", health={"voice": {}})["panel"]
    assert (panel.state, "Restart" in panel.advice) == ("note", True)


def test_simulated_pins_can_be_opened_anywhere(tmp_path: Path) -> None:
    settings = Settings(hardware="respeaker-2mic", gpio="mock")
    told = {each.name: each for each in hardware.check(Patient(settings, None), tmp_path)}
    assert told.keys() == {"board", "profile", "panel"}
    assert told["panel"].text == "its pins can be opened"
