"""A good update is kept; and the speaker is talked to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from image.test.builds import FIRST, NEXT
from image.test.conftest import NewMachine
from image.test.machine import Machine
from image.test.speech import ask_aloud
from image.test.updating import (
    assert_is_as_it_was,
    in_use,
    install,
    let_it_talk,
    slot,
    until_decided,
)

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def machine(new_machine: NewMachine, key_line: str) -> Machine:
    return in_use(new_machine, "updated", key_line)


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
