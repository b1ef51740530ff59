"""Ends what is still running when the server stops, and refuses what comes after."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ren_device.web.errors import ApiError


class Stopping:
    """The open turns of one server."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._stopped = False
        self._open: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def ends_this(self) -> AsyncIterator[None]:
        """Run the block until the server stops; then it is cancelled and ApiError 503 is raised."""
        if self._stopped:
            raise _refusal()
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._open.add(limit)
                yield
        except TimeoutError:
            if limit.expired():
                raise _refusal() from None
            raise
        finally:
            self._open.discard(limit)

    def stop(self) -> None:
        """End every open block. Returns at once."""
        if self._stopped:
            return
        self._stopped = True
        for limit in self._open:
            limit.reschedule(0)  # long past on the loop's clock, so it fires right away


def _refusal() -> ApiError:
    return ApiError(503, "Ren is stopping.")
