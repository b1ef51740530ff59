"""Small things that outlive a restart."""

from tinydb import where

from ren_device.store.database import Database, Rows


class Preferences:
    """ports.PreferenceStore on TinyDB."""

    def __init__(self, database: Database) -> None:
        """Use the table `preferences`."""
        self._database = database

    async def get(self, key: str) -> str | None:
        """What was put, or None."""

        def job(rows: Rows) -> str | None:
            row = rows.table("preferences").get(where("key") == key)
            return None if row is None else str(row["value"])

        return await self._database.read(job)

    async def put(self, key: str, value: str) -> None:
        """On disk when the call returns; costs no write when it is there already."""

        def job(rows: Rows) -> None:
            wanted = {"key": key, "value": value}
            if rows.table("preferences").get(where("key") == key) != wanted:
                rows.table("preferences").upsert(wanted, where("key") == key)

        await self._database.run(job)
