"""What happened, told to whoever listens. In one process, on one event loop, in order."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from ren_device.model import Event


class Subscription:
    """A bounded queue of events. A reader that falls behind loses the oldest and can see it."""

    def __init__(self, limit: int) -> None:
        """Hold at most `limit` events."""
        self._events: asyncio.Queue[Event] = asyncio.Queue(limit)
        self.dropped = 0

    def put(self, event: Event) -> None:
        """Add an event; when full, the oldest goes."""
        if self._events.full():
            self._events.get_nowait()
            self.dropped += 1
        self._events.put_nowait(event)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield events for as long as the reader wants."""
        while True:
            yield await self._events.get()


class Bus:
    """Publish to every subscription; never blocks and never fails."""

    def __init__(self) -> None:
        """Start with no listener."""
        self._subscriptions: set[Subscription] = set()

    def publish(self, event: Event) -> None:
        """Tell everyone."""
        for subscription in self._subscriptions:
            subscription.put(event)

    @contextmanager
    def subscribe(self, limit: int = 64) -> Iterator[Subscription]:
        """Listen from now until the `with` block ends."""
        subscription = Subscription(limit)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
