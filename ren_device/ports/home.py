"""The devices of the home."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ren_device.model import Accessory, HomeValue


class HomeDriver(Protocol):
    """Connects some accessories of the home: one bridge, one cloud, one file."""

    name: str
    """One word, unique among the drivers; every id of an accessory begins with it and a hyphen."""

    async def look(self) -> Sequence[Accessory]:
        """All accessories as they are now, in a steady order; never called twice at once.

        Raises HomeError when it cannot tell. Accessories that are left out are gone.
        """

    async def set(self, accessory_id: str, values: Mapping[str, HomeValue]) -> Accessory:
        """Write these characteristics, all or none, and return the accessory as it then is.

        May be called while a `look` goes on. Raises HomeError when it does not answer or refuses.
        """
