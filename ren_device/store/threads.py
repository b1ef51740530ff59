"""Conversations."""

from datetime import datetime

from tinydb.table import Document, Table

from ren_device.errors import ThreadNotFound
from ren_device.model import Thread
from ren_device.store.database import A_FEW, Database, Rows

GENERAL_ID = 1


class Threads:
    """ports.ThreadStore on TinyDB. Times are kept to the second."""

    def __init__(self, database: Database) -> None:
        """Use the table `threads`."""
        self._database = database

    async def ensure_general(self, at: datetime) -> None:
        """Make thread 1, "General", if there is none."""

        def job(rows: Rows) -> None:
            if not rows.table("threads").contains(doc_id=GENERAL_ID):
                _insert(rows, "General", at)

        await self._database.run(job)

    async def create(self, name: str, at: datetime) -> Thread:
        """A new thread, with the next free id."""
        return await self._database.run(lambda rows: _insert(rows, name, at))

    async def get(self, thread_id: int) -> Thread:
        """Raises ThreadNotFound."""
        return await self._database.glance(
            lambda rows: thread_row(rows.table("threads"), thread_id)
        )

    async def recent(self, limit: int) -> list[Thread]:
        """Most recently active first, newest first among equals."""

        def job(rows: Rows) -> list[Thread]:
            # Times as they are kept sort like the times they stand for.
            newest = sorted(
                rows.table("threads"),
                key=lambda row: (row["last_active_at"], row.doc_id),
                reverse=True,
            )
            return [_from_row(row) for row in newest[:limit]]

        few = await self._database.glance(lambda rows: len(rows.table("threads"))) <= A_FEW
        return await (self._database.glance(job) if few else self._database.read(job))

    async def set_allow_dangerous(self, thread_id: int, allow: bool) -> Thread:
        """Raises ThreadNotFound."""

        def job(rows: Rows) -> Thread:
            rows.table("threads").update({"allow_dangerous": allow}, doc_ids=[thread_id])
            return thread_row(rows.table("threads"), thread_id)

        return await self._database.run(job)


def _insert(rows: Rows, name: str, at: datetime) -> Thread:
    (new_id,) = rows.new_ids("threads")
    time = to_second(at)
    rows.table("threads").insert(
        Document(
            {"name": name, "allow_dangerous": False, "created_at": time, "last_active_at": time},
            new_id,
        )
    )
    return thread_row(rows.table("threads"), new_id)


def thread_row(threads: Table, thread_id: int) -> Thread:
    """The thread of this id. Raises ThreadNotFound."""
    row = threads.get(doc_id=thread_id)
    if row is None:
        raise no_thread(thread_id)
    return _from_row(row)


def no_thread(thread_id: int) -> ThreadNotFound:
    """What to raise when there is no thread of this id."""
    return ThreadNotFound(f"there is no thread {thread_id}")


def _from_row(row: Document) -> Thread:
    return Thread(
        id=row.doc_id,
        name=row["name"],
        allow_dangerous=row["allow_dangerous"],
        created_at=datetime.fromisoformat(row["created_at"]),
        last_active_at=datetime.fromisoformat(row["last_active_at"]),
    )


def to_second(at: datetime) -> str:
    """As times are kept."""
    return at.isoformat(timespec="seconds")
