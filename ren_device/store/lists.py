"""Named lists, such as the shopping list."""

from collections.abc import Sequence

from tinydb import where
from tinydb.table import Document

from ren_device.model import ListItem
from ren_device.store.database import Database, Rows


class Lists:
    """ports.ListStore on TinyDB. Names are taken as they come."""

    def __init__(self, database: Database) -> None:
        """Use the table `list_items`."""
        self._database = database

    async def add(self, list_name: str, texts: Sequence[str]) -> list[ListItem]:
        """Append items, all or none."""

        def job(rows: Rows) -> list[ListItem]:
            new = [
                Document({"list_name": list_name, "text": text}, new_id)
                for new_id, text in zip(rows.new_ids("list_items", len(texts)), texts, strict=True)
            ]
            rows.table("list_items").insert_multiple(new)
            return [_from_row(row) for row in new]

        return await self._database.run(job) if texts else []

    async def items(self, list_name: str) -> list[ListItem]:
        """In the order in which they were added."""

        def job(rows: Rows) -> list[ListItem]:
            found = rows.table("list_items").search(where("list_name") == list_name)
            return sorted(map(_from_row, found), key=lambda item: item.id)

        return await self._database.read(job)

    async def names(self) -> list[str]:
        """The lists that have items, in alphabetical order."""

        def job(rows: Rows) -> list[str]:
            return sorted({row["list_name"] for row in rows.table("list_items")})

        return await self._database.read(job)

    async def remove(self, item_ids: Sequence[int]) -> None:
        """Take these out; unknown ids are ignored."""

        def job(rows: Rows) -> None:
            items = rows.table("list_items")
            known = [row.doc_id for row in items.get(doc_ids=list(item_ids))]
            if known:
                items.remove(doc_ids=known)

        await self._database.run(job)


def _from_row(row: Document) -> ListItem:
    return ListItem(id=row.doc_id, list_name=row["list_name"], text=row["text"])
