"""Timers, alarms and reminders."""

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
            return sorted(map(_from_row, open_ones), key=lambda alert: (alert.due_at, alert.id))

        return await self._database.run(job)


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
