"""Ren's store, sqlite3 and stock TinyDB, doing the same things; see `store.py`."""

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tinydb import TinyDB
from tinydb.table import Document

from ren_device.store.database import FOLDER, Rows
from ren_device.store.disk import Folder
from ren_device.store.storage import JournalStorage

NOON = "2026-06-25T12:00:00"
THREADS = 10
QUESTIONS = ("What is the weather like today?", "Set a timer for the eggs, seven minutes, please.")
ANSWERS = (
    "It is sunny and 24 degrees, with a light wind from the west, and it stays dry until evening.",
    "Your timer is set for seven minutes.",
)


class Party(Protocol):
    """One of the three."""

    def fill(self, turns: int) -> None:
        """Make so many turns, quickly."""

    def turn(self, number: int) -> None:
        """Two remarks and the thread's last activity, durable when it returns."""

    def insert(self, number: int) -> None:
        """One document alone."""

    def latest(self, thread_id: int) -> int:
        """Read the last 20 remarks of a thread; how many there were."""

    def close(self) -> None:
        """Let go."""


def said(number: int) -> tuple[int, tuple[dict[str, str], dict[str, str]]]:
    """The thread of this turn, and its two remarks."""
    return 1 + number % THREADS, (
        {"role": "user", "content": QUESTIONS[number % 2], "created_at": NOON},
        {"role": "assistant", "content": ANSWERS[number % 2], "created_at": NOON},
    )


def at(number: int) -> str:
    """When this turn was, as text."""
    return f"2026-06-25T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"


class Ren:
    """Ren's storage, as its repositories use it."""

    def __init__(self, folder: Path) -> None:
        """Open what is there."""
        (folder / FOLDER).mkdir(exist_ok=True)
        self.storage = JournalStorage(Folder(folder / FOLDER))

    def fill(self, turns: int) -> None:
        """Make so many turns, quickly."""
        threads = {str(each): _dumps(_thread()) for each in range(1, THREADS + 1)}
        tables = {"threads": threads, "counters": {"1": _dumps({"remarks": 2 * turns})}}
        for number in range(turns):
            thread_id, remarks = said(number)
            rows = tables.setdefault(f"remarks/{thread_id}", {})
            for half, remark in enumerate(remarks):
                rows[str(2 * number + half + 1)] = _dumps(remark)
        self.storage.replace(tables)

    def settle(self) -> None:
        """Let a snapshot be written, as it would be in time: `fill` has made one long journal."""
        while not self.storage.figures().compactions:
            self.insert(0)
            time.sleep(0.01)
            Rows(self.storage).table("single").truncate()

    def turn(self, number: int) -> None:
        """Two remarks and the thread's last activity."""
        thread_id, remarks = said(number)
        with self.storage.transaction():
            rows = Rows(self.storage)
            rows.table("threads").update({"last_active_at": at(number)}, doc_ids=[thread_id])
            ids = rows.new_ids("remarks", 2)
            rows.table(f"remarks/{thread_id}").insert_multiple(
                Document(remark, new_id) for new_id, remark in zip(ids, remarks, strict=True)
            )

    def insert(self, number: int) -> None:
        """One document alone."""
        _, (remark, _) = said(number)
        Rows(self.storage).table("single").insert(Document(remark, number + 1))

    def latest(self, thread_id: int) -> int:
        """Read the last 20 remarks of a thread."""
        with self.storage.lock:
            newest = Rows(self.storage.as_kept()).table(f"remarks/{thread_id}").newest_first()
            return len([row for row, _ in zip(newest, range(20), strict=False)])

    def close(self) -> None:
        """Let go."""
        self.storage.close()


class Sqlite:
    """sqlite3, as durable as Ren."""

    def __init__(self, folder: Path) -> None:
        """Open what is there."""
        self.db = sqlite3.connect(folder / "db", isolation_level=None)
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=full")
        self.db.executescript(
            "create table if not exists threads(id integer primary key, row text);"
            "create table if not exists single(id integer primary key, row text);"
            "create table if not exists remarks(id integer primary key, thread integer, row text);"
            "create index if not exists by_thread on remarks(thread, id);"
        )

    def fill(self, turns: int) -> None:
        """Make so many turns, quickly."""
        self.db.execute("begin")
        for each in range(1, THREADS + 1):
            self.db.execute("insert into threads values (?, ?)", (each, json.dumps(_thread())))
        for number in range(turns):
            self._add(*said(number))
        self.db.execute("commit")
        self.db.execute("pragma wal_checkpoint(truncate)")

    def _add(self, thread_id: int, remarks: tuple[dict[str, str], ...]) -> None:
        rows = [(thread_id, json.dumps(remark)) for remark in remarks]
        self.db.executemany("insert into remarks(thread, row) values (?, ?)", rows)

    def turn(self, number: int) -> None:
        """Two remarks and the thread's last activity."""
        thread_id, remarks = said(number)
        self.db.execute("begin immediate")
        got = self.db.execute("select row from threads where id = ?", (thread_id,)).fetchone()
        row = {**json.loads(got[0]), "last_active_at": at(number)}
        self.db.execute("update threads set row = ? where id = ?", (json.dumps(row), thread_id))
        self._add(thread_id, remarks)
        self.db.execute("commit")

    def insert(self, number: int) -> None:
        """One document alone."""
        _, (remark, _) = said(number)
        self.db.execute("insert into single(row) values (?)", (json.dumps(remark),))

    def latest(self, thread_id: int) -> int:
        """Read the last 20 remarks of a thread."""
        query = "select row from remarks where thread = ? order by id desc limit 20"
        return len([json.loads(row) for (row,) in self.db.execute(query, (thread_id,))])

    def close(self) -> None:
        """Let go."""
        self.db.close()


class Stock:
    """TinyDB with its JSONStorage; a turn is three writes of the whole file."""

    def __init__(self, folder: Path) -> None:
        """Open what is there."""
        self.db = TinyDB(folder / "db.json")

    def fill(self, turns: int) -> None:
        """Make so many turns, quickly."""
        tables: dict[str, dict[str, Any]] = {}
        tables["threads"] = {str(each): _thread() for each in range(1, THREADS + 1)}
        for number in range(turns):
            thread_id, remarks = said(number)
            rows = tables.setdefault(f"remarks/{thread_id}", {})
            for half, remark in enumerate(remarks):
                rows[str(2 * number + half + 1)] = remark
        self.db.storage.write(tables)

    def turn(self, number: int) -> None:
        """Two remarks and the thread's last activity."""
        thread_id, remarks = said(number)
        self.db.table("threads").update({"last_active_at": at(number)}, doc_ids=[thread_id])
        self.db.table(f"remarks/{thread_id}").insert_multiple(
            Document(remark, 2 * number + half + 1) for half, remark in enumerate(remarks)
        )

    def insert(self, number: int) -> None:
        """One document alone."""
        _, (remark, _) = said(number)
        self.db.table("single").insert(Document(remark, number + 1))

    def latest(self, thread_id: int) -> int:
        """Read the last 20 remarks of a thread."""
        return len(self.db.table(f"remarks/{thread_id}").all()[-20:])

    def close(self) -> None:
        """Let go."""
        self.db.close()


PARTIES: dict[str, Callable[[Path], Party]] = {"Ren": Ren, "sqlite3": Sqlite, "stock TinyDB": Stock}


def _thread() -> dict[str, Any]:
    return {"name": "General", "allow_dangerous": False, "created_at": NOON, "last_active_at": NOON}


def _dumps(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
