"""Who is told of which alert: everybody once, and later ones only what was missed."""

import asyncio
from dataclasses import replace

import pytest

from ren_device.alerts.notices import MOST_UNTAKEN, Notices
from ren_device.model import Alert, AlertChanged
from tests import virtual_time
from tests.alerts.house import House, settle
from tests.alerts.street import INTERVAL_S, Street, plays, street


@plays
async def test_a_due_alert_goes_to_everybody_who_listens_and_once() -> None:
    async with street() as it:
        phones = [await it.connect() for _ in range(3)]
        alert = await it.due()
        late = await it.connect()
        await asyncio.sleep(5 * INTERVAL_S)
        assert [phone.ids for phone in phones] == [[alert.id]] * 3
        assert [phone.told[0].state for phone in phones] == ["due"] * 3
        assert late.told == []
        assert it.store.notified == [alert.id]


@plays
async def test_what_nobody_heard_goes_to_the_first_who_connects() -> None:
    async with street() as it:
        first, second = await it.due(), await it.due()
        assert it.store.notified == []
        early, late = await asyncio.gather(it.connect(), it.connect())
        assert sorted(early.ids + late.ids) == [first.id, second.id]
        assert [] in (early.ids, late.ids)
        assert it.store.notified == [first.id, second.id]


@plays
async def test_an_acknowledged_alert_is_told_of_all_the_same_and_a_cancelled_one_never() -> None:
    async with street() as it:
        silenced = await it.due()
        await it.house.kernel.acknowledge(silenced.id)
        cancelled = await it.house.timer(1.0)
        await it.house.kernel.cancel(cancelled.id)
        await asyncio.sleep(2)
        phone = await it.connect()
        assert [(alert.id, alert.state) for alert in phone.told] == [(silenced.id, "done")]


@plays
async def test_what_is_on_its_way_to_one_waits_and_goes_to_the_next_when_that_one_leaves() -> None:
    async with street() as it:
        gone = await it.connect(takes=False)
        alert = await it.due()
        waiting = [await it.connect(), await it.connect()]
        await asyncio.sleep(2 * INTERVAL_S)
        assert [phone.ids for phone in waiting] == [[], []]
        await it.leave(gone)
        assert [phone.ids for phone in waiting] == [[alert.id]] * 2
        assert it.store.notified == [alert.id]


@plays
async def test_what_one_leaves_behind_is_kept_for_whoever_comes() -> None:
    async with street() as it:
        gone = await it.connect(takes=False)
        alert = await it.due()
        await it.leave(gone)
        await asyncio.sleep(1000)
        assert it.store.notified == []
        assert (await it.connect()).ids == [alert.id]
        assert (await it.connect()).ids == []


@plays
async def test_a_doubtful_client_keeps_nothing_from_others_and_is_not_told_twice() -> None:
    async with street() as it:
        silent = await it.connect(takes=False)
        first = await it.due()
        assert silent.listener is not None
        silent.listener.doubt()
        second = await it.due()
        other = await it.connect()
        assert silent.ids == other.ids == [first.id, second.id]
        assert it.store.notified == [first.id, second.id]
        silent.listener.took(silent.told)
        third = await it.due()
        assert silent.ids == other.ids == [first.id, second.id, third.id]


@plays
async def test_a_doubtful_client_that_takes_it_late_has_it() -> None:
    async with street() as it:
        silent = await it.connect(takes=False)
        alert = await it.due()
        assert silent.listener is not None
        silent.listener.doubt()
        await asyncio.sleep(60)
        silent.listener.took(silent.told)
        await settle()
        assert it.store.notified == [alert.id]
        next_one = await it.due()
        assert (await it.connect()).ids == []  # it is believed again, and waited for
        assert silent.ids == [alert.id, next_one.id]


@plays
async def test_a_store_that_cannot_mark_is_tried_again_and_nobody_is_told_twice() -> None:
    async with street() as it:
        phone = await it.connect()
        alert = await it.house.timer(1.0)
        it.store.broken = True  # it cannot even be kept that it is due
        await asyncio.sleep(2)
        assert phone.ids == [alert.id]
        late = await it.connect()
        await asyncio.sleep(100)
        it.store.broken = False
        await asyncio.sleep(100)
        assert it.store.notified == [alert.id]
        assert (await it.connect()).told == late.told == []
        assert phone.ids == [alert.id]


