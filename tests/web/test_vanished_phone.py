"""What is written to a phone that has silently gone has not been delivered."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.web.wifi import Talker, Wifi, wifi


@pytest.fixture
async def network() -> AsyncGenerator[Wifi, None]:
    async with wifi() as made:
        yield made


async def test_what_came_due_after_it_left_is_kept_for_another(network: Wifi) -> None:
    speaker = await network.start(doubt_after_s=1.5, stalled_s=3)
    gone = await network.phone(outside=True)
    await network.cut()
    await speaker.say("due")
    await speaker.hears_nothing(for_s=1.0)  # no mark: it was written, and not confirmed
    other = await network.phone()
    assert await other.hear() == "1"
    assert await speaker.hear() == "marked 1"
    await speaker.say("due")
    assert await other.hear() == "2"
    assert await speaker.hear() == "marked 2"
    await gone.hears_nothing(for_s=0.1)
    await until_streams(speaker, 1)  # and it is not kept for ever


async def test_a_phone_that_is_away_for_a_moment_is_waited_for(network: Wifi) -> None:
    speaker = await network.start(doubt_after_s=8, stalled_s=20)
    phone = await network.phone(outside=True)
    await network.cut()
    await speaker.say("due")
    await speaker.hears_nothing(for_s=0.3)
    other = await network.phone()
    await network.join()
    assert await phone.hear() == "1"
    assert await speaker.hear() == "marked 1"
    await other.hears_nothing(for_s=0.5)


async def test_a_phone_that_left_in_silence_is_dropped(network: Wifi) -> None:
    speaker = await network.start(doubt_after_s=1, stalled_s=2)
    await network.phone(outside=True)
    await until_streams(speaker, 1)
    await network.cut()
    await speaker.say("due")
    await until_streams(speaker, 0)
    assert await (await network.phone()).hear() == "1"


async def until_streams(speaker: Talker, count: int) -> None:
    """Wait until the speaker keeps so many."""
    async with asyncio.timeout(15):
        while True:
            await speaker.say("streams")
            if await speaker.hear() == f"streams {count}":
                return
            await asyncio.sleep(0.1)
