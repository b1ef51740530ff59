"""`ren-device update`: with a Ren that runs; killed in the middle; and where it has no business."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ren_device.__main__ import main
from ren_device.commands import update
from ren_device.commands.checks.finding import asked
from ren_device.errors import UpdateError
from ren_device.updates import history
from ren_device.updates.boot_state import BOOTS
from ren_device.updates.household import BEFORE_REBOOT_S, BEFORE_WRITING_S, occupied
from ren_device.updates.pacing import Pace
from ren_device.updates.trial import Room, judged, remembered
from tests.ren import running
from tests.updates.boot_script import boot
from tests.updates.scene import Card, content, new_card, packed

SLOT = content(4 << 20)
# The command itself but for its address of the system, which is a folder here.
INSTALL = """
import sys
from pathlib import Path
from ren_device.commands import update
from ren_device.updates import facts
from ren_device.updates.pacing import Pace
root = Path(sys.argv[1])
pace = Pace(lambda: None, print, bytes_per_s=float("inf"))
with update.ends_in_order():
    update.install(sys.argv[2], facts.read(root), root, lambda _path: None, pace, root=root)
"""


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return new_card(tmp_path)


def install(card: Card, place: Path) -> None:
    pace = Pace(lambda: None, lambda _: None, bytes_per_s=float("inf"))
    update.install(str(place), card.facts, card.root, lambda _: None, pace, root=card.root)


def on_lights(card: Card) -> bool:
    return (card.root / "run/ren/updating").exists()


def test_it_says_what_it_does(card: Card, capfd: pytest.CaptureFixture[str]) -> None:
    place = card.root / "x.update"
    place.write_bytes(packed(card.root, SLOT, version="0.9.0"))
    install(card, place)
    said = capfd.readouterr().err
    assert "Ren 0.9.0 is older than the 1.0.0 that runs." in said
    assert "writing: 100 %, 4 of 4 MiB" in said
    assert "reading back: 100 %, 4 of 4 MiB" in said
    assert "Ren 0.9.0 is installed, and has yet to prove itself." in said
    assert boot(card.state.read(), {"a", "b"}).slot == "b"
    assert not on_lights(card)


def test_root_follows_no_link_where_it_tells_the_lights(card: Card) -> None:
    """The folder is Ren's own, and may hold anything if somebody else got into Ren."""
    marker, elsewhere = card.root / "run/ren/updating", card.root / "elsewhere"
    marker.symlink_to(elsewhere)
    place = card.root / "x.update"
    place.write_bytes(packed(card.root, SLOT))
    install(card, place)
    assert not elsewhere.exists()
    assert not marker.is_symlink()
    assert boot(card.state.read(), {"a", "b"}).slot == "b"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_in_the_middle_it_has_changed_nothing(card: Card, number: signal.Signals) -> None:
    whole = packed(card.root, SLOT)
    pipe = card.root / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", INSTALL, str(card.root), str(pipe)]
    with (
        subprocess.Popen(command, stderr=subprocess.DEVNULL) as process,
        pipe.open("wb", buffering=0) as end,
    ):
        # A pipe takes 64 KiB: who could write so much has been read from, and two MiB of it are on
        # the card.
        assert end.write(whole[: 3 << 20]) == 3 << 20
        assert on_lights(card)
        with pytest.raises(UpdateError, match="another update is being installed"):
            install(card, card.root / "slot.ext4")
        process.send_signal(number)
        end.close()
        process.wait(10)
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGTERM: 128 + 15}[number]
    assert card.slot_b(1 << 20) == SLOT[: 1 << 20]
    assert card.slot_a_is_as_it_was()
    state = card.state.read()
    assert boot(state, {"a", "b"}).slot == "a"
    assert (state.a.boots_left, state.a.is_good, state.b.boots_left) == (BOOTS, True, 0)
    assert history.read(card.history) is None
    if number == signal.SIGTERM:
        assert not on_lights(card)
    place = card.root / "x.update"
    place.write_bytes(whole)
    install(card, place)  # nothing that was left behind is in its way
    assert boot(card.state.read(), {"a", "b"}).slot == "b"


def test_it_belongs_to_the_image(capfd: pytest.CaptureFixture[str]) -> None:
    for words in (["update", "x.update"], ["update", "--status"], ["boot-check"]):
        assert main(words) == 1
        assert "not started from an image of Ren: scripts/install" in capfd.readouterr().err


@pytest.mark.peer
async def test_a_real_ren_is_asked(tmp_path: Path) -> None:
    """What is waited for, remembered and proved, as the server really says it."""
    async with running(tmp_path) as ren:
        await ren.until_up()

        def ask(path: str) -> object:
            return asked(f"{ren.url}{path}")

        def look() -> tuple[object, ...]:
            before = remembered(ask, True)  # type: ignore[arg-type]
            room = Room(has_microphone=False, loud=lambda: True, linked=lambda: True)
            verdict = judged(ask, {**before, "identity": "00" * 32}, room)  # type: ignore[arg-type]
            return before, verdict, judged(ask, before, room)  # type: ignore[arg-type]

        before, other, same = await asyncio.to_thread(look)
        assert isinstance(before, dict)
        assert len(before["identity"]) == 64
        assert before["voice"] == "off"
        assert "identity" in other.why  # type: ignore[attr-defined]
        assert same.why == "it has not run for long enough"  # type: ignore[attr-defined]

        def waits(within_s: float) -> str | None:
            return occupied(ask, within_s)  # type: ignore[arg-type]

        assert await asyncio.to_thread(waits, BEFORE_REBOOT_S) is None
        timer = json.dumps({"kind": "timer", "in_s": 300}).encode()
        header = {"Content-Type": "application/json"}
        async with ren.http.post("/alerts", data=timer, headers=header) as response:
            assert response.status == 200, await response.text()
        assert await asyncio.to_thread(waits, BEFORE_WRITING_S) is None
        assert str(await asyncio.to_thread(waits, BEFORE_REBOOT_S)).startswith("an alert is due in")