@plays
async def test_what_rings_although_it_cannot_be_kept_waits_for_the_first_client_too() -> None:
    async with street() as it:
        alert = await it.house.timer(1.0)
        it.store.broken = True
        await asyncio.sleep(2)
        assert (await it.connect()).ids == [alert.id]
        assert (await it.connect()).ids == []


@plays
async def test_what_rings_is_told_at_once_while_the_disk_hangs_and_cannot_be_read() -> None:
    async with street() as it:
        phone = await it.connect()
        alert = await it.house.timer(1.0)
        it.store.slow = it.store.unreadable = True
        await asyncio.sleep(1.0)
        await settle()
        assert phone.ids == [alert.id]


@plays
async def test_a_store_that_cannot_be_read_is_looked_at_again() -> None:
    async with street() as it:
        phone = await it.connect()
        alert = await it.left_behind()
        it.store.unreadable = True
        await asyncio.sleep(2 * INTERVAL_S)
        assert phone.told == []
        it.store.unreadable = False
        await asyncio.sleep(INTERVAL_S)
        assert phone.ids == [alert.id]


@plays
async def test_a_row_that_comes_late_is_marked_and_not_told_again() -> None:
    async with street() as it:
        phone = await it.connect()
        alert = await it.house.timer(1.0)
        it.store.broken = True
        await asyncio.sleep(1.5)
        assert phone.ids == [alert.id]
        it.store.broken = False
        await asyncio.sleep(1.5)  # marked before the kernel has written it
        assert it.store.outbox == {}
        assert it.store.notified == []
        await asyncio.sleep(2 * INTERVAL_S)
        assert it.store.rows[alert.id].state == "due"
        assert it.store.outbox == {}
        assert it.store.notified == phone.ids == [alert.id]


@plays
async def test_a_snoozed_alert_is_told_again_at_its_new_time() -> None:
    async with street() as it:
        phone = await it.connect()
        alert = await it.due()
        await it.house.kernel.snooze(alert.id, 60)
        await asyncio.sleep(59)
        assert phone.ids == [alert.id]
        await asyncio.sleep(2)
        assert phone.ids == [alert.id, alert.id]
        assert phone.told[0].due_at < phone.told[1].due_at
        assert it.store.notified == [alert.id, alert.id]
        assert (await it.connect()).told == []


@pytest.mark.parametrize("restart", [False, True])
def test_what_was_snoozed_before_anybody_came_is_done_and_then_due(restart: bool) -> None:
    async def scene() -> None:
        async with street() as it:
            alert = await it.due()
            await it.house.kernel.snooze(alert.id, 60)
            await asyncio.sleep(61)
            if restart:  # else the bus has said so, and then the store
                it.notices = Notices(it.store, it.house.bus)
            phone = await it.connect()
            states = [(each.id, each.state) for each in phone.told]
            assert states == [(alert.id, "done"), (alert.id, "due")]

    virtual_time.run(scene())


@plays
async def test_what_was_missed_is_told_and_a_routine_is_nobodys_business() -> None:
    async with street() as it:
        phone = await it.connect()
        at = it.house.in_s(0)
        missed = Alert(8, "reminder", "tea", at, at, state="missed")
        routine = Alert(9, "routine", "", at, at, state="due", routine="morning")
        await it.store.write((missed, routine), tell=(routine,))
        it.house.bus.publish(AlertChanged(missed, "missed"))
        it.house.bus.publish(AlertChanged(routine, "due"))
        await asyncio.sleep(2 * INTERVAL_S)
        assert phone.told == [missed]


@plays
async def test_what_nobody_fetches_is_given_up_when_there_is_too_much_of_it() -> None:
    async with street(most_waiting=MOST_UNTAKEN) as it:
        at = it.house.in_s(0)
        flood = [Alert(n, "timer", "", at, at, state="due") for n in range(1, MOST_UNTAKEN + 3)]
        for alert in flood:
            await it.store.write((alert,), tell=(alert,))
            it.house.bus.publish(AlertChanged(alert, "due"))
        assert (await it.connect()).told == flood[2:]
        await asyncio.sleep(INTERVAL_S)
        assert sorted(it.store.notified) == [alert.id for alert in flood]


