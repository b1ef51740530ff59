"""A mind that is still being loaded: its first turns wait for it, and the server does not."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ren_device.errors import EngineError
from ren_device.model import MindPart, MindRequest
from ren_device.ports import Mind


class MindLater:
    """Implements ports.Mind by waiting for the real one."""

    def __init__(self) -> None:
        """Needs a running event loop."""
        self._mind: asyncio.Future[Mind] = asyncio.get_running_loop().create_future()

    def ready(self, mind: Mind) -> None:
        """Here it is."""
        self._mind.set_result(mind)

    def failed(self, error: EngineError) -> None:
        """It will not come; every turn is told why."""
        self._mind.set_exception(error)
        self._mind.exception()  # seen here; turns raise it again

    async def step(self, request: MindRequest) -> AsyncGenerator[MindPart, None]:
        """See ports.Mind; also raises EngineError."""
        mind = await asyncio.shield(self._mind)
        async with aclosing(mind.step(request)) as parts:
            async for part in parts:
                yield part
