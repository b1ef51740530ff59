"""/routines over real sockets, and who may keep and run what."""

from typing import Any

import pytest

from tests.web.alert_porch import alert_porch

BEDTIME: dict[str, Any] = {
    "steps": [
        {"say": "Good  night."},
        {"pause_s": 2},
        {"tool": "look", "arguments": {"day": "{today}"}},
    ]
}
DOOR: dict[str, Any] = {"steps": [{"tool": "open_door"}]}


async def test_a_routine_is_kept_listed_run_and_forgotten() -> None:
    async with alert_porch() as it:
        kept = await it.ask("PUT", "/routines/Bed%20time", BEDTIME)
        assert kept == {
            "name": "Bed time",
            "steps": [{"say": "Good night."}, {"pause_s": 2.0}, BEDTIME["steps"][2]],
        }
        await it.ask("PUT", "/routines/away", {"steps": [{"say": "Bye."}]})
        listed = await it.ask("GET", "/routines")
        assert [each["name"] for each in listed["routines"]] == ["away", "Bed time"]
        ran = await it.ask("POST", "/routines/bed%20TIME/run")
        assert ran == {"name": "Bed time", "started": True}
        assert (await it.ask("POST", "/routines/Bed%20time/run", {}))["started"] is False
        assert it.runner.began == ["Bed time"]
        assert await it.ask("DELETE", "/routines/bed%20time") == kept
        for method, path in (("DELETE", ""), ("POST", "/run")):
            said = await it.refused(method, f"/routines/Bed%20time{path}", None, 404)
            assert said == "There is no routine of this name."


@pytest.mark.parametrize(
    ("steps", "status", "sentence"),
    [
        ([], 422, "at least 1 item"),
        ([{"say": "x"}] * 31, 422, "at most 30 items"),
        ([{"say": ""}], 422, "at least 1 character"),
        ([{"say": "   "}], 422, "at least 1 character"),
        ([{"say": "a\x07b"}], 422, "control characters"),
        ([{"say": "a\u202eb"}], 422, "direction"),
        ([{"say": "x" * 501}], 422, "at most 500 characters"),
        ([{"say": "x", "loudly": True}], 422, "Unexpected"),
        ([{"pause_s": 3601}], 422, "less than or equal to 3600"),
        ([{"pause_s": 2000}, {"pause_s": 2000}], 400, "hour"),
        ([{"shout": "x"}], 422, "Unexpected"),
        ([{"tool": "rob_bank"}], 400, "There is no tool called rob_bank."),
        ([{"tool": "look", "arguments": {"where": 1}}], 400, "look"),
        ([{"tool": "save_routine"}], 400, "save_routine"),
    ],
)
async def test_steps_that_cannot_be_taken_are_refused(
    steps: list[Any], status: int, sentence: str
) -> None:
    async with alert_porch() as it:
        assert sentence in await it.refused("PUT", "/routines/x", {"steps": steps}, status)
        assert it.routines.kept == {}


async def test_what_acts_on_the_home_needs_the_permission_of_its_conversation() -> None:
    async with alert_porch() as it:
        said = await it.refused("PUT", "/routines/in", DOOR, 403)
        assert "PATCH /threads/1" in said
        assert it.routines.kept == {}
        await it.ask("PATCH", "/threads/1", {"allow_dangerous": True})
        await it.ask("PUT", "/routines/in", DOOR)
        await it.ask("POST", "/routines/in/run")
        await it.ask("POST", "/alerts", {"kind": "routine", "at": "18:00", "routine": "IN"})
        await it.ask("PATCH", "/threads/1", {"allow_dangerous": False})
        it.runner.began.clear()
        await it.refused("POST", "/routines/in/run", None, 403)
        await it.refused("POST", "/routines/in/run", {"thread_id": 1}, 403)
        await it.refused("POST", "/alerts", {"kind": "alarm", "at": "7:30", "routine": "in"}, 422)
        await it.refused("POST", "/alerts", {"kind": "alarm", "at": "07:30", "routine": "in"}, 403)
        await it.set("alarm", at="07:30")
        await it.refused("PATCH", "/alerts/2", {"routine": "in"}, 403)
        await it.refused("POST", "/routines/in/run", {"thread_id": 77}, 404)
        assert it.runner.began == []
        assert [each["routine"] for each in await it.listed()] == ["in", ""]


async def test_another_conversation_may_give_the_permission() -> None:
    async with alert_porch() as it:
        thread = await it.ask("POST", "/threads", {"name": "Trusted"})
        await it.ask("PATCH", f"/threads/{thread['id']}", {"allow_dangerous": True})
        await it.ask("PUT", "/routines/in", {**DOOR, "thread_id": thread["id"]})
        await it.refused("PUT", "/routines/in", {**DOOR, "thread_id": 1}, 403)


async def test_the_setting_gives_it_to_all_and_looking_needs_none() -> None:
    async with alert_porch(allow_dangerous=True) as it:
        await it.ask("PUT", "/routines/in", DOOR)
        await it.ask("POST", "/routines/in/run")
        alarm = await it.set("alarm", at="07:30", routine="in")
        assert (await it.ask("PATCH", f"/alerts/{alarm['id']}", {"routine": ""}))["routine"] == ""
    async with alert_porch() as it:
        await it.ask("PUT", "/routines/bedtime", BEDTIME)


async def test_the_time_of_a_routine_keeps_a_routine() -> None:
    async with alert_porch() as it:
        await it.ask("PUT", "/routines/bedtime", BEDTIME)
        await it.set("routine", at="22:00", routine="bedtime", repeat="FREQ=DAILY")
        assert "name another" in await it.refused("PATCH", "/alerts/1", {"routine": ""}, 400)
        assert "no routine" in await it.refused("PATCH", "/alerts/1", {"routine": "x"}, 404)


async def test_all_that_run_are_stopped_and_one_that_is_deleted_ends() -> None:
    async with alert_porch() as it:
        for name in ("tea", "walk", "bath"):
            await it.ask("PUT", f"/routines/{name}", BEDTIME)
            await it.ask("POST", f"/routines/{name}/run")
        await it.ask("DELETE", "/routines/WALK")
        assert (await it.ask("GET", "/routines"))["running"] == ["tea", "bath"]
        assert "Extra" in await it.refused("POST", "/routines/stop", {"x": 1}, 422)
        assert await it.ask("POST", "/routines/stop") == {"stopped": ["tea", "bath"]}
        assert await it.ask("POST", "/routines/stop", {}) == {"stopped": []}
        assert (await it.ask("GET", "/routines"))["running"] == []
        await it.refused("PUT", "/routines/stop", BEDTIME, 405)
        await it.ask("PUT", "/routines/stop%20it", BEDTIME)


@pytest.mark.parametrize("name", ["a%00b", "a%1bb", "a%C2%9Bb", "a%E2%80%AEb", "a%E2%81%A6b"])
async def test_a_name_that_cannot_be_read_is_refused(name: str) -> None:
    async with alert_porch() as it:
        said = await it.refused("PUT", f"/routines/{name}", BEDTIME, 422)
        assert "no control characters" in said
        assert it.routines.kept == {}


async def test_a_hundred_are_enough_and_a_full_disk_is_told() -> None:
    async with alert_porch() as it:
        for number in range(100):
            await it.ask("PUT", f"/routines/{number}", BEDTIME)
        assert "delete one" in await it.refused("PUT", "/routines/more", BEDTIME, 400)
        it.routines.broken = True
        assert "free some space" in await it.refused("PUT", "/routines/7", BEDTIME, 500)
