"""The plug is pulled, the parts stand still, and nobody comes to help.

The card is a bad one: what it was not told to flush is lost with its power (see write_log.py).
"""

import asyncio
import http.client
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from image.test.builds import NEXT
from image.test.card import LAYOUT, SECTOR, Card
from image.test.conftest import NewMachine
from image.test.machine import Machine
from image.test.updating import QUIET, begin, slot
from image.test.write_log import write_what_was_flushed
from ren_device.store import open_store

Record = Callable[[str, object], None]
MOMENTS = 8


class Setter(threading.Thread):
    """Sets one reminder after the other until nobody answers any more."""

    def __init__(self, machine: Machine, name: str, writes: Path) -> None:
        super().__init__(name=f"setter {name}")
        self._address = machine.address
        self._name = name
        self._writes = writes
        self._answered = threading.Condition()
        self.acknowledged: list[str] = []
        self.log_was: list[int] = []  # how long the card's log was when that was answered, in bytes

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        while True:
            text = f"{self._name}, number {len(self.acknowledged)}"
            body = json.dumps({"kind": "reminder", "text": text, "in_s": 90_000})
            try:
                connection.request("POST", "/alerts", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                return
            with self._answered:
                assert answer.status == 200
                self.acknowledged.append(text)
                self.log_was.append(self._writes.stat().st_size)
                self._answered.notify_all()

    def wait_for(self, count: int) -> None:
        """Until so many were acknowledged."""
        with self._answered:
            assert self._answered.wait_for(lambda: len(self.acknowledged) >= count, 300)


@pytest.fixture(scope="module")
def machine(new_machine: NewMachine, key_line: str) -> Machine:
    return new_machine("cut", f'ssh_key = "{key_line}"\n', QUIET)


def alerts_at(machine: Machine) -> set[str]:
    return {alert["text"] for alert in machine.get("/alerts")["alerts"]}


def alerts_on(card: Card, folder: Path) -> set[str]:
    """The same, read without the machine, after what the next boot does with the data partition."""
    data = card.data()
    assert data.is_sound, data.told
    folder.mkdir()
    data.copy_out("/ren", folder)

    async def read() -> set[str]:
        store = await open_store(folder / "ren")
        try:
            return {alert.text for alert in await store.alerts.all()}
        finally:
            await store.close()

    return asyncio.run(read())


def holds_half_of_it(card: Card) -> bool:
    """Whether the other slot has the middle of the update."""
    middle = LAYOUT["slot_b_start"] + NEXT.update.stat().st_size // 2 // SECTOR
    return any(card.sectors(middle, 2048))


def test_cuts_in_the_middle_of_writes(
    machine: Machine, lent: Path, tmp_path: Path, record_property: Record
) -> None:
    """Twice while alerts are set, the second time with half of an update written.

    The initrd's own tests cut the first boot.
    """
    was = machine.card.copy(machine.card.path.with_suffix(".was.img"))
    writes = machine.card.path.with_suffix(".writes")
    lost: list[int] = []
    acknowledged: list[str] = []
    for boot, count in (("boot 1", 5), ("boot 2", 40)):
        machine.start(writes)
        machine.until_up()
        assert alerts_at(machine) >= set(acknowledged)
        if boot == "boot 2":
            begin(machine, lent, NEXT.update)
            machine.console.until("half an update", lambda: holds_half_of_it(machine.card), 300)
        setter = Setter(machine, boot, writes)
        setter.start()
        setter.wait_for(count)
        machine.kill()
        setter.join()
        if boot == "boot 2":
            # From what the card was told, its power may as well have gone at any earlier moment,
            # as between two answers.
            for n in range(0, count, count // MOMENTS):
                card = was.copy(machine.card.path.with_suffix(f".{n}.img"))
                between = (setter.log_was[n] + setter.log_was[n + 1]) // 2
                lost.append(write_what_was_flushed(card, writes, between))
                kept = alerts_on(card, tmp_path / str(n))
                assert kept >= {*acknowledged, *setter.acknowledged[: n + 1]}
                card.path.unlink()
                card.path.with_suffix(".data").unlink()
        acknowledged += setter.acknowledged
        lost.append(write_what_was_flushed(was, writes))
        machine.card = was.copy(machine.card.path)

    assert machine.card.boot_state()["left_b"] == "0"
    machine.boot()
    assert slot(machine) == "a"
    kept = alerts_at(machine)
    assert kept >= set(acknowledged)
    assert len(kept) <= len(acknowledged) + 2  # what was on its way may be there, too
    assert machine.run("cat /run/ren-image/data").strip() in ("clean", "repaired")
    assert sum(lost) > 0, "the card has lost nothing: these cuts showed nothing"
    record_property("alerts acknowledged and kept over cuts", len(acknowledged))
    record_property("writes that the card lost in each cut", lost)


def test_a_frozen_ren_is_started_again(machine: Machine, record_property: Record) -> None:
    ran_s = machine.get("/hub/health")["uptime_s"]
    machine.run("kill -STOP $(systemctl show -P MainPID ren-device)")

    def is_another() -> bool:
        try:
            return bool(machine.get("/hub/health", within_s=5)["uptime_s"] < ran_s)
        except OSError:
            return False

    took_s = machine.console.until("started again", is_another, 300)
    record_property("frozen Ren to answer, s", f"{took_s:.0f}")


def test_a_dead_kernel_is_reset_by_the_watchdog(machine: Machine, record_property: Record) -> None:
    since = machine.console.position
    # Neither does it restart by itself: what resets it is the hardware.
    machine.run(
        "echo 0 >/proc/sys/kernel/panic; echo 1 >/proc/sys/kernel/sysrq;"
        " nohup sh -c 'sleep 1; echo c >/proc/sysrq-trigger' >/dev/null 2>&1 &"
    )
    machine.console.wait_for("Kernel panic", 60, since)
    took_s = machine.until_booted_again(since)
    record_property("dead kernel to answer, s", f"{took_s:.0f}")
