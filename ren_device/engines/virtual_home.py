"""A home that is a file: for trying Ren out without a single device.

REN_HOME_FILE names a TOML file (see `virtual_home_file`). It is read again when it has changed, at
the next look. What was switched is kept over a restart, for as long as the file still says of that
characteristic what it said then: whoever edits a value gets that value.
"""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from ren_device.engines.virtual_devices import Device, Refused
from ren_device.engines.virtual_home_file import Stamp, read_home, stamp_of
from ren_device.errors import HomeError, SettingError, StoreError
from ren_device.model import Accessory, HomeValue
from ren_device.ports import PreferenceStore

KEPT_UNDER = "virtual_home"
"""The preference that holds what was switched: {id: {char_key: [value in the file, value]}}."""

_log = logging.getLogger(__name__)

Switched = dict[str, dict[str, tuple[HomeValue, HomeValue]]]
_switched: TypeAdapter[Switched] = TypeAdapter(Switched)


class VirtualHome:
    """Implements ports.HomeDriver. Every device does at once what it is told."""

    name = "virtual"

    def __init__(
        self, path: Path, stamp: Stamp, devices: Mapping[str, Device], keep: PreferenceStore
    ) -> None:
        """Use `open` instead."""
        self._path = path
        self._stamp = stamp
        self._devices = devices
        self._keep = keep
        self._switched: Switched = {}
        self._shown: dict[str, Accessory] = {}  # as they are now; what is missing is made anew
        self._writing = asyncio.Lock()
        self._changed = self._written = 0  # how many changes there were, and how many are kept
        self._is_kept = True

    @classmethod
    async def open(cls, path: Path, keep: PreferenceStore) -> Self:
        """Read the home, and from `keep` what was switched in it.

        Raises SettingError with one line that names REN_HOME_FILE, the place and what is allowed;
        StoreError when it is not known what was switched.
        """
        try:
            stamp, devices = await asyncio.to_thread(read_home, path)
        except Refused as error:
            raise SettingError(f"REN_HOME_FILE={path}: {error}") from None
        home = cls(path, stamp, devices, keep)
        home._switched = _parsed(await keep.get(KEPT_UNDER))
        return home

    async def reload(self) -> None:
        """What is kept was replaced as a whole. Raises StoreError."""
        self._switched = _parsed(await self._keep.get(KEPT_UNDER))
        self._shown.clear()

    async def look(self) -> Sequence[Accessory]:
        """See ports.HomeDriver. A file that cannot be read any more leaves the home as it is."""
        stamp = await asyncio.to_thread(stamp_of, self._path)
        if stamp != self._stamp:
            self._stamp = stamp  # a mistake is logged once, not at every look
            try:
                self._stamp, self._devices = await asyncio.to_thread(read_home, self._path)
            except Refused as error:
                _log.warning("REN_HOME_FILE=%s: %s; the home stays as it was", self._path, error)
            else:
                self._shown.clear()
                _log.info("REN_HOME_FILE=%s was read again", self._path)
        return [self._now(device_id) for device_id in self._devices]

    async def set(self, accessory_id: str, values: Mapping[str, HomeValue]) -> Accessory:
        """See ports.HomeDriver. It is done even when the disk fails, but is then not kept."""
        device = self._devices.get(accessory_id)
        if device is None:
            raise HomeError(f"There is no {accessory_id} in the home's file.")
        try:
            device.changed({**self._changes(accessory_id), **values})
        except Refused as error:
            raise HomeError(f"{accessory_id} refuses: {error}") from None
        said = device.told()
        mine = self._switched.setdefault(accessory_id, {})
        for char_key, value in values.items():
            mine[char_key] = (said[char_key], value)
        self._shown.pop(accessory_id, None)
        now = self._now(accessory_id)
        await self._keep_switched()
        return now

    def _now(self, accessory_id: str) -> Accessory:
        if accessory_id not in self._shown:
            self._shown[accessory_id] = self._made(accessory_id)
        return self._shown[accessory_id]

    def _made(self, accessory_id: str) -> Accessory:
        device = self._devices[accessory_id]
        try:
            return device.changed(self._changes(accessory_id)).accessory(accessory_id)
        except Refused:  # by now the file has other bounds
            del self._switched[accessory_id]
            return device.accessory(accessory_id)

    def _changes(self, accessory_id: str) -> dict[str, HomeValue]:
        """What was switched and still stands against the file."""
        said = self._devices[accessory_id].told()
        kept = self._switched.get(accessory_id, {})
        return {key: now for key, (then, now) in kept.items() if said.get(key) == then}

    async def _keep_switched(self) -> None:
        """Many who switch at once share one writing."""
        self._changed += 1
        mine = self._changed
        async with self._writing:
            if self._written >= mine:
                return
            all_changes = self._changed
            standing = {
                each: {key: self._switched[each][key] for key in self._changes(each)}
                for each in self._devices
                if each in self._switched
            }
            try:
                await self._keep.put(KEPT_UNDER, json.dumps(standing, separators=(",", ":")))
            except StoreError as error:
                if self._is_kept:
                    _log.warning("what is switched in the home is not kept: %s", error)
                self._is_kept = False
            else:
                self._is_kept = True
                self._written = all_changes


def _parsed(kept: str | None) -> Switched:
    try:
        return _switched.validate_json(kept) if kept else {}
    except ValidationError:
        _log.warning("what was switched in the home cannot be read: it begins as in its file")
        return {}
