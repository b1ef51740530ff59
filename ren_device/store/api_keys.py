"""Keys of programs that may use /v1; the keys themselves are not kept."""

from datetime import date, datetime

from tinydb.table import Document

from ren_device.model import ApiKey
from ren_device.store.database import KEYS, Database, Rows
from ren_device.store.threads import to_second


class ApiKeys:
    """ports.ApiKeyStore on TinyDB. Times are kept to the second."""

    def __init__(self, database: Database) -> None:
        """Use the table `api_keys`."""
        self._database = database

    async def add(self, name: str, digest: str, at: datetime) -> ApiKey:
        """Keep it under the next free id."""

        def job(rows: Rows) -> ApiKey:
            (new_id,) = rows.new_ids(KEYS)
            fields = {"name": name, "digest": digest, "created_at": to_second(at)}
            row = Document({**fields, "last_used": None}, new_id)
            rows.table(KEYS).insert(row)
            return _from_row(row)

        return await self._database.run(job)

    async def all(self) -> list[ApiKey]:
        """Oldest first."""

        def job(rows: Rows) -> list[ApiKey]:
            return sorted(map(_from_row, rows.table(KEYS)), key=lambda key: key.id)

        return await self._database.read(job)

    async def mark_used(self, key_id: int, day: date) -> None:
        """It was last used on this day; an unknown id is ignored."""

        def job(rows: Rows) -> None:
            rows.table(KEYS).update({"last_used": day.isoformat()}, doc_ids=[key_id])

        await self._database.run(job)

    async def remove(self, key_id: int) -> ApiKey | None:
        """The removed key; None when there was none."""

        def job(rows: Rows) -> ApiKey | None:
            row = rows.table(KEYS).get(doc_id=key_id)
            if row is None:
                return None
            key = _from_row(row)
            rows.table(KEYS).remove(doc_ids=[key_id])
            return key

        return await self._database.run(job)


def _from_row(row: Document) -> ApiKey:
    used = row["last_used"]
    return ApiKey(
        id=row.doc_id,
        name=row["name"],
        digest=row["digest"],
        created_at=datetime.fromisoformat(row["created_at"]),
        last_used=None if used is None else date.fromisoformat(used),
    )
