"""Asks programs for their key. The right one always opens; who keeps trying others is told to stop.

Keys cannot be guessed, so the limit is not what keeps people out: it keeps a program with an old
key, or a guesser, from wasting the speaker's time.
"""

import math
from collections import OrderedDict

from aiohttp import hdrs, web

from ren_device.ports import Clock
from ren_device.web.errors import ApiError
from ren_device.web.keyring import Keyring

TRIES = 10
"""Wrong keys from one address before more of them are answered 429."""
FORGIVEN_S = 60.0
"""After this long, counting from the first of them, they are forgotten."""
ADDRESSES = 256
"""How many addresses are remembered; the one that was counted first makes room."""

_HOW = "Send it as `Authorization: Bearer KEY`; `ren-device keys new NAME` makes one."


class Doorkeeper:
    """Lets requests in that carry a key of the keyring."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        """Nobody has tried yet."""
        self._keyring = keyring
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def admit(self, request: web.Request) -> None:
        """Return if there is a good key. Raises ApiError 401 or 429, and StoreError."""
        keys = _keys(request)
        for key in keys:
            if await self._keyring.holder(key):
                return
        if not keys:
            raise ApiError(401, f"This needs a key. {_HOW}")
        self._count(request.remote or "")
        raise ApiError(401, f"This key is not one of this speaker's. {_HOW}")

    def _count(self, address: str) -> None:
        """Another wrong key. Raises ApiError 429 after too many of them."""
        now = self._clock.monotonic()
        tries, since = self._wrong.get(address, (0, now))
        if now - since >= FORGIVEN_S:
            tries, since = 0, now
            self._wrong.pop(address)
        if tries >= TRIES:
            wait_s = math.ceil(since + FORGIVEN_S - now)
            raise ApiError(429, "Too many wrong keys; try again later.", retry_after_s=wait_s)
        self._wrong[address] = (tries + 1, since)
        if len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)


def _keys(request: web.Request) -> list[str]:
    """What the request carries, in either of the two headers that SDKs use."""
    scheme, _, bearer = request.headers.get(hdrs.AUTHORIZATION, "").strip().partition(" ")
    sent = [bearer if scheme.lower() == "bearer" else "", request.headers.get("X-Api-Key", "")]
    return list(dict.fromkeys(key.strip() for key in sent if key.strip()))
