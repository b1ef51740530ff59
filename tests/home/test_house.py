"""The house: merging, looking, back-off, and telling who listens."""

import asyncio
from collections.abc import Sequence

import pytest

from ren_device.bus import Bus
from ren_device.errors import HomeError
from ren_device.home.changes import Changes
from ren_device.home.house import LOOK_TIMEOUT_S, SET_TIMEOUT_S, House
from ren_device.model import Accessory, DeviceChange
from tests import virtual_time
from tests.home.homes import FakeHome, house_of, light

LAMP = light("Lamp", "Hall", brightness=50)
BULB = light("Bulb", "Attic")


def told(changes: Changes) -> list[tuple[str, str, object, object]]:
    """What waits for a listener, as (id, char_key, previous, value)."""
    waiting = changes._waiting.values()
    return [(each.accessory_id, each.char_key, each.previous, each.value) for each in waiting]


async def test_drivers_are_merged_in_their_order() -> None:
    house = house_of(FakeHome(LAMP), FakeHome(BULB, name="other"))
    await house.look()
    assert house.accessories == (LAMP, BULB)
    assert house.rooms == ("Hall", "Attic")


async def test_an_id_that_two_drivers_have_is_the_first_ones() -> None:
    house = house_of(FakeHome(LAMP), FakeHome(light("Lamp", "Hall"), name="other"))
    await house.look()
    assert house.accessories == (LAMP,)


async def test_what_changes_by_itself_is_told_at_the_next_look() -> None:
    home, bus = FakeHome(LAMP), Bus()
    house = House([home], bus)
    await house.look()
    with house.listen(5) as changes, bus.subscribe() as events:
        await house.look()
        assert told(changes) == []
        home.change(LAMP.id, on=True, brightness=70)
        await house.look()
        assert told(changes) == [
            (LAMP.id, "on", False, True),
            (LAMP.id, "brightness", 50, 70),
        ]
        assert await anext(aiter(events)) == DeviceChange(
            LAMP.id, "Lamp", "lightbulb", "on", True, False
        )


async def test_what_is_switched_is_told_at_once_and_only_once() -> None:
    home = FakeHome(LAMP)
    house = house_of(home)
    await house.look()
    with house.listen(5) as changes:
        after = await house.set(LAMP.id, {"on": True})
        assert after.characteristics["on"].value is True
        assert told(changes) == [(LAMP.id, "on", False, True)]
        await house.look()
        assert told(changes) == [(LAMP.id, "on", False, True)]


async def test_who_has_gone_is_told_nothing() -> None:
    house = house_of(FakeHome(LAMP))
    await house.look()
    with house.listen(5) as changes:
        pass
    await house.set(LAMP.id, {"on": True})
    assert told(changes) == []


async def test_a_device_that_comes_or_comes_back_is_a_baseline() -> None:
    home = FakeHome(LAMP)
    house = house_of(home)
    await house.look()
    with house.listen(5) as changes:
        home.there = {BULB.id: BULB}
        await house.look()
        assert house.accessories == (BULB,)
        home.there = {LAMP.id: LAMP, BULB.id: BULB}
        home.change(LAMP.id, on=True)
        await house.look()
        assert told(changes) == []


async def test_a_look_that_began_before_a_switch_does_not_undo_it() -> None:
    home = FakeHome(LAMP)
    house = house_of(home)
    await house.look()
    home.may_look.clear()
    home.looking.clear()
    with house.listen(5) as changes:
        look = asyncio.create_task(house.look())
        await home.looking.wait()  # it has seen the lamp off
        await house.set(LAMP.id, {"on": True})
        home.may_look.set()
        await look
        assert told(changes) == [(LAMP.id, "on", False, True)]


async def test_a_switch_that_began_before_a_look_is_newer_too() -> None:
    home = FakeHome(LAMP)
    house = house_of(home)
    await house.look()
    home.may_set.clear()
    home.may_look.clear()
    home.looking.clear()
    with house.listen(5) as changes:
        switch = asyncio.create_task(house.set(LAMP.id, {"on": True}))
        await asyncio.sleep(0)
        look = asyncio.create_task(house.look())
        await home.looking.wait()
        home.may_set.set()
        await switch
        home.may_look.set()
        await look
        assert told(changes) == [(LAMP.id, "on", False, True)]


async def test_all_who_ask_meanwhile_share_one_look() -> None:
    home = FakeHome(LAMP)
    house = house_of(home)
    home.may_look.clear()
    first = asyncio.create_task(house.look())
    await home.looking.wait()
    others = [asyncio.create_task(house.look()) for _ in range(200)]
    await asyncio.sleep(0)
    home.may_look.set()
    await asyncio.gather(first, *others)
    assert home.looks == 2  # theirs began after they had asked


