import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from ren_device.errors import (
    CloudError,
    CloudKeyMissing,
    CloudUnreachable,
    RenError,
    TurnTimeout,
)
from ren_device.model import (
    MindPart,
    MindRequest,
    Reply,
    TextDelta,
    Tier,
)
from tests.assistant.turn_house import (
    Heard,
    TurnHouse,
    Write,
    call,
    never,
    read,
    results,
    says,
    then_never,
    turn_house,
)
from tests.virtual_time import run

# --- when the cloud fails ----------------------------------------------------------------------

UNREACHABLE = CloudUnreachable("The model's service cannot be reached.")
BROKEN = CloudError("The model's service failed (529): Overloaded")


@pytest.mark.parametrize("error", [UNREACHABLE, BROKEN, CloudKeyMissing("no key")])
async def test_at_the_speaker_the_local_tier_steps_in(error: RenError) -> None:
    house = turn_house(says(error))
    heard = await read(await house.assistant.begin("hello", spoken=True))
    assert heard.reply == Reply("Locally.", "local", Tier.LOCAL, 1)
    assert house.local.requests[0].model == "local"


@pytest.mark.parametrize(
    ("allowed", "error", "steps_in"),
    [(True, UNREACHABLE, True), (True, BROKEN, False), (False, UNREACHABLE, False)],
)
async def test_elsewhere_it_steps_in_if_allowed_and_nothing_was_reached(
    allowed: bool, error: RenError, steps_in: bool
) -> None:
    house = turn_house(says(error), offline_fallback=allowed)
    heard = await read(await house.assistant.begin("hello"))
    if steps_in:
        assert heard.reply == Reply("Locally.", "local", Tier.LOCAL, 1)
    else:
        assert heard.error is error
        assert house.local.requests == []


async def test_after_the_first_words_an_error_stays_an_error() -> None:
    house = turn_house(says("It is", BROKEN))
    heard = await read(await house.assistant.begin("hello", spoken=True))
    assert heard.error is BROKEN
    assert house.local.requests == []
    assert house.remarks.said() == [("user", "hello"), ("assistant", "It is")]


async def test_what_a_tool_did_is_said_and_not_done_twice() -> None:
    async def write(request: MindRequest) -> AsyncGenerator[MindPart, None]:
        if results(request):
            raise BROKEN
        yield call("set_timer", minutes=5)

    house = turn_house(write)
    heard = await read(await house.assistant.begin("five minutes", spoken=True))
    assert heard.reply.reply == "Timer set for 5 minutes."
    assert house.ran == ["set_timer 5"]
    assert house.local.requests == []
    typed = await read(await house.assistant.begin("five minutes"))
    assert typed.error is BROKEN


def test_at_the_speaker_patience_with_the_cloud_is_short() -> None:
    async def scene() -> tuple[Heard, float]:
        house = turn_house(never, patience_s=8)
        began = house.clock.monotonic()
        heard = await read(await house.assistant.begin("hello", spoken=True))
        return heard, house.clock.monotonic() - began

    heard, took_s = run(scene())
    assert heard.reply.tier is Tier.LOCAL
    assert took_s == pytest.approx(8)


# --- time ---------------------------------------------------------------------------------------


def timed(house: TurnHouse, *, spoken: bool = False) -> tuple[Heard, float]:
    async def scene() -> tuple[Heard, float]:
        began = house.clock.monotonic()
        heard = await read(await house.assistant.begin("hello", spoken=spoken))
        return heard, house.clock.monotonic() - began

    return run(scene())


@pytest.mark.parametrize("write", [never, then_never("It is"), says(call("wait"))])
def test_a_turn_that_takes_too_long_is_ended(write: Write) -> None:
    house = turn_house(write, timeout_s=5)
    heard, took_s = timed(house)
    assert isinstance(heard.error, TurnTimeout)
    assert took_s == pytest.approx(5)
    assert house.remarks.said()[0] == ("user", "hello")


def test_the_time_of_a_slow_reader_counts_too() -> None:
    async def scene() -> None:
        house = turn_house(then_never("It is"), timeout_s=5)
        async with aclosing(await house.assistant.begin("hello")) as turn:
            assert await anext(turn) == TextDelta("It is")
            await asyncio.sleep(60)
            with pytest.raises(TurnTimeout):
                await anext(turn)

    run(scene())


def test_a_timeout_error_of_somebody_else_is_not_taken_for_the_turns() -> None:
    with pytest.raises(TimeoutError):
        timed(turn_house(says(TimeoutError()), timeout_s=5))


def test_turns_of_one_thread_wait_for_each_other_and_no_longer_than_a_turn_may_take() -> None:
    async def scene() -> None:
        house = turn_house(then_never("one"), timeout_s=5)
        first = await house.assistant.begin("first")
        assert await anext(first) == TextDelta("one")
        second = await read(await house.assistant.begin("second"))
        assert isinstance(second.error, TurnTimeout)
        other = await house.threads.create("Kitchen", house.clock.now())
        elsewhere = await house.assistant.begin("third", thread_id=other.id)
        assert await anext(elsewhere) == TextDelta("one")
        await first.aclose()
        after = await house.assistant.begin("fourth", thread_id=1)
        assert await anext(after) == TextDelta("one")
        await after.aclose()
        await elsewhere.aclose()
        assert [text for _, text in house.remarks.said()] == ["first", "one", "fourth", "one"]

    run(scene())


def test_whoever_says_stop_does_not_wait_for_a_turn_that_hangs() -> None:
    async def scene() -> None:
        house = turn_house(then_never("one"), local=says("Stopped."), timeout_s=60)
        hanging = await house.assistant.begin("first")
        assert await anext(hanging) == TextDelta("one")
        began = asyncio.get_running_loop().time()
        typed = await read(await house.assistant.begin("stop", tier=Tier.LOCAL))
        assert typed.reply is not None
        assert asyncio.get_running_loop().time() == began
        spoken = await house.assistant.begin("stop", spoken=True)
        assert await anext(spoken) == TextDelta("one")
        assert asyncio.get_running_loop().time() - began < 2
        await spoken.aclose()
        await hanging.aclose()

    run(scene())
