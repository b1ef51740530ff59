"""What people were told of this card, in a file of its own.

It is not in the store: a backup of another card must not bring it back, or take it away.
"""

import asyncio
import json
from pathlib import Path

from ren_device.errors import StoreError
from ren_device.store.backup_file import replace_durably

FILE = "told.json"


class Told:
    """Implements ports.PreferenceStore. What cannot be kept is known for as long as Ren runs."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is read before the first `get`."""
        self._file = data_dir / FILE
        self._told: dict[str, str] | None = None

    async def get(self, key: str) -> str | None:
        """What was put, or None."""
        return (await self._all()).get(key)

    async def put(self, key: str, value: str) -> None:
        """On disk when the call returns."""
        told = await self._all()
        told[key] = value
        try:
            await asyncio.to_thread(replace_durably, self._file, json.dumps(told).encode() + b"\n")
        except OSError as error:
            raise StoreError(f"cannot write {self._file}: {error.strerror or error}") from None

    async def _all(self) -> dict[str, str]:
        if self._told is None:
            self._told = await asyncio.to_thread(_read, self._file)
        return self._told


def _read(file: Path) -> dict[str, str]:
    """Nothing where it is not there, or is not what was written."""
    try:
        return {str(key): str(value) for key, value in json.loads(file.read_bytes()).items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
