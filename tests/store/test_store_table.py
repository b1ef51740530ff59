"""TinyDB on the journal does what TinyDB does in memory."""

import copy
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tinydb import TinyDB, operations, where
from tinydb.storages import MemoryStorage
from tinydb.table import Document

from ren_device.store.storage import JournalStorage
from ren_device.store.table import JournalTable
from tests.store.simulated_disk import SimulatedDisk

ids = st.integers(1, 8)
names = st.sampled_from(["_default", "a", "b/1", "ä\t\n"])
fields = st.sampled_from(["x", "y"])
values = st.one_of(st.integers(-3, 3), st.text(max_size=3), st.lists(st.integers(0, 2), max_size=2))
documents = st.dictionaries(fields, values, max_size=2)


class JournalDB(TinyDB):
    table_class = JournalTable


class Both(RuleBasedStateMachine):
    """Every operation is done to both; what it returns or raises must be the same."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = SimulatedDisk(Random(0))
        self.storage = JournalStorage(self.disk, 2000)
        self.ours = JournalDB(storage=lambda: self.storage)
        self.theirs = TinyDB(storage=MemoryStorage)
        self.in_transaction = False

    def both(self, do: Callable[[Any], Any]) -> None:
        results = []
        for db in (self.theirs, self.ours):
            try:
                results.append(do(db))
            except (ValueError, KeyError, RuntimeError, TypeError) as error:
                results.append((type(error), str(error)))
        assert results[0] == results[1]

    @rule(name=names, document=documents)
    def insert(self, name: str, document: Any) -> None:
        self.both(lambda db: db.table(name).insert(copy.deepcopy(document)))

    @rule(name=names, document=documents, doc_id=ids)
    def insert_with_id(self, name: str, document: Any, doc_id: int) -> None:
        # TinyDB gives ids of its own from the highest id on; so both must forget alike.
        self.both(lambda db: db.table(name).insert(Document(copy.deepcopy(document), doc_id)))

    @rule(name=names, several=st.lists(documents, max_size=3))
    def insert_multiple(self, name: str, several: Any) -> None:
        self.both(lambda db: db.table(name).insert_multiple(copy.deepcopy(several)))

    @rule(name=names, several=st.lists(st.tuples(ids, documents), min_size=2, max_size=3))
    def insert_multiple_with_ids(self, name: str, several: Any) -> None:
        if len({doc_id for doc_id, _ in several}) == len(several) and not any(
            self.theirs.table(name).contains(doc_id=doc_id) for doc_id, _ in several
        ):
            self.both(
                lambda db: db.table(name).insert_multiple(
                    Document(copy.deepcopy(row), doc_id) for doc_id, row in several
                )
            )

    @rule(name=names, document=documents, field=fields, value=values)
    def update_where(self, name: str, document: Any, field: str, value: Any) -> None:
        self.both(lambda db: db.table(name).update(document, where(field) == value))

    @rule(name=names, document=documents, doc_ids=st.lists(ids, max_size=3))
    def update_ids(self, name: str, document: Any, doc_ids: list[int]) -> None:
        self.both(lambda db: db.table(name).update(document, doc_ids=doc_ids))

    @rule(name=names, document=documents)
    def update_all(self, name: str, document: Any) -> None:
        self.both(lambda db: db.table(name).update(document))

    @rule(name=names, field=fields, value=values)
    def operate(self, name: str, field: str, value: Any) -> None:
        self.both(lambda db: db.table(name).update(operations.set(field, value)))
        has = where(field).exists()
        self.both(lambda db: db.table(name).update(operations.delete(field), has))

    @rule(name=names, document=documents, field=fields, value=values)
    def update_multiple(self, name: str, document: Any, field: str, value: Any) -> None:
        pairs = [(document, where(field) == value), (operations.set("z", 1), where("x").exists())]
        self.both(lambda db: db.table(name).update_multiple(pairs))

    @rule(name=names, document=documents, field=fields, value=values)
    def upsert(self, name: str, document: Any, field: str, value: Any) -> None:
        self.both(lambda db: db.table(name).upsert(dict(document), where(field) == value))

    @rule(name=names, document=documents, doc_id=ids)
    def upsert_with_id(self, name: str, document: Any, doc_id: int) -> None:
        self.both(lambda db: db.table(name).upsert(Document(dict(document), doc_id)))

    @rule(name=names, field=fields, value=values)
    def remove_where(self, name: str, field: str, value: Any) -> None:
        self.both(lambda db: db.table(name).remove(where(field) == value))

    @rule(name=names, doc_ids=st.sets(ids, max_size=3))
    def remove_ids(self, name: str, doc_ids: set[int]) -> None:
        self.both(lambda db: db.table(name).remove(doc_ids=sorted(doc_ids)))

    @rule(name=names)
    def truncate(self, name: str) -> None:
        self.both(lambda db: db.table(name).truncate())

    @rule(name=names)
    def drop_table(self, name: str) -> None:
        self.both(lambda db: db.drop_table(name))

    @rule()
    def drop_tables(self) -> None:
        self.both(lambda db: db.drop_tables())

    @rule(name=names, field=fields, value=values, doc_id=ids)
    def look(self, name: str, field: str, value: Any, doc_id: int) -> None:
        has = where(field) == value
        self.both(lambda db: db.table(name).search(has))
        self.both(lambda db: db.table(name).get(has))
        self.both(lambda db: db.table(name).get(doc_id=doc_id))
        self.both(lambda db: db.table(name).get(doc_ids=[doc_id, doc_id + 1]))
        self.both(lambda db: db.table(name).contains(has))
        self.both(lambda db: db.table(name).contains(doc_id=doc_id))
        self.both(lambda db: db.table(name).count(has))

    @rule()
    def begin_transaction(self) -> None:
        if not self.in_transaction:
            self.transaction = self.storage.transaction()
            self.transaction.__enter__()
            self.in_transaction = True

    @rule()
    def end_transaction(self) -> None:
        if self.in_transaction:
            self.transaction.__exit__(None, None, None)
            self.in_transaction = False

    @rule()
    def reopen(self) -> None:
        self.end_transaction()
        self.storage.close()
        self.storage = JournalStorage(self.disk, 2000)
        self.ours = JournalDB(storage=lambda: self.storage)
        memory = self.theirs.storage.read()
        self.theirs = TinyDB(storage=MemoryStorage)
        if memory is not None:
            self.theirs.storage.write(memory)

    @invariant()
    def alike(self) -> None:
        for name in ("_default", "a", "b/1", "ä\t\n"):
            theirs, ours = self.theirs.table(name), self.ours.table(name)
            assert isinstance(ours, JournalTable)
            documents = [(row.doc_id, dict(row)) for row in theirs]
            assert [(row.doc_id, dict(row)) for row in ours] == documents
            assert [(row.doc_id, dict(row)) for row in ours.newest_first()] == documents[::-1]
            assert len(ours) == len(documents)
        assert self.ours.tables() == self.theirs.tables()

    def teardown(self) -> None:
        self.end_transaction()
        self.storage.close()


Both.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBoth = Both.TestCase


def test_what_was_read_cannot_edit_what_is_kept() -> None:
    storage = JournalStorage(SimulatedDisk(Random(0)))
    table = JournalDB(storage=lambda: storage).table("t")
    table.insert({"list": [1]})
    table.all()[0]["list"].append(2)
    assert table.all() == [{"list": [1]}]


def test_a_document_that_is_no_json_changes_nothing() -> None:
    storage = JournalStorage(SimulatedDisk(Random(0)))
    table = JournalDB(storage=lambda: storage).table("t")
    table.insert({"n": 1})
    with pytest.raises(TypeError):
        table.insert_multiple([{"n": 2}, {"n": {3}}])
    assert table.all() == [{"n": 1}]


def test_a_change_that_changes_nothing_is_not_written() -> None:
    disk = SimulatedDisk(Random(0))
    storage = JournalStorage(disk)
    table = JournalDB(storage=lambda: storage).table("t")
    table.insert({"n": 1})
    before = storage.figures().written_bytes
    table.update({"n": 1})
    table.remove(where("n") == 2)
    storage.write(storage.read() or {})
    assert storage.figures().written_bytes == before
