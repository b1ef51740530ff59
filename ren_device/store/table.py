"""TinyDB's table, whose changes cost what they change and not what there is.

Queries, caches and every method are TinyDB's own; only how a table is read and how a change is
handed on differ. Documents are kept as JSON and parsed when somebody looks at them, so that nobody
can edit what is kept.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Set
from typing import Any, cast

from tinydb import Storage
from tinydb.table import Document, Table

from ren_device.store.framing import Change, Json, dumps, loads

_REMOVED = None


class Rows(Mapping[str, Json]):
    """A table as it is now: what is kept, with what the transaction under way has changed."""

    def __init__(
        self,
        kept: dict[str, bytes],
        changed: Mapping[str, bytes | None],
        moved: Set[str] = frozenset(),
    ) -> None:
        """Look at all of them; none is copied. `moved` are ids that have gone to the end."""
        self._kept = kept
        self._changed = changed
        self._moved = moved

    def __getitem__(self, key: str) -> Json:
        """A fresh copy of the document."""
        return loads(self.data(key))

    def data(self, key: str) -> bytes:
        """The document as it is kept. Raises KeyError."""
        data = self._changed[key] if key in self._changed else self._kept[key]
        if data is _REMOVED:
            raise KeyError(key)
        return data

    def __contains__(self, key: object) -> bool:
        """Whether there is a document of this id."""
        if key in self._changed:
            return self._changed[cast(str, key)] is not _REMOVED
        return key in self._kept

    def __iter__(self) -> Iterator[str]:
        """Ids in the order in which they were added."""
        if not self._changed:
            return iter(self._kept)
        return self._merged()

    def __reversed__(self) -> Iterator[str]:
        """Ids, those added last first."""
        return reversed(self._kept) if not self._changed else reversed(list(self._merged()))

    def __len__(self) -> int:
        """How many documents there are."""
        count = len(self._kept)
        for key, data in self._changed.items():
            count += (data is not _REMOVED) - (key in self._kept)
        return count

    def _merged(self) -> Iterator[str]:
        for key in self._kept:
            if self._changed.get(key, b"") is not _REMOVED and key not in self._moved:
                yield key
        for key, data in self._changed.items():
            if data is not _REMOVED and (key not in self._kept or key in self._moved):
                yield key


class Draft(MutableMapping[Any, Json]):
    """What TinyDB edits: documents by id. It remembers what was touched."""

    def __init__(self, rows: Rows, id_class: Callable[[Any], Any]) -> None:
        """Start from `rows`."""
        self._rows = rows
        self._id_class = id_class
        self._touched: dict[str, Json | None] = {}
        self._cleared = False

    def changes(self, table: str) -> list[Change]:
        """What is different now."""
        changes: list[Change] = [(table, None, b"")]
        if self._cleared and len(self._rows):
            changes[:0] = [(table, None, None)]
        for key, document in self._touched.items():
            data = None if document is None else dumps(document)
            if self._cleared or key not in self._rows:
                if data is not None:
                    changes.append((table, key, data))
            elif data != self._rows.data(key):
                changes.append((table, key, data))
        return changes

    def __getitem__(self, doc_id: Any) -> Json:
        key = str(doc_id)
        if key not in self._touched:
            if self._cleared:
                raise KeyError(doc_id)
            self._touched[key] = self._rows[key]
        document = self._touched[key]
        if document is None:
            raise KeyError(doc_id)
        return document

    def __setitem__(self, doc_id: Any, document: Json) -> None:
        self._touched[str(doc_id)] = document

    def __delitem__(self, doc_id: Any) -> None:
        if doc_id not in self:
            raise KeyError(doc_id)
        self._touched[str(doc_id)] = None

    def __contains__(self, doc_id: object) -> bool:
        key = str(doc_id)
        if key in self._touched:
            return self._touched[key] is not None
        return not self._cleared and key in self._rows

    def __iter__(self) -> Iterator[Any]:
        kept: list[str] = [] if self._cleared else list(self._rows)
        for key in kept:
            if self._touched.get(key, {}) is not None:
                yield self._id_class(key)
        for key, document in self._touched.items():
            if document is not None and (self._cleared or key not in self._rows):
                yield self._id_class(key)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Remove everything at once."""
        self._touched.clear()
        self._cleared = True


class RowStorage(Storage):
    """A storage that knows single rows."""

    @abstractmethod
    def rows(self, name: str) -> Rows:
        """One table; empty when it is not there."""

    @abstractmethod
    def change(self, changes: list[Change]) -> None:
        """Make these changes, all or none."""


class JournalTable(Table):
    """A table in a RowStorage."""

    def newest_first(self) -> Iterator[Document]:
        """The documents, those added last first; parsed as they are asked for."""
        rows = self._read_table()
        for key in reversed(rows):
            yield self.document_class(rows[key], self.document_id_class(key))

    def _read_table(self) -> Any:
        return self._rows_of().rows(self.name)

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        storage = self._rows_of()
        draft = Draft(storage.rows(self.name), self.document_id_class)
        updater(draft)
        storage.change(draft.changes(self.name))
        self.clear_cache()

    def _rows_of(self) -> RowStorage:
        # TinyDB gives every table its own storage, typed as any storage.
        return cast(RowStorage, self._storage)
