"""The buttons: takes what their lines do, and has done what it means."""

import asyncio
import logging
from contextlib import aclosing, suppress
from functools import partial
from typing import assert_never

from ren_device.bus import Bus
from ren_device.model import Control, ControlEvent, Edge, PanelChanged, Turned
from ren_device.panel.debounce import Debounce
from ren_device.panel.deeds import Deeds
from ren_device.panel.gestures import Gesture, Gestures, Mute, MuteLine, Talk, VolumeBy, Warn
from ren_device.panel.lanes import Attempts, InOrder, Summed
from ren_device.ports import Clock, ControlPanel

KNOB_PERCENT = 3
"""How much louder or quieter a step of the knob is."""

_VOLUME_REST_S = 0.05  # each is written to the card; a knob has 20 steps a turn

_log = logging.getLogger(__name__)


class Panel:
    """One control panel and those who obey it."""

    def __init__(self, controls: ControlPanel, deeds: Deeds, clock: Clock, bus: Bus) -> None:
        """Nothing is read before `run`."""
        self._controls = controls
        self._deeds = deeds
        self._clock = clock
        self._bus = bus
        self._lines: dict[Control, Debounce] = {}
        self._gestures = Gestures(mute_is_switch=controls.mute_is_switch)
        self._stuck: str | None = None
        self._wake = asyncio.Event()
        self._attempts = Attempts()
        self._talk = InOrder(self._attempts)
        self._volume = Summed(self._attempts, "volume", self._change_volume, _VOLUME_REST_S)
        self._mute = Summed(self._attempts, "mute", self._toggle_mute)
        self._talk_deeds = {
            "talk_down": deeds.talk_down,
            "talk_held": deeds.talk_held,
            "talk_up": deeds.talk_up,
            "repeat": deeds.repeat,
            "stop": deeds.stop,
            "factory_reset": deeds.factory_reset,
        }

    @property
    def trouble(self) -> str | None:
        """Why a button or all of them do nothing, in one sentence; or None."""
        return self._controls.trouble or self._stuck

    async def run(self) -> None:
        """Until cancelled. What is down at the start means nothing, but for the mute switch."""
        async with aclosing(self._controls.events()) as events, asyncio.TaskGroup() as group:
            self._look_at_all()
            for name, lane in ("talk", self._talk), ("volume", self._volume), ("mute", self._mute):
                group.create_task(lane.run(), name=f"panel: {name}")
            group.create_task(self._keep_time(), name="panel: time")
            async for event in events:
                self._take(event)
                self._wake.set()

    def _look_at_all(self) -> None:
        now = self._clock.monotonic()
        for control in sorted(self._controls.controls):
            down = self._controls.is_down(control)
            self._lines[control] = Debounce(control, down=down, now=now)
            if control == "mute" and self._controls.mute_is_switch:
                self._do([MuteLine(down)])
            elif down:
                self._gestures.ignore(Edge(control, down, now))

    def _take(self, event: ControlEvent) -> None:
        if isinstance(event, Turned):
            self._volume.add(event.step * KNOB_PERCENT)
            return
        for edge in self._lines[event.control].edge(event):
            self._count(edge)

    def _count(self, edge: Edge) -> None:
        if edge.control == "talk" and edge.down and self._talk.full:
            self._gestures.ignore(edge)  # somebody hammers on it while nothing gets done
        else:
            self._do(self._gestures.edge(edge))

    async def _keep_time(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock.monotonic()
            due = self._pass_time(now)
            with suppress(TimeoutError):
                async with asyncio.timeout(due - now if due < float("inf") else None):
                    await self._wake.wait()

    def _pass_time(self, now: float) -> float:
        """Do what is due now; returns when the next is."""
        for control, line in self._lines.items():
            if line.look_at is not None and line.look_at <= now:
                for edge in line.look(self._controls.is_down(control), now):
                    self._count(edge)
        due = self._gestures.due
        if due <= now:
            # A hold goes on only if its line says so: the edge that ends it may be on its way.
            pressed = self._gestures.pressed
            sure = [self._lines[each].agrees(self._controls.is_down(each), now) for each in pressed]
            if all(sure):
                self._do(self._gestures.advance(now))
                due = self._gestures.due
            else:
                due = float("inf")
        looks = (line.look_at for line in self._lines.values() if line.look_at is not None)
        return min(due, *looks, float("inf"))

    def _do(self, gestures: list[Gesture]) -> None:
        for gesture in gestures:
            match gesture:
                case Talk(deed):
                    self._talk.add(deed, self._talk_deeds[deed])
                case VolumeBy(percent):
                    self._volume.add(percent)
                case Mute():
                    self._mute.add(1)
                case MuteLine(down):
                    self._attempts.at_once("mute_line", partial(self._deeds.mute_line, down))
                case Warn(progress):
                    self._attempts.at_once("warn", partial(self._deeds.warn, progress))
                case _:
                    assert_never(gesture)
        self._see_what_is_stuck()

    def _see_what_is_stuck(self) -> None:
        control = self._gestures.stuck
        stuck = control and f"the {control.replace('_', ' ')} button is stuck"
        if stuck != self._stuck:
            self._stuck = stuck
            _log.warning("%s", stuck or "no button is stuck any more")
            self._bus.publish(PanelChanged())

    async def _change_volume(self, percent: int) -> None:
        if percent:
            await self._deeds.volume(percent)

    async def _toggle_mute(self, presses: int) -> None:
        if presses % 2:
            await self._deeds.mute()
