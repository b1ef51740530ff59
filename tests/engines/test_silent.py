import asyncio

import pytest

from ren_device.engines.silent import AHEAD_S, NoMicrophone, NoSpeaker
from ren_device.model import FRAME_BYTES, SILENT_FRAME
from tests.virtual_time import run


def test_the_missing_microphone_yields_nothing_and_can_be_left() -> None:
    async def scene() -> None:
        frames = NoMicrophone().blocks()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(frames), 3600)
        await frames.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(frames)

    run(scene())


def test_the_missing_loudspeaker_takes_as_long_as_a_real_one() -> None:
    async def scene() -> None:
        now = asyncio.get_running_loop().time
        speaker = NoSpeaker()
        await speaker.start()
        began = now()
        for _ in range(100):
            await speaker.write(SILENT_FRAME)
        # There is room for one more frame than is queued.
        assert now() - began == pytest.approx(1.0 - AHEAD_S + 0.01)
        await speaker.drain()
        assert now() - began == pytest.approx(1.0)
        await asyncio.sleep(5)
        for _ in range(10):
            await speaker.write(SILENT_FRAME)
        assert await speaker.flush() == 9 * FRAME_BYTES
        assert speaker.take_played() == b""
        before = now()
        await speaker.drain()
        assert now() == before
        await speaker.close()

    run(scene())


def test_the_missing_loudspeaker_is_strict_about_the_order_of_calls() -> None:
    async def scene() -> None:
        speaker = NoSpeaker()
        await speaker.close()
        await speaker.drain()
        await speaker.flush()
        with pytest.raises(RuntimeError, match="before start"):
            await speaker.write(SILENT_FRAME)

    run(scene())


def test_what_comes_a_moment_too_late_is_an_underrun_and_a_pause_is_none() -> None:
    async def scene() -> list[int]:
        speaker, counted = NoSpeaker(), []
        await speaker.start()
        for pause_s, drained in [(0.05, False), (3.0, False), (0.05, True)]:
            await speaker.write(SILENT_FRAME)
            if drained:
                await speaker.drain()
            await asyncio.sleep(0.01 + pause_s)
            await speaker.write(SILENT_FRAME)
            counted.append(speaker.underruns)
            await speaker.drain()
        return counted

    assert run(scene()) == [1, 1, 1]
