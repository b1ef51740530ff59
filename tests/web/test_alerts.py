"""/alerts over real sockets, with a real kernel behind it."""

import asyncio

import pytest

from ren_device.web.alert_body import moment_of
from tests.alerts.virtual_clock import START
from tests.web.alert_porch import AlertPorch, alert_porch

WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


async def test_a_timer_is_set_listed_and_counts_down() -> None:
    async with alert_porch() as it:
        timer = await it.set("timer", text=" pasta ", in_s=600)
        assert timer["remaining_s"] == pytest.approx(600, abs=2)
        assert timer | {"remaining_s": 0, "due_at": ""} == {
            "id": 1, "kind": "timer", "text": "pasta", "state": "pending", "due_at": "",
            "duration_s": 600.0, "remaining_s": 0, "repeat": "", "series_id": None, "routine": "",
        }  # fmt: skip
        assert it.store.rows[1].text == "pasta"  # on disk when it is answered
        await it.pass_s(100)
        (listed,) = await it.listed()
        assert listed["remaining_s"] == pytest.approx(500, abs=2)
        assert (await it.ask("GET", "/alerts/1"))["text"] == "pasta"


async def test_an_alarm_is_set_by_the_speakers_clock() -> None:
    async with alert_porch() as it:  # which shows 25 June, 14:02:11
        assert (await it.set("alarm", at="14:03"))["due_at"] == "2026-06-25T14:03:00"
        assert (await it.set("alarm", at="14:02"))["due_at"] == "2026-06-26T14:02:00"
        at = "2026-07-01T07:30"
        assert (await it.set("alarm", at=at))["due_at"] == "2026-07-01T07:30:00"
        series = await it.set("alarm", at="07:30", repeat="BYDAY=FR,TH,WE,TU,MO;FREQ=WEEKLY")
        assert (series["due_at"], series["repeat"]) == ("2026-06-26T07:30:00", WEEKDAYS)
        answer = await it.ask("GET", "/alerts")
        assert answer["now"].startswith("2026-06-25T14:02:")
        assert answer["waits_for_clock"] is False
        assert answer["trouble"] is None


async def test_that_alarms_wait_for_the_clock_is_told() -> None:
    async with alert_porch() as it:
        it.clock.boot()
        await it.set("alarm", at="14:03")
        assert (await it.ask("GET", "/alerts"))["waits_for_clock"] is True
        it.clock.right = True
        assert (await it.ask("GET", "/alerts"))["waits_for_clock"] is False


async def test_what_rings_comes_first_then_the_soonest_and_what_was_missed_comes_last() -> None:
    async with alert_porch() as it:
        await it.set("alarm", at="15:00", text="missed")
        await it.pass_s(3_500)
        await it.rings(text="rings")
        await it.pass_s(901)  # nobody stops it: both are missed now
        await it.set("reminder", in_s=5_000, text="late")
        await it.set("timer", in_s=1_000, text="soon")
        paused = await it.set("timer", in_s=30, text="paused")
        await it.ask("POST", f"/alerts/{paused['id']}/pause")
        await it.rings(text="now")
        assert [(each["text"], each["state"]) for each in await it.listed()] == [
            ("now", "due"), ("soon", "pending"), ("late", "pending"), ("paused", "paused"),
            ("missed", "missed"), ("rings", "missed"),
        ]  # fmt: skip
        assert [each["text"] for each in await it.listed("?kind=reminder")] == ["late"]
        assert [each["text"] for each in await it.listed("?state=missed&kind=timer")] == ["rings"]


async def test_an_alarm_is_changed() -> None:
    async with alert_porch() as it:
        await it.set("alarm", at="07:30", text="work")
        changed = await it.ask("PATCH", "/alerts/1", {"at": "08:00"})
        assert (changed["due_at"], changed["text"]) == ("2026-06-26T08:00:00", "work")
        changed = await it.ask("PATCH", "/alerts/1", {"repeat": WEEKDAYS, "text": ""})
        assert (changed["repeat"], changed["text"]) == (WEEKDAYS, "")
        skipped = await it.ask("POST", "/alerts/1/skip")
        assert skipped["due_at"] == "2026-06-29T08:00:00"
        once = await it.ask("PATCH", "/alerts/1", {"repeat": ""})
        assert (once["repeat"], once["due_at"]) == ("", "2026-06-29T08:00:00")
        assert (await it.ask("DELETE", "/alerts/1"))["state"] == "done"
        assert await it.listed() == []
        assert it.store.rows == {}


