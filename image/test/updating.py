"""What the tests of updates share: a speaker that has been in use, and how it is updated."""

import json
from pathlib import Path

from image.test.conftest import NewMachine
from image.test.machine import FILES_URL, Machine

UPDATE_S = 900.0  # it is written slowly, so that nobody notices
REMINDER = "what survives every update"
QUIET = "REN_VOICE_ENABLED=false\n"
"""Nobody talks here, and engines take minutes of an emulator."""


def in_use(new_machine: NewMachine, name: str, key_line: str) -> Machine:
    """One that people have told something."""
    machine = new_machine(name, f'name = "Attic"\nssh_key = "{key_line}"\n', QUIET)
    machine.boot()
    machine.post("/alerts", {"kind": "reminder", "text": REMINDER, "in_s": 300_000})
    return machine


def let_it_talk(machine: Machine) -> None:
    """From the next start of Ren on."""
    machine.run("sed -i s/REN_VOICE_ENABLED=false/REN_VOICE_ENABLED=true/ /etc/ren/ren.env")


def assert_is_as_it_was(machine: Machine) -> None:
    """Nothing that people told it is lost."""
    assert machine.get("/hub.json")["name"] == "Attic"
    assert REMINDER in [alert["text"] for alert in machine.get("/alerts")["alerts"]]


def begin(machine: Machine, lent: Path, update: Path) -> int:
    """Let it fetch this update; the console's position before."""
    place = lent / update.name
    place.unlink(missing_ok=True)
    place.symlink_to(update)
    since = machine.console.position
    command = f"ren-device update {FILES_URL}{place.name} || echo update failed: $?"
    machine.run(f"setsid sh -c '{command}' </dev/null >/dev/console 2>&1 &")
    return since


def install(machine: Machine, lent: Path, update: Path) -> int:
    """Let it fetch this update and restart; the console's position when it does."""
    console, since = machine.console, begin(machine, lent, update)

    def has_ended() -> bool:
        said = console.since(since)
        assert "update failed" not in said, said
        return "Restarting. ren-device update" in said

    console.until("installed", has_ended, UPDATE_S)
    return console.position


def last(machine: Machine) -> dict[str, str]:
    """How its last update went."""
    kept: dict[str, str] = json.loads(machine.run("cat /data/update/last.json"))
    return kept


def slot(machine: Machine) -> str:
    """The one that runs."""
    return machine.run("cat /run/ren-image/slot").strip()


def until_decided(machine: Machine, state: str) -> float:
    """The trial is over; the seconds that it took from here."""

    def is_decided() -> bool:
        # Not through SSH, which starves while the engines load.
        try:
            update = machine.get("/hub/health", within_s=60)["image"]["update"]
        except OSError:
            return False
        return bool(update and update["state"] == state)

    return machine.console.until(f"the update {state}", is_decided, UPDATE_S)
