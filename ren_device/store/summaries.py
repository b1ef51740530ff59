"""What long threads began with."""

from tinydb.table import Document

from ren_device.model import Summary
from ren_device.store.database import Database, Rows


class Summaries:
    """ports.SummaryStore on TinyDB: one row a thread, under the thread's id."""

    def __init__(self, database: Database) -> None:
        """Use the table `summaries`."""
        self._database = database

    async def get(self, thread_id: int) -> Summary | None:
        """The summary of this thread's beginning, if there is one."""

        def job(rows: Rows) -> Summary | None:
            row = rows.table("summaries").get(doc_id=thread_id)
            return None if row is None else Summary(thread_id, row["up_to"], row["text"])

        return await self._database.glance(job)

    async def put(self, summary: Summary) -> None:
        """Keep it in place of the one before."""
        row = Document({"up_to": summary.up_to, "text": summary.text}, summary.thread_id)

        def job(rows: Rows) -> None:
            rows.table("summaries").upsert(row)

        await self._database.run(job)
