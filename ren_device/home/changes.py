"""What has changed: between two looks, and for one listener."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ren_device.model import Accessory, DeviceChange


def differences(
    before: Mapping[str, Accessory], after: Mapping[str, Accessory]
) -> Iterator[DeviceChange]:
    """Each characteristic that was known before and has another value after.

    What was not there before is a baseline and no change, and neither is what has gone.
    """
    for accessory in after.values():
        known = before.get(accessory.id)
        if known is None or known is accessory:
            continue
        for char_key, characteristic in accessory.characteristics.items():
            old = known.characteristics.get(char_key)
            if old is not None and old.value != characteristic.value:
                yield DeviceChange(
                    accessory.id,
                    accessory.name,
                    accessory.service_type,
                    char_key,
                    characteristic.value,
                    old.value,
                )


class Changes:
    """The changes that one listener has not read yet, oldest first.

    A slow listener misses nothing that lasts: further changes of the same characteristic become
    one, and one that was undone meanwhile goes. So no more can wait than the home has
    characteristics.
    """

    def __init__(self) -> None:
        """Nothing has changed yet: now is the baseline."""
        self._waiting: dict[tuple[str, str], DeviceChange] = {}
        self._some = asyncio.Event()

    def put(self, change: DeviceChange) -> None:
        """Add a change; never blocks."""
        key = change.accessory_id, change.char_key
        unread = self._waiting.get(key)
        if unread is None:
            self._waiting[key] = change
        elif unread.previous == change.value:
            del self._waiting[key]
        else:
            self._waiting[key] = replace(change, previous=unread.previous)
        if self._waiting:
            self._some.set()
        else:
            self._some.clear()

    async def next(self) -> DeviceChange:
        """The oldest change, waited for if need be."""
        while not self._waiting:  # it may be undone before a reader has woken up
            await self._some.wait()
        change = self._waiting.pop(next(iter(self._waiting)))
        if not self._waiting:
            self._some.clear()
        return change
