"""What the person asked Ren to remember."""

from collections.abc import Sequence
from datetime import datetime

from tinydb.table import Document

from ren_device.model import Fact
from ren_device.store.database import Database, Rows
from ren_device.store.threads import to_second


class Facts:
    """ports.FactStore on TinyDB. Times are kept to the second."""

    def __init__(self, database: Database) -> None:
        """Use the table `facts`."""
        self._database = database

    async def add(self, text: str, at: datetime) -> Fact:
        """Keep it under the next free id."""

        def job(rows: Rows) -> Fact:
            (new_id,) = rows.new_ids("facts")
            row = Document({"text": text, "created_at": to_second(at)}, new_id)
            rows.table("facts").insert(row)
            return _from_row(row)

        return await self._database.run(job)

    async def all(self) -> list[Fact]:
        """Oldest first."""

        def job(rows: Rows) -> list[Fact]:
            return [_from_row(row) for row in rows.table("facts")]

        return await self._database.read(job)

    async def replace(self, fact_id: int, text: str) -> Fact | None:
        """The corrected fact; None when there is none with this id."""

        def job(rows: Rows) -> Fact | None:
            rows.table("facts").update({"text": text}, doc_ids=[fact_id])
            row = rows.table("facts").get(doc_id=fact_id)
            return None if row is None else _from_row(row)

        return await self._database.run(job)

    async def remove(self, fact_ids: Sequence[int]) -> None:
        """Forget these; unknown ids are ignored."""

        def job(rows: Rows) -> None:
            rows.table("facts").remove(doc_ids=dict.fromkeys(fact_ids))

        await self._database.run(job)


def _from_row(row: Document) -> Fact:
    return Fact(row.doc_id, row["text"], datetime.fromisoformat(row["created_at"]))
