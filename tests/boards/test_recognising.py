"""Which board it is, from made-up trees of every kind."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.boards import reading
from ren_device.boards.recognising import (
    Card,
    Recognised,
    Surroundings,
    Unrecognised,
    look,
    marks,
    recognise,
    verdict,
)
from ren_device.hardware_profile import Marks
from tests.boards.trees import (
    ANKER,
    BONNET,
    EMEET,
    HDMI,
    JABRA,
    PI,
    SEEED,
    SEEED_OVERLAY,
    VOICE_HAT,
    WEBCAM,
    tree,
)

NONE = "no profile is for what is there"
AIY = "Google AIY audioHAT Board v1"


@pytest.mark.parametrize(
    ("name", "said", "by"),
    [
        ("respeaker-2mic", {"cards": HDMI + SEEED}, "the sound card seeed2micvoicec"),
        ("respeaker-2mic", {"cards": SEEED_OVERLAY}, "the sound card seeed2micvoicec"),
        ("respeaker-2mic", {"hardware": "reSpeaker V1.0", "cards": HDMI}, "what it calls itself"),
        ("voice-bonnet", {"cards": HDMI + BONNET}, "the sound card voicebonnet"),
        ("aiy-voice-v1", {"hat": AIY, "cards": VOICE_HAT}, f"what it calls itself, '{AIY}'"),
        ("aiy-voice-v1", {"hat": "Google AIY Voice HAT"}, "what it calls itself"),
        ("aiy-voice-v1", {"hat": "PoE+ HAT", "hat1": AIY}, "what it calls itself"),
        ("bare-i2s", {"cards": HDMI + VOICE_HAT}, "the sound card sndrpigooglevoi"),
        ("bare-i2s", {"hat": "PoE+ HAT", "cards": VOICE_HAT}, "the sound card sndrpigooglevoi"),
        ("usb-speakerphone", {"cards": HDMI + JABRA}, "the sound card USB (Jabra SPEAK 510 USB)"),
        ("usb-speakerphone", {"cards": ANKER}, "the sound card S330 (Anker PowerConf S330)"),
        ("usb-speakerphone", {"cards": EMEET}, "the sound card M0"),
        # What a board says of itself counts more than any card.
        ("aiy-voice-v1", {"hat": AIY, "cards": JABRA + SEEED}, "what it calls itself"),
    ],
)
def test_each_board(tmp_path: Path, name: str, said: dict[str, str], by: str) -> None:
    found = recognise(tree(tmp_path, None, model=PI, **said))
    assert found is not None
    assert (found.name, found.path) == (name, reading.find(name))
    assert found.by.startswith(by)


def test_every_profile_is_recognised_by_something() -> None:
    assert set(marks()) == set(reading.names())
    assert all(each.hat_product or each.alsa_card for each in marks().values())


@pytest.mark.parametrize("pi", ["Raspberry Pi 5 Model B Rev 1.0", "Raspberry Pi Zero 2 W Rev 1.0"])
def test_any_pi_will_do(tmp_path: Path, pi: str) -> None:
    found = recognise(tree(tmp_path, model=pi, cards=SEEED))
    assert found is not None
    assert found.name == "respeaker-2mic"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"cards": JABRA}, "this is no Raspberry Pi"),
        ({}, "this is no Raspberry Pi"),
        ({"model": "Pine64 RockPro64", "hat": AIY}, "this is no Raspberry Pi"),
        ({"model": PI}, f"{NONE}: nothing"),
        ({"model": PI, "cards": "--- no soundcards ---\n"}, f"{NONE}: nothing"),
        ({"model": PI, "cards": HDMI + WEBCAM}, f"{NONE}: vc4hdmi, Webcam"),
        ({"model": PI, "hat": "Sense HAT", "cards": HDMI},
         f"{NONE}: Sense HAT, vc4hdmi"),
        ({"model": PI, "cards": SEEED + JABRA},
         "it may be respeaker-2mic or usb-speakerphone; set REN_HARDWARE to the one that it is"),
        ({"model": PI, "hat": "AIY Voice Bonnet"}, f"{NONE}: AIY Voice Bonnet"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_not_recognised(
    tmp_path: Path, said: dict[str, str], why: str
) -> None:
    root = tree(tmp_path, None, **said)
    assert recognise(root) is None
    found = verdict(look(root), marks())
    assert isinstance(found, Unrecognised)
    assert found == Unrecognised(why, choice="may be" in why)


def test_this_machine_is_looked_at_without_a_root() -> None:
    assert recognise() is None  # the tests run on no Pi


def test_what_the_kernel_says_is_read(tmp_path: Path) -> None:
    root = tree(
        tmp_path, model=PI, hat=AIY, hat1="PoE", hardware="reSpeaker V1.0", cards=HDMI + JABRA
    )
    assert look(root) == Surroundings(
        PI,
        (AIY, "PoE", "reSpeaker V1.0"),
        (Card("vc4hdmi", "vc4-hdmi"), Card("USB", "Jabra SPEAK 510 USB")),
    )


@pytest.mark.parametrize("place", ["model", "hat/product", "hardware"])
@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"\xff\xfe\x1b[2J\0", b"x" * 200_000])
def test_garbage_is_nothing_and_harms_nobody(tmp_path: Path, place: str, content: bytes) -> None:
    root = tree(tmp_path, {f"proc/device-tree/{place}": content, "proc/asound/cards": content})
    assert recognise(root) is None
    assert all(each.isprintable() for each in (look(root).model, *look(root).products))


def test_directories_in_place_of_files(tmp_path: Path) -> None:
    for place in ("device-tree/model", "device-tree/hat/product", "asound/cards"):
        (tmp_path / "proc" / place).mkdir(parents=True)
    assert look(tmp_path) == Surroundings("", (), ())


@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_card_file_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = tree(
        tmp_path_factory.mktemp("root"), {"proc/asound/cards": content + SEEED.encode()}, model=PI
    )
    assert all(card.id.isprintable() and card.name.isprintable() for card in look(root).cards)


def test_case_does_not_matter_and_patterns_do() -> None:
    seen = Surroundings(PI, ("ACME Voice 2",), ())
    known = {
        "bare-i2s": Marks(hat_product=("acme voice ?",)),
        "voice-bonnet": Marks(hat_product=("voice",)),
    }
    found = verdict(seen, known)
    assert isinstance(found, Recognised)
    assert found.name == "bare-i2s"
