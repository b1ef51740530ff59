"""The factory reset: wherever it is killed it is finished, and it touches nothing else."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device.errors import StoreError
from ren_device.store import open_store
from ren_device.store.database import LOCK
from ren_device.store.factory_reset import KEPT, MARKER, Machine, ask, carry_out
from tests.fakes import NOON


class Killed(BaseException):
    """The process is no more."""


class Mortal(Machine):
    """The machine's disk, in a process that is killed after so many calls."""

    def __init__(self, calls: float = float("inf")) -> None:
        self.left = calls

    def _live(self) -> None:
        if self.left <= 0:
            raise Killed
        self.left -= 1

    def entries(self, folder: Path) -> list[tuple[Path, bool]]:
        self._live()
        return super().entries(folder)

    def create(self, path: Path) -> None:
        self._live()
        super().create(path)

    def unlink(self, path: Path) -> None:
        self._live()
        super().unlink(path)

    def rmdir(self, path: Path) -> None:
        self._live()
        super().rmdir(path)

    def sync(self, folder: Path) -> None:
        self._live()
        super().sync(folder)


class PowerlessTree:
    """Names in memory; those of a folder are certain only after its sync. Folders are dicts."""

    def __init__(self, top: Path, names: set[str], random: Random, calls: float) -> None:
        self.durable = set(names)
        self.names = set(names)
        self.top = top
        self.random = random
        self.left = calls

    def power_cut(self) -> None:
        """Each change that was not synced has happened, or not."""
        for name in self.durable ^ self.names:
            if self.random.random() < 0.5:
                self.durable ^= {name}
        self.names = set(self.durable)
        self.left = float("inf")

    def _live(self) -> None:
        if self.left <= 0:
            raise Killed
        self.left -= 1

    def entries(self, folder: Path) -> list[tuple[Path, bool]]:
        self._live()
        assert folder == self.top
        return [(folder / name, False) for name in sorted(self.names)]

    def create(self, path: Path) -> None:
        self._live()
        self.names.add(path.name)

    def unlink(self, path: Path) -> None:
        self._live()
        self.names.remove(path.name)

    def rmdir(self, path: Path) -> None:
        raise AssertionError("there are only files")

    def sync(self, folder: Path) -> None:
        self._live()
        assert folder == self.top
        self.durable = set(self.names)


