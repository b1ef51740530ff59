"""Work that is finished even when whoever waits for it is cancelled."""

import asyncio
from collections.abc import Coroutine


async def to_the_end(work: Coroutine[None, None, None]) -> None:
    """Await `work` even when cancelled meanwhile; the cancellation is raised when it is done.

    It is raised even if the work failed: whoever cancels counts on that.
    """
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from task.exception()
    task.result()
