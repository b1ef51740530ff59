"""What TinyDB's own tests get in place of their conftest.py: Ren's storage beside theirs.

With `REN_IN_PLACE=1` Ren's storage takes the place of both of theirs, wherever the tests name them.
`EXCLUDED` is what cannot hold for any storage but theirs.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
import tinydb
import tinydb.storages
from tinydb import TinyDB
from tinydb.middlewares import CachingMiddleware
from tinydb.table import Table

from ren_device.store.disk import Folder
from ren_device.store.storage import JournalStorage
from ren_device.store.table import JournalTable, RowStorage

IN_PLACE = os.environ.get("REN_IN_PLACE") == "1"
NO_TABLES = "writes what are no tables of documents, which only a storage of any JSON can keep"
THEIR_FILE = "is about the text in TinyDB's one JSON file, or how that file is opened"
THEIR_INSIDE = "looks at an attribute that only their storage has"
EXCLUDED = {
    "test_middlewares.py::test_caching_flush_manually[journal]": NO_TABLES,
    "test_middlewares.py::test_caching_write[journal]": NO_TABLES,
    "test_middlewares.py::test_caching_flush[journal]": THEIR_INSIDE,  # MemoryStorage.memory
    "test_middlewares.py::test_caching_write_many[journal]": THEIR_INSIDE,
    "test_tables.py::test_table_repr[journal]": "wants the storage to be called as theirs are",
}
EXCLUDED_IN_PLACE = {
    "test_middlewares.py::test_caching_json_write": THEIR_INSIDE,  # JSONStorage._handle
    "test_storages.py::test_create_dirs": THEIR_FILE,
    "test_storages.py::test_encoding": THEIR_FILE,
    "test_storages.py::test_in_memory": NO_TABLES,
    "test_storages.py::test_json": NO_TABLES,
    "test_storages.py::test_json_invalid_mode_warning": THEIR_FILE,
    "test_storages.py::test_json_kwargs": THEIR_FILE,
    "test_storages.py::test_json_read": THEIR_FILE,
}


class OnDisk(JournalStorage):
    """A store in the directory of this path; what else TinyDB's JSONStorage takes is for files."""

    def __init__(self, path: str | Path, **_options: Any) -> None:
        Path(path).mkdir(exist_ok=True)
        super().__init__(Folder(Path(path)))


class Anywhere(OnDisk):
    """A store in a directory of its own, as TinyDB's MemoryStorage needs none."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tinydb-suite-")
        super().__init__(self._folder.name)


class ByStorage:
    """TinyDB asks for the class of its tables; here it depends on the storage."""

    def __call__(self, storage: Any, name: str, **options: Any) -> Table:
        made = JournalTable if isinstance(storage, RowStorage) else Table
        return made(storage, name, **options)


TinyDB.table_class = ByStorage()  # type: ignore[assignment]  # anything that makes tables will do
memory, json = tinydb.storages.MemoryStorage, tinydb.storages.JSONStorage
if IN_PLACE:
    for module in (tinydb, tinydb.storages):
        module.JSONStorage = OnDisk  # type: ignore[attr-defined]  # theirs, for this process
        module.MemoryStorage = Anywhere  # type: ignore[attr-defined]
    TinyDB.default_storage_class = OnDisk  # type: ignore[assignment]


@pytest.fixture(params=["journal"] if IN_PLACE else ["memory", "json", "journal"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> TinyDB:
    """Theirs, with one more storage."""
    if request.param == "journal":
        made = TinyDB(storage=lambda: OnDisk(tmp_path / "test.db"))
    elif request.param == "json":
        made = TinyDB(tmp_path / "test.db", storage=json)
    else:
        made = TinyDB(storage=memory)
    made.drop_tables()
    made.insert_multiple({"int": 1, "char": c} for c in "abc")
    return made


@pytest.fixture(params=["journal"] if IN_PLACE else ["memory", "journal"])
def storage(request: pytest.FixtureRequest) -> Any:
    """Theirs, over one more storage."""
    cached: Any = CachingMiddleware  # which has no types
    return cached(Anywhere if request.param == "journal" else memory)()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is excluded; a name that no test has is an error."""
    excluded = EXCLUDED | (EXCLUDED_IN_PLACE if IN_PLACE else {})
    names = {f"{item.path.name}::{item.name}": item for item in items}
    assert excluded.keys() <= names.keys(), excluded.keys() - names.keys()
    out = [names[name] for name in excluded]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]
