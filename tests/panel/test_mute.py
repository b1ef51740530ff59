"""Whether the microphone is off: the switch, what was asked for, and what is kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ren_device.bus import Bus, Subscription
from ren_device.errors import MutedBySwitch, StoreError
from ren_device.model import Event, MuteChanged
from ren_device.panel.mute import Mute
from ren_device.ports import PreferenceStore
from ren_device.store import open_store
from tests.fakes import NOON
from tests.panel.counter import BUTTONS, SWITCH, TOGGLE, Counter


@dataclass
class Kept:
    """A PreferenceStore that can be slow, except with the `quick` value, or broken."""

    rows: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    quick: str = ""
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def get(self, key: str) -> str | None:
        if self.broken:
            raise StoreError("The disk is gone.")
        return self.rows.get(key)

    async def put(self, key: str, value: str) -> None:
        if value != self.quick:
            await self.gate.wait()
        if self.broken:
            raise StoreError("The disk is full.")
        self.rows[key] = value


def take(events: Subscription) -> list[Event]:
    """What was published since the last look."""
    return [events._events.get_nowait() for _ in range(events._events.qsize())]


class Room:
    """A mute, what it keeps, and what it published."""

    def __init__(self, kept: PreferenceStore, counter: Counter, events: Subscription) -> None:
        self.counter = counter
        self.events = events
        self.mute = Mute(kept, counter.bus, counter.controls)

    def muted(self) -> bool:
        return self.mute.muted

    def by(self) -> str | None:
        return self.mute.by


@asynccontextmanager
async def room(
    kept: PreferenceStore, *, switch: bool = False, down: bool = False
) -> AsyncIterator[Room]:
    """A room in which Ren has just started."""
    counter = Counter(BUTTONS, SWITCH if switch else TOGGLE)
    if down:
        counter.finger.press("mute")
    with counter.bus.subscribe() as events:
        here = Room(kept, counter, events)
        await here.mute.load()
        yield here
    await counter.controls.close()


async def test_until_it_is_loaded_the_microphone_is_off() -> None:
    counter = Counter(BUTTONS)
    kept = Kept()
    mute = Mute(kept, Bus(), counter.controls)
    assert (mute.muted, mute.by) == (True, "software")
    kept.broken = True
    with pytest.raises(StoreError):
        await mute.load()
    assert mute.muted


async def test_what_was_asked_for_is_kept_over_a_restart(tmp_path: Path) -> None:
    for muted in (True, False):
        store = await open_store(tmp_path, NOON)
        async with room(store.preferences) as before:
            await before.mute.set(muted)
            # No orderly end: it is on the disk already.
        await store.close()
        store = await open_store(tmp_path, NOON)
        async with room(store.preferences) as after:
            assert (after.muted(), after.by()) == (muted, "software" if muted else None)
        await store.close()


async def test_a_toggle_goes_round_and_tells() -> None:
    kept = Kept()
    async with room(kept) as here:
        assert take(here.events) == [MuteChanged(False)]
        await here.mute.toggle()
        assert here.muted()
        await here.mute.toggle()
        assert not here.muted()
        assert take(here.events) == [MuteChanged(True), MuteChanged(False)]
        await here.mute.set(False)
        assert take(here.events) == []


async def test_muting_is_in_force_at_once_and_returns_when_it_is_kept() -> None:
    kept = Kept()
    async with room(kept) as here:
        take(here.events)
        kept.gate.clear()
        asking = asyncio.create_task(here.mute.set(True))
        await asyncio.sleep(0)
        assert here.muted()
        assert take(here.events) == [MuteChanged(True)]
        assert not asking.done()
        kept.gate.set()
        await asking
        assert kept.rows == {"muted": "yes"}
        assert take(here.events) == []


async def test_unmuting_is_in_force_only_when_it_is_kept() -> None:
    kept = Kept({"muted": "yes"})
    async with room(kept) as here:
        kept.gate.clear()
        asking = asyncio.create_task(here.mute.set(False))
        await asyncio.sleep(0)
        assert here.muted()
        assert take(here.events) == []
        kept.gate.set()
        await asking
        assert not here.muted()
        assert take(here.events) == [MuteChanged(False)]


async def test_a_disk_that_fails_never_turns_the_microphone_on() -> None:
    kept = Kept()
    async with room(kept) as here:
        kept.broken = True
        with pytest.raises(StoreError):
            await here.mute.set(True)
        assert here.muted()  # though not for longer than until Ren stops
        kept.broken = False
        await here.mute.set(True)
        kept.broken = True
        with pytest.raises(StoreError):
            await here.mute.set(False)
        assert here.muted()
        kept.broken = False
        await here.mute.toggle()
        assert not here.muted()


async def test_muting_overtakes_an_unmuting_that_is_under_way() -> None:
    kept = Kept({"muted": "yes"}, quick="yes")
    async with room(kept) as here:
        kept.gate.clear()
        both = [asyncio.create_task(here.mute.set(muted)) for muted in (False, True)]
        await asyncio.sleep(0.01)
        kept.gate.set()
        await asyncio.gather(*both)
        assert here.muted()
        assert kept.rows == {"muted": "yes"}
        assert take(here.events) == []  # it was never on in between


async def test_the_switch_wins() -> None:
    kept = Kept()
    async with room(kept, switch=True, down=True) as here:
        assert here.by() == "switch"
        for refused in (here.mute.set(False), here.mute.toggle()):
            with pytest.raises(MutedBySwitch, match=r"^The microphone is off by its switch"):
                await refused
        assert kept.rows == {}
        here.mute.line(False)
        assert not here.muted()
        here.mute.line(True)
        here.mute.line(True)
        assert take(here.events) == [MuteChanged(False), MuteChanged(True)]


async def test_what_was_asked_for_outlasts_the_switch() -> None:
    async with room(Kept(), switch=True, down=True) as here:
        await here.mute.set(True)
        assert here.by() == "switch"
        here.mute.line(False)
        assert here.by() == "software"
        await here.mute.set(False)
        assert here.by() is None


async def test_a_mute_button_that_is_down_is_no_switch() -> None:
    async with room(Kept(), down=True) as here:
        assert not here.muted()


async def test_whoever_waits_is_woken_by_either() -> None:
    async with room(Kept(), switch=True) as here:
        await here.mute.wait(False)
        off = asyncio.create_task(here.mute.wait(True))
        await asyncio.sleep(0)
        assert not off.done()
        here.mute.line(True)
        await off
        on = asyncio.create_task(here.mute.wait(False))
        await here.mute.set(True)
        here.mute.line(False)
        await asyncio.sleep(0)
        assert not on.done()
        await here.mute.set(False)
        await on
