import asyncio
from collections.abc import AsyncGenerator

import pytest

from ren_device.errors import (
    CloudError,
    StoreError,
)
from ren_device.model import (
    MindPart,
    MindRequest,
    Reply,
    TextDelta,
    Tier,
    TurnEnded,
    TurnStarted,
)
from tests.assistant.turn_house import (
    Write,
    call,
    events,
    read,
    says,
    then_never,
    turn_house,
)

BROKEN = CloudError("The model's service failed (529): Overloaded")


async def test_both_remarks_are_kept_before_the_reply_is_given() -> None:
    house = turn_house(says("Hello."))
    async for part in await house.assistant.begin(" hello "):
        if isinstance(part, Reply):
            assert house.remarks.said() == [("user", "hello"), ("assistant", "Hello.")]
            return
    pytest.fail("no reply")


async def test_a_failed_turn_keeps_the_question() -> None:
    house = turn_house(says(BROKEN))
    await read(await house.assistant.begin("hello"))
    assert house.remarks.said() == [("user", "hello")]


class Watched:
    """A mind that notes when its work is closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.waiting = asyncio.Event()

    async def write(self, _: MindRequest) -> AsyncGenerator[MindPart, None]:
        try:
            yield TextDelta("It is")
            yield TextDelta(" late")
            self.waiting.set()
            await asyncio.Event().wait()
        finally:
            self.closed.set()


async def test_a_reader_that_leaves_closes_the_mind_and_keeps_what_was_written() -> None:
    mind = Watched()
    house = turn_house(mind.write)
    turn = await house.assistant.begin("hello")
    assert await anext(turn) == TextDelta("It is")
    await turn.aclose()
    assert mind.closed.is_set()
    assert house.remarks.said() == [("user", "hello"), ("assistant", "It is")]


async def test_a_cancelled_reader_does_the_same() -> None:
    mind = Watched()
    house = turn_house(mind.write)
    reader = asyncio.create_task(read(await house.assistant.begin("hello")))
    await mind.waiting.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert mind.closed.is_set()
    assert house.remarks.said() == [("user", "hello"), ("assistant", "It is late")]


async def test_keeping_outlives_a_second_cancellation() -> None:
    house = turn_house(says("Hello."))
    house.remarks.gate.clear()
    reader = asyncio.create_task(read(await house.assistant.begin("hello")))
    await house.remarks.writing.wait()
    for _ in range(3):
        reader.cancel()
        await asyncio.sleep(0)
    assert not reader.done()
    house.remarks.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert house.remarks.said() == [("user", "hello"), ("assistant", "Hello.")]


async def test_a_disk_that_fails_does_not_swallow_a_cancellation() -> None:
    house = turn_house(says("Hello."))
    house.remarks.gate.clear()
    house.remarks.broken = True
    reader = asyncio.create_task(read(await house.assistant.begin("hello")))
    await house.remarks.writing.wait()
    reader.cancel()
    await asyncio.sleep(0)
    house.remarks.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_only_the_words_that_were_heard_are_kept() -> None:
    house = turn_house(then_never("One.", " Two.", " Three."))
    turn = await house.assistant.begin("count", spoken=True, heard=lambda: "One.")
    assert [await anext(turn) for _ in range(3)][-1] == TextDelta(" Three.")
    await turn.aclose()
    assert house.remarks.said() == [("user", "count"), ("assistant", "One.")]


async def test_nothing_heard_keeps_nothing_of_the_reply() -> None:
    house = turn_house(says("One."))
    turn = await house.assistant.begin("count", spoken=True, heard=lambda: " ")
    await anext(turn)
    await turn.aclose()
    assert house.remarks.said() == [("user", "count")]


@pytest.mark.parametrize("cut", [True, False])
async def test_a_reply_that_is_still_being_spoken_can_be_cut(cut: bool) -> None:
    house = turn_house(says("One.", " Two."))
    turn = await house.assistant.begin("count", spoken=True, heard=lambda: "One.")
    assert isinstance([await anext(turn) for _ in range(3)][-1], Reply)
    assert house.remarks.said() == []
    if cut:
        await turn.aclose()
    else:
        assert [part async for part in turn] == []
    assert house.remarks.said()[-1] == ("assistant", "One." if cut else "One. Two.")


async def test_a_store_that_fails_fails_the_turn() -> None:
    house = turn_house(says("Hello."))
    house.remarks.broken = True
    heard = await read(await house.assistant.begin("hello"))
    assert isinstance(heard.error, StoreError)


async def test_what_a_tool_has_done_is_told_even_when_the_store_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = turn_house(says(call("look")))
    house.remarks.broken = True
    heard = await read(await house.assistant.begin("a secret question"))
    assert heard.error is None
    assert house.ran == ["look"]
    assert heard.reply.reply == "Done."
    (record,) = caplog.records
    assert record.getMessage() == "a turn in thread 1 was not kept: The disk is full."
    house.remarks.broken = False
    assert (await read(await house.assistant.begin("and now"))).error is None
    assert house.remarks.said()[0] == ("user", "and now")


async def test_who_asked_aloud_is_answered_even_when_the_store_fails() -> None:
    house = turn_house(says("Hello."))
    house.remarks.broken = True
    heard = await read(await house.assistant.begin("hello", spoken=True))
    assert heard.error is None
    assert heard.reply.reply == "Hello."


async def test_a_store_that_fails_does_not_hide_why_the_turn_failed() -> None:
    house = turn_house(says(BROKEN))
    house.remarks.broken = True
    heard = await read(await house.assistant.begin("hello"))
    assert heard.error is BROKEN


@pytest.mark.parametrize(
    ("write", "leave", "outcome"),
    [
        (says("Hello."), False, "replied"),
        (says(BROKEN), False, "failed"),
        (then_never("It is"), True, "cancelled"),
    ],
)
async def test_the_bus_hears_a_turn_begin_and_end(write: Write, leave: bool, outcome: str) -> None:
    house = turn_house(write)
    with house.bus.subscribe() as subscription:
        turn = await house.assistant.begin("hello")
        if leave:
            await anext(turn)
            await turn.aclose()
        else:
            await read(turn)
        started, ended = await events(subscription, 2)
    assert started == TurnStarted(1, Tier.FAST)
    assert isinstance(ended, TurnEnded)
    assert ended.outcome == outcome


async def test_a_turn_that_is_never_read_leaves_nothing_behind() -> None:
    house = turn_house(says("Hello."))
    turn = await house.assistant.begin("hello")
    await turn.aclose()
    assert house.remarks.said() == []
    assert (await read(await house.assistant.begin("again"))).reply.reply == "Hello."
