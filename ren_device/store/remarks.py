"""What was said, each thread in a table of its own: a look at one costs nothing of the others."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice, takewhile

from tinydb.table import Document

from ren_device.model import Remark, Role
from ren_device.store.database import A_FEW, Database, Rows
from ren_device.store.table import JournalTable
from ren_device.store.threads import no_thread, to_second


class Remarks:
    """ports.RemarkStore on TinyDB. Times are kept to the second."""

    def __init__(self, database: Database) -> None:
        """Use the tables `remarks/ID` and `threads`."""
        self._database = database

    async def add(self, thread_id: int, said: Sequence[tuple[Role, str]], at: datetime) -> None:
        """Append these and mark the thread active, all in one write. Raises ThreadNotFound."""
        time = to_second(at)

        def job(rows: Rows) -> None:
            if not rows.table("threads").update({"last_active_at": time}, doc_ids=[thread_id]):
                raise no_thread(thread_id)
            new_ids = rows.new_ids("remarks", len(said))
            _table(rows, thread_id).insert_multiple(
                Document({"role": role, "content": content, "created_at": time}, new_id)
                for new_id, (role, content) in zip(new_ids, said, strict=True)
            )

        await self._database.run(job)

    async def latest(self, thread_id: int, limit: int) -> list[Remark]:
        """The latest `limit`, oldest first."""

        def job(rows: Rows) -> list[Remark]:
            newest = islice(_table(rows, thread_id).newest_first(), max(limit, 0))
            return [_from_row(row, thread_id) for row in newest][::-1]

        few = limit <= A_FEW
        return await (self._database.glance(job) if few else self._database.read(job))

    async def after(self, thread_id: int, remark_id: int) -> list[Remark]:
        """All that came after this remark, oldest first."""

        def job(rows: Rows) -> list[Remark]:
            newest = _table(rows, thread_id).newest_first()
            later = takewhile(lambda row: row.doc_id > remark_id, newest)
            return [_from_row(row, thread_id) for row in later][::-1]

        return await self._database.read(job)


def _table(rows: Rows, thread_id: int) -> JournalTable:
    return rows.table(f"remarks/{thread_id}")


def _from_row(row: Document, thread_id: int) -> Remark:
    return Remark(
        id=row.doc_id,
        role=row["role"],
        content=row["content"],
        thread_id=thread_id,
        created_at=datetime.fromisoformat(row["created_at"]),
    )
