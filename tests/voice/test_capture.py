import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from itertools import pairwise

import pytest

from ren_device.bus import Bus
from ren_device.model import FRAME_BYTES, FRAME_S, NOT_OPENED, SILENT_FRAME, VoicePhaseChanged
from ren_device.sim import SimMicrophone, speech
from ren_device.voice.capture import DEAD_S, LONGEST_RETRY_S, STEADY_S, Capture
from tests.fakes import FixedClock
from tests.virtual_time import run, until

QUIET_ROOM = b"\x01\0\xff\xff" * (FRAME_BYTES // 4)
LOUD_NOISE = b"\xff\x7f\x00\x80" * (FRAME_BYTES // 4)


class Hardware(SimMicrophone):
    """One that is expected to hear something; what it hears by itself can be chosen."""

    hardware = True

    def __init__(self) -> None:
        super().__init__()
        self.room = QUIET_ROOM
        self.attempts: list[float] = []

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        self.attempts.append(asyncio.get_running_loop().time())
        async with aclosing(super().blocks()) as blocks:
            async for block in blocks:
                yield self.room * (len(block) // FRAME_BYTES) if not any(block) else block


class Ears:
    """Somebody who listens through a Capture."""

    def __init__(self, microphone: SimMicrophone) -> None:
        bus = Bus()
        self._events = bus.subscribe(1000)
        self.capture = Capture(microphone, FixedClock(), bus)
        self.heard = 0
        self.phases: list[str] = []

    async def listen(self) -> None:
        async with aclosing(self.capture.blocks()) as blocks:
            async for block in blocks:
                self.heard += len(block) // FRAME_BYTES

    async def follow(self) -> None:
        with self._events as events:
            async for event in events:
                assert isinstance(event, VoicePhaseChanged)
                self.phases.append(event.phase)


def hear(microphone: SimMicrophone, story: Callable[[Ears], Awaitable[None]]) -> Ears:
    """Run a story, in virtual time, while somebody listens."""

    async def scene() -> Ears:
        ears = Ears(microphone)
        tasks = [asyncio.create_task(ears.follow()), asyncio.create_task(ears.listen())]
        await story(ears)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
        assert not microphone.open
        return ears

    return run(scene())


def test_what_the_microphone_hears_is_heard_in_blocks_of_the_chosen_size() -> None:
    microphone = Hardware()

    async def story(ears: Ears) -> None:
        ears.capture.block_frames = 8
        await asyncio.sleep(1.001)
        assert (ears.heard, microphone.block_frames) == (96, 8)
        ears.capture.block_frames = 1
        await asyncio.sleep(0.1)
        assert ears.heard >= 105

    assert hear(microphone, story).phases == ["idle"]


def test_an_unplugged_microphone_is_heard_again_soon_after_it_is_plugged_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    microphone = Hardware()

    async def story(ears: Ears) -> None:
        await asyncio.sleep(3)
        microphone.unplug()
        await until(lambda: ears.capture.trouble is not None)
        assert ears.capture.trouble == "REN_MICROPHONE=sim: unplugged"
        microphone.plug_in()
        assert await until(lambda: ears.capture.trouble is None) < 1.3

    assert hear(microphone, story).phases == ["idle", "fault", "idle"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_it_is_well_only_once_something_was_heard() -> None:
    microphone = Hardware()

    async def story(ears: Ears) -> None:
        assert ears.capture.health == NOT_OPENED
        await until(lambda: ears.heard > 0)
        assert ears.capture.health == "ok"
        microphone.unplug()
        await until(lambda: ears.capture.trouble is not None)
        assert ears.capture.health == "REN_MICROPHONE=sim: unplugged"

    hear(microphone, story)


def test_retries_become_rare_and_are_never_in_step(caplog: pytest.LogCaptureFixture) -> None:
    microphone = Hardware()
    microphone.unplug("REN_MICROPHONE=sim: busy")

    async def story(ears: Ears) -> None:
        await asyncio.sleep(300)

    assert hear(microphone, story).phases == ["fault"]
    waits = [after - at for at, after in pairwise(microphone.attempts)]
    assert 10 <= len(waits) <= 18
    usually = [1, 2, 4, 8, 16, *[LONGEST_RETRY_S] * 20]
    for wait, usual in zip(waits, usually, strict=False):
        assert 0.8 * usual <= wait <= 1.2 * usual
    assert len({round(wait / waits[-1], 6) for wait in waits[5:]}) > 1
    assert len(caplog.records) == 1


def test_a_microphone_that_comes_and_goes_is_not_opened_every_second() -> None:
    microphone = Hardware()

    async def story(ears: Ears) -> None:
        for _ in range(5):
            await until(lambda: microphone.open, 60)
            await asyncio.sleep(0.1)
            microphone.unplug()
            await asyncio.sleep(0.1)
            microphone.plug_in()
        await until(lambda: microphone.open, 60)
        before = len(microphone.attempts)
        await asyncio.sleep(STEADY_S + 1)
        microphone.unplug()
        await asyncio.sleep(0.1)
        microphone.plug_in()
        assert await until(lambda: len(microphone.attempts) > before) < 1.3  # it was well since

    hear(microphone, story)
    gaps = [after - at for at, after in pairwise(microphone.attempts)]
    assert gaps[4] > 12


@pytest.mark.parametrize("dead", [SILENT_FRAME, b"\x17\0" * (FRAME_BYTES // 2)])
def test_digital_silence_is_noticed_and_so_is_its_end(
    dead: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    microphone = Hardware()

    async def story(ears: Ears) -> None:
        await asyncio.sleep(20)
        assert ears.phases == ["idle"]
        microphone.room = dead
        took_s = await until(lambda: ears.capture.trouble is not None)
        assert took_s == pytest.approx(DEAD_S, abs=0.1)
        assert ears.capture.trouble == (
            "the microphone delivers only silence: is it muted or unplugged?"
        )
        before = ears.heard
        await asyncio.sleep(60)
        assert ears.heard - before == pytest.approx(60 / FRAME_S, abs=1)  # it is listened to still
        microphone.room = QUIET_ROOM
        assert await until(lambda: ears.capture.trouble is None) < 0.1

    assert hear(microphone, story).phases == ["idle", "fault", "idle"]
    assert microphone.opened == 1
    assert "muted" in caplog.text


def test_short_digital_silences_are_none() -> None:
    microphone = Hardware()

    async def story(ears: Ears) -> None:
        for _ in range(10):
            microphone.room = SILENT_FRAME
            await asyncio.sleep(DEAD_S - 0.5)
            microphone.room = QUIET_ROOM
            await asyncio.sleep(0.1)

    assert hear(microphone, story).phases == ["idle"]


def test_a_file_may_be_silent_for_ever() -> None:
    microphone = SimMicrophone()

    async def story(ears: Ears) -> None:
        await asyncio.sleep(120)
        assert ears.capture.trouble is None

    assert hear(microphone, story).phases == ["idle"]


def test_a_microphone_at_its_limit_is_noticed_and_loud_speech_is_not() -> None:
    microphone = Hardware()

    async def story(ears: Ears) -> None:
        microphone.hear(speech("x" * 200))
        await asyncio.sleep(15)
        assert ears.phases == ["idle"]
        microphone.room = LOUD_NOISE
        await until(lambda: ears.capture.trouble is not None)
        assert "overdriven" in str(ears.capture.trouble)
        microphone.room = QUIET_ROOM
        await until(lambda: ears.capture.trouble is None)

    assert hear(microphone, story).phases == ["idle", "fault", "idle"]
