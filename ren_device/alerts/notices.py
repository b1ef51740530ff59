"""Who is told of which due alert: every client then connected, and later ones only what was missed.

An alert counts as told once one client has really taken it; then the store remembers that. Until
then it is kept for the next who listens. It comes from the bus, because it rings before it is on
disk, and from the store's outbox, which knows what earlier lives left behind. A snoozed alert comes
due again under its id, so what is told is told once for an id and a due time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from ren_device.bus import Bus
from ren_device.errors import StoreError
from ren_device.model import Alert, AlertChanged, Event
from ren_device.ports import AlertStore

MOST_WAITING = 256
"""How many alerts may wait for one slow listener; it is offered more when it has taken some."""
MOST_UNTAKEN = 1000
"""How many alerts are kept for clients to come; beyond it the oldest are given up."""
MOST_TOLD = 4096
"""How many alerts are known to have been told; of older ones nobody speaks again."""
MARK_AGAIN_S = (1.0, 30.0)
"""After a failed write the next try comes this much later; the wait doubles up to the second."""

_KINDS = ("timer", "alarm", "reminder")  # a routine runs, and nobody need come for it

_log = logging.getLogger(__name__)

Key = tuple[int, datetime]
"""An alert's id and due time."""


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
        self._due: dict[Key, _Due] = {}
        self._told: dict[Key, None] = {}  # oldest first
        self._unmarked: dict[Key, Alert] = {}  # of these, those that the store does not know told
        self._some_told = asyncio.Event()
        self._reading = asyncio.Lock()
        self._readings = 0
        self._knows_past = False  # what was told in earlier lives
        self._blind = False  # the latest reading failed
        self.looked_at = float("-inf")
        """When the latest look began, on the event loop's clock."""

    async def run(self) -> None:
        """Tell listeners what comes due and mark what they took, until cancelled."""
        with self._bus.subscribe(MOST_UNTAKEN) as events:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._keep_marking(), name="notices: mark")
                    await self.look()
                    lost = 0
                    async for event in events:
                        self._hear(event)
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
        """Offer what the store says that nobody was told of; one that cannot be read is logged."""
        await self._read()
        self.offer()

    async def reload(self) -> None:
        """The store was replaced as a whole: forget what was in it and offer what is in it now.

        To be done before the kernel takes up what is due in it now.
        """
        async with self._reading:
            self._due.clear()
            self._told.clear()
            self._unmarked.clear()
            self._knows_past = False
            for listener in self._listeners:
                listener.forget()
        await self.look()

    def offer(self) -> None:
        """Give each alert that is on its way to nobody to all who have not been offered it."""
        if self._listeners:
            for due in self._due.values():
                self._offer(due)

    def taken(self, alerts: Sequence[Alert]) -> None:
        """A client has these."""
        for alert in alerts:
            if self._due.pop(_key(alert), None):
                self._remember(alert)
        self.offer()  # it has room again

    # --- what the bus and the store say -----------------------------------------------------

    def _hear(self, event: Event) -> None:
        if not isinstance(event, AlertChanged) or event.alert.kind not in _KINDS:
            return
        if event.change in ("due", "missed"):
            self._add(event.alert)
        else:
            self._update(event.alert)

    async def _read(self) -> None:
        """Learn what nobody was told of, and offer it. Many at once share one reading."""
        readings = self._readings
        async with self._reading:
            if self._readings > readings:
                return  # it began after this one was asked for
            self._readings += 1
            self.looked_at = asyncio.get_running_loop().time()
            try:
                kept = () if self._knows_past else await self._store.all()
                untold = await self._store.unnotified()
            except StoreError as error:
                if not self._blind:
                    _log.warning("cannot look for what is due: %s", error)
                self._blind = True
                return
            self._blind = False
            self._knows_past = True
            self._take_up(kept, untold)

    def _take_up(self, kept: Sequence[Alert], untold: Sequence[Alert]) -> None:
        """`kept` was read first: what came due there and is not in `untold` was told before."""
        untold_keys = set(map(_key, untold))
        for alert in kept:
            if alert.state in ("due", "missed") and _key(alert) not in untold_keys:
                self._told[_key(alert)] = None
        for alert in untold:
            if _key(alert) in self._told:
                self._remember(alert)  # told before the store knew of it
            elif alert.kind in _KINDS:
                self._add(alert)

    def _add(self, alert: Alert) -> None:
        key = _key(alert)
        if key in self._told or key in self._due:
            return
        due = self._due[key] = _Due(alert)
        self._offer(due)
        if len(self._due) > MOST_UNTAKEN:
            oldest = next(iter(self._due))
            self._remember(self._due.pop(oldest).alert)

    def _offer(self, due: _Due) -> None:
        if not due.on_its_way:
            for listener in self._listeners:
                if listener not in due.offered and listener.has_room:
                    listener.put(due.alert)
                    due.offered.add(listener)

    def _update(self, alert: Alert) -> None:
        """Of what waits to be told, that is how it is now; at another time it rings no more."""
        for key, due in self._due.items():
            if key == _key(alert):
                due.alert = alert
            elif key[0] == alert.id:
                due.alert = replace(due.alert, state="done")

    # --- what was told ----------------------------------------------------------------------

    def _remember(self, alert: Alert) -> None:
        key = _key(alert)
        self._told[key] = None
        self._unmarked[key] = alert
        self._some_told.set()
        while len(self._told) > MOST_TOLD:
            oldest = next(iter(self._told))
            del self._told[oldest]
            self._unmarked.pop(oldest, None)

    async def _keep_marking(self) -> None:
        shortest_s, longest_s = MARK_AGAIN_S
        again_s = shortest_s
        while True:
            await self._some_told.wait()
            self._some_told.clear()
            if await self._mark():
                again_s = shortest_s
            else:
                await asyncio.sleep(again_s)
                again_s = min(again_s * 2, longest_s)
                self._some_told.set()

    async def _mark(self) -> bool:
        marking = list(self._unmarked.values())
        if not marking:
            return True
        try:
            await self._store.mark_notified(marking)
        except StoreError as error:
            _log.warning("alerts were told, but cannot be marked so: %s", error)
            return False
        for alert in marking:
            self._unmarked.pop(_key(alert), None)
        return True


def _key(alert: Alert) -> Key:
    return alert.id, alert.due_at
