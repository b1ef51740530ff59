"""Routines that run, in virtual time."""

import asyncio
from contextlib import suppress

import pytest

from ren_device.errors import ToolError
from ren_device.model import Pause, RunTool, Say
from ren_device.skills.routine_runner import HOLD_S, MOST_AT_ONCE, REPLY_S, TOOL_S, NobodyHears
from ren_device.skills.routine_steps import LONGEST_S, MOST_STEPS
from ren_device.skills.tool import tool
from tests.skills.memory_routines import MemoryRoutines
from tests.skills.routine_house import SPEAKING_S, Room, RoutineHouse
from tests.virtual_time import run, until

LIGHTS_OFF = RunTool("set_power", {"device": "lights", "on": False})
LAMP_ON = RunTool("set_power", {"device": "lamp", "on": True})
KETTLE = RunTool("wait_for_the_kettle", {})


def test_its_steps_are_taken_one_after_the_other() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", Say("sleep tight"), Pause(60), LIGHTS_OFF)
            began = asyncio.get_running_loop().time()
            assert house.runner.start("Bedtime")
            assert house.runner.running == ("Bedtime",)
            took_s = await until(lambda: len(house.room.said) == 2, 90)
            assert house.room.said == ["Sleep tight.", "Okay, the lights is off."]
            assert house.done == ["lights off"]
            assert house.room.at_s[0] - began == pytest.approx(SPEAKING_S)
            assert took_s == pytest.approx(60 + 2 * SPEAKING_S, abs=0.1)
            await until(lambda: house.runner.running == ())

    run(scene())


def test_a_step_that_fails_is_said_and_the_rest_goes_on() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            gone = RunTool("set_sail", {})
            wrong = RunTool("set_power", {"device": "lamp"})
            await house.keep("evening", LAMP_ON, gone, wrong, LIGHTS_OFF)
            house.runner.start("evening")
            await until(lambda: len(house.room.said) == 4)
            assert house.room.said == [
                "I could not turn on the lamp: The lamp does not answer.",
                "I could not use the tool set sail: I can't do that any more.",
                "I could not use the tool set power: set_power: on: Missing required argument.",
                "Okay, the lights is off.",
            ]

    run(scene())


def test_a_tool_that_takes_too_long_is_left_behind() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("tea", KETTLE, LIGHTS_OFF)
            house.runner.start("tea")
            took_s = await until(lambda: len(house.room.said) == 2, 60)
            assert house.room.said[0].endswith("It took too long.")
            assert took_s == pytest.approx(TOOL_S + 2 * SPEAKING_S, abs=0.1)

    run(scene())


def test_an_hour_is_the_longest() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("sauna", Pause(3000), Say("half way"), Pause(3000), LIGHTS_OFF)
            house.runner.start("sauna")
            await asyncio.sleep(3700)
            assert house.room.said[1] == "Your sauna routine took more than an hour, so I ended it."
            assert house.done == []
            assert house.runner.running == ()

    run(scene())


def test_without_a_voice_the_tools_still_run() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            house.announcer = NobodyHears()
            await house.keep("bedtime", *[Say("sleep tight")] * 20, LIGHTS_OFF)
            house.runner.start("bedtime")
            assert await until(lambda: house.done == ["lights off"]) < 0.1

    run(scene())


def test_an_hour_is_the_longest_also_while_people_talk_and_it_is_put_away() -> None:
    class NeverFree(Room):
        async def say(self, text: str) -> bool:
            await asyncio.Event().wait()
            return bool(text)

    async def scene() -> None:
        async with RoutineHouse() as house:
            house.announcer = NeverFree()
            await house.keep("sauna", Say("half way"), LIGHTS_OFF)
            await house.kernel.set("routine", in_s=60, routine="sauna")
            await asyncio.sleep(60 + LONGEST_S + TOOL_S + 1)
            assert house.runner.running == ()
            assert house.done == []
            assert house.kernel.due_routines() == ()

    run(scene())


def test_an_hour_is_the_longest_also_with_a_tool_that_cannot_be_cancelled() -> None:
    async def scene() -> None:
        async with RoutineHouse(more=[tool(stubborn)]) as house:
            call = RunTool("stubborn", {})
            await house.keep("long", Pause(LONGEST_S - 5), call, LIGHTS_OFF)
            house.runner.start("long")
            await asyncio.sleep(LONGEST_S + 60)
            assert house.runner.running == ()
            assert house.done == []
            await house.keep("short", call, LIGHTS_OFF)
            house.runner.start("short")
            await asyncio.sleep(1)
            house.runner.stop()
            await asyncio.sleep(60)
            assert house.runner.running == ()
            assert house.done == []

    run(scene())


async def stubborn() -> str:
    """Wait, whatever comes."""
    for _ in range(2):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(10)
    return ""


# --- asked for ----------------------------------------------------------------------------------


def test_the_answer_is_what_it_says_before_its_first_pause() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("morning", Say("good morning!"), LIGHTS_OFF, Pause(300), Say("go"))
            assert await house.runner.answer("morning") == (
                "Good morning! Okay, the lights is off."
            )
            assert house.room.said == []
            await asyncio.sleep(310)
            assert house.room.said == ["Go."]

    run(scene())


