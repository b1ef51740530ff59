"""The thing on the counter, put together: what can be touched, what is seen, what mutes."""

from collections.abc import Awaitable, Callable

from ren_device import choice
from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.choice import PanelParts
from ren_device.model import VoicePhase
from ren_device.panel.brightness import Brightness
from ren_device.panel.hands import Hands
from ren_device.panel.lights import Lights
from ren_device.panel.mute import Mute
from ren_device.panel.panel import Panel
from ren_device.panel.witness import Witness
from ren_device.ports import Clock
from ren_device.settings import Settings
from ren_device.voice.service import VoiceService
from ren_device.voice.volume import QuietHours, Volume
from ren_device.web.device import DeviceRoutes
from ren_device.web.device_control import DeviceHardware
from ren_device.web.device_desk import DeviceDesk


class Counter:
    """One of these for each Ren, with a board or without one."""

    def __init__(
        self,
        settings: Settings,
        parts: PanelParts,
        voice: VoiceService | None,
        kernel: AlertKernel,
        mute: Mute,
        volume: Volume,
        clock: Clock,
        bus: Bus,
        store_trouble: Callable[[], str | None],
        reset: Callable[[], Awaitable[None]],
    ) -> None:
        """`reset` asks for everything to be erased, durably, and for a new start."""
        self._parts = parts
        self._voice = voice
        self._store_trouble = store_trouble
        self.hands = Hands(
            voice.by_hand if voice else None, kernel, mute, volume, clock, bus, reset
        )
        self.panel = Panel(parts.controls, self.hands, clock, bus)
        self.host = choice.host(clock.monotonic)
        witness = Witness(voice, kernel, mute, volume, self.hands, self.host, clock, self.trouble)
        night = QuietHours.parse(settings.night_hours, 0)
        brightness = Brightness(settings.brightness, settings.night_brightness, night, clock)
        self.lights = Lights(parts.lamp, witness.truth, clock, bus, brightness)
        desk = DeviceDesk(self.hands, mute, volume, self.phase, self.hardware, self.trouble)
        self.routes = DeviceRoutes(
            desk, self.lights, bus, parts.on_screen, settings.name, settings.language
        )

    def phase(self) -> VoicePhase:
        """What the voice of the room does."""
        return self._voice.phase if self._voice is not None else "off"

    def trouble(self) -> str | None:
        """What is broken that a person has to see to, in one sentence; or None."""
        ringing = self._voice.ringing_trouble if self._voice is not None else None
        mine = (self._parts.trouble, ringing, self.panel.trouble, self._parts.lamp.trouble)
        return next((each for each in (*mine, self._store_trouble()) if each), None)

    def hardware(self) -> DeviceHardware | None:
        """The board; None without one."""
        profile = self._parts.profile
        if profile is None:
            return None
        controls = self._parts.controls
        return DeviceHardware(
            name=self._parts.name,
            title=profile.title,
            trouble=self.panel.trouble or self._parts.lamp.trouble,
            controls=controls.controls,
            knob=profile.controls.encoder is not None,
            mute_is_switch=controls.mute_is_switch,
        )
