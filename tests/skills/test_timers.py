import asyncio
from datetime import timedelta

import pytest

from ren_device.errors import StoreError, ToolError
from tests.skills.alert_house import AlertHouse
from tests.virtual_time import run

# In virtual time it is Thursday, 2026-06-25, 14:02:11.


def test_timers_are_set_told_and_cancelled() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("list_timers") == "You have no timers."
            assert await ask("cancel_timer") == "You have no timers."
            assert await ask("set_timer", duration_s=300) == "Okay, 5 minutes, starting now."
            await asyncio.sleep(8)
            assert await ask("list_timers") == (
                "Your 5 minute timer has 4 minutes and 52 seconds left."
            )
            assert await ask("set_timer", duration_s=600, name="the Pasta timer") == (
                "Your Pasta timer, 10 minutes, starting now."
            )
            assert await ask("list_timers") == (
                "You have 2 timers. Your 5 minute timer has 4 minutes and 52 seconds left. "
                "Your Pasta timer has 10 minutes left."
            )
            assert await ask("cancel_timer") == (
                "You have 2 timers: your 5 minute timer has 4 minutes and 52 seconds left and "
                "your Pasta timer has 10 minutes left. Which one should I cancel?"
            )
            assert await ask("cancel_timer", which="egg") == (
                "I found no such timer. You have 2 timers: your 5 minute timer has 4 minutes and "
                "52 seconds left and your Pasta timer has 10 minutes left."
            )
            assert len(house.kernel.pending()) == 2
            assert await ask("cancel_timer", which="pasta") == (
                "Okay, I cancelled your Pasta timer."
            )
            assert await ask("cancel_timer") == "Okay, I cancelled your 5 minute timer."
            assert house.kernel.pending() == ()

    run(scene())


def test_one_timer_is_told_when_one_is_asked_for() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(60, "egg")
            await house.timer(300, "pizza")
            assert await house.ask("list_timers", name="pizza") == (
                "Your pizza timer has 5 minutes left."
            )
            assert await house.ask("list_timers", name="the 1 minute timer") == (
                "Your egg timer has 1 minute left."
            )
            assert await house.ask("list_timers", name="all timers") == (
                await house.ask("list_timers")
            )
            assert await house.ask("list_timers", name="tea") == (
                "I found no such timer. You have 2 timers: your egg timer has 1 minute left and "
                "your pizza timer has 5 minutes left."
            )

    run(scene())


@pytest.mark.parametrize(
    ("language", "more"), [("en", "left. And 12 more."), ("de", ". Und 12 weitere.")]
)
def test_of_very_many_only_the_first_are_told(language: str, more: str) -> None:
    async def scene() -> None:
        async with AlertHouse(language) as house:
            for number in range(18):
                await house.timer(60 + number)
            assert (await house.ask("list_timers")).endswith(more)
            paused = await house.ask("pause_timer", which="all")
            assert paused.endswith(more)
            assert paused.count(":") == 6
            assert all(timer.state == "paused" for timer in house.kernel.pending())

    run(scene())


def test_two_timers_of_one_name_are_asked_about_and_nothing_is_cancelled() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(60, "egg")
            await house.timer(120, "egg")
            assert await house.ask("cancel_timer", which="egg") == (
                "You have 2 timers: your egg timer has 1 minute left and your egg timer has "
                "2 minutes left. Which one should I cancel?"
            )
            assert await house.ask("cancel_timer", which="2 minutes") == (
                "Okay, I cancelled your egg timer."
            )
            await house.timer(5, "egg")
            assert await house.ask("cancel_timer", which="both") == "Okay, I cancelled both timers."

    run(scene())


def test_cancelling_what_rings_turns_it_off() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(5, "egg")
            await house.timer(500)
            await asyncio.sleep(6)
            assert "Your egg timer is ringing." in await house.ask("list_timers")
            assert await house.ask("cancel_timer") == "Okay, your egg timer is off."
            assert house.kernel.ringing() == ()
            assert len(house.kernel.pending()) == 1

    run(scene())


@pytest.mark.parametrize("duration_s", [0, 0.9, -5, 604_801, float("nan"), "soon"])
def test_impossible_durations_are_refused(duration_s: object) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            with pytest.raises(ToolError, match="duration_s"):
                await house.ask("set_timer", duration_s=duration_s)

    run(scene())


def test_a_timer_is_due_when_it_says() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            before = house.clock.now()
            await house.ask("set_timer", duration_s=604_800)
            (timer,) = house.kernel.pending()
            assert timer.due_at == before + timedelta(days=7)
            assert timer.duration_s == 604_800

    run(scene())


def test_a_timer_is_paused_and_goes_on() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("pause_timer") == "You have no timers."
            assert await ask("resume_timer") == "You have no timers."
            await house.timer(300, "pasta")
            await asyncio.sleep(120)
            assert await ask("resume_timer") == "Your pasta timer has 3 minutes left."
            assert await ask("pause_timer") == "Paused: your pasta timer has 3 minutes left."
            await asyncio.sleep(1000)
            assert await ask("pause_timer", which="pasta") == (
                "Your pasta timer is paused with 3 minutes left."
            )
            assert await ask("list_timers") == "Your pasta timer is paused with 3 minutes left."
            assert await ask("resume_timer") == (
                "Okay, your pasta timer goes on with 3 minutes left."
            )
            await asyncio.sleep(181)
            assert len(house.kernel.ringing()) == 1
            assert await ask("pause_timer") == "Your pasta timer is ringing."

    run(scene())


