"""A turn that is begun before the person has certainly finished: see Assistant.begin."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from ren_device.errors import CloudError
from ren_device.model import Reply, ReplyPart, TextDelta, ToolRun, TurnEnded, TurnStarted
from tests.assistant.turn_house import (
    TurnHouse,
    Write,
    call,
    events,
    read,
    says,
    then_never,
    turn_house,
)


def head_start(
    write: Write, heard: str = "All of it."
) -> tuple[TurnHouse, asyncio.Event, asyncio.Future[AsyncGenerator[ReplyPart, None]]]:
    house = turn_house(write)
    certain = asyncio.Event()
    turn = house.assistant.begin("set a timer", spoken=True, heard=lambda: heard, certain=certain)
    return house, certain, asyncio.ensure_future(turn)


async def test_one_that_is_dropped_leaves_no_trace() -> None:
    house, _, begun = head_start(then_never("I", " am thinking"))
    turn = await begun
    with house.bus.subscribe() as heard:
        assert await anext(turn) == TextDelta("I")
        await turn.aclose()
        started, ended = await events(heard, 2)
    assert house.remarks.said() == []
    assert isinstance(started, TurnStarted)
    assert isinstance(ended, TurnEnded)
    assert ended.outcome == "dropped"


async def test_one_that_was_read_to_its_reply_and_is_dropped_leaves_none_either() -> None:
    house, _, begun = head_start(says("Yes."))
    turn = await begun
    while not isinstance(await anext(turn), Reply):
        pass
    await turn.aclose()
    assert house.remarks.said() == []


async def test_a_tool_that_changes_something_waits_until_it_is_certain() -> None:
    house, certain, begun = head_start(says(call("set_timer", minutes=5)))
    turn = await begun
    assert await anext(turn) == ToolRun("set_timer", "running")
    step = asyncio.ensure_future(anext(turn))
    for _ in range(10):
        await asyncio.sleep(0)
    assert house.ran == []
    assert not step.done()
    certain.set()
    assert await step == ToolRun("set_timer", "done")
    assert house.ran == ["set_timer 5"]
    await turn.aclose()
    assert house.remarks.said() == [("user", "set a timer"), ("assistant", "All of it.")]


async def test_a_tool_that_waits_never_runs_when_the_turn_is_dropped() -> None:
    house, _, begun = head_start(says(call("set_power", device="lamp")))
    reader = asyncio.create_task(read(await begun))
    for _ in range(10):
        await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert house.ran == []
    assert house.remarks.said() == []


async def test_a_tool_that_only_looks_does_not_wait() -> None:
    house, _, begun = head_start(says(call("look")))
    turn = await begun
    parts = [await anext(turn) for _ in range(3)]
    assert parts == [ToolRun("look", "running"), ToolRun("look", "done"), TextDelta("Done.")]
    assert house.ran == ["look"]
    await turn.aclose()


async def test_one_that_fails_is_no_failure_until_it_is_certain() -> None:
    house, certain, begun = head_start(says("Well,", CloudError("overloaded")))
    reader = asyncio.create_task(read(await begun))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not reader.done()
    certain.set()
    assert (await reader).error is not None
    assert house.remarks.said()[0] == ("user", "set a timer")


async def test_the_thread_is_free_again_at_once() -> None:
    house, _, begun = head_start(then_never("I"))
    turn = await begun
    await anext(turn)
    await turn.aclose()
    next_turn = await house.assistant.begin("hello", spoken=True, certain=None)
    assert await anext(next_turn) == TextDelta("I")
    await next_turn.aclose()


async def test_what_a_tool_did_is_kept_though_nothing_of_the_answer_was_heard() -> None:
    house, certain, begun = head_start(says(call("set_timer", minutes=5)), heard="")
    certain.set()
    turn = await begun
    while not isinstance(await anext(turn), TextDelta):
        pass
    await turn.aclose()
    assert house.remarks.said() == [
        ("user", "set a timer"),
        ("assistant", "[Done, but not said: Done.]"),
    ]


async def test_a_reply_that_is_still_being_spoken_does_not_hold_up_the_thread() -> None:
    house, certain, begun = head_start(says("Once upon a time."))
    certain.set()
    turn = await begun
    while not isinstance(await anext(turn), Reply):
        pass
    assert (await read(await house.assistant.begin("hello"))).error is None
    await turn.aclose()
