"""Timers, alarms and reminders, and the outbox: what phones are still to be told."""

from collections.abc import MutableMapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from typing import Any

from tinydb.table import Document

from ren_device.model import Alert, Deadline, Ended
from ren_device.store.database import ENDED, Database, Rows

UNTOLD_FOR = timedelta(days=7)
"""What no phone fetched for so long after its due time may be dropped."""
MOST_UNTOLD = 1000
"""Rows of the outbox; beyond it the oldest go."""
ENDED_FOR = timedelta(days=7)
"""That something was acknowledged so long ago may be forgotten."""
MOST_ENDED = 1000
"""Of these as many are remembered; beyond it the oldest go."""

_ALERTS = "alerts"
_OUTBOX = "notices"
_FIELDS = tuple(each.name for each in fields(Alert))
_TIMES = ("due_at", "created_at", "starts_at", "last_at", "skip_until")


class Alerts:
    """ports.AlertStore on TinyDB. Times are kept to the microsecond.

    A row of the outbox is the alert as it was told, with its id; so looking into it costs nothing
    for what is only set. Writing may use the room that is kept back for a full disk.
    """

    def __init__(self, database: Database) -> None:
        """Use the tables `alerts`, `notices` and `ended`."""
        self._database = database
        self._leftover: list[int] = []  # rows of an older Ren, which kept what was done

    async def all(self) -> list[Alert]:
        """Everything that is kept, soonest first."""
        kept = await self._database.read(lambda rows: [*map(_from_row, rows.table(_ALERTS))])
        self._leftover = [alert.id for alert in kept if alert.state == "done"]
        return sorted((alert for alert in kept if alert.state != "done"), key=_soonest)

    async def last_id(self) -> int:
        """The highest id that was ever given; 0 when none was."""

        def job(rows: Rows) -> int:
            kept = (row.doc_id for row in rows.table(_ALERTS))
            return max(rows.last_id(_ALERTS), *kept, 0)  # a damaged journal may have lost the first

        return await self._database.read(job)

    async def write(
        self,
        put: Sequence[Alert] = (),
        remove: Sequence[int] = (),
        tell: Sequence[Alert] = (),
        ended: Sequence[Alert] = (),
    ) -> None:
        """Keep `put`, forget `remove`, have phones told of `tell`, and remember that `ended` were
        acknowledged: all of it or nothing.
        """
        leftover = self._leftover

        def job(rows: Rows) -> None:
            for alert in put:
                _put(rows, alert)
            rows.count_up_to(_ALERTS, max((alert.id for alert in put), default=0))
            rows.table(_ALERTS).remove(doc_ids=[*dict.fromkeys(remove), *_done(rows, leftover)])
            if tell:
                _tell(rows, tell)
            if ended:
                _remember(rows, ended)

        await self._database.run(job, essential=True)
        if self._leftover is leftover:
            self._leftover = []

    async def ended(self) -> list[Ended]:
        """What was acknowledged in about the last week, soonest first; a restore keeps it."""

        def job(rows: Rows) -> list[Ended]:
            return sorted(map(_ended_of, rows.table(ENDED)), key=_when_ended)

        return await self._database.read(job)

    async def unnotified(self) -> list[Alert]:
        """What no client has been told of, soonest first, as it is now (`done` when it is gone)."""

        def job(rows: Rows) -> list[Alert]:
            return sorted((_as_now(rows, row) for row in rows.table(_OUTBOX)), key=_soonest)

        return await self._database.read(job)

    async def mark_notified(self, alerts: Sequence[Alert]) -> None:
        """A client has been told of these, by id and due time; unknown ones are ignored."""
        told = {_key(alert) for alert in alerts}

        def job(rows: Rows) -> None:
            outbox = rows.table(_OUTBOX)
            outbox.remove(doc_ids=[row.doc_id for row in outbox if _key_of(row) in told])

        await self._database.run(job, essential=True)


def _put(rows: Rows, alert: Alert) -> None:
    row = _to_row(alert)

    def overwrite(kept: MutableMapping[str, Any]) -> None:
        kept.clear()
        kept.update(row)

    alerts = rows.table(_ALERTS)
    if not alerts.update(overwrite, doc_ids=[alert.id]):
        alerts.insert(Document(row, alert.id))


