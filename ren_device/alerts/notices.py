"""Who is told of which due alert: every client then connected, and later ones only what was missed.

An alert counts as told once one client has really taken it; then the store remembers that. Until
then it is kept for the next who listens. The store is the truth; the bus only says when to look.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from ren_device.bus import Bus
from ren_device.errors import StoreError
from ren_device.model import Alert, AlertChanged, Event
from ren_device.ports import AlertStore

MOST_WAITING = 256
"""How many alerts may wait for one slow listener; it is offered more when it has taken some."""
MARK_AGAIN_S = (1.0, 30.0)
"""After a failed write the next try comes this much later; the wait doubles up to the second."""

_log = logging.getLogger(__name__)


class Listener:
    """One client. Use `Notices.listen` to get one; one task reads it."""

    def __init__(self, notices: "Notices", most_waiting: int) -> None:
        """Hold at most `most_waiting` alerts that were not yet read."""
        self._notices = notices
        self._most_waiting = most_waiting
        self._waiting: list[Alert] = []
        self._something = asyncio.Event()
        self.doubtful = False
        """Nothing has come back from this client for a while: others are told what it was told."""

    async def next(self, interval_s: float) -> list[Alert]:
        """What to tell the client now; waits for it.

        Meanwhile has the store looked at whenever nobody has done so for `interval_s` seconds.
        """
        while not self._waiting:
            look_at = self._notices.looked_at + interval_s
            try:
                async with asyncio.timeout_at(look_at):
                    await self._something.wait()
            except TimeoutError:
                await self._notices.look()
        self._something.clear()
        alerts, self._waiting = self._waiting, []
        return alerts

    def took(self, alerts: Sequence[Alert]) -> None:
        """The client has these: nobody who connects later is told of them."""
        self.doubtful = False
        self._notices.taken(alerts)

    def doubt(self) -> None:
        """The client may have gone: what it has not taken is offered to others as well."""
        self.doubtful = True
        self._notices.offer()

    @property
    def has_room(self) -> bool:
        """Whether one more alert may be put."""
        return len(self._waiting) < self._most_waiting

    def forget(self) -> None:
        """What waits is about alerts that are no more."""
        self._waiting.clear()

    def put(self, alert: Alert) -> None:
        """One more alert to tell the client of."""
        self._waiting.append(alert)
        self._something.set()


@dataclass
class _Due:
    """An alert that nobody has taken yet, and to whom it was offered in this life."""

    alert: Alert
    offered: set[Listener] = field(default_factory=set)

    @property
    def on_its_way(self) -> bool:
        return any(not listener.doubtful for listener in self.offered)


class Notices:
    """Hands due alerts to listeners. `run` must run for anybody to hear of anything new.

    Should the store fail, alerts are told of all the same and marked when it works again; in this
    process nobody is told twice. A kill between the telling and the mark may repeat one afterwards.
    """

    def __init__(self, store: AlertStore, bus: Bus, most_waiting: int = MOST_WAITING) -> None:
        """Read nothing before `run` or the first `look`."""
        self._store = store
        self._bus = bus
        self._most_waiting = most_waiting
        self._listeners: dict[Listener, None] = {}  # in the order in which they came
        self._due: dict[int, _Due] = {}
        self._taken: set[int] = set()  # and not yet marked in the store
        self._some_taken = asyncio.Event()
        self._using_store = asyncio.Lock()  # a look never sees what a mark is about to change
        self._readings = 0
        self._blind = False  # the latest one failed
        self.looked_at = float("-inf")
        """When the latest look began, on the event loop's clock."""

    async def run(self) -> None:
        """Tell listeners what comes due and mark what they took, until cancelled."""
        with self._bus.subscribe() as events:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._keep_marking(), name="notices: mark")
                    await self.look()
                    lost = 0
                    async for event in events:
                        await self._hear(event)
                        if events.dropped > lost:
                            lost = events.dropped
                            await self.look()
            finally:
                await self._mark()  # what was taken in the last moment

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Listener]:
        """Listen from now until the block ends, beginning with what nobody was told of."""
        await self._read()
        # No await from here on: of two who come together, one gets what was missed.
        listener = Listener(self, self._most_waiting)
        self._listeners[listener] = None
        self.offer()
        try:
            yield listener
        finally:
            del self._listeners[listener]
            for due in self._due.values():
                due.offered.discard(listener)
            self.offer()

    async def look(self) -> None:
        """Offer what the store says that nobody was told of.

        A store that cannot be read is logged, and looked at again later.
        """
        await self._read()
        self.offer()

    async def reload(self) -> None:
        """The store was replaced as a whole: forget what was in it and offer what is in it now."""
        async with self._using_store:
            self._due.clear()
            self._taken.clear()
            for listener in self._listeners:
                listener.forget()
        await self.look()

    def offer(self) -> None:
        """Give each alert that is on its way to nobody to all who have not been offered it."""
        for due in self._due.values():
            if not due.on_its_way:
                for listener in self._listeners:
                    if listener not in due.offered and listener.has_room:
                        listener.put(due.alert)
                        due.offered.add(listener)

    def taken(self, alerts: Sequence[Alert]) -> None:
        """A client has these."""
        for alert in alerts:
            if self._due.pop(alert.id, None):
                self._taken.add(alert.id)
                self._some_taken.set()
        self.offer()  # it has room again

    async def _read(self) -> None:
        """Learn what nobody was told of. Many at once share one reading."""
        readings = self._readings
        async with self._using_store:
            if self._readings > readings:
                return  # it began after this one was asked for
            self._readings += 1
            self.looked_at = asyncio.get_running_loop().time()
            try:
                missed = await self._store.unnotified()
            except StoreError as error:
                if not self._blind:
                    _log.warning("cannot look for what is due: %s", error)
                self._blind = True
            else:
                self._blind = False
                for alert in missed:
                    self._add(alert)

    async def _hear(self, event: Event) -> None:
        if not isinstance(event, AlertChanged):
            return
        alert = event.alert
        if alert.state == "due":
            await self.look()
            if not self._is_known(alert) and await self._is_unsaved(alert):
                self._add(alert)
                self.offer()
        elif alert.id in self._due:
            self._due[alert.id].alert = alert

    def _is_known(self, alert: Alert) -> bool:
        return alert.id in self._due or alert.id in self._taken

    async def _is_unsaved(self, alert: Alert) -> bool:
        """Whether it rings although the store, whose disk failed, does not know yet."""
        with suppress(StoreError):
            kept = await self._store.all()
            return any(each.id == alert.id and each.state == "pending" for each in kept)
        return False

    def _add(self, alert: Alert) -> None:
        if not self._is_known(alert):
            self._due[alert.id] = _Due(alert)

    async def _keep_marking(self) -> None:
        shortest_s, longest_s = MARK_AGAIN_S
        again_s = shortest_s
        while True:
            await self._some_taken.wait()
            self._some_taken.clear()
            if await self._mark():
                again_s = shortest_s
            else:
                await asyncio.sleep(again_s)
                again_s = min(again_s * 2, longest_s)
                self._some_taken.set()

    async def _mark(self) -> bool:
        async with self._using_store:
            marking = sorted(self._taken)
            if not marking:
                return True
            try:
                await self._store.mark_notified(marking)
            except StoreError as error:
                _log.warning("alerts were told, but cannot be marked so: %s", error)
                return False
            self._taken.difference_update(marking)
            return True
