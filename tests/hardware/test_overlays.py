"""Ren's own overlays: compiled, and laid over a device tree that has what theirs build on."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ren_device.boards import reading
from ren_device.boards.recognising import Card, Recognised, Surroundings, marks, verdict
from scripts.drawing.fingerprints import HARDWARE

OVERLAYS = HARDWARE / "system" / "overlays"
BOARDS = ("respeaker-2mic", "voice-bonnet")
PI = """/dts-v1/;
/ {
	#address-cells = <1>;
	#size-cells = <1>;
	i2s_clk_producer: i2s@1000 { reg = <0x1000 0x100>; status = "disabled"; };
	i2s_clk_consumer: i2s@2000 { reg = <0x2000 0x100>; status = "disabled"; };
	i2c1: i2c@3000 { reg = <0x3000 0x100>; status = "disabled"; };
	vdd_5v0_reg: fixedregulator_5v0 { compatible = "regulator-fixed"; };
	vdd_3v3_reg: fixedregulator_3v3 { compatible = "regulator-fixed"; };
};
"""
"""Of the labels of every Pi's tree in Raspberry Pi OS, those that the overlays name."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A compiled device tree."""

    path: Path

    def words(self, node: str, name: str) -> list[str]:
        """A property: texts."""
        return run("fdtget", "-t", "s", self.path, node, name).split(" ")

    def numbers(self, node: str, name: str) -> list[int]:
        """A property: cells."""
        return [int(cell) for cell in run("fdtget", "-t", "u", self.path, node, name).split()]

    def raw(self, node: str, name: str) -> bytes:
        """A property: bytes."""
        told = run("fdtget", "-t", "bx", self.path, node, name).split()
        return bytes(int(byte, 16) for byte in told)

    def children(self, node: str) -> list[str]:
        """The names of the nodes in this one."""
        return run("fdtget", "-l", self.path, node).splitlines()

    def handle(self, node: str) -> list[int]:
        """What another node's cell has to be to mean this one."""
        return self.numbers(node, "phandle")


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stderr) == (0, ""), command
    return done.stdout.strip()


def compiled(source: Path, target: Path) -> Tree:
    run("dtc", "-@", "-I", "dts", "-O", "dtb", "-o", target, source)
    return Tree(target)


@pytest.fixture
def overlay(tmp_path: Path) -> Tree:
    return compiled(OVERLAYS / "ren-wm8960.dts", tmp_path / "ren-wm8960.dtbo")


@pytest.fixture
def laid(tmp_path: Path, overlay: Tree) -> Tree:
    source = tmp_path / "pi.dts"
    source.write_text(PI)
    base = compiled(source, tmp_path / "pi.dtb")
    together = tmp_path / "together.dtb"
    run("fdtoverlay", "-i", base.path, "-o", together, overlay.path)
    return Tree(together)


def test_the_codec_has_its_own_24_mhz_clock(laid: Tree) -> None:
    codec = "/i2c@3000/codec@1a"
    assert laid.words("/i2c@3000", "status") == ["okay"]
    assert laid.words(codec, "compatible") == ["wlf,wm8960"]
    assert laid.numbers(codec, "reg") == [0x1A]
    # At the codec and of this name; at the card's end the driver does not look for it.
    assert laid.words(codec, "clock-names") == ["mclk"]
    assert laid.numbers(codec, "clocks") == laid.handle("/ren-oscillator")
    assert laid.words("/ren-oscillator", "compatible") == ["fixed-clock"]
    assert laid.numbers("/ren-oscillator", "clock-frequency") == [24_000_000]
    assert laid.numbers("/ren-oscillator", "#clock-cells") == [0]


def test_the_codec_makes_the_clocks_and_the_pi_follows(laid: Tree) -> None:
    card = "/ren-sound"
    assert laid.words(card, "status") == ["okay"]
    assert laid.words(card, "compatible") == ["simple-audio-card"]
    assert laid.words(card, "simple-audio-card,format") == ["i2s"]
    end = laid.handle(f"{card}/simple-audio-card,codec")
    assert laid.numbers(card, "simple-audio-card,bitclock-master") == end
    assert laid.numbers(card, "simple-audio-card,frame-master") == end
    codec = laid.handle("/i2c@3000/codec@1a")
    assert laid.numbers(f"{card}/simple-audio-card,codec", "sound-dai") == codec
    follower = laid.handle("/i2s@2000")
    assert laid.numbers(f"{card}/simple-audio-card,cpu", "sound-dai") == follower
    assert laid.words("/i2s@2000", "status") == ["okay"]
    assert laid.words("/i2s@1000", "status") == ["disabled"]


