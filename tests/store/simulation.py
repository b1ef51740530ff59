"""A store on a simulated disk, beside a plain dictionary that says what it must hold."""

import copy
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

from tinydb.table import Document

from ren_device.store.database import Rows
from ren_device.store.framing import dumps
from ren_device.store.snapshot import DRAFT
from ren_device.store.storage import JournalStorage
from tests.store.simulated_disk import Fault, Gone, SimulatedDisk

State = dict[str, dict[str, dict[str, Any]]]
TABLES = ("a", "b", "remarks/1")
IDS = range(1, 7)


class ByHand:
    """A Background whose steps are taken when the test says so."""

    def __init__(self) -> None:
        self._steps: Generator[None, None, None] | None = None

    def begin(self, steps: Generator[None, None, None]) -> None:
        assert self._steps is None
        self._steps = steps

    def busy(self) -> bool:
        return self._steps is not None

    def finish(self) -> None:
        while self.busy():
            self.step()

    def drop(self) -> None:
        """There is no process any more."""
        if self._steps is not None:
            with suppress(Gone):
                self._steps.close()
        self._steps = None

    def step(self) -> None:
        """Take the next one, if there is one."""
        if self._steps is not None:
            try:
                next(self._steps)
            except StopIteration:
                self._steps = None


class Simulation:
    """Does things to a store, and asserts all along that it keeps its promises.

    What was acknowledged is there. What was not may be there after the process or the power went:
    one change that was under way or had failed since the last one that was acknowledged, whole.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.disk = SimulatedDisk(self.random)
        self.now = 0.0
        self.crashes = self.changes = self.failures = self.compactions = 0
        self._kept: State = {}
        self._maybe: list[State] = []
        self._storage: JournalStorage | None = None
        self._background = ByHand()
        self.open()

    # --- what may happen ------------------------------------------------------------------------

    def change(self) -> None:
        """One transaction of some changes."""
        if self._storage is None:
            self.open()
            return
        storage = self._storage
        if self.random.random() < 0.05:
            self._replace(storage)
            return
        after = copy.deepcopy(self._kept)
        edits = [self._edit(after) for _ in range(self.random.randint(1, 4))]
        with self._attempt(after), storage.transaction():
            rows = Rows(storage)
            for edit in edits:
                edit(rows)
            assert self._read() == _plain(after)

    @contextmanager
    def _attempt(self, after: State) -> Iterator[None]:
        """What is done within leads to `after`, or fails."""
        try:
            yield
        except OSError:
            self.failures += 1
            self._maybe.append(after)
        except Gone:
            self._maybe.append(after)
            raise
        else:
            self.changes += 1
            self._kept, self._maybe = after, []
        self.check()

    def _replace(self, storage: JournalStorage) -> None:
        after: State = {}
        for _ in range(self.random.randint(0, 8)):
            self._edit(after)
        tables = {
            name: {key: dumps(row) for key, row in rows.items()} for name, rows in after.items()
        }
        with self._attempt(after):
            storage.replace(tables)

    def give_up_a_change(self) -> None:
        """A transaction whose job fails."""
        if self._storage is None:
            return
        unwanted = copy.deepcopy(self._kept)
        with suppress(ZeroDivisionError), self._storage.transaction():
            for _ in range(3):
                self._edit(unwanted)(Rows(self._storage))
            _ = 1 / 0
        self.check()

    def compact(self, steps: int) -> None:
        """Let a compaction, if there is one, take some steps."""
        for _ in range(steps):
            self._background.step()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def reopen(self) -> None:
        """Close and open, on a disk that is well: nothing that failed may come back."""
        self.disk.be_well()
        self.disk.capacity = 1 << 30
        if self._storage is not None:
            self._storage.close()
            self._storage = None
            self._maybe = []
        self.disk.kill()
        self.open()

    def crash(self, fault: Fault) -> None:
        """It just happens, or has happened in the middle of something."""
        self.crashes += 1
        self._storage = None
        self.disk.stop()
        self._background.drop()
        if fault == "power cut":
            self.disk.power_cut()
        else:
            self.disk.kill()
        self.open()

    def do(self, act: Callable[[], None]) -> None:
        """Do something in whose middle the process or the power may go."""
        try:
            act()
        except Gone:
            self.crash(self.disk.gone_by)

    def fill_disk(self, room: int) -> None:
        """Leave room for so many bytes."""
        self.disk.capacity = self.disk.used() + room

    def open(self) -> None:
        """Open it; what it holds must be what it may hold."""
        self._background = ByHand()
        try:
            self._storage = JournalStorage(
                self.disk, 512, background=self._background, clock=lambda: self.now
            )
        except OSError:
            self.disk.kill()  # the disk could not be used, and said so; this process ends
            return
        possible = [_plain(self._kept), *map(_plain, self._maybe)]
        now = self._read()
        assert now in possible, f"{now}\nis none of\n{possible}"
        self._kept = copy.deepcopy(self._storage.read() or {})
        self._maybe = []
        assert not self._storage._compaction.due(), self._storage.figures().recovered

    def check(self) -> None:
        """What can be read now is what was acknowledged."""
        if self._storage is not None:
            assert self._read() == _plain(self._kept)
            figures = self._storage.figures()
            assert figures.documents == sum(map(len, self._kept.values()))
            self.compactions = max(self.compactions, figures.compactions)

    def tidy(self) -> None:
        """After a compaction on a disk that is well there are few files, and no drafts."""
        self.reopen()
        for _ in range(40):
            self.wait(10_000)
            self.change()
            self._background.finish()
        names = self.disk.names()
        assert not [name for name in names if name.endswith((DRAFT, ".damaged"))], names
        assert len(names) <= 5, names

    # --- within ---------------------------------------------------------------------------------

    def _read(self) -> Any:
        assert self._storage is not None
        return _plain(self._storage.read() or {})

    def _edit(self, state: State) -> Callable[[Rows], object]:
        """Change `state`, and return what does the same to a store."""
        name, doc_id = self.random.choice(TABLES), self.random.choice(IDS)
        key = str(doc_id)
        value = {"v": self.random.randbytes(self.random.choice((1, 4, 150))).hex()}
        rows = state.get(name, {})
        what = self.random.random()
        if what < 0.05 and name in state:
            del state[name]
            return lambda store: store._db.drop_table(name)
        state.setdefault(name, rows)
        if key not in rows:
            rows[key] = value
            return lambda store: store.table(name).insert(Document(value, doc_id))
        if what < 0.6:
            rows[key] = rows[key] | value
            return lambda store: store.table(name).update(value, doc_ids=[doc_id])
        del rows[key]
        return lambda store: store.table(name).remove(doc_ids=[doc_id])


def _plain(state: State) -> list[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """In a form in which order counts for documents, and not for tables."""
    return sorted((name, list(rows.items())) for name, rows in state.items())
