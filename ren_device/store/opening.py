"""Opens everything that Ren keeps."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ren_device.ports import AlertStore, ListStore, PreferenceStore, RemarkStore, ThreadStore
from ren_device.store.alerts import Alerts
from ren_device.store.database import Database
from ren_device.store.lists import Lists
from ren_device.store.preferences import Preferences
from ren_device.store.threads import Remarks, Threads


@dataclass(frozen=True, slots=True)
class Store:
    """One repository for each noun, over one database."""

    threads: ThreadStore
    remarks: RemarkStore
    alerts: AlertStore
    lists: ListStore
    preferences: PreferenceStore
    database: Database

    async def close(self) -> None:
        """Finish what is under way and let another process in. Harmless when done twice."""
        await self.database.close()


async def open_store(data_dir: Path, now: datetime | None = None) -> Store:
    """Open, and if need be make, the store in this directory.

    `now`, local wall clock, is when a first "General" was created; the machine's when not given.
    Raises StoreError when the directory cannot be used or another Ren is using it.
    """
    database = Database(data_dir)
    await database.open()
    threads = Threads(database)
    try:
        await threads.ensure_general(now or datetime.now().astimezone().replace(tzinfo=None))
    except BaseException:
        await database.close()
        raise
    return Store(
        threads=threads,
        remarks=Remarks(database),
        alerts=Alerts(database),
        lists=Lists(database),
        preferences=Preferences(database),
        database=database,
    )
