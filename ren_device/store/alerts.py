"""Timers, alarms and reminders."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from tinydb import where
from tinydb.table import Document

from ren_device.model import Alert, AlertState
from ren_device.store.database import Database, Rows


class Alerts:
    """ports.AlertStore on TinyDB. Times are kept to the microsecond."""

    def __init__(self, database: Database) -> None:
        """Use the table `alerts`."""
        self._database = database

    async def add(self, alert: Alert) -> Alert:
        """Keep it under the next free id and return it so."""
        row = asdict(alert)
        del row["id"]
        for field in ("due_at", "created_at"):
            row[field] = row[field].isoformat()

        def job(rows: Rows) -> Alert:
            (new_id,) = rows.new_ids("alerts")
            document = Document(row, new_id)
            rows.table("alerts").insert(document)
            return _from_row(document)

        return await self._database.run(job)

    async def set_state(self, alert_id: int, state: AlertState) -> Alert | None:
        """The changed alert; None when there is none with this id."""

        def job(rows: Rows) -> Alert | None:
            alerts = rows.table("alerts")
            row = alerts.get(doc_id=alert_id)
            if row is None:
                return None
            if row["state"] != state:
                alerts.update({"state": state}, doc_ids=[alert_id])
            return _from_row(Document({**row, "state": state}, alert_id))

        return await self._database.run(job)

    async def remove(self, alert_id: int) -> Alert | None:
        """The removed alert; None when there was none."""

        def job(rows: Rows) -> Alert | None:
            row = rows.table("alerts").get(doc_id=alert_id)
            if row is None:
                return None
            rows.table("alerts").remove(doc_ids=[alert_id])
            return _from_row(row)

        return await self._database.run(job)

    async def all(self) -> list[Alert]:
        """Everything that is pending or due, soonest first."""

        def job(rows: Rows) -> list[Alert]:
            open_ones = rows.table("alerts").search(where("state").one_of(["pending", "due"]))
            return sorted(map(_from_row, open_ones), key=_soonest)

        return await self._database.read(job)

    async def unnotified(self) -> list[Alert]:
        """What is due or was due, and no client has been told of, soonest first."""

        def job(rows: Rows) -> list[Alert]:
            came_due = where("state").one_of(["due", "done"]) & ~where("notified").exists()
            return sorted(map(_from_row, rows.table("alerts").search(came_due)), key=_soonest)

        return await self._database.read(job)

    async def mark_notified(self, alert_ids: Sequence[int]) -> None:
        """A client has been told of these; unknown ids are ignored."""

        def job(rows: Rows) -> None:
            rows.table("alerts").update({"notified": True}, doc_ids=alert_ids)

        await self._database.run(job)


def _soonest(alert: Alert) -> tuple[datetime, int]:
    return alert.due_at, alert.id


def _from_row(row: Document) -> Alert:
    return Alert(
        id=row.doc_id,
        kind=row["kind"],
        text=row["text"],
        due_at=datetime.fromisoformat(row["due_at"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        duration_s=row["duration_s"],
        state=row["state"],
    )