async def test_a_timer_is_paused_resumed_and_given_time() -> None:
    async with alert_porch() as it:
        await it.set("timer", in_s=300)
        paused = await it.ask("POST", "/alerts/1/pause")
        await it.pass_s(1_000)
        assert (await it.listed())[0]["remaining_s"] == paused["remaining_s"]
        resumed = await it.ask("POST", "/alerts/1/resume")
        assert resumed["state"] == "pending"
        more = await it.ask("PATCH", "/alerts/1", {"by_s": 60})
        assert more["remaining_s"] == pytest.approx(360, abs=3)
        less = await it.ask("PATCH", "/alerts/1", {"by_s": -100})
        assert less["remaining_s"] == pytest.approx(260, abs=3)
        anew = await it.ask("PATCH", "/alerts/1", {"in_s": 30})
        assert anew["remaining_s"] == pytest.approx(30, abs=3)


async def test_two_phones_press_stop() -> None:
    async with alert_porch() as it:
        await it.rings()
        assert (await it.ask("POST", "/alerts/1/acknowledge"))["state"] == "done"
        assert it.kernel.ringing() == ()
        again = await it.refused("POST", "/alerts/1/acknowledge", None, 404)
        assert again == "There is no such alert (any more)."
        await it.set("timer", in_s=60)
        silent = await it.refused("POST", "/alerts/2/acknowledge", None, 404)
        assert silent == "It does not ring: somebody may have stopped it already."


async def test_everything_is_stopped_at_once() -> None:
    async with alert_porch() as it:
        await it.set("timer", in_s=50)
        await it.rings()
        await it.set("timer", in_s=1_000, text="goes on")
        left = (await it.ask("POST", "/alerts/acknowledge"))["alerts"]
        assert [each["text"] for each in left] == ["goes on"]
        assert it.kernel.ringing() == ()
        await it.ask("POST", "/alerts/acknowledge")  # nothing rings: no error


async def test_what_rings_is_snoozed() -> None:
    async with alert_porch() as it:
        await it.rings(kind="alarm")
        snoozed = await it.ask("POST", "/alerts/1/snooze")
        assert (snoozed["id"], snoozed["state"]) == (1, "pending")
        assert snoozed["remaining_s"] == pytest.approx(540, abs=2)
        assert await it.refused("POST", "/alerts/1/snooze", {}, 400) == "It does not ring."
        await it.pass_s(541)
        short = await it.ask("POST", "/alerts/1/snooze", {"for_s": 60})
        assert short["remaining_s"] == pytest.approx(60, abs=2)


async def test_what_was_missed_is_told_away() -> None:
    async with alert_porch() as it:
        for _ in range(2):
            await it.rings()
            await it.pass_s(901)
        assert [each["state"] for each in await it.listed()] == ["missed", "missed"]
        assert (await it.ask("POST", "/alerts/1/acknowledge"))["state"] == "done"
        assert (await it.ask("DELETE", "/alerts/2"))["state"] == "done"
        assert await it.listed() == []


async def test_a_full_disk_keeps_nothing_ringing() -> None:
    async with alert_porch() as it:
        await it.rings()
        it.store.broken = True
        await it.ask("POST", "/alerts/1/acknowledge")
        assert await it.listed() == []


async def test_many_set_and_stop_at_once() -> None:
    async with alert_porch() as it:
        await asyncio.gather(*(it.set("timer", in_s=60, text=f"{n}") for n in range(50)))
        assert len(await it.listed()) == 50
        await it.pass_s(61)
        one = await asyncio.gather(*(stopped(it, 1) for _ in range(10)))
        assert sorted(one) == [200] + [404] * 9


async def stopped(it: AlertPorch, number: int) -> int:
    async with it.client.post(f"/alerts/{number}/acknowledge") as response:
        return response.status


def test_a_time_of_day_is_the_next_such_time() -> None:
    assert moment_of("14:02", START).isoformat() == "2026-06-26T14:02:00"
    assert moment_of("14:02:12", START).isoformat() == "2026-06-25T14:02:12"
    assert moment_of("2026-06-25t14:03", START).isoformat() == "2026-06-25T14:03:00"
