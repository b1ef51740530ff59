import asyncio
import logging
from collections.abc import Iterator

import pytest

from ren_device.alerts.keeping import SAVE_AGAIN_S
from ren_device.alerts.timing import LOOK_AGAIN_S
from ren_device.errors import StoreError
from tests.alerts.house import House, settle
from tests.virtual_time import VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


def test_a_timer_rings_at_its_time_and_is_stored_as_due(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(300, "pasta")
            await asyncio.sleep(299.9)
            assert house.rung == []
            assert house.kernel.pending() == (timer,)
            assert house.kernel.remaining_s(timer) == pytest.approx(0.1)
            await asyncio.sleep(0.11)
            assert [(alert.id, alert.state) for alert in house.heard] == [
                (timer.id, "pending"),
                (timer.id, "due"),
            ]
            assert house.store.rows[timer.id].state == "due"
            assert house.kernel.pending() == ()
            assert [alert.text for alert in house.kernel.ringing()] == ["pasta"]

    loop.run_until_complete(scene())


def test_pending_is_soonest_first_and_can_be_of_one_kind(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            late = await house.timer(50)
            early = await house.at(10)
            middle = await house.at(20, "reminder", "water the plants")
            assert house.kernel.pending() == (early, middle, late)
            assert house.kernel.pending("timer") == (late,)
            await asyncio.sleep(60)
            assert house.rung == [early.id, middle.id, late.id]

    loop.run_until_complete(scene())


def test_a_new_alert_that_is_sooner_than_the_others_is_not_slept_through(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            await house.timer(3600)
            await asyncio.sleep(1)
            soon = await house.timer(5)
            await asyncio.sleep(5.1)
            assert house.rung == [soon.id]

    loop.run_until_complete(scene())


def test_what_is_cancelled_never_rings(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(5)
            cancelled = await house.kernel.cancel(timer.id)
            assert cancelled is not None
            assert cancelled.state == "done"
            await asyncio.sleep(10)
            assert house.rung == []
            assert house.heard[-1] == cancelled
            assert house.store.rows == {}
            assert await house.kernel.cancel(timer.id) is None

    loop.run_until_complete(scene())


def test_acknowledging_silences_what_rings_and_nothing_else(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            first, second, later = [await house.timer(s) for s in (1, 2, 60)]
            assert await house.kernel.acknowledge(first.id) is None  # does not ring yet
            await asyncio.sleep(3)
            silenced = await house.kernel.acknowledge(first.id)
            assert silenced is not None
            assert silenced.state == "done"
            assert [alert.id for alert in house.kernel.ringing()] == [second.id]
            assert [alert.id for alert in await house.kernel.acknowledge_all()] == [second.id]
            assert await house.kernel.acknowledge_all() == []
            assert house.kernel.ringing() == ()
            assert house.kernel.pending() == (later,)
            assert first.id not in house.store.rows

    loop.run_until_complete(scene())


def test_cancelling_what_rings_silences_it(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(1)
            await asyncio.sleep(2)
            house.store.broken = True
            silenced = await house.kernel.cancel(timer.id)
            assert silenced is not None
            assert house.kernel.ringing() == ()

    loop.run_until_complete(scene())


def test_a_restart_goes_on_with_the_rest_and_rings_what_was_missed(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            ringing = await house.timer(1)
            missed = await house.at(100)
            timer = await house.timer(1000)
            silenced = await house.timer(2)
            await asyncio.sleep(3)
            await house.kernel.acknowledge(silenced.id)
        await asyncio.sleep(500)  # out of power
        async with House(house.store, house.clock) as again:
            assert again.rung == [ringing.id, missed.id]
            assert again.kernel.pending() == (timer,)
            await asyncio.sleep(496.9)
            assert again.rung == [ringing.id, missed.id]
            await asyncio.sleep(0.2)
            assert again.rung == [ringing.id, missed.id, timer.id]

    loop.run_until_complete(scene())


def test_setting_before_the_loop_runs_does_not_lose_what_is_kept(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            kept = await house.at(10)
        again = House(house.store, house.clock)
        new = await again.timer(5)
        assert again.kernel.pending() == (new, kept)

    loop.run_until_complete(scene())


def test_setting_the_clock_moves_alarms_and_not_timers(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(7200)
            alarm = await house.at(7100)
            house.clock.step_s = 7050
            await asyncio.sleep(50.1)
            assert house.rung == [alarm.id]
            await house.kernel.acknowledge(alarm.id)
            assert house.kernel.remaining_s(timer) == pytest.approx(7200 - 50.1)
            house.clock.step_s = -90_000
            await asyncio.sleep(7149)
            assert house.rung == [alarm.id]
            await asyncio.sleep(1)
            assert house.rung == [alarm.id, timer.id]

    loop.run_until_complete(scene())


def test_a_clock_that_was_set_forward_is_noticed_soon(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            alarm = await house.at(86_400)
            await asyncio.sleep(10)
            house.clock.step_s = 86_400
            await asyncio.sleep(LOOK_AGAIN_S + 0.1)
            assert house.rung == [alarm.id]

    loop.run_until_complete(scene())


def test_thousands_that_wait_cost_what_one_does(loop: VirtualLoop) -> None:
    async def looks(count: int) -> int:
        async with House() as house:
            for number in range(count):
                await house.at(100_000 + number)
            await settle()
            looked = house.clock.looked
            await asyncio.sleep(600)
            return house.clock.looked - looked

    async def scene() -> None:
        assert await looks(3_000) == await looks(1)
        async with House() as house:
            looked = house.clock.looked
            await asyncio.sleep(100_000)
            assert house.clock.looked == looked  # nothing is set: nothing is looked at

    loop.run_until_complete(scene())


def test_a_full_disk_does_not_keep_it_from_ringing_or_from_being_silenced(
    loop: VirtualLoop, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        async with House() as house:
            timer, other = await house.timer(5, "secret"), await house.timer(5)
            house.store.broken = True
            await asyncio.sleep(6)
            assert house.rung == [timer.id, other.id]
            await house.kernel.acknowledge(timer.id)
            assert [alert.id for alert in house.kernel.ringing()] == [other.id]
            house.store.broken = False
            await asyncio.sleep(SAVE_AGAIN_S + 1)
            assert timer.id not in house.store.rows
            assert house.store.rows[other.id].state == "due"
            assert house.rung == [timer.id, other.id]

    with caplog.at_level(logging.WARNING):
        loop.run_until_complete(scene())
    assert "cannot be kept" in caplog.text
    assert "secret" not in caplog.text


def test_setting_and_cancelling_fail_with_the_disk_and_change_nothing(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            timer = await house.timer(60)
            house.store.broken = True
            with pytest.raises(StoreError):
                await house.timer(5)
            with pytest.raises(StoreError):
                await house.kernel.cancel(timer.id)
            assert house.kernel.pending() == (timer,)
            await asyncio.sleep(61)
            assert house.rung == [timer.id]

    loop.run_until_complete(scene())


def test_an_alert_whose_setting_was_interrupted_after_it_was_kept_still_rings(
    loop: VirtualLoop,
) -> None:
    async def scene() -> None:
        async with House() as house:
            house.store.slow = True
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await house.timer(10)
            await settle()
            (kept,) = house.kernel.pending()
            await asyncio.sleep(9.1)
            assert house.rung == [kept.id]

    loop.run_until_complete(scene())


def test_a_timer_without_a_duration_is_a_bug(loop: VirtualLoop) -> None:
    async def scene() -> None:
        async with House() as house:
            with pytest.raises(ValueError, match="after a while"):
                await house.kernel.set("timer", at=house.in_s(5))

    loop.run_until_complete(scene())