def test_what_came_due_and_rang_in_one_life_is_told_in_the_next() -> None:
    async def scene() -> None:
        async with street() as before:
            alert = await before.due()
        async with street(House(before.store)) as after:  # it rings again
            assert after.house.rung == [alert.id]
            assert (await after.connect()).ids == [alert.id]
        async with street(House(before.store)) as later:
            phone = await later.connect()
            await asyncio.sleep(INTERVAL_S)
            assert later.house.rung == [alert.id]
            assert phone.told == []

    virtual_time.run(scene())


@plays
async def test_an_alert_that_rings_again_after_a_restart_is_not_told_again() -> None:
    async with street() as before:
        phone = await before.connect()
        alert = await before.due()
        assert phone.ids == [alert.id]
    async with House(before.store) as house:
        after = Street(house)
        again = await after.connect()  # before the kernel rings
        after.start()
        await settle()
        house.bus.publish(AlertChanged(house.kernel.ringing()[0], "due"))
        await asyncio.sleep(1)
        assert again.told == []
        await after.leave_all()


@plays
async def test_what_was_taken_in_the_last_moment_is_marked_on_the_way_out() -> None:
    async with street() as it:
        silent = await it.connect(takes=False)
        alert = await it.due()
        assert silent.listener is not None
        silent.listener.took(silent.told)
        await it.leave(None)
        assert it.store.notified == [alert.id]


@plays
async def test_the_store_is_looked_at_once_an_interval_however_many_listen() -> None:
    async with street() as it:
        for _ in range(50):
            await it.connect()
        looked = it.store.looked
        await asyncio.sleep(10 * INTERVAL_S)
        assert 10 <= it.store.looked - looked <= 20  # those who come in the midst of one wait


@plays
async def test_what_the_bus_did_not_say_is_found_within_an_interval() -> None:
    async with street() as it:
        phone = await it.connect()
        alert = await it.left_behind()
        await asyncio.sleep(INTERVAL_S + 0.1)
        assert phone.ids == [alert.id]


@plays
async def test_a_flood_on_the_bus_drowns_no_alert() -> None:
    async with street() as it:
        phone = await it.connect()
        alert = await it.left_behind()
        it.house.bus.publish(AlertChanged(alert, "due"))
        other = replace(alert, id=1000, state="pending")
        for _ in range(MOST_UNTAKEN):
            it.house.bus.publish(AlertChanged(other, "changed"))
        await settle()
        assert phone.ids == [alert.id]


@plays
async def test_a_slow_client_is_offered_more_when_it_has_taken_some() -> None:
    async with street(most_waiting=3) as it:
        alerts = [await it.due() for _ in range(10)]
        phone = await it.connect()
        assert phone.ids == [alert.id for alert in alerts]
        assert (await it.connect()).told == []


@plays
async def test_what_a_full_client_has_no_room_for_is_kept() -> None:
    async with street(most_waiting=3) as it, it.notices.listen() as stuck:
        alerts = [await it.due() for _ in range(5)]
        assert not stuck.has_room
        other = await it.connect()
        assert other.ids == [alert.id for alert in alerts[3:]]
    assert it.store.notified == other.ids


@plays
async def test_a_store_that_was_replaced_is_the_truth_from_then_on() -> None:
    async with street() as it:
        phone = await it.connect()
        told = await it.due()
        await it.leave(phone)
        waiting = await it.due()
        backup = it.store.backup()
        silent = await it.connect(takes=False)
        gone = await it.due()
        assert silent.ids == [waiting.id, gone.id]
        it.store.restore(backup)
        await it.notices.reload()
        await it.house.kernel.reload()
        other = await it.connect()
        assert [each.id for each in it.house.kernel.ringing()] == [told.id, waiting.id]
        assert silent.ids == [waiting.id, gone.id, waiting.id]
        await it.leave(silent)
        assert other.ids == [waiting.id]
        assert it.store.notified == [told.id, waiting.id]


@pytest.mark.parametrize("seconds", [0.0, 40.0])
def test_a_store_that_fails_leaves_one_line_in_the_log(
    seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        async with street() as it:
            it.store.unreadable = True
            await it.connect()
            await asyncio.sleep(seconds)

    virtual_time.run(scene())
    assert len(caplog.records) == 1
