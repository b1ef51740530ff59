"""The watchdog is fed by what is well, and by nothing else."""

import asyncio
import logging
from collections.abc import Callable, Mapping

import pytest

from ren_device.supervision import supervise
from tests.fakes import FixedClock
from tests.virtual_time import run, stand_still


class Notebook:
    """A Supervisor that writes down what it is told, and when."""

    def __init__(self, watchdog_s: float | None = 6.0) -> None:
        self.watchdog_s = watchdog_s
        self.told: list[tuple[float, str]] = []
        self._began_s = asyncio.get_running_loop().time()

    def _tell(self, what: str) -> None:
        self.told.append((asyncio.get_running_loop().time() - self._began_s, what))

    def ready(self) -> None:
        self._tell("ready")

    def status(self, text: str) -> None:
        self._tell(text)

    def alive(self) -> None:
        self._tell("alive")

    def patience(self, seconds: float) -> None:
        self._tell(f"patience {seconds:.0f}")

    def stopping(self) -> None:
        self._tell("stopping")

    def times(self, what: str) -> list[float]:
        return [round(at, 3) for at, each in self.told if each == what]


async def watched(
    notebook: Notebook,
    vitals: Mapping[str, Callable[[], str | None]],
    scene: Callable[[], object],
    loading: Callable[[], bool] = lambda: False,
    status: Callable[[], str] = lambda: "",
) -> None:
    """Supervise for 10 s; after 5 s of them something happens."""
    task = asyncio.create_task(supervise(notebook, vitals, FixedClock(), loading, status))
    await asyncio.sleep(5)
    scene()
    await asyncio.sleep(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_ren_that_is_well_says_so_at_a_third_of_the_time() -> None:
    async def scene() -> None:
        notebook = Notebook(6.0)
        await watched(notebook, {"voice": lambda: None}, lambda: None)
        assert notebook.told == [(at, "alive") for at in (0.0, 2.0, 4.0, 6.0, 8.0)]

    run(scene())


def test_one_frozen_part_is_enough_to_go_quiet(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        notebook = Notebook(3.0)
        ill: list[str] = []
        vitals = {"voice": lambda: ill[0] if ill else None, "alerts": lambda: None}
        await watched(notebook, vitals, lambda: ill.append("no sound for 5 s"))
        assert notebook.times("alive") == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert notebook.times("voice is frozen") == [5.0]

    run(scene())
    assert caplog.messages == ["voice is frozen: no sound for 5 s"]  # once


def test_a_part_that_moves_again_is_believed(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        notebook = Notebook(3.0)
        ill = ["no sound"]
        await watched(notebook, {"voice": lambda: ill[0] if ill else None}, ill.clear)
        assert notebook.times("alive") == [5.0, 6.0, 7.0, 8.0, 9.0]
        assert [what for _, what in notebook.told if what != "alive"] == ["voice is frozen", ""]

    run(scene())
    levels = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert levels == [
        (logging.ERROR, "voice is frozen: no sound"),
        (logging.WARNING, "voice moves again after 5 s"),
    ]


def test_a_loop_that_is_held_up_says_nothing() -> None:
    async def scene() -> None:
        notebook = Notebook(3.0)
        await watched(notebook, {}, lambda: stand_still(60))
        assert notebook.times("alive") == [0, 1, 2, 3, 4, 65, 66, 67, 68, 69]

    run(scene())


def test_more_patience_is_asked_for_while_engines_load_and_no_longer() -> None:
    async def scene() -> None:
        notebook = Notebook(3.0)
        loading = [True]
        await watched(notebook, {}, loading.clear, loading=lambda: bool(loading))
        patience = [(at, what) for at, what in notebook.told if what.startswith("patience")]
        assert patience == [(0.0, "patience 60"), (5.0, "patience 3")]
        assert notebook.times("alive") == list(range(10))  # all the same

    run(scene())


def test_what_ren_does_is_told_when_it_changes() -> None:
    async def scene() -> None:
        notebook = Notebook(3.0)
        words = ["loading"]
        await watched(
            notebook, {}, lambda: words.__setitem__(0, "listening"), status=lambda: words[0]
        )
        assert notebook.times("loading") == [0.0]
        assert notebook.times("listening") == [5.0]

    run(scene())


def test_without_a_watchdog_the_log_still_tells(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        notebook = Notebook(None)
        vitals = {"voice": lambda: "no sound"}
        await watched(notebook, vitals, lambda: None, loading=lambda: True)
        assert not notebook.times("alive")
        assert not notebook.times("patience 60")

    run(scene())
    assert caplog.messages == ["voice is frozen: no sound"]