async def test_a_look_that_was_cancelled_counts_for_nobody() -> None:
    home = FakeHome(LAMP)
    house = house_of(home)
    home.may_look.clear()
    first, second = asyncio.create_task(house.look()), asyncio.create_task(house.look())
    await home.looking.wait()
    first.cancel()
    home.may_look.set()
    await second
    assert house.accessories == (LAMP,)


async def test_what_is_not_there_cannot_be_switched() -> None:
    with pytest.raises(HomeError, match="no fake-hall-lamp"):
        await house_of(FakeHome()).set(LAMP.id, {"on": True})


def test_a_failing_driver_is_left_alone_longer_and_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene() -> None:
        broken, well = FakeHome(LAMP), FakeHome(BULB, name="other")
        house = house_of(broken, well)
        await house.look()
        broken.broken = True
        for _ in range(600):
            await house.look()
            await asyncio.sleep(1)
        assert well.looks == 601
        assert 12 <= broken.looks <= 20  # after 1, 2, 4 ... 60 s
        assert house.accessories == (LAMP, BULB)  # as it was last seen
        assert house.health() == {
            "fake": {
                "state": "failing",
                "accessories": 1,
                "problem": "The bridge does not answer.",
            },
            "other": {"state": "ok", "accessories": 1},
        }
        with house.listen(5) as changes:
            broken.broken = False
            broken.change(LAMP.id, on=True)
            await asyncio.sleep(90)
            await house.look()
            assert told(changes) == [(LAMP.id, "on", False, True)]
        assert house.health()["fake"] == {"state": "ok", "accessories": 1}

    with caplog.at_level("INFO"):
        virtual_time.run(scene())
    assert [each.getMessage() for each in caplog.records] == [
        "the home's driver fake fails: The bridge does not answer.",
        "the home's driver fake works again",
    ]


def test_a_driver_that_hangs_holds_the_others_up_only_for_a_while() -> None:
    async def scene() -> None:
        hanging, well = FakeHome(LAMP), FakeHome(BULB, name="other")
        hanging.may_look.clear()
        house = house_of(hanging, well)
        began = asyncio.get_running_loop().time()
        await house.look()
        assert asyncio.get_running_loop().time() - began == pytest.approx(LOOK_TIMEOUT_S)
        assert house.accessories == (BULB,)
        await house.look()
        assert asyncio.get_running_loop().time() - began == pytest.approx(LOOK_TIMEOUT_S)

    virtual_time.run(scene())


def test_a_device_that_hangs_is_given_up() -> None:
    async def scene() -> None:
        home = FakeHome(LAMP)
        house = house_of(home)
        await house.look()
        home.may_set.clear()
        began = asyncio.get_running_loop().time()
        with pytest.raises(HomeError, match="did not answer"):
            await house.set(LAMP.id, {"on": True})
        assert asyncio.get_running_loop().time() - began == pytest.approx(SET_TIMEOUT_S)

    virtual_time.run(scene())


async def test_a_bug_in_a_driver_is_not_swallowed() -> None:
    class Buggy(FakeHome):
        async def look(self) -> Sequence[Accessory]:
            raise KeyError("a bug")

    with pytest.raises(ExceptionGroup) as raised:
        await house_of(Buggy()).look()
    assert raised.group_contains(KeyError)


def test_the_house_looks_as_often_as_the_least_patient_listener_wants() -> None:
    async def scene() -> None:
        home = FakeHome(LAMP)
        house = house_of(home)
        running = asyncio.create_task(house.run())
        await asyncio.sleep(100)
        idle = home.looks
        assert idle == 4  # at once, and every 30 s
        with house.listen(60), house.listen(5):
            await asyncio.sleep(100)
            assert home.looks - idle in (19, 20, 21)
            with house.listen(0.001):  # counts as 0.25 s
                before = home.looks
                await asyncio.sleep(10)
                assert home.looks - before in (39, 40, 41)
        running.cancel()
        await asyncio.wait([running])

    virtual_time.run(scene())


def test_many_listeners_cost_one_look_and_all_are_told() -> None:
    async def scene() -> None:
        home = FakeHome(LAMP)
        house = house_of(home)
        running = asyncio.create_task(house.run())
        await house.look()
        contexts = [house.listen(5) for _ in range(300)]
        listeners = [each.__enter__() for each in contexts]
        before = home.looks
        home.change(LAMP.id, on=True)
        await asyncio.sleep(5.1)
        assert home.looks - before <= 2
        assert all(told(each) == [(LAMP.id, "on", False, True)] for each in listeners)
        for each in contexts:
            each.__exit__(None, None, None)
        running.cancel()
        await asyncio.wait([running])

    virtual_time.run(scene())