def test_who_asks_is_not_kept_waiting_for_a_slow_tool() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            slow = RunTool("wait_for_the_kettle", {"seconds": REPLY_S + 5})
            await house.keep("tea", Say("tea time"), slow)
            began = asyncio.get_running_loop().time()
            assert await house.runner.answer("tea") == "Tea time."
            assert asyncio.get_running_loop().time() - began == pytest.approx(REPLY_S)
            await until(lambda: house.room.said == ["The kettle boils."])

    run(scene())


def test_who_goes_away_before_the_answer_stops_it() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            slow = RunTool("wait_for_the_kettle", {"seconds": 5})
            await house.keep("tea", slow, LIGHTS_OFF)
            asking = asyncio.create_task(house.runner.answer("tea"))
            await until(lambda: house.done == ["kettle"])
            asking.cancel()
            await asyncio.wait([asking])
            await asyncio.sleep(60)
            assert house.done == ["kettle"]
            assert house.runner.running == ()

    run(scene())


def test_none_runs_twice_at_a_time_and_not_too_many() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            names = [f"walk {number}" for number in range(MOST_AT_ONCE + 1)]
            for name in names:
                await house.keep(name, Pause(60))
            assert house.runner.start(names[0])
            assert not house.runner.start(names[0].upper())
            with pytest.raises(ToolError, match=r"^Your walk 0 routine is running already\.$"):
                await house.runner.answer(names[0])
            assert all(house.runner.start(name) for name in names[1:-1])
            assert not house.runner.start(names[-1])
            with pytest.raises(ToolError, match="Too many"):
                await house.runner.answer(names[-1])
            await until(lambda: not house.runner.running, 70)
            assert house.runner.start(names[-1])

    run(scene())


# --- stopped ------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [0.0, 1.0, SPEAKING_S + 30])
def test_stop_ends_it_at_once(after_s: float) -> None:
    """Before its first word, while it speaks and while it waits."""

    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", Say("sleep tight"), Pause(60), LIGHTS_OFF)
            house.runner.start("bedtime")
            await asyncio.sleep(after_s)
            assert house.runner.stop() == ("bedtime",)
            assert house.runner.stop() == ()
            await asyncio.sleep(0)
            assert house.runner.running == ()
            await asyncio.sleep(120)
            assert house.done == []
            assert house.runner.start("bedtime")  # and it can run again

    run(scene())


def test_who_breaks_in_has_time_to_say_stop() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", Say("sleep tight"), LIGHTS_OFF)
            house.runner.start("bedtime")
            await asyncio.sleep(1)
            assert house.runner.talking
            house.room.break_in()
            await asyncio.sleep(HOLD_S - 0.1)
            assert house.done == []
            assert house.runner.talking
            house.runner.stop()
            await asyncio.sleep(60)
            assert house.done == []

    run(scene())


def test_a_step_that_stops_everything_does_not_stop_itself() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("walk", Pause(60), Say("home again"))
            await house.keep("quiet", RunTool("stop_everything", {}), LIGHTS_OFF)
            house.runner.start("walk")
            house.runner.start("quiet")
            await asyncio.sleep(100)
            assert house.done == ["stopped 1", "lights off"]
            assert "Home again." not in house.room.said

    run(scene())


# --- one within another -------------------------------------------------------------------------


def test_a_routine_can_be_a_step_of_another() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("dark", LIGHTS_OFF, Pause(10))
            await house.keep("bedtime", RunTool("run_routine", {"name": "dark"}), Say("sleep"))
            house.runner.start("bedtime")
            assert house.runner.running == ("bedtime",)
            took_s = await until(lambda: len(house.room.said) == 2)
            assert house.room.said == ["Okay, the lights is off.", "Sleep."]
            assert took_s == pytest.approx(10 + 2 * SPEAKING_S, abs=0.1)

    run(scene())


def test_a_circle_ends() -> None:
    """It cannot be saved, but a backup or a program may bring one."""

    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("ping", RunTool("run_routine", {"name": "Pong"}), Say("ping"))
            await house.keep("pong", RunTool("run_routine", {"name": "PING"}), Say("pong"))
            house.runner.start("ping")
            await until(lambda: not house.runner.running)
            assert house.room.said == [
                "Your PING routine would run itself, over and over again, so I left that out.",
                "Pong.",
                "Ping.",
            ]

    run(scene())


def test_two_hundred_steps_are_the_most_however_they_are_nested() -> None:
    """What is nested may have grown since the outer one was saved."""

    async def scene() -> None:
        async with RoutineHouse() as house:
            house.announcer = NobodyHears()
            await house.keep("c", *[RunTool("list_reminders", {})] * 30)
            await house.keep("b", *[RunTool("run_routine", {"name": "c"})] * 30)
            await house.keep("a", *[RunTool("run_routine", {"name": "b"})] * 30)
            said = await house.runner.answer("a")
            assert said.endswith("Your a routine has more than 200 steps, so I ended it.")
            calls_of_routines = 1 + 7  # b, and c again and again
            assert len(house.done) == MOST_STEPS - calls_of_routines
            await until(lambda: house.runner.running == ())

    run(scene())


