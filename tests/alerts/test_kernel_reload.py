"""The store under the kernel is replaced as a whole: what counts is what it holds now."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from ren_device.alerts.watch import CAP_S
from ren_device.model import Alert
from tests.alerts.house import House, settle
from tests.virtual_time import run


def replaced(house: House, *alerts: Alert) -> None:
    house.store.rows = {alert.id: alert for alert in alerts}


def test_what_is_not_in_it_has_ended_also_where_it_rang() -> None:
    async def scene() -> None:
        async with House() as house:
            rings = await house.timer(0.1)
            await asyncio.sleep(0.2)
            waits = await house.timer(60)
            await settle()
            assert [alert.id for alert in house.kernel.ringing()] == [rings.id]
            replaced(house)
            await house.kernel.reload()
            await settle()
            assert (house.kernel.ringing(), house.kernel.pending()) == ((), ())
            ended = [alert.id for alert in house.heard if alert.state == "done"]
            assert sorted(ended) == [rings.id, waits.id]
            await asyncio.sleep(CAP_S + 1)
            assert house.alive  # its fifteen minutes are nobody's any more

    run(scene())


def test_what_came_with_it_is_told_and_rings_in_its_time() -> None:
    async def scene() -> None:
        async with House() as house:
            old = Alert(7, "timer", "pasta", house.in_s(30), house.clock.now(), 60.0)
            due = Alert(8, "alarm", "up", house.in_s(-5), house.clock.now())
            replaced(house, old, due)
            await house.kernel.reload()
            await settle()
            assert house.rung == [8]
            assert [alert.id for alert in house.kernel.pending()] == [7]
            assert 7 in [alert.id for alert in house.heard if alert.state == "pending"]
            await house.kernel.acknowledge(8)
            await asyncio.sleep(31)
            assert house.rung == [8, 7]

    run(scene())


def test_another_alert_under_the_same_number_is_another_alert() -> None:
    async def scene() -> None:
        async with House() as house:
            alert = await house.timer(60, "egg")
            assert alert.deadline is not None
            end = replace(alert.deadline, monotonic_s=alert.deadline.monotonic_s + 540)
            other = replace(alert, text="pasta", deadline=end, duration_s=600.0)
            replaced(house, other)
            await house.kernel.reload()
            (pending,) = house.kernel.pending()
            assert pending.text == "pasta"
            assert 599 < house.kernel.remaining_s(pending) <= 600

    run(scene())


def test_what_is_the_same_goes_on_without_a_word() -> None:
    async def scene() -> None:
        async with House() as house:
            alert = await house.timer(60)
            await settle()
            heard = len(house.heard)
            await house.kernel.reload()
            await settle()
            assert house.kernel.pending() == (alert,)
            assert len(house.heard) == heard

    run(scene())


def test_what_the_disk_still_owed_is_forgotten() -> None:
    """An end that could not be saved was about the old store; it must end nothing in the new."""

    async def scene() -> None:
        async with House() as house:
            alert = await house.timer(0.1)
            await asyncio.sleep(0.2)
            await settle()
            house.store.broken = True
            await house.kernel.acknowledge(alert.id)
            house.store.broken = False
            later = replace(alert, due_at=house.in_s(100), deadline=None)
            replaced(house, later)
            await house.kernel.reload()
            await settle()
            assert house.kernel.pending() == (later,)
            assert house.store.rows == {alert.id: later}

    run(scene())


def test_what_was_acknowledged_since_the_backup_does_not_ring_again() -> None:
    async def scene() -> None:
        async with House() as house:
            once = await house.at(10)
            start = house.in_s(20)
            series = await house.kernel.set("alarm", at=start, rule="FREQ=DAILY")
            ringing = await house.at(1)
            missed = await house.at(2)
            await asyncio.sleep(3)
            backup = house.store.backup()
            await asyncio.sleep(30)
            await house.kernel.acknowledge_all()
            house.store.restore(backup)
            await house.kernel.reload()
            await asyncio.sleep(30)
            assert house.kernel.ringing() == house.kernel.missed() == ()
            assert house.store.rows.keys() == {series.id}
            (going_on,) = house.kernel.pending()
            assert going_on.due_at.date() == start.date() + timedelta(days=1)
            gone = {once.id, ringing.id, missed.id}
            assert not gone & {alert.id for alert in house.kernel.pending()}

    run(scene())
