"""The alerts in memory, and the store behind them, which may be slow or fail."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace

from ren_device.errors import StoreError
from ren_device.model import Alert, Ended
from ren_device.ports import AlertStore

SAVE_AGAIN_S = 10.0
"""A write that failed is tried again after this."""
LAST_WRITES_S = 3.0
"""So long a stop waits for the disk."""
MOST_OWED = 1000
"""While the disk fails, this much of what is to be told or remembered is kept; oldest go."""

_log = logging.getLogger(__name__)


class Kept:
    """Every alert there is. Memory changes at once, in the order of the writes.

    What the store lacks, because a write failed, is written when the disk works again.
    """

    def __init__(self, store: AlertStore) -> None:
        """Nothing is read before `load`."""
        self.alerts: dict[int, Alert] = {}
        self.set_back: frozenset[int] = frozenset()
        """Series that were restored as they were before their latest occurrence ended."""
        self._store = store
        self._last_id = 0
        self._writes: set[asyncio.Task[None]] = set()
        self._begun = 0  # how many writes there were
        self._unsaved: set[int] = set()  # what the store does not know as it is
        self._untold: list[Alert] = []  # nor that phones are to be told of these
        self._ended_since: list[Alert] = []  # nor that these were acknowledged
        self._something_to_do = asyncio.Event()
        self._bug: BaseException | None = None

    def new_id(self) -> int:
        """An id that was never given before."""
        self._last_id += 1
        return self._last_id

    async def load(self) -> None:
        """Take up what the store holds instead of what is here. Raises StoreError."""
        while True:
            begun = self._begun
            if self._writes:
                await asyncio.wait(self._writes)
            stored = await self._store.all()
            ended = await self._store.ended()
            self._last_id = max(self._last_id, await self._store.last_id())
            if self._begun == begun:
                break  # else something was changed meanwhile
        self._unsaved.clear()
        self._untold.clear()
        self._ended_since.clear()
        self.alerts = {alert.id: alert for alert in stored if alert.state != "done"}
        self._drop_ended(ended)

    def _drop_ended(self, ended: Sequence[Ended]) -> None:
        """A store that was restored may hold what has been acknowledged since."""
        numbers = {each.alert_id for each in ended}
        gone = [each.id for each in self.alerts.values() if each.id in numbers and not each.rule]
        going_on: dict[int, Alert] = {}
        for each in ended:
            series = self.alerts.get(each.series_id or 0)
            if series is not None and (series.last_at is None or series.last_at < each.due_at):
                going_on[series.id] = self.alerts[series.id] = replace(series, last_at=each.due_at)
        self.set_back = frozenset(going_on)
        if gone or going_on:
            self.write_or_retry(tuple(going_on.values()), gone)

    def write_or_undo(
        self,
        put: Sequence[Alert] = (),
        remove: Sequence[int] = (),
        *,
        undone: Callable[[Alert], None],
    ) -> asyncio.Task[None]:
        """Change memory now; the task ends when that is on disk.

        When that fails it raises StoreError, and what was neither due nor changed since is as it
        was before; `undone` is told each as it is then, `done` when it is none. One of these at a
        time.
        """
        numbers = [alert.id for alert in put] + list(remove)
        before = {number: self.alerts.get(number) for number in numbers}
        self._remember(put, remove)
        after = {number: self.alerts.get(number) for number in numbers}

        async def write() -> None:
            try:
                await self._write(put, remove)
            except StoreError:
                for number, was in before.items():
                    now = after[number]
                    silenced = was is not None and was.state == "due"
                    if silenced or self.alerts.get(number) is not now:
                        self._retry_later({number})
                    elif was is not None:
                        self._remember((was,), ())
                        undone(was)
                    elif now is not None:
                        self._remember((), (number,))
                        undone(replace(now, state="done"))
                raise

        return self._own(write())

    def write_or_retry(
        self,
        put: Sequence[Alert] = (),
        remove: Sequence[int] = (),
        tell: Sequence[Alert] = (),
        ended: Sequence[Alert] = (),
    ) -> asyncio.Task[None]:
        """Change memory now, whatever the disk does; what it refuses is tried again later.

        The task ends when the disk has answered; it raises nothing.
        """
        self._remember(put, remove)
        return self._own(self._write_or_retry(put, remove, tell, ended))

    async def keep_saving(self) -> None:
        """Try what failed again, until cancelled."""
        while True:
            await self._something_to_do.wait()
            self._something_to_do.clear()
            if self._bug is not None:
                raise self._bug
            await asyncio.sleep(SAVE_AGAIN_S)
            await asyncio.shield(self._save_again())

    async def settle(self) -> None:
        """Write what is owed, and return when all is written, or the disk does not answer."""
        try:
            async with asyncio.timeout(LAST_WRITES_S):
                if self._unsaved or self._untold:
                    self._save_again()
                while self._writes:
                    await asyncio.wait(self._writes)
        except TimeoutError:
            _log.warning("the disk does not answer; the last changes of alerts may be lost")

    def _remember(self, put: Sequence[Alert], remove: Sequence[int]) -> None:
        for alert in put:
            self.alerts[alert.id] = alert
        for number in remove:
            self.alerts.pop(number, None)

    def _save_again(self) -> asyncio.Task[None]:
        put = [self.alerts[number] for number in self._unsaved if number in self.alerts]
        gone = [number for number in self._unsaved if number not in self.alerts]
        tell, self._untold = self._untold, []
        ended, self._ended_since = self._ended_since, []
        return self._own(self._write_or_retry(put, gone, tell, ended))

    async def _write_or_retry(
        self,
        put: Sequence[Alert],
        remove: Sequence[int],
        tell: Sequence[Alert],
        ended: Sequence[Alert],
    ) -> None:
        try:
            await self._write(put, remove, tell, ended)
        except StoreError as error:
            if not self._unsaved:
                _log.warning("changes of alerts cannot be kept at the moment: %s", error)
            self._untold = [*self._untold, *tell][-MOST_OWED:]
            self._ended_since = [*self._ended_since, *ended][-MOST_OWED:]
            self._retry_later({alert.id for alert in put} | set(remove))

    async def _write(
        self,
        put: Sequence[Alert],
        remove: Sequence[int],
        tell: Sequence[Alert] = (),
        ended: Sequence[Alert] = (),
    ) -> None:
        await self._store.write(put, remove, tell, ended)
        self._unsaved -= {alert.id for alert in put} | set(remove)

    def _retry_later(self, numbers: set[int]) -> None:
        self._unsaved |= numbers
        self._something_to_do.set()

    def _own(self, write: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Tasks begin in the order in which they were made, and so do their writes."""
        task = asyncio.create_task(write)
        self._begun += 1
        self._writes.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._writes.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StoreError):
            self._bug = error
            self._something_to_do.set()