def test_of_several_timers_only_those_are_asked_about_with_which_it_can_be_done() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            for seconds, name in ((60, "egg"), (300, "pasta"), (600, "tea")):
                await house.timer(seconds, name)
            assert await ask("pause_timer") == (
                "You have 3 timers: your egg timer has 1 minute left, your pasta timer has "
                "5 minutes left and your tea timer has 10 minutes left. Which one should I pause?"
            )
            assert await ask("pause_timer", which="the second one") == (
                "Paused: your pasta timer has 5 minutes left."
            )
            assert await ask("pause_timer", which="second") == (
                "Paused: your tea timer has 10 minutes left."
            )
            assert await ask("pause_timer") == "Paused: your egg timer has 1 minute left."
            assert "Which one should I resume?" in await ask("resume_timer")
            assert await ask("resume_timer", which="rice") == (
                "I found no such timer. You have 3 timers: your egg timer is paused with 1 minute "
                "left, your pasta timer is paused with 5 minutes left and your tea timer is paused "
                "with 10 minutes left."
            )
            assert await ask("resume_timer", which="all") == (
                "Okay, your egg timer goes on with 1 minute left. Okay, your pasta timer goes on "
                "with 5 minutes left. Okay, your tea timer goes on with 10 minutes left."
            )
            assert all(alert.state == "pending" for alert in house.kernel.pending())

    run(scene())


@pytest.mark.parametrize(
    ("change", "said", "left_s"),
    [
        ({"by_s": 300}, "Okay, your pasta timer has 14 minutes left.", 840),
        ({"by_s": -60}, "Okay, your pasta timer has 8 minutes left.", 480),
        ({"to_s": 90}, "Okay, your pasta timer has 1 minute and 30 seconds left.", 90),
        (
            {"by_s": -540},
            "Your pasta timer has only 9 minutes left. Should I cancel it instead?",
            540,
        ),
        (
            {"by_s": -3600},
            "Your pasta timer has only 9 minutes left. Should I cancel it instead?",
            540,
        ),
    ],
)
@pytest.mark.parametrize("paused", [False, True])
def test_time_is_given_and_taken(
    change: dict[str, float], said: str, left_s: float, paused: bool
) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(600, "pasta")
            await asyncio.sleep(60)
            if paused:
                await house.ask("pause_timer")
                said_paused = said.replace("timer has", "timer is still paused and has")
            answer = await house.ask("change_timer", **change)
            assert answer == (said_paused if paused and "only" not in said else said)
            (timer,) = house.kernel.pending()
            assert house.kernel.remaining_s(timer) == pytest.approx(left_s)
            assert timer.state == ("paused" if paused else "pending")

    run(scene())


def test_a_timer_that_rings_runs_again() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(5, "egg")
            await house.timer(500)
            await asyncio.sleep(6)
            assert await house.ask("change_timer", by_s=-60) == "Your egg timer is ringing."
            assert await house.ask("change_timer", by_s=120) == (
                "Okay, your egg timer has 2 minutes left."
            )
            assert house.kernel.ringing() == ()
            await asyncio.sleep(121)
            assert len(house.kernel.ringing()) == 1
            assert await house.ask("change_timer", to_s=30) == (
                "Okay, your egg timer has 30 seconds left."
            )

    run(scene())


def test_more_minutes_are_for_what_rings() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(3600, "tea")
            alarm = await house.at(60)
            await house.until_rings()
            assert "Snoozed for 5 minutes" in await house.ask("change_timer", by_s=300)
            (again,) = house.kernel.pending("alarm")
            assert again.id == alarm.id
            assert 295 < house.kernel.remaining_s(again) <= 300
            (tea,) = house.kernel.pending("timer")
            assert house.kernel.remaining_s(tea) < 3600

    run(scene())


def test_a_change_that_is_not_one_is_refused() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("change_timer", by_s=60) == "You have no timers."
            await house.timer(600_000)
            for wrong in ({}, {"by_s": 60, "to_s": 60}):
                with pytest.raises(ToolError, match="by_s or to_s"):
                    await ask("change_timer", **wrong)
            with pytest.raises(ToolError, match="up to seven days"):
                await ask("change_timer", by_s=600_000)
            with pytest.raises(ToolError, match="to_s"):
                await ask("change_timer", to_s=-1)
            await house.timer(60)
            assert "Which one should I change?" in await ask("change_timer", by_s=60)

    run(scene())


def test_a_full_disk_is_told_and_nothing_is_claimed() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.timer(600, "tea")
            house.store.broken = True
            changes = {"set_timer": {"duration_s": 60}, "change_timer": {"by_s": 60}}
            for name in ("set_timer", "pause_timer", "change_timer", "cancel_timer"):
                with pytest.raises(StoreError, match="no space left"):
                    await house.ask(name, **changes.get(name, {}))
            house.store.broken = False
            assert await house.ask("list_timers") == "Your tea timer has 10 minutes left."

    run(scene())
