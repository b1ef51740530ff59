"""What a person must know of the image: that data was lost, or cannot be kept; how an update went.

It is said aloud once. Lost data is told at once and also at night; until somebody has been there
since, the lights wait for a setup. An update can wait for the morning.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from ren_device.bus import Bus
from ren_device.errors import StoreError
from ren_device.languages import read
from ren_device.model import MuteChanged, PanelChanged, TurnEnded, VoicePhaseChanged, VolumeChanged
from ren_device.ports import Announcer, Host, PreferenceStore
from ren_device.supervision.image import Image
from ren_device.updates.history import Update

LOOK_S = 60.0
"""How often it is looked how an update went, and whether it is still night."""
AGAIN_S = 60.0
"""When a notice is said again after somebody broke in."""

_log = logging.getLogger(__name__)


class ImageNotices:
    """Tells it. One for each start."""

    def __init__(
        self,
        look: Callable[[], Awaitable[Image | None]],
        told: PreferenceStore,
        announcer: Announcer,
        host: Host,
        bus: Bus,
        is_night: Callable[[], bool],
        boot_id: str,
        language: str = "en",
    ) -> None:
        """Nothing is said before `run`; what was is kept in `told`.

        While `is_night` only what is urgent is said. `boot_id` is another one after each start of
        the machine.
        """
        self._look = look
        self._told = told
        self._announcer = announcer
        self._host = host
        self._bus = bus
        self._is_night = is_night
        self._boot_id = boot_id
        self._words = read(language, "image")
        self._image: Image | None = None

    def health(self) -> Mapping[str, object]:
        """For /hub/health: nothing where there is no image."""
        return {"image": self._image.health()} if self._image is not None else {}

    async def run(self) -> None:
        """Until cancelled; returns where there is no image."""
        image = self._image = await self._look()
        if image is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_of_data(image), name="image: data")
            group.create_task(self._tell_of_updates(), name="image: updates")

    async def _tell_of_data(self, image: Image) -> None:
        lost = _lost(image)
        if lost is None:
            return
        # What cannot be written is so anew at each start of the machine.
        notice = lost if lost == "replaced" else f"{lost} {self._boot_id}"
        told = await self._told.get("data")
        if told == f"{notice} known":
            return
        _log.error("data: %s; people are told", lost)
        self._host.await_setup(True)
        self._bus.publish(PanelChanged())
        if told != notice and await self._said(str(self._words["data"][lost])):
            await self._remember("data", notice)
        await self._somebody()
        self._host.await_setup(False)
        self._bus.publish(PanelChanged())
        await self._remember("data", f"{notice} known")

    async def _tell_of_updates(self) -> None:
        while True:
            self._image = image = await self._look()
            update = image.update if image is not None else None
            if update is not None and not self._is_night():
                await self._tell_of_update(update)
            await asyncio.sleep(LOOK_S)

    async def _tell_of_update(self, update: Update) -> None:
        notice = f"{update.state} {update.to_version} {update.to_build} {update.at}"
        if update.state == "installed" or await self._told.get("update") == notice:
            return
        text = str(self._words["update"][update.state]).format(version=update.to_version)
        if await self._said(text):
            await self._remember("update", notice)

    async def _said(self, text: str) -> bool:
        """Whether it was, in the end; False when there is no voice."""
        said = await self._announcer.say(text)
        while said is False:  # somebody broke in
            await asyncio.sleep(AGAIN_S)
            said = await self._announcer.say(text)
        return bool(said)

    async def _somebody(self) -> None:
        """Return when a person has pressed something, or was answered."""
        with self._bus.subscribe() as events:
            async for event in events:
                match event:
                    case MuteChanged() | VolumeChanged():
                        return
                    case VoicePhaseChanged(phase="listening") | TurnEnded(outcome="replied"):
                        return
                    case _:
                        pass

    async def _remember(self, what: str, notice: str) -> None:
        try:
            await self._told.put(what, notice)
        except StoreError as error:
            _log.warning("that it was told cannot be kept: %s", error)


def _lost(image: Image) -> Literal["replaced", "volatile"] | None:
    if image.data == "volatile":
        return "volatile"
    return "replaced" if image.replaced else None
