"""Changes that belong together: only who makes them sees them before the end."""

from collections.abc import Iterable

from ren_device.store.framing import Change, Tables
from ren_device.store.table import Rows

_NOTHING: dict[str, bytes] = {}


class Transaction:
    """Changes to `kept`, which stays as it is."""

    def __init__(self, kept: Tables) -> None:
        """Nothing has changed yet."""
        self.changes: list[Change] = []
        self._kept = kept
        self._dropped: set[str] = set()
        self._rows: dict[str, dict[str, bytes | None]] = {}
        self._moved: dict[str, set[str]] = {}  # ids that were removed and added again

    def add(self, changes: Iterable[Change]) -> None:
        """Take these in; making a table that is there is no change."""
        for table, key, data in changes:
            if key is not None:
                rows = self._rows.setdefault(table, {})
                if data is not None and key in rows and rows[key] is None:
                    del rows[key]
                    self._moved.setdefault(table, set()).add(key)
                rows[key] = data
            elif data is None:
                self._dropped.add(table)
                self._rows.pop(table, None)
                self._moved.pop(table, None)
            elif self._has(table):
                continue
            else:
                self._rows.setdefault(table, {})
            self.changes.append((table, key, data))

    def names(self) -> list[str]:
        """The tables that there are."""
        there = [name for name in self._kept if self._has(name)]
        return there + [name for name in self._rows if name not in self._kept]

    def rows(self, name: str) -> Rows:
        """One table."""
        kept = _NOTHING if name in self._dropped else self._kept.get(name, _NOTHING)
        return Rows(kept, self._rows.get(name, {}), self._moved.get(name, frozenset()))

    def _has(self, name: str) -> bool:
        return name in self._rows or (name in self._kept and name not in self._dropped)
