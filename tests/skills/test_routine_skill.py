"""The tools for routines: what is kept and what is refused, and what needs permission."""

import asyncio

import pytest

from ren_device.errors import ToolError
from ren_device.model import Pause, Routine, RunTool, Say
from ren_device.skills.alarms import AlarmSkill
from ren_device.skills.alert_desk import AlertDesk
from ren_device.skills.ringing import RingingSkill
from ren_device.skills.routines import MOST_ROUTINES
from ren_device.skills.tool import Toolbox
from tests.skills.routine_house import RoutineHouse
from tests.virtual_time import run, until

OFF = {"tool": "set_power", "arguments": {"device": "lights", "on": False}}
NIGHT = {"say": "Good night."}
TIME = {"tool": "get_time", "arguments": {}}


def test_it_is_kept_and_read_back() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            steps = [OFF, {"pause_s": 90}, NIGHT]
            assert await house.run_tool(
                "save_routine", name="my Bedtime routine.", steps=steps
            ) == (
                "Okay, I saved your Bedtime routine: turn off the lights, wait 1 minute and 30"
                ' seconds and say "Good night.".'
            )
            power = RunTool("set_power", {"device": "lights", "on": False})
            kept = Routine("Bedtime", (power, Pause(90), Say("Good night.")))
            assert await house.routines.all() == [kept]

    run(scene())


def test_one_of_its_name_is_replaced_and_that_is_said() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.run_tool("save_routine", name="bedtime", steps=[OFF])
            said = await house.run_tool("save_routine", name="Bed Time", steps=[NIGHT])
            assert said.startswith("Okay, I replaced what your bedtime routine did before.")
            assert await house.routines.all() == [Routine("bedtime", (Say("Good night."),))]

    run(scene())


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([], "at least 1 item"),
        ([NIGHT] * 31, "at most 30 items"),
        ([{"say": ""}], "at least 1 character"),
        ([{"pause_s": 0}], "greater than or equal to 1"),
        ([{"pause_s": 2000}, {"pause_s": 2000}], "up to an hour"),
        ([{"shout": "hello"}], "say: Field required"),
        ([{**NIGHT, **TIME}], "Unexpected keyword"),
        ([{"tool": "set_sail"}], "There is no tool called set_sail"),
        ([{"tool": "set_power", "arguments": {"device": "lights"}}], "on: Missing required"),
        ([{"tool": "get_time", "arguments": {"zone": "UTC"}}], "Unexpected keyword"),
        ([{"tool": "list_reminders", "arguments": {"day": "2026-06-25"}}], "comes only once"),
        ([{"tool": "delete_routine", "arguments": {"name": "x"}}], "cannot be a step"),
        ([{"tool": "run_routine", "arguments": {"name": "lunch"}}], "no routine called lunch"),
        ([{"tool": "run_routine", "arguments": {"name": "BEDTIME"}}], "run itself"),
        ([{"tool": "run_routine", "arguments": {"name": "evening"}}], "run itself"),
    ],
)
def test_what_cannot_run_is_not_kept(steps: list[dict[str, object]], why: str) -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", Say("sleep"))
            await house.keep("evening", RunTool("run_routine", {"name": "bedtime"}))
            before = await house.routines.all()
            with pytest.raises(ToolError, match=why):
                await house.run_tool("save_routine", name="bedtime", steps=steps)
            assert await house.routines.all() == before

    run(scene())


def test_a_name_has_to_say_something() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            for name in ("my routine", "...", "!?"):
                with pytest.raises(ToolError, match="What should the routine be called"):
                    await house.run_tool("save_routine", name=name, steps=[NIGHT])

    run(scene())


def test_there_is_room_for_so_many() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            for number in range(MOST_ROUTINES):
                await house.keep(f"walk {number}", Say("walk"))
            with pytest.raises(ToolError, match="no room for more"):
                await house.run_tool("save_routine", name="one more", steps=[NIGHT])
            assert "replaced" in await house.run_tool("save_routine", name="walk 7", steps=[NIGHT])

    run(scene())