def _done(rows: Rows, leftover: Sequence[int]) -> list[int]:
    """Those of them that are done now, too: the store may have been replaced since they were."""
    kept = ((each, rows.table(_ALERTS).get(doc_id=each)) for each in leftover)
    return [each for each, row in kept if row is not None and row["state"] == "done"]


def _tell(rows: Rows, tell: Sequence[Alert]) -> None:
    """Add to the outbox what is not there yet, and drop what nobody is going to fetch."""
    outbox = rows.table(_OUTBOX)
    waiting = {_key_of(row): row.doc_id for row in outbox}
    new = {_key(alert): alert for alert in tell if _key(alert) not in waiting}
    if not new:
        return
    # What comes due says what time it is; the store has no clock.
    oldest = max(alert.due_at for alert in new.values()) - UNTOLD_FOR
    kept = sorted({*new, *(key for key in waiting if key[0] >= oldest)})[-MOST_UNTOLD:]
    outbox.remove(doc_ids=[waiting[key] for key in waiting.keys() - kept])
    adding = [new[key] for key in kept if key in new]
    outbox.insert_multiple(
        Document({**_to_row(alert), "id": alert.id}, doc_id)
        for doc_id, alert in zip(rows.new_ids(_OUTBOX, len(adding)), adding, strict=True)
    )


def _remember(rows: Rows, alerts: Sequence[Alert]) -> None:
    """Add what ended, and drop what is too old to matter, as the outbox does."""
    table = rows.table(ENDED)
    known = {_ended_of(row): row.doc_id for row in table}
    new = {Ended(each.id, each.series_id, each.due_at) for each in alerts} - known.keys()
    if not new:
        return
    oldest = max(each.due_at for each in new) - ENDED_FOR
    kept = sorted({*new, *(each for each in known if each.due_at >= oldest)}, key=_when_ended)
    kept = kept[-MOST_ENDED:]
    table.remove(doc_ids=[known[each] for each in known.keys() - kept])
    adding = [each for each in kept if each in new]
    table.insert_multiple(
        Document({**asdict(each), "due_at": each.due_at.isoformat()}, doc_id)
        for doc_id, each in zip(rows.new_ids(ENDED, len(adding)), adding, strict=True)
    )


def _ended_of(row: Document) -> Ended:
    due_at = datetime.fromisoformat(row["due_at"])
    return Ended(row["alert_id"], row["series_id"], due_at)


def _when_ended(ended: Ended) -> tuple[datetime, int]:
    return ended.due_at, ended.alert_id


def _as_now(rows: Rows, row: Document) -> Alert:
    now = rows.table(_ALERTS).get(doc_id=row["id"])
    if now is not None and now["due_at"] == row["due_at"]:
        return _from_row(now)
    return replace(_alert(row, row["id"]), state="done")


def _key(alert: Alert) -> tuple[datetime, int]:
    """What an alert is told for once: it comes due again when it was snoozed."""
    return alert.due_at, alert.id


def _key_of(told: Document) -> tuple[datetime, int]:
    return datetime.fromisoformat(told["due_at"]), told["id"]


_soonest = _key


def _to_row(alert: Alert) -> dict[str, Any]:
    """Without its id, and without what is not there."""
    row = {name: value for name, value in asdict(alert).items() if value is not None}
    del row["id"]
    return {**row, **{name: row[name].isoformat() for name in _TIMES if name in row}}


def _from_row(row: Document) -> Alert:
    return _alert(row, row.doc_id)


def _alert(row: Document, alert_id: int) -> Alert:
    """Of a row that this Ren wrote, or an older one, which knew fewer fields and one more."""
    known = {name: row[name] for name in _FIELDS if name in row}
    known |= {name: datetime.fromisoformat(row[name]) for name in _TIMES if name in row}
    if deadline := row.get("deadline"):
        known["deadline"] = Deadline(**deadline)
    return Alert(**{**known, "id": alert_id})