def furnish(data: Path) -> None:
    """A data directory as it is in use, with a model, a link, and deep folders."""
    for name in (
        "store/7.journal",
        "backups/a/b.tar",
        "wake/1.wav",
        "models/vosk/am",
        "wake/x/y/z",
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("personal" if not name.startswith("models") else "model")
    (data / "identity.key").write_text("secret")
    (data / LOCK).touch()
    (data / "empty").mkdir(exist_ok=True)


def personal(data: Path) -> set[str]:
    """What is there besides what may stay."""
    return {each.name for each in data.iterdir()} - KEPT - {MARKER}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    furnish(tmp_path / "data")
    return tmp_path / "data"


def test_all_goes_but_the_models(data: Path) -> None:
    ask(data)
    ask(data)  # harmless
    assert (data / MARKER).stat().st_mode & 0o777 == 0o600
    assert carry_out(data)
    assert {each.name for each in data.iterdir()} == {"models", LOCK}
    assert (data / "models/vosk/am").read_text() == "model"
    assert not (data / LOCK).read_bytes()
    assert not carry_out(data)


def test_nothing_goes_that_nobody_asked_for(data: Path, tmp_path: Path) -> None:
    before = sorted(data.rglob("*"))
    assert not carry_out(data)
    assert sorted(data.rglob("*")) == before
    assert not carry_out(tmp_path / "nowhere")


def test_links_are_removed_and_not_followed(data: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    (data / "folder").symlink_to(outside)
    (data / "wake" / "file").symlink_to(outside / "precious")
    (data / "dangling").symlink_to(tmp_path / "nowhere")
    ask(data)
    assert carry_out(data)
    assert personal(data) == set()
    assert (outside / "precious").read_text() == "mine"


def test_models_that_are_elsewhere_stay_linked(data: Path, tmp_path: Path) -> None:
    (data / "models").rename(tmp_path / "big")
    (data / "models").symlink_to(tmp_path / "big")
    ask(data)
    assert carry_out(data)
    assert (data / "models/vosk/am").read_text() == "model"


def kill_everywhere(data: Path) -> Iterator[int]:
    """Begin the reset anew for each number of calls after which it can be killed."""
    for calls in range(1000):
        furnish(data)
        ask(data)
        try:
            carry_out(data, Mortal(calls))
        except Killed:
            yield calls
        else:
            return
    raise AssertionError("it never ends")


def test_killed_at_any_point_it_is_finished_by_the_next_start(data: Path) -> None:
    points = 0
    for _ in kill_everywhere(data):
        points += 1
        assert (data / MARKER).exists() or not personal(data)
        carry_out(data)
        assert personal(data) == set()
        assert not (data / MARKER).exists()
    assert points > 20


@given(st.lists(st.integers(0, 30), max_size=6))
@settings(max_examples=40, deadline=None)
def test_killed_again_and_again(tmp_path_factory: pytest.TempPathFactory, kills: list[int]) -> None:
    data = tmp_path_factory.mktemp("data")
    furnish(data)
    ask(data)
    for calls in kills:
        with suppress(Killed):
            carry_out(data, Mortal(calls))
        assert (data / MARKER).exists() or not personal(data)
    carry_out(data)
    assert personal(data) == set()
    assert not (data / MARKER).exists()


@given(
    names=st.sets(st.sampled_from(["store", "identity.key", "backups", "wake", "x", "models"])),
    calls=st.integers(0, 14),
    seed=st.integers(),
)
@settings(deadline=None)
def test_a_power_cut_leaves_the_marker_as_long_as_anything_personal(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], calls: int, seed: int
) -> None:
    data = tmp_path_factory.mktemp("data")  # for the lock alone
    tree = PowerlessTree(data, names | {LOCK}, Random(seed), float("inf"))
    ask(data, tree)
    tree.power_cut()
    assert MARKER in tree.names  # asked for is asked for
    tree.left = calls
    with suppress(Killed):
        assert carry_out(data, tree)
    tree.power_cut()
    assert MARKER in tree.names or not tree.names - KEPT
    carry_out(data, tree)
    tree.power_cut()
    assert tree.names == {LOCK} | (names & {"models"})


def test_a_power_cut_while_asking_erases_nothing(tmp_path: Path) -> None:
    tree = PowerlessTree(tmp_path, {LOCK, "store"}, Random(1), 2)
    with pytest.raises(Killed):
        ask(tmp_path, tree)
    tree.power_cut()
    assert "store" in tree.names


def test_what_cannot_be_removed_is_named_and_the_rest_goes(data: Path) -> None:
    class Stubborn(Machine):
        def unlink(self, path: Path) -> None:
            if path.name == "b.tar":
                raise PermissionError(1, "Operation not permitted", str(path))
            super().unlink(path)

    ask(data)
    with pytest.raises(StoreError, match=r"backups/a/b\.tar: Operation not permitted"):
        carry_out(data, Stubborn())
    assert personal(data) == {"backups"}
    assert (data / MARKER).exists()
    assert carry_out(data)
    assert personal(data) == set()


def test_a_directory_that_no_ren_has_used_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(StoreError, match="no Ren has ever kept anything"):
        ask(tmp_path)
    with pytest.raises(StoreError, match="No such file"):
        ask(tmp_path / "nowhere")
    assert [each.name for each in tmp_path.iterdir()] == ["photos"]


async def test_never_under_a_ren_that_runs_and_then_it_starts_empty(tmp_path: Path) -> None:
    store = await open_store(tmp_path, NOON)
    await store.facts.add("The spare key is under the pot.", NOON)
    await asyncio.to_thread(ask, tmp_path)
    with pytest.raises(StoreError, match="another Ren"):
        await asyncio.to_thread(carry_out, tmp_path)
    assert await store.facts.all()
    await store.close()
    assert await asyncio.to_thread(carry_out, tmp_path)
    store = await open_store(tmp_path, NOON)
    assert await store.facts.all() == []
    await store.close()
