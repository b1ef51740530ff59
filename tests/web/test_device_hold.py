"""Push-to-talk over a network: held while somebody says so, and never longer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ren_device.bus import Bus
from ren_device.errors import DeviceError
from ren_device.web.device_hold import HOLD_S, Hold
from tests.virtual_time import run
from tests.web.device_porch import Speaker


@asynccontextmanager
async def held() -> AsyncIterator[tuple[Hold, Speaker]]:
    speaker = Speaker(Bus())
    hold = Hold(speaker)
    watching = asyncio.create_task(hold.run())
    try:
        yield hold, speaker
    finally:
        watching.cancel()
        await asyncio.wait({watching})


def test_a_press_is_one_press_however_often_it_is_renewed() -> None:
    async def scene() -> None:
        async with held() as (hold, speaker):
            for _ in range(20):
                assert await hold.renew()
                await asyncio.sleep(HOLD_S * 0.9)
            assert speaker.asked == ["hold"]
            await hold.release()
            await hold.release()
            await asyncio.sleep(2 * HOLD_S)
            assert speaker.asked == ["hold", "release"]

    run(scene())


def test_who_vanishes_lets_go_after_a_few_seconds() -> None:
    async def scene() -> None:
        async with held() as (hold, speaker):
            await hold.renew()
            await asyncio.sleep(HOLD_S - 0.1)
            assert speaker.asked == ["hold"]
            await asyncio.sleep(0.2)
            assert speaker.asked == ["hold", "release"]
            await hold.renew()  # and comes back
            await asyncio.sleep(HOLD_S - 0.1)
            assert speaker.asked == ["hold", "release", "hold"]

    run(scene())


def test_a_hold_soon_after_a_release_has_its_whole_time() -> None:
    async def scene() -> None:
        async with held() as (hold, speaker):
            await hold.renew()
            await asyncio.sleep(HOLD_S - 0.1)
            await hold.release()
            await hold.renew()
            await asyncio.sleep(HOLD_S - 0.1)
            assert speaker.asked == ["hold", "release", "hold"]
            await asyncio.sleep(0.2)
            assert speaker.asked[-1] == "release"

    run(scene())


def test_what_is_refused_is_not_held() -> None:
    async def scene() -> None:
        async with held() as (hold, speaker):
            speaker.has_voice = False
            with pytest.raises(DeviceError):
                await hold.renew()
            speaker.has_voice = True
            speaker.switch(muted=True)
            assert not await hold.renew()
            await asyncio.sleep(2 * HOLD_S)
            assert "release" not in speaker.asked

    run(scene())


def test_a_release_waits_until_its_press_is_done() -> None:
    class SlowSpeaker(Speaker):
        async def talk(self, *, held: bool = False) -> bool:
            await asyncio.sleep(1)
            return await super().talk(held=held)

    async def scene() -> None:
        speaker = SlowSpeaker(Bus())
        hold = Hold(speaker)
        async with asyncio.TaskGroup() as group:
            group.create_task(hold.renew())
            await asyncio.sleep(0.5)
            group.create_task(hold.release())
        assert speaker.asked == ["hold", "release"]

    run(scene())
