"""Conversations, and what was said in them."""

from collections.abc import Sequence
from datetime import datetime

from tinydb import where
from tinydb.table import Document, Table

from ren_device.errors import ThreadNotFound
from ren_device.model import Remark, Role, Thread
from ren_device.store.database import Database, Rows

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
        return await self._database.run(lambda rows: _thread(rows.table("threads"), thread_id))

    async def recent(self, limit: int) -> list[Thread]:
        """Most recently active first, newest first among equals."""

        def job(rows: Rows) -> list[Thread]:
            threads = [_from_row(row) for row in rows.table("threads")]
            threads.sort(key=lambda thread: (thread.last_active_at, thread.id), reverse=True)
            return threads[:limit]

        return await self._database.run(job)

    async def set_allow_dangerous(self, thread_id: int, allow: bool) -> Thread:
        """Raises ThreadNotFound."""

        def job(rows: Rows) -> Thread:
            rows.table("threads").update({"allow_dangerous": allow}, doc_ids=[thread_id])
            return _thread(rows.table("threads"), thread_id)

        return await self._database.run(job)


class Remarks:
    """ports.RemarkStore on TinyDB. Times are kept to the second."""

    def __init__(self, database: Database) -> None:
        """Use the tables `remarks` and `threads`."""
        self._database = database

    async def add(self, thread_id: int, said: Sequence[tuple[Role, str]], at: datetime) -> None:
        """Append these and mark the thread active, all in one write. Raises ThreadNotFound."""
        time = _to_second(at)

        def job(rows: Rows) -> None:
            _thread(rows.table("threads"), thread_id)
            rows.table("threads").update({"last_active_at": time}, doc_ids=[thread_id])
            rows.table("remarks").insert_multiple(
                Document(
                    {"thread_id": thread_id, "role": role, "content": content, "created_at": time},
                    new_id,
                )
                for new_id, (role, content) in zip(
                    rows.new_ids("remarks", len(said)), said, strict=True
                )
            )

        await self._database.run(job)

    async def latest(self, thread_id: int, limit: int) -> list[Remark]:
        """The latest `limit`, oldest first."""

        def job(rows: Rows) -> list[Remark]:
            found = rows.table("remarks").search(where("thread_id") == thread_id)
            found.sort(key=lambda row: row.doc_id)
            return [
                Remark(
                    id=row.doc_id,
                    role=row["role"],
                    content=row["content"],
                    thread_id=row["thread_id"],
                    created_at=datetime.fromisoformat(row["created_at"]),
                )
                for row in found[-limit:]
            ]

        return await self._database.run(job) if limit > 0 else []


def _insert(rows: Rows, name: str, at: datetime) -> Thread:
    (new_id,) = rows.new_ids("threads")
    time = _to_second(at)
    rows.table("threads").insert(
        Document(
            {"name": name, "allow_dangerous": False, "created_at": time, "last_active_at": time},
            new_id,
        )
    )
    return _thread(rows.table("threads"), new_id)


def _thread(threads: Table, thread_id: int) -> Thread:
    row = threads.get(doc_id=thread_id)
    if row is None:
        raise ThreadNotFound(f"there is no thread {thread_id}")
    return _from_row(row)


def _from_row(row: Document) -> Thread:
    return Thread(
        id=row.doc_id,
        name=row["name"],
        allow_dangerous=row["allow_dangerous"],
        created_at=datetime.fromisoformat(row["created_at"]),
        last_active_at=datetime.fromisoformat(row["last_active_at"]),
    )


def _to_second(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
