"""The baseline rule, and what a listener is told however slowly it reads."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ren_device.home.changes import Changes, differences
from ren_device.model import Accessory, Characteristic, DeviceChange, HomeValue

IDS = ("a", "b", "c")
KEYS = ("on", "brightness")
VALUES = st.integers(0, 3)

Home = dict[str, dict[str, int]]
homes = st.dictionaries(st.sampled_from(IDS), st.dictionaries(st.sampled_from(KEYS), VALUES))


def accessories(home: Home) -> dict[str, Accessory]:
    return {
        each: Accessory(
            each, each.upper(), "", "lightbulb", {k: Characteristic(v) for k, v in has.items()}
        )
        for each, has in home.items()
    }


@given(homes, homes)
def test_a_change_is_told_for_exactly_what_was_known_and_differs(before: Home, after: Home) -> None:
    told = {
        (each.accessory_id, each.char_key): (each.previous, each.value)
        for each in differences(accessories(before), accessories(after))
    }
    assert told == {
        (each, key): (before[each][key], value)
        for each, has in after.items()
        for key, value in has.items()
        if each in before and key in before[each] and before[each][key] != value
    }


def test_the_first_look_is_the_baseline() -> None:
    assert list(differences({}, accessories({"a": {"on": 1}}))) == []


def test_a_change_carries_the_name_that_the_device_has_now() -> None:
    before = accessories({"a": {"on": 0}})
    after = {"a": replace(accessories({"a": {"on": 1}})["a"], name="Desk Lamp")}
    assert list(differences(before, after)) == [
        DeviceChange("a", "Desk Lamp", "lightbulb", "on", 1, 0)
    ]


class SlowListener(RuleBasedStateMachine):
    """Devices change and the listener reads, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = Changes()
        self.home: dict[tuple[str, str], HomeValue] = {(i, k): 0 for i in IDS for k in KEYS}
        self.told = dict(self.home)  # what the listener believes

    @rule(accessory=st.sampled_from(IDS), key=st.sampled_from(KEYS), value=VALUES)
    def something_changes(self, accessory: str, key: str, value: int) -> None:
        previous = self.home[accessory, key]
        if value != previous:
            self.home[accessory, key] = value
            self.changes.put(DeviceChange(accessory, "", "lightbulb", key, value, previous))

    @precondition(lambda self: self.told != self.home)
    @rule()
    def the_listener_reads(self) -> None:
        with pytest.raises(StopIteration) as read:
            self.changes.next().send(None)  # there is something, so it does not wait
        change: DeviceChange = read.value.value
        key = change.accessory_id, change.char_key
        assert change.previous == self.told[key] != change.value
        self.told[key] = change.value

    @invariant()
    def what_waits_is_what_it_does_not_know(self) -> None:
        unread = {key: each.value for key, each in self.changes._waiting.items()}
        assert {**self.told, **unread} == self.home
        assert all(self.told[key] != value for key, value in unread.items())
        assert self.changes._some.is_set() == bool(unread)


TestSlowListener = SlowListener.TestCase


async def test_a_listener_waits_for_the_next_change() -> None:
    changes = Changes()
    reading = asyncio.create_task(changes.next())
    await asyncio.sleep(0)
    assert not reading.done()
    change = DeviceChange("a", "A", "lightbulb", "on", True, False)
    changes.put(change)
    assert await reading == change


async def test_what_is_undone_before_the_listener_wakes_up_never_was() -> None:
    changes = Changes()
    reading = asyncio.create_task(changes.next())
    await asyncio.sleep(0)
    change = DeviceChange("a", "A", "lightbulb", "on", True, False)
    changes.put(change)
    changes.put(replace(change, value=False, previous=True))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not reading.done()
    changes.put(change)
    assert await reading == change