def test_every_route_is_between_a_pin_of_the_codec_and_a_widget(laid: Tree) -> None:
    def texts(name: str) -> list[str]:
        return laid.raw("/ren-sound", name).decode().rstrip("\0").split("\0")

    widgets = set(texts("simple-audio-card,widgets")[1::2])
    routes = texts("simple-audio-card,routing")
    pins = {"LINPUT1", "RINPUT1", "MICB", "HP_L", "HP_R", "SPK_LP", "SPK_LN", "SPK_RP", "SPK_RN"}
    for ends in zip(routes[::2], routes[1::2], strict=True):
        assert len(widgets & set(ends)) == len(pins & set(ends)) == 1, ends
    assert set(routes) == widgets | pins


@pytest.mark.parametrize("name", BOARDS)
def test_a_profile_names_an_overlay_and_recognises_its_card(name: str, overlay: Tree) -> None:
    profile = reading.read(reading.find(name))
    line = next(each for each in profile.platform.config_txt if each.startswith("dtoverlay="))
    which, *parameters = line.removeprefix("dtoverlay=").split(",")
    assert which == overlay.path.stem
    given = dict(each.split("=") for each in parameters)
    assert given == {"alsaname": profile.sound.card}
    assert profile.sound.card.isalnum()
    assert len(profile.sound.card) <= 15  # so that the card's id is its name
    seen = Surroundings("Raspberry Pi 4", (), (Card(given["alsaname"], given["alsaname"]),))
    found = verdict(seen, marks())
    assert isinstance(found, Recognised)
    assert found.name == name


@pytest.mark.parametrize(
    ("parameter", "name", "given"),
    [
        ("alsaname", b"simple-audio-card,name", "ren-wm8960"),
        ("mclk", b"clock-frequency:0", 24_000_000),
    ],
)
def test_a_parameter_changes_a_property_that_there_is(
    overlay: Tree, parameter: str, name: bytes, given: object
) -> None:
    told = overlay.raw("/__overrides__", parameter)
    assert told[4:] == name + b"\0"
    [node] = [
        node
        for fragment in overlay.children("/")
        if fragment.startswith("fragment@")
        for node in nodes(overlay, f"/{fragment}/__overlay__")
        if phandle(overlay, node) == told[:4]
    ]
    plain = name.decode().removesuffix(":0")
    value = overlay.numbers(node, plain) if parameter == "mclk" else overlay.words(node, plain)
    assert value == [given]


def nodes(tree: Tree, node: str) -> list[str]:
    inside = (nodes(tree, f"{node}/{child}") for child in tree.children(node))
    return [node, *(each for some in inside for each in some)]


def phandle(tree: Tree, node: str) -> bytes:
    names = run("fdtget", "-p", tree.path, node).splitlines()
    return tree.raw(node, "phandle") if "phandle" in names else b""


def test_a_tree_without_what_it_builds_on_is_refused(tmp_path: Path, overlay: Tree) -> None:
    source = tmp_path / "debian.dts"
    source.write_text(PI.replace("i2s_clk_consumer: ", ""))
    base = compiled(source, tmp_path / "debian.dtb")
    done = subprocess.run(
        ["fdtoverlay", "-i", base.path, "-o", tmp_path / "x.dtb", overlay.path],
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert done.returncode != 0
    assert "FDT_ERR_NOTFOUND" in done.stderr


def test_every_overlay_says_its_licence_and_is_used() -> None:
    profiles = [reading.read(reading.find(name)) for name in reading.names()]
    lines = [line for profile in profiles for line in profile.platform.config_txt]
    for source in OVERLAYS.glob("*.dts"):
        assert source.read_text().startswith("// SPDX-License-Identifier: Apache-2.0\n")
        assert [line for line in lines if line.startswith(f"dtoverlay={source.stem},")], source
