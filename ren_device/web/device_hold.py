"""Push-to-talk over a network: who holds the button must keep saying so."""

import asyncio
import logging

from ren_device.web.device_control import DeviceControl

HOLD_S = 3.0
"""A client that has not renewed its hold for so long has gone, and the button is let go."""

_log = logging.getLogger(__name__)


class Hold:
    """The talk button as it is held by clients; they share it as they would a real one."""

    def __init__(self, device: DeviceControl) -> None:
        """Nobody holds it; `run` lets go for those who vanish."""
        self._device = device
        self._held = False
        self._renewed = asyncio.Event()
        self._turn = asyncio.Lock()  # a release waits until the press before it is done

    async def renew(self) -> bool:
        """Press, or go on holding; see `DeviceControl.talk`."""
        async with self._turn:
            if not self._held:
                self._held = await self._device.talk(held=True)
            self._renewed.set()
            return self._held

    async def release(self) -> None:
        """Let go; harmless when nobody holds it."""
        async with self._turn:
            if self._held:
                self._held = False
                await self._device.release()

    async def run(self) -> None:
        """Let go for clients that have vanished, until cancelled."""
        while True:
            await self._renewed.wait()
            self._renewed.clear()
            try:
                async with asyncio.timeout(HOLD_S):
                    await self._renewed.wait()
            except TimeoutError:
                if self._held:
                    _log.info("nobody says any more that the talk button is held: it is let go")
                    await self.release()
