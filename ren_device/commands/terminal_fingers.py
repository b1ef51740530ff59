"""What a key of the keyboard does to the simulated panel."""

import asyncio

from ren_device.errors import RenError
from ren_device.panel.gestures import RESET_S, STUCK_S, WARN_S
from ren_device.panel.scenes import LightState
from ren_device.ports import PanelOnScreen
from ren_device.web.device_control import DeviceControl

TAP_S, BETWEEN_S = 0.08, 0.12
HOLD_S = 9.0
"""`h` lets go by itself before it becomes a factory reset; that is what `x` is for."""
_STEP_PERCENT = 10
_LATE_S = 0.5  # the light follows the button

KEYS = (
    "space tap",
    "d double tap",
    f"h hold (h again lets go, or {HOLD_S:.0f} s)",
    "x hold to erase everything (x again lets go)",
    "m mute",
    "+ - volume",
    "q quit",
)
_HELD = "The button is held; x lets go."


class Fingers:
    """Presses the pins; where the board has none for it, asks the speaker as the page would."""

    def __init__(self, panel: PanelOnScreen, device: DeviceControl) -> None:
        """Nothing is pressed."""
        self._panel = panel
        self._device = device
        self._lets_go: asyncio.TimerHandle | None = None
        self._holds = False
        self._since = 0.0

    async def key(self, key: str) -> str:
        """What to say of it; empty when it went well. A key that means nothing does nothing."""
        try:
            return await self._do(key)
        except RenError as error:
            return str(error)

    def hint(self, light: LightState) -> str:
        """What it means to hold the talk button on, and to let go of it; `light` is shown now."""
        if "talk" not in self._panel.controls or not self._panel.is_down("talk"):
            return ""
        if self._lets_go is not None:
            return f"h holds the button; h again lets go, or {HOLD_S:.0f} s."
        if not self._since:
            return _HELD
        held_s = asyncio.get_running_loop().time() - self._since
        if light == "reset_warning" and held_s < RESET_S:
            return "The warning rises. x lets go now, and nothing is erased."
        if light == "reset_warning":
            left_s = max(0.0, STUCK_S - held_s)
            within = f"Press x within {left_s:.0f} s to let go"
            return f"{within}: then EVERYTHING THAT REN KEEPS IS ERASED."
        if held_s < WARN_S + _LATE_S:
            return f"x holds the button. After {WARN_S:.0f} s a warning rises; wait for full light."
        return "The button means nothing any more, and nothing is erased. x lets go."

    def rest(self) -> None:
        """Do nothing more. What is down stays down: to let go might erase everything."""
        if self._lets_go is not None:
            self._lets_go.cancel()
            self._lets_go = None

    def _let_go(self) -> None:
        self.rest()
        self._since = 0.0
        self._panel.release("talk")

    async def _do(self, key: str) -> str:
        match key:
            case " ":
                return await self._tap()
            case "d" if "talk" in self._panel.controls:
                if said := await self._tap():
                    return said
                await asyncio.sleep(BETWEEN_S)
                return await self._tap()
            case "h":
                return await self._hold()
            case "x" if "talk" in self._panel.controls:
                if self._lets_go is not None:
                    return "h holds the button; h lets go."
                if self._panel.is_down("talk"):
                    self._let_go()
                else:
                    self._since = asyncio.get_running_loop().time()
                    self._panel.press("talk")
            case "d" | "x":
                return "This board has no talk button."
            case "m":
                await self._mute()
            case "+" | "=" | "-" | "_":
                await self._volume(1 if key in "+=" else -1)
        return ""

    async def _tap(self) -> str:
        if "talk" not in self._panel.controls:
            return "" if await self._device.talk() else "The microphone is off."
        if self._lets_go is not None:
            self._let_go()
        elif self._panel.is_down("talk"):
            return _HELD
        self._panel.press("talk")
        await asyncio.sleep(TAP_S)
        self._panel.release("talk")
        return ""

    async def _hold(self) -> str:
        if "talk" not in self._panel.controls:
            self._holds = not self._holds
            if not self._holds:
                await self._device.release()
            elif not await self._device.talk(held=True):
                self._holds = False
                return "The microphone is off."
        elif self._lets_go is not None:
            self._let_go()
        elif self._panel.is_down("talk"):
            return _HELD
        else:
            self._panel.press("talk")
            self._lets_go = asyncio.get_running_loop().call_later(HOLD_S, self._let_go)
        return ""

    async def _mute(self) -> None:
        state = self._device.state()
        is_switch = state.hardware is not None and state.hardware.mute_is_switch
        if "mute" not in self._panel.controls or (is_switch and state.muted_by == "software"):
            await self._device.set_mute(not state.muted)
        elif is_switch and self._panel.is_down("mute"):
            self._panel.release("mute")
        else:
            self._panel.press("mute")
            if not is_switch:
                await asyncio.sleep(TAP_S)
                self._panel.release("mute")

    async def _volume(self, sign: int) -> None:
        button = "volume_up" if sign > 0 else "volume_down"
        if button in self._panel.controls:
            self._panel.press(button)
            await asyncio.sleep(TAP_S)
            self._panel.release(button)
        elif self._panel.has_knob:
            self._panel.turn(sign)
        else:
            await self._device.step_volume(sign * _STEP_PERCENT)