def test_today_is_the_day_on_which_it_runs() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            step = {"tool": "list_reminders", "arguments": {"day": "{today}"}}
            await house.run_tool("save_routine", name="morning", steps=[step])
            await asyncio.sleep(5 * 86_400)
            assert await house.run_tool("run_routine", name="morning") == ("You have no reminders.")
            assert house.done == ["reminders 2026-06-30"]

    run(scene())


# --- running ------------------------------------------------------------------------------------


def test_it_is_answered_with_what_it_says() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("good morning", Say("good morning"), RunTool("get_time", {}))
            said = await house.run_tool("run_routine", name="the good morning routine")
            assert said == "Good morning. It's 2:02 PM."
            await house.keep("tea", Pause(180), Say("tea is ready"))
            assert await house.run_tool("run_routine", name="tea") == (
                "Okay, I started your tea routine."
            )
            assert await house.run_tool("stop_routine") == "Okay, I stopped your tea routine."
            assert await house.run_tool("stop_routine") == "No routine is running."

    run(scene())


def test_which_one_is_meant_is_asked() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            with pytest.raises(ToolError, match=r"^I found no routine called yoga\.$"):
                await house.run_tool("run_routine", name="yoga")
            await house.keep("quick morning", Say("quick"))
            await house.keep("slow morning", Say("slow"))
            assert await house.run_tool("run_routine", name="morning") == (
                "There are quick morning and slow morning. Which one should I run?"
            )
            assert await house.run_tool("run_routine", name="slow") == "Slow."
            with pytest.raises(ToolError, match=r"yoga\. You have 2 routines: quick morning and"):
                await house.run_tool("delete_routine", name="yoga")
            assert "Which one should I delete?" in (
                await house.run_tool("delete_routine", name="morning")
            )
            assert len(await house.routines.all()) == 2

    run(scene())


# --- times --------------------------------------------------------------------------------------


def test_its_times_are_set_told_and_taken_away() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", Say("sleep tight"))
            await house.keep("lunch", Say("lunch"))
            daily = {"at": "22:00", "repeat": "FREQ=DAILY"}
            assert await house.run_tool("schedule_routine", name="bedtime", **daily) == (
                "Okay, I will run your bedtime routine every day at 10:00 PM, starting today."
            )
            assert await house.run_tool("schedule_routine", name="lunch", at="12:30") == (
                "Okay, I will run your lunch routine tomorrow at 12:30 PM."
            )
            assert await house.run_tool("list_routines") == (
                "You have 2 routines: bedtime, which runs every day at 10:00 PM and lunch, which"
                " runs tomorrow at 12:30 PM."
            )
            assert await house.run_tool("list_routines", name="lunch") == (
                'Your lunch routine does this: say "lunch". It runs tomorrow at 12:30 PM.'
            )
            await asyncio.sleep(3 * 86_400)
            assert house.room.said == ["Sleep tight.", "Lunch.", "Sleep tight.", "Sleep tight."]
            assert await house.run_tool("unschedule_routine", name="bedtime") == (
                "Okay, your bedtime routine will not run by itself any more."
            )
            assert await house.run_tool("unschedule_routine", name="bedtime") == (
                "Your bedtime routine is not set to run by itself."
            )
            assert house.kernel.pending() == ()

    run(scene())


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"at": "noonish"}, "is not a time"),
        ({"at": "2026-06-25T09:00"}, "has already passed"),
        ({"at": "22:00", "repeat": "FREQ=SOMETIMES"}, "can't repeat it"),
        ({"at": "22:00", "repeat": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "can't repeat it"),
    ],
)
def test_a_time_that_never_comes_is_refused(arguments: dict[str, str], why: str) -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("bedtime", Say("sleep tight"))
            with pytest.raises(ToolError, match=why):
                await house.run_tool("schedule_routine", name="bedtime", **arguments)
            assert house.kernel.pending() == ()

    run(scene())


