"""A server of /device with real lights behind it, a speaker in memory, and simulated pins."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout

from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.errors import DeviceError, MutedBySwitch
from ren_device.model import (
    Colour,
    Control,
    MuteChanged,
    PanelChanged,
    VoicePhase,
    VoicePhaseChanged,
    VolumeChanged,
)
from ren_device.panel.brightness import Brightness
from ren_device.panel.lights import Lights
from ren_device.panel.truth import Truth
from ren_device.voice.volume import QuietHours
from ren_device.web.device import DeviceRoutes
from ren_device.web.device_control import DeviceHardware, DeviceState
from ren_device.web.server import serving
from tests.web.web_house import house

Json = dict[str, Any]

BOARD = DeviceHardware(
    name="bare-i2s",
    title="I2S microphone and amplifier, a button, a light",
    controls=frozenset({"talk", "mute", "volume_up", "volume_down"}),
    mute_is_switch=True,
)


class Pins:
    """A lamp, and the other side of simulated pins: what the lamp drives is what is seen."""

    trouble: str | None = None

    def __init__(self, pixels: int, controls: frozenset[Control], *, has_knob: bool) -> None:
        self.pixels = pixels
        self.controls = controls
        self.has_knob = has_knob
        self.down: set[Control] = set()
        self.touched: list[str] = []
        self._lit: tuple[Colour, ...] = ((0.0, 0.0, 0.0),) * pixels

    def show(self, pixels: Sequence[Colour], for_s: float = 3.0) -> None:
        del for_s
        self._lit = tuple(pixels)

    async def close(self) -> None:
        self._lit = ((0.0, 0.0, 0.0),) * self.pixels

    def press(self, control: Control) -> None:
        self.down.add(control)
        self.touched.append(f"{control} down")

    def release(self, control: Control) -> None:
        self.down.discard(control)
        self.touched.append(f"{control} up")

    def turn(self, steps: int) -> None:
        self.touched.append(f"turn {steps}")

    def is_down(self, control: Control) -> bool:
        return control in self.down

    def seen(self) -> tuple[Colour, ...]:
        return self._lit


class Speaker:
    """A speaker in memory; implements DeviceControl, and tells the bus as the real one does."""

    def __init__(self, bus: Bus, board: DeviceHardware | None = BOARD) -> None:
        self.bus = bus
        self.now = DeviceState("idle", None, False, None, 60, 60, 80, board)
        self.has_voice = True
        self.asked: list[str] = []

    def state(self) -> DeviceState:
        return self.now

    def truth(self) -> Truth:
        return Truth(
            phase=self.now.phase,
            muted=self.now.muted,
            volume_percent=self.now.volume_percent,
            fault=self.now.trouble,
        )

    def become(self, phase: VoicePhase, trouble: str | None = None) -> None:
        self.now = replace(self.now, phase=phase, trouble=trouble)
        self.bus.publish(VoicePhaseChanged(phase))

    def switch(self, *, muted: bool) -> None:
        """Somebody moves the switch."""
        self.now = replace(self.now, muted=muted, muted_by="switch" if muted else None)
        self.bus.publish(MuteChanged(muted))

    async def talk(self, *, held: bool = False) -> bool:
        if not self.has_voice:
            raise DeviceError("The voice is off.")
        self.asked.append("hold" if held else "talk")
        if self.now.phase in ("thinking", "speaking"):
            self.become("idle")
        elif self.now.muted:
            return False
        else:
            self.become("listening")
        return True

    async def release(self) -> None:
        self.asked.append("release")
        self.become("thinking")

    async def stop(self) -> None:
        self.asked.append("stop")
        self.become("idle")

    async def set_volume(self, percent: int) -> None:
        self.now = replace(self.now, volume_percent=percent, heard_percent=min(percent, 70))
        self.bus.publish(VolumeChanged(percent))

    async def step_volume(self, by: int) -> None:
        await self.set_volume(max(0, min(100, self.now.heard_percent + by)))

    async def set_mute(self, muted: bool) -> None:
        if not muted and self.now.muted_by == "switch":
            raise MutedBySwitch("The switch on the speaker says off.")
        self.now = replace(self.now, muted=muted, muted_by="software" if muted else None)
        self.bus.publish(MuteChanged(muted))


class DevicePorch:
    """All parts; `ask` sends a request."""

    def __init__(
        self,
        *,
        simulated: bool = True,
        knob: bool = False,
        board: DeviceHardware | None = BOARD,
        **changes: Any,
    ) -> None:
        self.bus = Bus()
        self.clock = SystemClock()
        self.speaker = Speaker(self.bus, board)
        controls = board.controls if board else frozenset[Control]()
        self.pins = Pins(3, controls, has_knob=knob)
        brightness = Brightness(100, 100, QuietHours(), self.clock)
        self.lights = Lights(self.pins, self.speaker.truth, self.clock, self.bus, brightness)
        self.routes = DeviceRoutes(
            self.speaker, self.lights, self.bus, self.pins if simulated else None, "Ren", "en"
        )
        self.services, _ = house(extra_routes=(self.routes.routes(),), **changes)
        self.client: ClientSession
        self.port = 0

    def flicker(self) -> None:
        """Something that only the lights show has changed."""
        self.bus.publish(PanelChanged())

    async def ask(
        self, method: str, path: str, body: object = None, *, expect: int = 200, **sent: Any
    ) -> Json:
        """The answer, which has this status."""
        if body is not None:
            sent["json"] = body
        async with self.client.request(method, path, **sent) as response:
            answer: Json = await response.json()
            assert response.status == expect, answer
            return answer

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[ClientResponse]:
        async with self.client.get("/device/events") as response:
            assert response.status == 200, await response.text()
            yield response


@asynccontextmanager
async def device_porch(**changes: Any) -> AsyncIterator[DevicePorch]:
    """Runs until the block ends."""
    porch = DevicePorch(**changes)
    async with AsyncExitStack() as stack:
        porch.port = await stack.enter_async_context(serving(porch.services, "127.0.0.1", 0))
        porch.client = await stack.enter_async_context(
            ClientSession(f"http://127.0.0.1:{porch.port}", timeout=ClientTimeout(total=30))
        )
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for loop in (porch.lights.run(), porch.routes.run()):
            stack.callback(group.create_task(loop).cancel)
        yield porch
