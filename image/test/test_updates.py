"""Updates: a stranger's is refused, those that do not start are undone, a good one is kept.

And talked to at last.
"""

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from image.test.builds import BROKEN_KERNEL, BROKEN_REN, FIRST, NEXT, Build
from image.test.conftest import NewMachine
from image.test.machine import FILES_URL, Machine
from image.test.speech import ask_aloud
from image.test.updating import (
    UPDATE_S,
    assert_is_as_it_was,
    in_use,
    install,
    last,
    let_it_talk,
    slot,
    until_decided,
)

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def machine(new_machine: NewMachine, key_line: str) -> Machine:
    return in_use(new_machine, "updated", key_line)


def write_signed_by_a_stranger(update: Path, to: Path) -> None:
    """The same, but for who vouches for it; there is no slot in it, which nobody gets to see."""
    with tarfile.open(update) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest
        text = manifest.read()
    signature = SigningKey.generate().sign(text).signature
    with tarfile.open(to, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (("manifest.json", text), ("manifest.sig", signature)):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, BytesIO(content))


def test_an_update_that_is_not_ours_is_refused(machine: Machine, lent: Path) -> None:
    place = lent / "stranger.update"
    write_signed_by_a_stranger(NEXT.update, place)
    # Its own boots it gets back when it is well, which may be just now.
    other = ("order", "good_a", "good_b", "left_b")
    before = {name: machine.card.boot_state()[name] for name in other}
    said = machine.run(f"ren-device update {FILES_URL}{place.name} 2>&1 || echo refused: $?")
    assert "not signed by who made this system" in said
    assert "refused: 1" in said
    assert {name: machine.card.boot_state()[name] for name in other} == before


@pytest.mark.parametrize("build", [BROKEN_KERNEL, BROKEN_REN], ids=["kernel", "ren"])
def test_a_broken_update_is_undone(
    machine: Machine, lent: Path, build: Build, record_property: Record
) -> None:
    since = install(machine, lent, build.update)
    since = machine.console.wait_for("ren.slot=b ren.trial=1", UPDATE_S, since)
    machine.console.wait_for("ren.slot=a ren.trial=0", UPDATE_S, since)
    took_s = machine.until_up_again()
    record_property("from the old system's start to its answer, s", f"{took_s:.0f}")
    assert machine.get("/health")["version"] == FIRST.version
    assert slot(machine) == "a"
    until_decided(machine, "failed")
    assert last(machine)["to"] == build.version
    state = machine.card.boot_state()
    assert (state["order"], state["left_b"], state["good_b"]) == ("a b", "0", "0")
    assert_is_as_it_was(machine)


def test_a_good_update_is_kept(machine: Machine, lent: Path, record_property: Record) -> None:
    assert machine.get("/health")["version"] == FIRST.version
    let_it_talk(machine)  # the new one has to prove its engines, too
    since = install(machine, lent, NEXT.update)
    machine.until_booted_again(since)
    assert machine.get("/health")["version"] == NEXT.version
    assert slot(machine) == "b"
    took_s = until_decided(machine, "kept")
    assert machine.get("/hub/health")["voice"]["state"] not in ("off", "starting")
    record_property("trial, from answer to kept, s", f"{took_s:.0f}")
    state = machine.card.boot_state()
    assert (state["order"], state["good_b"], state["left_b"]) == ("b a", "1", "a")
    assert_is_as_it_was(machine)


def test_a_spoken_timer_is_set_and_answered_aloud(
    machine: Machine, record_property: Record
) -> None:
    """By the engines for arm64, which the trial has loaded."""
    # Four seconds are enough for a Pi, but not for an emulated one.
    machine.run("systemctl service-watchdogs no")
    answer = ask_aloud(machine, "set a timer for five minutes")
    assert [answer.kinds[0], answer.kinds[-1]] == ["wake", "audio"], answer.frames[-1]
    assert "timer" in str(answer.first("transcript"))
    assert "5 minutes" in str(answer.first("token"))
    assert len(answer.sound) > 3200  # a tenth of a second
    assert max(answer.sound) > 0
    timers = machine.get("/alerts?kind=timer")["alerts"]
    assert [timer["duration_s"] for timer in timers] == [300]
    record_property("last word to transcript, s", f"{answer.first_at_s('transcript'):.1f}")
    record_property("last word to first sound, s", f"{answer.first_at_s('audio'):.1f}")
