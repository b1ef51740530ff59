"""Whether Ren is muted: its commands do not open the microphone then either."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ren_device.bus import Bus
from ren_device.commands.checks.finding import asked, url_of
from ren_device.errors import DeviceError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ren_device.choice import PanelParts
    from ren_device.settings import Settings

MutedBy = Literal["switch", "software"] | None
"""What has muted it; None: nothing has."""


class KeptPreferences:
    """ports.PreferenceStore of a store that is only looked at."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is read yet."""
        self._data_dir = data_dir

    async def get(self, key: str) -> str | None:
        """See ports.PreferenceStore. Raises StoreError."""
        from ren_device.store import kept_preferences

        return (await asyncio.to_thread(kept_preferences, self._data_dir)).get(key)

    async def put(self, key: str, value: str) -> None:
        """Refused: it is somebody else's."""
        raise StoreError(f"{key}={value} cannot be kept: the store is only looked at")


def is_unread(device: "Mapping[str, object]") -> bool:
    """Whether /device says that a switch mutes which it does not have: it cannot be read."""
    board = device.get("hardware", {"controls": ["mute"]})
    there = board.get("controls", ()) if isinstance(board, dict) else ()
    return device.get("muted_by") == "switch" and "mute" not in there


def muted_by(
    settings: "Settings", open_panel: "Callable[[Settings], PanelParts] | None" = None
) -> MutedBy:
    """What mutes it: as the Ren that runs says, else its switch, or what was kept. Blocks.

    Raises StoreError and DeviceError where one of them cannot be read: then nobody knows.
    """
    device = asked(f"{url_of(settings)}/device") if settings.port else None
    if device is not None and "muted" in device:
        if not device["muted"]:
            return None
        if is_unread(device):
            raise DeviceError("its switch cannot be read by the Ren that runs")
        return "switch" if device.get("muted_by") == "switch" else "software"
    from ren_device import choice

    return asyncio.run(_as_the_panel_says(settings, open_panel or choice.panel))


async def _as_the_panel_says(
    settings: "Settings", open_panel: "Callable[[Settings], PanelParts]"
) -> MutedBy:
    from ren_device.panel.mute import Mute

    parts = await asyncio.to_thread(open_panel, settings)
    try:
        if parts.controls.mute_is_switch and "mute" not in parts.controls.controls:
            raise DeviceError(f"its switch cannot be read: {parts.controls.trouble}")
        mute = Mute(KeptPreferences(settings.data_dir), Bus(), parts.controls)
        await mute.load()
        return mute.by
    finally:
        await parts.controls.close()
        await parts.lamp.close()
