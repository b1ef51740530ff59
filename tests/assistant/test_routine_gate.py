"""Who may save, run and schedule a routine: whoever may do what is in it."""

import pytest

from ren_device.assistant.guest import Guest, GuestAsk
from ren_device.assistant.turn import Assistant, TurnConfig
from ren_device.bus import Bus
from ren_device.model import Message, Reply, RunTool, Say, Text, Tier, ToolCall
from tests.assistant.turn_house import says
from tests.fakes import FakeMind, MemoryRemarks, MemoryThreads
from tests.skills.routine_house import RoutineHouse
from tests.virtual_time import run

OFF = {"tool": "set_power", "arguments": {"device": "lights", "on": False}}
HARMLESS = [
    ("save_routine", {"name": "tea", "steps": [{"say": "tea"}]}),
    ("run_routine", {"name": "morning"}),
    ("schedule_routine", {"name": "morning", "at": "22:00"}),
    ("delete_routine", {"name": "dark"}),
]
DANGEROUS = [
    ("save_routine", {"name": "tea", "steps": [{"say": "tea"}, OFF]}),
    ("run_routine", {"name": "dark"}),
    ("run_routine", {"name": "bedtime"}),  # which runs the other
    ("schedule_routine", {"name": "dark", "at": "22:00"}),
]


async def _house() -> RoutineHouse:
    house = RoutineHouse()
    await house.keep("dark", RunTool("set_power", {"device": "lights", "on": False}))
    await house.keep("bedtime", RunTool("run_routine", {"name": "dark"}))
    await house.keep("morning", Say("good morning"))
    return house


async def _state(house: RoutineHouse) -> tuple[object, ...]:
    return house.done, await house.routines.all(), house.kernel.pending()


async def _asked(house: RoutineHouse, name: str, arguments: dict[str, object], how: str) -> bool:
    """Whether a mind that calls this tool changes anything."""
    mind = FakeMind(says(ToolCall("c1", name, arguments)))
    threads = MemoryThreads()
    config = TurnConfig(default_tier=Tier.LOCAL, allow_dangerous=how == "setting")
    before = repr(await _state(house))
    if how.startswith("guest"):
        config = TurnConfig(
            default_tier=Tier.LOCAL, allow_dangerous=how == "guest with the setting"
        )
        guest = Guest(
            cloud=None, local=mind, toolbox=house.toolbox, clock=house.clock, config=config
        )
        async for _ in guest.begin(GuestAsk((Message("user", (Text("do it"),)),))):
            pass
    else:
        await threads.set_allow_dangerous(1, how == "thread")
        assistant = Assistant(
            cloud=None,
            local=mind,
            toolbox=house.toolbox,
            threads=threads,
            remarks=MemoryRemarks(threads),
            clock=house.clock,
            bus=Bus(),
            config=config,
        )
        turn = await assistant.begin("do it", tier=Tier.LOCAL, spoken=how == "aloud")
        assert [part async for part in turn if isinstance(part, Reply)]
    (result,) = mind.requests[-1].messages[-1].content
    return repr(await _state(house)) != before or "good morning" in str(result).lower()


@pytest.mark.parametrize(("name", "arguments"), HARMLESS)
@pytest.mark.parametrize("how", ["typed", "aloud", "guest"])
def test_what_only_talks_needs_no_permission(
    name: str, arguments: dict[str, object], how: str
) -> None:
    async def scene() -> None:
        async with await _house() as house:
            assert await _asked(house, name, arguments, how)

    run(scene())


@pytest.mark.parametrize(("name", "arguments"), DANGEROUS)
@pytest.mark.parametrize("how", ["thread", "setting", "aloud", "guest with the setting"])
def test_what_acts_on_the_house_may_with_permission(
    name: str, arguments: dict[str, object], how: str
) -> None:
    async def scene() -> None:
        async with await _house() as house:
            assert await _asked(house, name, arguments, how)

    run(scene())


@pytest.mark.parametrize(("name", "arguments"), DANGEROUS)
@pytest.mark.parametrize("how", ["typed", "guest"])
def test_and_may_not_without(name: str, arguments: dict[str, object], how: str) -> None:
    async def scene() -> None:
        async with await _house() as house:
            assert not await _asked(house, name, arguments, how)

    run(scene())