def test_deleted_it_takes_its_times_with_it_but_no_alarm() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("morning", Say("good morning"))
            await house.run_tool("schedule_routine", name="morning", at="08:00")
            alarm = await house.kernel.set("alarm", in_s=600, routine="morning")
            assert await house.run_tool("delete_routine", name="morning") == (
                "Okay, I deleted your morning routine. It will not run by itself any more."
            )
            assert await house.run_tool("list_routines") == "You have no routines."
            assert [each.kind for each in house.kernel.pending()] == ["alarm"]
            await asyncio.sleep(601)
            await house.kernel.acknowledge(alarm.id)
            await asyncio.sleep(86_400)
            assert house.room.said == []

    run(scene())


# --- permission ---------------------------------------------------------------------------------


def test_only_what_acts_on_the_house_needs_permission() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            dark = RunTool("set_power", {"device": "lights", "on": False})
            await house.keep("dark", dark)
            await house.keep("bedtime", Say("night"), RunTool("run_routine", {"name": "Dark"}))
            await house.keep("morning", Say("good morning"), RunTool("get_time", {}))
            for name in ("dark", "my bedtime routine", "bed time"):
                assert await house.is_dangerous("run_routine", name=name)
                assert await house.is_dangerous("schedule_routine", name=name, at="22:00")
            assert not await house.is_dangerous("run_routine", name="morning")
            assert not await house.is_dangerous("schedule_routine", name="morning", at="07:00")
            assert not await house.is_dangerous("run_routine", name="yoga")
            nested = [NIGHT, {"tool": "run_routine", "arguments": {"name": "bedtime"}}]
            assert await house.is_dangerous("save_routine", name="evening", steps=nested)
            assert await house.is_dangerous("save_routine", name="evening", steps=[NIGHT, OFF])
            assert not await house.is_dangerous("save_routine", name="x", steps=[NIGHT, TIME])
            assert not await house.is_dangerous("delete_routine", name="dark")
            # What the tool would not take does no harm.
            assert not await house.is_dangerous("save_routine", name="x", steps=[{**NIGHT, **OFF}])
            assert not await house.is_dangerous("run_routine")
            # What is there in a circle all the same does not hang.
            await house.keep("ping", RunTool("run_routine", {"name": "pong"}))
            await house.keep("pong", RunTool("run_routine", {"name": "ping"}), dark)
            assert await house.is_dangerous("run_routine", name="ping")

    run(scene())


def test_an_alarm_that_starts_it_needs_permission_too() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("dark", RunTool("set_power", {"device": "lights", "on": False}))
            await house.keep("morning", Say("good morning"))
            desk = AlertDesk(house.kernel, house.clock, "en")
            alarms = Toolbox(AlarmSkill(desk, house.runner.is_dangerous).tools())
            set_alarm = alarms.get("set_alarm")
            assert set_alarm is not None
            assert await set_alarm.is_dangerous({"at": "07:00", "routine": "my dark routine"})
            assert not await set_alarm.is_dangerous({"at": "07:00", "routine": "morning"})
            assert not await set_alarm.is_dangerous({"at": "07:00"})

    run(scene())


def test_stop_ends_what_runs_and_what_rings() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            desk = AlertDesk(house.kernel, house.clock, "en")
            tools = Toolbox(RingingSkill(desk, house.runner.stop).tools())
            stop = tools.get("stop_ringing")
            assert stop is not None
            await house.keep("tea", Pause(180), Say("tea is ready"))
            house.runner.start("tea")
            await house.timer(60, "egg")
            await asyncio.sleep(61)
            said = "Okay, your egg timer is off. I stopped your tea routine, too."
            assert await stop.run({}) == said
            await until(lambda: house.runner.running == ())
            house.runner.start("tea")
            assert await stop.run({}) == "Okay, I stopped your tea routine."
            assert await stop.run({}) == "Nothing is ringing."
            await asyncio.sleep(300)
            assert house.room.said == []

    run(scene())


