"""The loop: what it shows and when, how rarely it looks, and who may watch it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, time
from itertools import pairwise

import pytest

from ren_device.bus import Bus
from ren_device.model import DeviceChange, Event, PanelChanged, VoicePhaseChanged
from ren_device.panel.brightness import Brightness
from ren_device.panel.lights import Lights, Shown
from ren_device.panel.scenes import LightState
from ren_device.panel.truth import Truth
from ren_device.voice.volume import QuietHours
from tests.fakes import NOON, FixedClock
from tests.panel.sim_lamp import SimLamp
from tests.virtual_time import run, stand_still, until

HAPPENED = PanelChanged()
NIGHT = QuietHours.parse("22:00-07:00", 0)


class Panel:
    """Lights over a truth that the test owns."""

    def __init__(self, pixels: int, percent: int = 100, night_percent: int = 10) -> None:
        self.truth = Truth()
        self.bus = Bus()
        self.clock = FixedClock(NOON)
        self.lamp = SimLamp(pixels)
        brightness = Brightness(percent, night_percent, NIGHT, self.clock)
        self.lights = Lights(self.lamp, lambda: self.truth, self.clock, self.bus, brightness)

    def state(self) -> LightState:
        return self.lights.state

    def now(self, event: Event | None = HAPPENED, **parts: object) -> None:
        """So it is now; with None nobody says so."""
        self.truth = replace(self.truth, **parts)  # type: ignore[arg-type]
        if event is not None:
            self.bus.publish(event)


@asynccontextmanager
async def panel(pixels: int = 1, **settings: int) -> AsyncIterator[Panel]:
    made = Panel(pixels, **settings)
    running = asyncio.create_task(made.lights.run())
    await asyncio.sleep(0.5)
    try:
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert not made.lamp.is_lit()  # it leaves nothing lit behind
        assert made.lights.state == "idle"


def in_virtual_time(scene: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    return lambda: run(scene())


@in_virtual_time
async def test_an_event_is_seen_at_once() -> None:
    async with panel() as it:
        assert it.state() == "idle"
        assert not it.lamp.is_lit()
        it.now(VoicePhaseChanged("listening"), phase="listening", level=1.0)
        assert await until(lambda: it.lamp.is_lit()) <= 0.02
        assert it.state() == "listening"
        assert it.lights.pixels == it.lamp.seen()
        it.now(VoicePhaseChanged("idle"), phase="idle")
        assert await until(lambda: not it.lamp.is_lit()) <= 0.02


@in_virtual_time
async def test_a_lost_event_is_made_good_within_a_second() -> None:
    async with panel() as it:
        it.now(None, muted=True)
        assert await until(lambda: it.lamp.is_lit()) <= 1.02
        it.now(None, muted=False)
        assert await until(lambda: not it.lamp.is_lit()) <= 1.02


@in_virtual_time
async def test_the_light_follows_the_voice_while_it_listens() -> None:
    async with panel() as it:
        it.now(phase="listening", level=0.0)
        await asyncio.sleep(1.0)
        quiet = max(max(picture.pixels[0]) for picture in it.lamp.shown)
        it.now(None, level=1.0)
        await asyncio.sleep(0.05)
        assert max(it.lamp.seen()[0]) > 1.3 * quiet


@in_virtual_time
async def test_a_refusal_and_a_volume_end_by_themselves_to_the_moment() -> None:
    async with panel() as it:
        it.now(muted=True)
        await asyncio.sleep(0.3)
        it.now(refused_at=it.clock.monotonic(), volume_changed_at=it.clock.monotonic())
        assert await until(lambda: it.state() == "refused") <= 0.02
        assert await until(lambda: it.state() == "volume") == pytest.approx(1.0, abs=0.03)
        assert await until(lambda: it.state() == "muted") == pytest.approx(0.5, abs=0.03)


@in_virtual_time
async def test_it_looks_once_a_second_at_rest_and_no_event_of_others_wakes_it() -> None:
    async with panel(12) as it:
        before = len(it.lamp.shown)
        for _ in range(100):
            it.bus.publish(DeviceChange("virtual-1", "lamp", "lightbulb", "on", True, False))
            await asyncio.sleep(0.1)
        assert 9 <= len(it.lamp.shown) - before <= 11


async def looks(pixels: int, seconds: float, truth: Truth) -> list[float]:
    """When the lamp was told something, during some seconds of this truth."""
    async with panel(pixels) as it:
        it.truth = truth
        it.bus.publish(HAPPENED)
        await asyncio.sleep(0.01)
        began = len(it.lamp.shown)
        await asyncio.sleep(seconds)
        return [picture.at for picture in it.lamp.shown[began:]]


@pytest.mark.parametrize("pixels", [1, 12])
def test_what_moves_has_25_pictures_a_second(pixels: int) -> None:
    at = run(looks(pixels, 10.0, Truth(phase="thinking")))
    assert 240 <= len(at) <= 250
    assert max(later - earlier for earlier, later in pairwise(at)) < 0.05


@pytest.mark.parametrize(
    ("truth", "a_second"),
    [
        (Truth(fault="The loudspeaker is gone."), 3),
        (Truth(muted=True), 2),
        (Truth(setting_up=True), 1),
        (Truth(), 1),
    ],
)
def test_what_blinks_is_touched_at_its_edges_only(truth: Truth, a_second: int) -> None:
    assert len(run(looks(1, 30.0, truth))) <= 30 * a_second + 1


def test_without_lights_nothing_moves_but_the_state_is_known() -> None:
    async def scene() -> None:
        async with panel(0) as it:
            it.now(phase="thinking")
            await asyncio.sleep(0.01)
            assert it.state() == "thinking"
            assert it.lights.pixels == ()

    run(scene())
    assert len(run(looks(0, 10.0, Truth(phase="thinking")))) <= 10


@in_virtual_time
async def test_a_loop_that_hangs_shows_nothing_for_long() -> None:
    async with panel() as it:
        it.now(phase="listening")
        await asyncio.sleep(0.2)
        stand_still(2.9)
        assert it.lamp.is_lit()
        stand_still(0.2)
        assert not it.lamp.is_lit()
        await asyncio.sleep(0.01)
        assert it.lamp.is_lit()


@in_virtual_time
async def test_a_light_outlives_the_pause_between_two_looks() -> None:
    async with panel(3) as it:
        it.now(timer_left=0.9)  # the calmest there is
        await asyncio.sleep(0.01)
        for _ in range(3000):
            await asyncio.sleep(0.01)
            assert it.lamp.is_lit()


@in_virtual_time
async def test_more_events_than_it_can_hold_do_no_harm() -> None:
    async with panel() as it:
        for number in range(1000):
            it.now(VoicePhaseChanged("thinking"), phase="thinking" if number % 2 else "speaking")
        it.now(VoicePhaseChanged("listening"), phase="listening")
        before = len(it.lamp.shown)
        await asyncio.sleep(0.03)
        assert it.state() == "listening"
        assert len(it.lamp.shown) - before == 1


@in_virtual_time
async def test_the_night_dims_and_hides_no_alarm() -> None:
    async with panel(night_percent=0) as it:
        it.now(ringing=True)
        await asyncio.sleep(0.01)
        by_day = max(it.lamp.seen()[0])
        it.clock.move(11 * 3600.0)  # 23:00
        await asyncio.sleep(1.0)
        at_night = max(max(each.pixels[0]) for each in it.lamp.shown[-2:])
        assert at_night == pytest.approx(0.05 * by_day)
        it.now(ringing=False, muted=True)
        await asyncio.sleep(0.01)
        assert not it.lamp.is_lit()


def brightness(at: str, percent: int = 60, night_percent: int = 10) -> Brightness:
    when = datetime.combine(NOON.date(), time.fromisoformat(at))
    return Brightness(percent, night_percent, NIGHT, FixedClock(when))


def test_brightness_by_day_and_at_night() -> None:
    assert brightness("21:59:59").factor("muted") == 0.6
    assert brightness("22:00").factor("muted") == 0.1
    assert brightness("06:59").factor("ringing") == 0.1
    assert brightness("07:00").factor("ringing") == 0.6
    always_day = Brightness(60, 10, QuietHours.parse("00:00-00:00", 0), FixedClock())
    assert always_day.factor("idle") == 0.6


@pytest.mark.parametrize("state", ["ringing", "refused", "reset_warning", "fault"])
def test_what_is_urgent_is_never_dark(state: str) -> None:
    assert brightness("12:00", percent=0).factor(state) == 0.05  # type: ignore[arg-type]
    assert brightness("23:00", night_percent=2).factor(state) == 0.05  # type: ignore[arg-type]
    assert brightness("12:00", percent=0).factor("listening") == 0.0


@in_virtual_time
async def test_a_watcher_gets_what_is_shown_and_then_each_change() -> None:
    async with panel() as it:
        seen: list[Shown] = []

        async def watch() -> None:
            async for shown in it.lights.changes():
                seen.append(shown)  # noqa: PERF401 -- it never ends

        watching = asyncio.create_task(watch())
        await asyncio.sleep(5.0)
        assert [each.state for each in seen] == ["idle"]
        it.now(muted=True)
        await asyncio.sleep(0.2)
        assert [each.state for each in seen] == ["idle", "muted"]
        assert seen[-1].pixels == it.lamp.seen()
        it.now(phase="thinking")
        began = len(seen)
        await asyncio.sleep(2.0)
        assert 20 <= len(seen) - began <= 41  # of 50 pictures
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


@in_virtual_time
async def test_a_slow_watcher_gets_the_latest_only() -> None:
    async with panel() as it:
        changes = it.lights.changes()
        assert (await anext(changes)).state == "idle"
        for phase in ("listening", "thinking", "speaking", "idle"):
            it.now(phase=phase)
            await asyncio.sleep(0.1)
        it.now(muted=True)
        await asyncio.sleep(0.1)
        assert (await anext(changes)).state == "muted"
        it.now(muted=False)
        assert (await asyncio.wait_for(anext(changes), 1.0)).state == "idle"
        await changes.aclose()
