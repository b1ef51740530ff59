"""What outlives a restart."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from ren_device.model import (
    Alert,
    ApiKey,
    Ended,
    Fact,
    ListItem,
    Remark,
    Role,
    Routine,
    Summary,
    Thread,
)


class ThreadStore(Protocol):
    """Conversations. Every write is on disk when the call returns. All raise StoreError."""

    async def create(self, name: str, at: datetime) -> Thread:
        """A new thread, with the next free id."""

    async def get(self, thread_id: int) -> Thread:
        """Raises ThreadNotFound."""

    async def recent(self, limit: int) -> list[Thread]:
        """Most recently active first; "General", id 1, always exists."""

    async def set_allow_dangerous(self, thread_id: int, allow: bool) -> Thread:
        """Raises ThreadNotFound."""


class RemarkStore(Protocol):
    """What was said. Every write is on disk when the call returns. All raise StoreError."""

    async def add(self, thread_id: int, said: Sequence[tuple[Role, str]], at: datetime) -> None:
        """Append these in order, all or none, and mark the thread active at `at`."""

    async def latest(self, thread_id: int, limit: int) -> list[Remark]:
        """The latest `limit`, oldest first; empty for an unknown thread."""

    async def after(self, thread_id: int, remark_id: int) -> list[Remark]:
        """All that came after this remark (0 is before the first), oldest first."""


class SummaryStore(Protocol):
    """What long threads began with. Every write is on disk when the call returns."""

    async def get(self, thread_id: int) -> Summary | None:
        """The summary of this thread's beginning, if there is one."""

    async def put(self, summary: Summary) -> None:
        """Keep it in place of the one before."""


class FactStore(Protocol):
    """What the person asked Ren to remember. Every write is on disk when the call returns."""

    async def add(self, text: str, at: datetime) -> Fact:
        """Keep it under the next free id."""

    async def all(self) -> list[Fact]:
        """Oldest first."""

    async def replace(self, fact_id: int, text: str) -> Fact | None:
        """The corrected fact; None when there is none with this id."""

    async def remove(self, fact_ids: Sequence[int]) -> None:
        """Forget these; unknown ids are ignored."""


class AlertStore(Protocol):
    """Timers, alarms, reminders; and what phones are still to be told. All raise StoreError."""

    async def all(self) -> list[Alert]:
        """Everything that is kept, soonest first."""

    async def last_id(self) -> int:
        """The highest id that was ever given; 0 when none was."""

    async def write(
        self,
        put: Sequence[Alert] = (),
        remove: Sequence[int] = (),
        tell: Sequence[Alert] = (),
        ended: Sequence[Alert] = (),
    ) -> None:
        """Keep each of `put` under its own id, in place of what was there; forget `remove`.

        Phones are to be told of `tell`, each once for its id and due time. `ended` were
        acknowledged, which is remembered for a week, also over a restore. All of it or nothing is
        on disk when the call returns. Unknown ids in `remove` are ignored. The write is in the
        queue before the first `await`: who asks for one later comes later.
        """

    async def ended(self) -> list[Ended]:
        """What was acknowledged in about the last week, soonest first."""

    async def unnotified(self) -> list[Alert]:
        """What no client has been told of, soonest first, as it is now (`done` when it is gone)."""

    async def mark_notified(self, alerts: Sequence[Alert]) -> None:
        """A client has been told of these, by id and due time; unknown ones are ignored."""


class RoutineStore(Protocol):
    """Routines by name, whatever its letter case. All raise StoreError."""

    async def all(self) -> list[Routine]:
        """In alphabetical order."""

    async def get(self, name: str) -> Routine | None:
        """The routine of this name, or None."""

    async def put(self, routine: Routine) -> None:
        """Keep it in place of one of this name; on disk when the call returns."""

    async def remove(self, name: str) -> Routine | None:
        """The removed routine; None when there was none."""


class ListStore(Protocol):
    """Named lists. Every write is on disk when the call returns."""

    async def add(self, list_name: str, texts: Sequence[str]) -> list[ListItem]:
        """Append items."""

    async def items(self, list_name: str) -> list[ListItem]:
        """In the order in which they were added."""

    async def names(self) -> list[str]:
        """The lists that have items."""

    async def remove(self, item_ids: Sequence[int]) -> None:
        """Take these out; unknown ids are ignored."""


class PreferenceStore(Protocol):
    """Small things that outlive a restart, such as the volume. Raises StoreError."""

    async def get(self, key: str) -> str | None:
        """What was put, or None."""

    async def put(self, key: str, value: str) -> None:
        """On disk when the call returns."""


class ApiKeyStore(Protocol):
    """Keys of programs. Every write is on disk when the call returns. All raise StoreError."""

    async def add(self, name: str, digest: str, at: datetime) -> ApiKey:
        """Keep it under the next free id."""

    async def all(self) -> list[ApiKey]:
        """Oldest first."""

    async def mark_used(self, key_id: int, day: date) -> None:
        """It was last used on this day; an unknown id is ignored."""

    async def remove(self, key_id: int) -> ApiKey | None:
        """The removed key; None when there was none."""
