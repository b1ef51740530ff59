"""The alerts in memory, and the store behind them, which may be slow or fail."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

from ren_device.errors import StoreError
from ren_device.model import Alert
from ren_device.ports import AlertStore

SAVE_AGAIN_S = 10.0
"""A write that failed is tried again after this."""

_log = logging.getLogger(__name__)


class Kept:
    """Every alert there is. A change in memory and the order of its write are one step.

    So what is in memory is always what the store will hold when it has caught up.
    """

    def __init__(self, store: AlertStore) -> None:
        """Nothing is read before `load`."""
        self.alerts: dict[int, Alert] = {}
        self._store = store
        self._last_id = 0
        self._writes: set[asyncio.Task[None]] = set()
        self._written = 0  # writes that were begun
        self._unsaved: set[int] = set()  # what the store does not know as it is
        self._untold: list[Alert] = []  # nor that phones are to be told of these
        self._behind = asyncio.Event()
        self._bug: BaseException | None = None

    def new_id(self) -> int:
        """An id that was never given before."""
        self._last_id += 1
        return self._last_id

    async def load(self) -> None:
        """Take up what the store holds instead of what is here. Raises StoreError."""
        while True:
            begun = self._written
            if self._writes:
                await asyncio.wait(self._writes)
            stored = await self._store.all()
            self._last_id = max(self._last_id, await self._store.last_id())
            if self._written == begun:
                break  # else something was changed meanwhile
        self._unsaved.clear()
        self._untold.clear()
        self.alerts = {alert.id: alert for alert in stored if alert.state != "done"}

    def change(
        self, alert: Alert, *, gone: bool = False, undone: Callable[[], None]
    ) -> asyncio.Task[None]:
        """It is like this, or `gone`, at once; the task ends when that is on disk.

        It raises StoreError when it cannot be kept: then it is as it was, and `undone` is called,
        unless it has moved on meanwhile.
        """
        was = self.alerts.get(alert.id)
        put, remove = ((), (alert.id,)) if gone else ((alert,), ())
        write = self._begin(put, remove, ())
        now = self.alerts.get(alert.id)

        def undo() -> None:
            if self.alerts.get(alert.id) is not now:
                self._fell_behind({alert.id})
            else:
                self._restore(alert.id, was)
                undone()

        return self._own(self._or_undo(write, undo))

    def change_anyway(
        self, put: Sequence[Alert] = (), remove: Sequence[int] = (), tell: Sequence[Alert] = ()
    ) -> asyncio.Task[None]:
        """Change memory now, whatever the disk does; what it refuses is tried again later.

        The task ends when the disk has answered; it raises nothing.
        """
        write = self._begin(put, remove, tell)
        return self._own(self._forgive(write, {a.id for a in put} | set(remove), tell))

    async def keep_saving(self) -> None:
        """Try what failed again, until cancelled."""
        while True:
            await self._behind.wait()
            self._behind.clear()
            if self._bug is not None:
                raise self._bug
            await asyncio.sleep(SAVE_AGAIN_S)
            numbers, untold = set(self._unsaved), tuple(self._untold)
            put = [self.alerts[number] for number in numbers if number in self.alerts]
            gone = [number for number in numbers if number not in self.alerts]
            self._untold.clear()
            await self._forgive(self._begin(put, gone, untold), numbers, untold)

    async def settle(self) -> None:
        """Return when every write that was begun has ended."""
        while self._writes:
            await asyncio.wait(self._writes)

    def _begin(
        self, put: Sequence[Alert], remove: Sequence[int], tell: Sequence[Alert]
    ) -> asyncio.Task[None]:
        """Tasks start in the order in which they were made, and so the writes are in order."""
        for alert in put:
            self.alerts[alert.id] = alert
        for number in remove:
            self.alerts.pop(number, None)
        return self._own(self._write(put, remove, tell))

    async def _write(
        self, put: Sequence[Alert], remove: Sequence[int], tell: Sequence[Alert]
    ) -> None:
        await self._store.write(put, remove, tell)
        self._unsaved -= {alert.id for alert in put} | set(remove)

    async def _or_undo(self, write: asyncio.Task[None], undo: Callable[[], None]) -> None:
        try:
            await write
        except StoreError:
            undo()
            raise

    def _restore(self, alert_id: int, alert: Alert | None) -> None:
        if alert is None:
            self.alerts.pop(alert_id, None)
        else:
            self.alerts[alert_id] = alert

    async def _forgive(
        self, write: asyncio.Task[None], numbers: set[int], tell: Sequence[Alert]
    ) -> None:
        try:
            await write
        except StoreError as error:
            if not self._unsaved:
                _log.warning("changes of alerts cannot be kept at the moment: %s", error)
            self._untold += tell
            self._fell_behind(numbers)

    def _fell_behind(self, numbers: set[int]) -> None:
        self._unsaved |= numbers
        self._behind.set()

    def _own(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._written += 1
        self._writes.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._writes.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StoreError):
            self._bug = error
            self._behind.set()
