"""Where the time of a spoken turn goes."""

import asyncio
import logging
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.bus import Bus
from ren_device.model import Tier, TurnTimed
from ren_device.voice.trace import LatencyTrace, Traces
from tests.virtual_time import run

NOON = datetime.fromisoformat("2026-06-25T12:00:00")


class HandClock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return 5000.0 + self.passed_s


def traced(number: int) -> TurnTimed:
    return TurnTimed(number, {"first_sound": number}, at=NOON, before_ms={})


def test_the_stages_add_up_to_the_whole() -> None:
    clock = HandClock()
    trace = LatencyTrace(
        clock, speech_end=5000.0, speech_start=4998.5, woken=4998.1, tier=Tier.FAST
    )
    for passed_s, stage in (
        (0.2, "transcript"),
        (0.25, "committed"),
        (0.55, "first_text"),
        (0.6, "first_clause"),
        (0.7, "first_speech"),
    ):
        clock.passed_s = passed_s
        trace.mark(stage)
    assert trace.summary() is None
    trace.mark("first_sound", later_s=0.05)
    clock.passed_s = 9.0
    trace.mark("first_text")  # only the first counts
    assert trace.summary() == TurnTimed(
        total_ms=750,
        stages_ms={
            "transcript": 200,
            "committed": 50,
            "first_text": 300,
            "first_clause": 50,
            "first_speech": 100,
            "first_sound": 50,
        },
        at=NOON,
        before_ms={"wake": 400, "speech": 1500},
        tier=Tier.FAST,
    )


def test_a_head_start_is_seen_in_the_order_of_the_stages() -> None:
    clock = HandClock()
    trace = LatencyTrace(clock, speech_end=5000.0, head_start=True)
    for passed_s, stage in ((0.1, "transcript"), (0.3, "first_text"), (0.4, "committed")):
        clock.passed_s = passed_s
        trace.mark(stage)
    trace.mark("first_sound")
    timed = trace.summary()
    assert timed is not None
    assert timed.head_start
    assert timed.before_ms == {}
    assert list(timed.stages_ms.items()) == [
        ("transcript", 100),
        ("first_text", 200),
        ("committed", 100),
        ("first_sound", 0),
    ]


def test_what_was_ready_before_the_last_word_took_no_time() -> None:
    clock = HandClock()
    trace = LatencyTrace(clock, speech_end=5001.0)
    trace.mark("transcript")
    clock.passed_s = 1.5
    trace.mark("first_sound")
    timed = trace.summary()
    assert timed is not None
    assert dict(timed.stages_ms) == {"transcript": 0, "first_sound": 500}


@given(st.lists(st.floats(-1, 3), min_size=1, max_size=6))
def test_rounding_loses_nothing(times: list[float]) -> None:
    clock = HandClock()
    trace = LatencyTrace(clock, speech_end=clock.monotonic())
    for number, at in enumerate(times[:-1]):
        trace.marks[f"stage {number}"] = trace.speech_end + at
    trace.marks["first_sound"] = trace.speech_end + times[-1]
    timed = trace.summary()
    assert timed is not None
    assert sum(timed.stages_ms.values()) == timed.total_ms == max(0, round(times[-1] * 1000))
    assert all(took >= 0 for took in timed.stages_ms.values())


async def read(traces: Traces, latest: int) -> list[int]:
    return [turn.total_ms async for turn in traces.read(latest) if turn is not None]


def test_the_latest_are_kept_and_followed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ren_device.voice.trace")

    async def scene() -> None:
        bus = Bus()
        traces = Traces(bus)
        running = asyncio.create_task(traces.run())
        await asyncio.sleep(0)
        assert await read(traces, 20) == []
        for number in range(1, 251):
            bus.publish(traced(number))
            await asyncio.sleep(0.01)
        assert await read(traces, 3) == [248, 249, 250]
        assert await read(traces, 200) == list(range(51, 251))
        async with aclosing(traces.read(1, follow=True, patience_s=2)) as turns:
            assert await anext(turns) == traced(250)
            assert await anext(turns) is None
            bus.publish(traced(251))
            bus.publish(traced(252))
            assert [await anext(turns), await anext(turns)] == [traced(251), traced(252)]
        running.cancel()

    run(scene())
    assert "first sound 7 ms after the last word: first_sound=7" in caplog.messages