# --- by time and by an alert --------------------------------------------------------------------


def test_it_runs_when_its_time_comes_and_once() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", Say("sleep tight"), LIGHTS_OFF)
            await house.kernel.set("routine", at=house.in_s(600), routine="bedtime")
            await asyncio.sleep(599)
            assert house.room.said == []
            await asyncio.sleep(20)
            assert house.done == ["lights off"]
            assert house.store.rows == {}  # put away
            await asyncio.sleep(7200)
            assert house.done == ["lights off"]

    run(scene())


def test_a_series_runs_each_time() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", LIGHTS_OFF)
            at = house.in_s(3600).replace(microsecond=0)
            await house.kernel.set("routine", at=at, rule="FREQ=DAILY", routine="bedtime")
            await asyncio.sleep(3 * 86_400 - 60)
            assert house.done == ["lights off"] * 3

    run(scene())


def test_an_alarm_that_is_stopped_starts_it() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("good morning", Say("good morning"))
            alarm = await house.kernel.set("alarm", at=house.in_s(60), routine="good morning")
            await asyncio.sleep(90)
            assert house.room.said == []
            await house.kernel.acknowledge(alarm.id)
            await until(lambda: house.room.said == ["Good morning."])

    run(scene())


def test_an_alarm_may_call_it_by_other_words() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("good morning", Say("good morning"))
            await house.kernel.set("routine", in_s=60, routine="my Good-Morning routine")
            await asyncio.sleep(90)
            assert house.room.said == ["Good morning."]

    run(scene())


def test_one_that_is_gone_at_its_time_is_told() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.kernel.set("routine", in_s=60, routine="bedtime")
            await asyncio.sleep(90)
            told = "It is time for your bedtime routine, but there is none any more."
            assert house.room.said == [told]
            assert house.store.rows == {}

    run(scene())


def test_one_that_cannot_be_read_at_its_time_is_told() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", LIGHTS_OFF)
            await house.kernel.set("routine", in_s=60, routine="bedtime")
            house.routines.unreadable = True
            await asyncio.sleep(90)
            told = "I could not run your bedtime routine: The card is not there."
            assert house.room.said == [told]

    run(scene())


def test_those_that_are_due_together_all_run_though_few_at_a_time() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            for number in range(3 * MOST_AT_ONCE):
                await house.keep(f"walk {number}", Pause(10), Say(f"{number}"))
                await house.kernel.set("routine", in_s=60, routine=f"walk {number}")
            await asyncio.sleep(61)
            assert len(house.runner.running) == MOST_AT_ONCE
            await until(lambda: len(house.room.said) == 3 * MOST_AT_ONCE, 120)
            assert len(set(house.room.said)) == 3 * MOST_AT_ONCE

    run(scene())


# --- after a power cut --------------------------------------------------------------------------


def test_killed_in_its_middle_it_runs_again_from_its_beginning() -> None:
    async def scene() -> None:
        routines = MemoryRoutines()
        async with RoutineHouse(routines) as first:
            await first.keep("bedtime", LIGHTS_OFF, Pause(60), Say("sleep tight"))
            await first.kernel.set("routine", at=first.in_s(60), routine="bedtime")
            await asyncio.sleep(90)
            assert first.done == ["lights off"]
        async with RoutineHouse(routines, first.store, first.clock) as second:
            await asyncio.sleep(70)
            assert second.done == ["lights off"]
            assert second.room.said == ["Okay, the lights is off.", "Sleep tight."]
        async with RoutineHouse(routines, first.store, first.clock) as third:
            await asyncio.sleep(70)
            assert third.done == []

    run(scene())


def test_one_that_was_stopped_does_not_come_back() -> None:
    async def scene() -> None:
        routines = MemoryRoutines()
        async with RoutineHouse(routines) as first:
            await first.keep("bedtime", Pause(60), LIGHTS_OFF)
            await first.kernel.set("routine", in_s=60, routine="bedtime")
            await asyncio.sleep(90)
            assert first.runner.stop() == ("bedtime",)
            await asyncio.sleep(1)
        async with RoutineHouse(routines, first.store, first.clock) as second:
            await asyncio.sleep(100)
            assert second.done == []

    run(scene())


def test_a_bug_in_a_step_ends_ren_but_only_once() -> None:
    async def scene() -> None:
        routines = MemoryRoutines(bedtime=(RunTool("break_down", {}),))
        house = RoutineHouse(routines)
        await house.__aenter__()
        await house.kernel.set("routine", in_s=60, routine="bedtime")
        await asyncio.sleep(90)
        with pytest.raises(AssertionError, match="ExceptionGroup"):
            await house.__aexit__()
        async with RoutineHouse(routines, house.store, house.clock) as second:
            await asyncio.sleep(10)
            assert second.runner.running == ()
            assert second.room.said == []

    run(scene())
