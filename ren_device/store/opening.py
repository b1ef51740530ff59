"""Opens everything that Ren keeps."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ren_device.ports import (
    AlertStore,
    ApiKeyStore,
    FactStore,
    ListStore,
    PreferenceStore,
    RemarkStore,
    RoutineStore,
    SummaryStore,
    ThreadStore,
)
from ren_device.store.alerts import Alerts
from ren_device.store.api_keys import ApiKeys
from ren_device.store.database import Database
from ren_device.store.facts import Facts
from ren_device.store.lists import Lists
from ren_device.store.preferences import Preferences
from ren_device.store.remarks import Remarks
from ren_device.store.routines import Routines
from ren_device.store.summaries import Summaries
from ren_device.store.threads import Threads


@dataclass(frozen=True, slots=True)
class Store:
    """One repository for each noun, over one database."""

    threads: ThreadStore
    remarks: RemarkStore
    summaries: SummaryStore
    facts: FactStore
    alerts: AlertStore
    routines: RoutineStore
    lists: ListStore
    preferences: PreferenceStore
    api_keys: ApiKeyStore
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
        summaries=Summaries(database),
        facts=Facts(database),
        alerts=Alerts(database),
        routines=Routines(database),
        lists=Lists(database),
        preferences=Preferences(database),
        api_keys=ApiKeys(database),
        database=database,
    )