def test_stop_lets_the_routine_start_that_comes_after_an_alarm() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            desk = AlertDesk(house.kernel, house.clock, "en")
            stop = Toolbox(RingingSkill(desk, house.runner.stop).tools()).get("stop_ringing")
            assert stop is not None
            await house.keep("tea", Pause(600), Say("tea is ready"))
            await house.keep("morning", Say("good morning"))
            await house.kernel.set("alarm", at=house.in_s(60), routine="morning")
            house.runner.start("tea")
            await asyncio.sleep(90)
            await stop.run({})
            await until(lambda: house.room.said == ["Good morning."])
            assert house.runner.running == ()

    run(scene())


def test_one_that_runs_ends_when_it_is_deleted() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("tea", Pause(180), Say("tea is ready"))
            await house.keep("walk", Pause(180), Say("home again"))
            house.runner.start("tea")
            house.runner.start("walk")
            await asyncio.sleep(10)
            await house.run_tool("delete_routine", name="my tea routine")
            await asyncio.sleep(300)
            assert house.room.said == ["Home again."]

    run(scene())


def test_what_is_too_much_with_all_that_is_in_it_is_not_saved() -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            await house.keep("little", *[Say("x")] * 30)
            await house.keep("long", Pause(1800), Say("x"))
            inner = {"tool": "run_routine", "arguments": {"name": "little"}}
            # 6 calls with 30 steps each, and 14 more: 200 in all
            fits = [inner] * 6 + [{"say": "y"}] * 14
            await house.run_tool("save_routine", name="fits", steps=fits)
            with pytest.raises(ToolError, match="more than 200 steps"):
                await house.run_tool("save_routine", name="big", steps=[*fits, {"say": "y"}])
            nested = {"tool": "run_routine", "arguments": {"name": "fits"}}
            with pytest.raises(ToolError, match="more than 200 steps"):
                await house.run_tool("save_routine", name="big", steps=[nested] * 30)
            long = {"tool": "run_routine", "arguments": {"name": "long"}}
            with pytest.raises(ToolError, match="pauses are longer"):
                await house.run_tool(
                    "save_routine", name="slow", steps=[long, long, {"pause_s": 1}]
                )
            await house.run_tool("save_routine", name="slow", steps=[long, long])

    run(scene())


@pytest.mark.parametrize(
    "text", ["   ", "\n", "a\x00b", "a\x07b", "a\u202eb", "a\u2069b", "a\x9bb"]
)
def test_what_cannot_be_said_is_not_saved(text: str) -> None:
    async def scene() -> None:
        async with RoutineHouse() as house:
            with pytest.raises(ToolError):
                await house.run_tool("save_routine", name="x", steps=[{"say": text}])
            assert await house.routines.all() == []

    run(scene())


def test_it_speaks_german() -> None:
    async def scene() -> None:
        async with RoutineHouse(language="de") as house:
            steps = [
                {"tool": "set_power", "arguments": {"device": "Licht", "on": False}},
                {"pause_s": 60},
                {"say": "Gute Nacht"},
            ]
            name = "die Schlafenszeit-Routine"
            assert await house.run_tool("save_routine", name=name, steps=steps) == (
                "Okay, ich habe die Routine Schlafenszeit gespeichert: Licht ausschalten,"
                " 1 Minute warten und „Gute Nacht“ sagen."
            )
            daily = {"at": "22:00", "repeat": "FREQ=DAILY"}
            said = await house.run_tool("schedule_routine", name="schlafenszeit", **daily)
            assert said.startswith("Okay, ich starte die Routine Schlafenszeit ab heute")
            assert await house.run_tool("run_routine", name="Schlafenszeitroutine") == (
                "Okay, the Licht is off."
            )
            await until(lambda: house.room.said == ["Gute Nacht."], 70)

    run(scene())
