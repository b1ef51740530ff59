"""Routines: named lists of steps."""

from typing import Any

from tinydb.table import Document

from ren_device.model import Pause, Routine, RunTool, Say, Step
from ren_device.store.database import Database, Rows


class Routines:
    """ports.RoutineStore on TinyDB. Names are compared casefolded and kept as they were written."""

    def __init__(self, database: Database) -> None:
        """Use the table `routines`."""
        self._database = database

    async def all(self) -> list[Routine]:
        """In alphabetical order."""
        kept = await self._database.read(lambda rows: [*map(_from_row, rows.table("routines"))])
        return sorted(kept, key=lambda routine: routine.name.casefold())

    async def get(self, name: str) -> Routine | None:
        """The routine of this name, or None."""

        def job(rows: Rows) -> Routine | None:
            row = _find(rows, name)
            return None if row is None else _from_row(row)

        return await self._database.read(job)

    async def put(self, routine: Routine) -> None:
        """Keep it in place of one of this name."""
        kept = {"name": routine.name, "steps": [*map(_step_to_row, routine.steps)]}

        def job(rows: Rows) -> None:
            before = _find(rows, routine.name)
            row_id = before.doc_id if before is not None else rows.new_ids("routines")[0]
            rows.table("routines").upsert(Document(kept, row_id))

        await self._database.run(job)

    async def remove(self, name: str) -> Routine | None:
        """The removed routine; None when there was none."""

        def job(rows: Rows) -> Routine | None:
            row = _find(rows, name)
            if row is None:
                return None
            rows.table("routines").remove(doc_ids=[row.doc_id])
            return _from_row(row)

        return await self._database.run(job)


def _find(rows: Rows, name: str) -> Document | None:
    wanted = name.casefold()
    return next((row for row in rows.table("routines") if row["name"].casefold() == wanted), None)


def _from_row(row: Document) -> Routine:
    return Routine(row["name"], tuple(map(_step_from_row, row["steps"])))


def _step_to_row(step: Step) -> dict[str, Any]:
    match step:
        case Say(text):
            return {"say": text}
        case RunTool(name, arguments):
            return {"tool": name, "arguments": dict(arguments)}
        case Pause(seconds):
            return {"pause_s": seconds}


def _step_from_row(row: dict[str, Any]) -> Step:
    match row:
        case {"say": text}:
            return Say(text)
        case {"tool": name, "arguments": arguments}:
            return RunTool(name, arguments)
        case _:
            return Pause(row["pause_s"])
