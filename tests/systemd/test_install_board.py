"""`scripts/board` on made-up systems: what a Pi's system is told of its board, and the way back."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.boards.trees import PI, SEEED, tree
from tests.systemd.machine import HOUSE, install, new_root

CONFIG = """# For more options see the documentation
dtparam=audio=on
[cm5]
dtoverlay=dwc2,dr_mode=host

[all]
"""
BEGIN = "# --- Ren begins"
END = "# --- Ren ends ---"
RESPEAKER = (
    "[all]\ndtparam=i2c_arm=on\ndtparam=spi=on\ndtoverlay=ren-wm8960,alsaname=seeed2micvoicec\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The boot partition of a fresh Raspberry Pi OS, and its /etc."""
    root = tmp_path / "root"
    (root / "boot/firmware/overlays").mkdir(parents=True)
    (root / "boot/firmware/config.txt").write_text(CONFIG)
    (root / "boot/config.txt").write_text("moved to /boot/firmware\n")
    (root / "etc").mkdir()
    return root


def board(root: Path, name: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run it; `path` comes before everything where programs are looked for."""
    where = os.environ["PATH"] if path is None else f"{path}:{os.environ['PATH']}"
    return subprocess.run(
        [HOUSE / "scripts" / "board", name, "--root", root],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PATH": where, "TMPDIR": str(root.parent)},
    )


def told(root: Path, name: str) -> str:
    """Run it, with success; what it said."""
    done = board(root, name)
    assert done.returncode == 0, done.stderr
    return done.stderr


def config(root: Path) -> str:
    return (root / "boot/firmware/config.txt").read_text()


def block(text: str) -> str:
    """What is between Ren's marks."""
    found = re.findall(rf"^{BEGIN}.*\n((?:.*\n)*?){END}\n", text, re.MULTILINE)
    assert len(found) == 1, text
    return str(found[0])


def picture(root: Path) -> dict[str, tuple[int, int, str]]:
    """Every file: which it is, when it was changed, and what is in it."""
    files = {path: path.stat() for path in sorted(root.rglob("*")) if path.is_file()}
    return {
        str(path.relative_to(root)): (about.st_ino, about.st_mtime_ns, path.read_bytes().hex())
        for path, about in files.items()
    }


def contents(root: Path) -> dict[str, str]:
    return {name: inside for name, (_, _, inside) in picture(root).items()}


def test_a_board_is_told_and_taken_back(root: Path) -> None:
    before = contents(root)
    (root / "boot/firmware/config.txt").chmod(0o640)
    assert "restart the machine" in told(root, "respeaker-2mic")
    assert (root / "boot/firmware/config.txt").stat().st_mode & 0o777 == 0o640
    assert config(root).startswith(CONFIG)
    assert block(config(root)) == RESPEAKER
    compiled = root / "boot/firmware/overlays/ren-wm8960.dtbo"
    assert compiled.read_bytes()[:4] == b"\xd0\x0d\xfe\xed"
    assert 'hw:CARD=seeed2micvoicec"' in (root / "etc/asound.conf").read_text()
    assert (root / "boot/firmware/config.txt.before-ren").read_text() == CONFIG
    assert (root / "boot/config.txt").read_text() == "moved to /boot/firmware\n"
    assert "restart" in told(root, "none")
    assert contents(root) == before


def test_again_nothing_is_written(root: Path) -> None:
    told(root, "respeaker-2mic")
    before = picture(root)
    assert "knows of respeaker-2mic already" in told(root, "respeaker-2mic")
    assert picture(root) == before


def test_nothing_to_take_back_is_nothing_written(root: Path) -> None:
    (root / "boot/firmware/config.txt").write_text(CONFIG.rstrip("\n"))  # no end of line
    before = picture(root)
    assert told(root, "none") == ""
    assert picture(root) == before


def test_another_board_takes_the_place_of_the_first(root: Path) -> None:
    told(root, "respeaker-2mic")
    mine = "dtoverlay=disable-bt\n"
    (root / "boot/firmware/config.txt").write_text(config(root) + mine)
    told(root, "bare-i2s")
    assert block(config(root)) == "[all]\ndtoverlay=googlevoicehat-soundcard\n"
    assert config(root).endswith(f"{END}\n{mine}")
    assert not (root / "boot/firmware/overlays/ren-wm8960.dtbo").exists()
    assert "sndrpigooglevoi" in (root / "etc/asound.conf").read_text()
    told(root, "usb-speakerphone")
    assert BEGIN not in config(root)
    assert not (root / "etc/asound.conf").exists()
    assert (root / "boot/firmware/config.txt.before-ren").read_text() == CONFIG


def test_lines_below_ours_mean_the_same_without_them(root: Path) -> None:
    """They stood below [all], and would now be for a Compute Module 5 only."""
    theirs = "[cm5]\ndtoverlay=dwc2\n"
    (root / "boot/firmware/config.txt").write_text(theirs)
    told(root, "respeaker-2mic")
    mine = "\n# mine\ndtoverlay=disable-bt\n"
    (root / "boot/firmware/config.txt").write_text(config(root) + mine)
    told(root, "none")
    assert config(root) == f"{theirs}\n# mine\n[all]\ndtoverlay=disable-bt\n"
    told(root, "none")
    assert config(root) == f"{theirs}\n# mine\n[all]\ndtoverlay=disable-bt\n"


def test_an_editor_of_windows_hides_nothing(root: Path) -> None:
    path = root / "boot/firmware/config.txt"
    told(root, "respeaker-2mic")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    told(root, "bare-i2s")
    assert path.read_bytes().count(BEGIN.encode()) == 1
    assert b"ren-wm8960" not in path.read_bytes()
    told(root, "none")
    assert path.read_bytes() == CONFIG.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("lost", [BEGIN, END])
def test_half_a_pair_of_marks_is_left_to_a_person(root: Path, lost: str) -> None:
    told(root, "respeaker-2mic")
    path = root / "boot/firmware/config.txt"
    path.write_text("".join(x for x in config(root).splitlines(True) if not x.startswith(lost)))
    before = contents(root)
    done = board(root, "bare-i2s")
    assert done.returncode == 1
    assert "not a pair" in done.stderr
    assert contents(root) == before


def test_somebodys_own_default_card_stays(root: Path) -> None:
    asound = root / "etc/asound.conf"
    asound.write_text("pcm.!default mine\n")
    assert "is not Ren's, and stays" in told(root, "respeaker-2mic")
    told(root, "none")
    assert asound.read_text() == "pcm.!default mine\n"


def test_a_second_sound_card_is_pointed_out(root: Path) -> None:
    path = root / "boot/firmware/config.txt"
    path.write_text(CONFIG + "dtoverlay=hifiberry-dac\n# dtoverlay=iqaudio-dac\n")
    said = told(root, "respeaker-2mic")
    assert "also has dtoverlay=hifiberry-dac;" in said
    assert "iqaudio" not in said
    assert "dwc2" not in said


def test_before_2023_it_was_elsewhere(root: Path) -> None:
    (root / "boot/firmware/config.txt").unlink()
    (root / "boot/config.txt").write_text(CONFIG)
    told(root, "respeaker-2mic")
    assert block((root / "boot/config.txt").read_text()) == RESPEAKER
    assert (root / "boot/overlays/ren-wm8960.dtbo").exists()


def test_what_is_no_pi_or_no_board_is_refused(root: Path, tmp_path: Path) -> None:
    before = contents(root)
    done = board(root, "resqeaker")
    assert done.returncode == 1
    assert "there is no board resqeaker; there are aiy-voice-v1 bare-i2s" in done.stderr
    done = install(root, "--hardware", "resqeaker")
    assert (done.returncode, "no board resqeaker" in done.stderr) == (1, True)
    assert contents(root) == before
    (tmp_path / "pc").mkdir()
    done = board(tmp_path / "pc", "respeaker-2mic")
    assert (done.returncode, "no Raspberry Pi OS" in done.stderr) == (1, True)
    assert list((tmp_path / "pc").iterdir()) == []


def test_auto_is_the_board_that_is_recognised(root: Path) -> None:
    tree(root, model=PI, cards=SEEED)
    told(root, "auto")
    assert block(config(root)) == RESPEAKER


def test_auto_without_a_board_changes_nothing(root: Path) -> None:
    before = contents(root)
    done = board(root, "auto")
    assert (done.returncode, "this is no Raspberry Pi" in done.stderr) == (1, True)
    assert contents(root) == before


def wrapped(folder: Path, script: str) -> Path:
    """`sync` and `mv` that first do this, with what they are called with, then their work."""
    folder.mkdir()
    for name in ("sync", "mv"):
        program = folder / name
        program.write_text(
            f'#!/bin/bash\n{script}\nexec /usr/bin/env PATH=/usr/bin:/bin {name} "$@"\n'
        )
        program.chmod(0o755)
    return folder


def test_what_is_renamed_was_on_the_disk_before(root: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    path = wrapped(tmp_path / "bin", f'echo "${{0##*/}} $*" >>{log}')
    assert board(root, "respeaker-2mic", path).returncode == 0
    boot = root / "boot/firmware"
    files = ["overlays/ren-wm8960.dtbo", "config.txt.before-ren", "config.txt"]
    assert log.read_text().splitlines() == [
        line
        for file in [*(boot / each for each in files), root / "etc/asound.conf"]
        for line in (
            f"sync -- {file}.ren-new",
            f"mv -f -- {file}.ren-new {file}",
            f"sync -- {file.parent}",
        )
    ]


def fatal(folder: Path, step: int) -> Path:
    """Kills who calls one of them, and itself, at the step's call."""
    count = folder / "count"
    death = f'[ "$(wc -l <{count})" -lt {step} ] || kill -KILL $PPID $$'
    return wrapped(folder / "bin", f"echo >>{count}; {death}")


@pytest.mark.parametrize("step", range(1, 13))
def test_wherever_the_power_fails_each_file_is_old_or_new(
    root: Path, tmp_path: Path, step: int
) -> None:
    before = contents(root)
    assert board(root, "respeaker-2mic", fatal(tmp_path, step)).returncode < 0
    cut = config(root)
    assert cut == CONFIG or (cut.startswith(CONFIG) and block(cut) == RESPEAKER)
    if cut != CONFIG:
        assert (root / "boot/firmware/overlays/ren-wm8960.dtbo").stat().st_size > 1000
        assert (root / "boot/firmware/config.txt.before-ren").read_text() == CONFIG
    told(root, "respeaker-2mic")
    assert block(config(root)) == RESPEAKER
    assert not list(root.rglob("*.ren-new"))
    told(root, "none")
    assert contents(root) == before


@pytest.mark.parametrize("step", range(1, 7))
def test_wherever_the_power_fails_it_can_be_taken_back(
    root: Path, tmp_path: Path, step: int
) -> None:
    before = contents(root)
    told(root, "respeaker-2mic")
    assert board(root, "none", fatal(tmp_path, step)).returncode < 0
    if config(root) != CONFIG:  # then what it names is still there
        assert block(config(root)) == RESPEAKER
        assert (root / "boot/firmware/overlays/ren-wm8960.dtbo").exists()
    told(root, "none")
    assert contents(root) == before


def test_installing_tells_the_system_only_when_asked(tmp_path: Path, root: Path) -> None:
    new_root(root)
    plain = install(root)
    assert plain.returncode == 0, plain.stderr
    assert config(root) == CONFIG
    asked = install(root, "--hardware", "voice-bonnet")
    assert asked.returncode == 0, asked.stderr
    assert "restart the machine" in asked.stderr
    assert "alsaname=voicebonnet" in block(config(root))
    before = picture(root / "boot")
    again = install(root)  # an update, which is not asked to
    assert again.returncode == 0, again.stderr
    assert picture(root / "boot") == before
    gone = install(root, "--uninstall")
    assert gone.returncode == 0, gone.stderr
    assert config(root) == CONFIG
    assert not (root / "etc/asound.conf").exists()
    assert list((root / "boot/firmware/overlays").iterdir()) == []
