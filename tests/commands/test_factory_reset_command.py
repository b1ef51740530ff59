"""`ren-device factory-reset`: with a Ren that runs, and without; only for who is sure."""

import asyncio
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ren_device.commands import factory_reset as command
from ren_device.store import factory_reset, open_store
from ren_device.web.control import control_socket
from ren_device.web.control_reset import ResetRoutes
from tests.commands.command_line import ren_device
from tests.fakes import NOON


def told(done: CompletedProcess[bytes]) -> str:
    return done.stderr.decode()


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data directory in which something is kept, and no Ren runs."""
    store = await open_store(tmp_path / "data", NOON)
    await store.facts.add("The spare key is under the pot.", NOON)
    await store.close()
    return tmp_path / "data"


@pytest.mark.parametrize("answer", [b"", b"\n", b"no\n", b"y\n"])
async def test_without_a_yes_nothing_happens(data: Path, answer: bytes) -> None:
    done = await asyncio.to_thread(ren_device, data.parent, "factory-reset", stdin=answer)
    assert done.returncode == 1
    assert str(data) in told(done)
    assert told(done).endswith("Nothing was erased.\n")
    assert (data / "store").is_dir()


@pytest.mark.parametrize(("words", "answer"), [(["--yes"], None), ([], b"yes\n"), ([], b" YES \n")])
async def test_with_a_yes_all_goes_at_once(
    data: Path, words: list[str], answer: bytes | None
) -> None:
    (data / "models").mkdir()
    done = await asyncio.to_thread(ren_device, data.parent, "factory-reset", *words, stdin=answer)
    assert done.returncode == 0, told(done)
    assert "Everything is erased" in told(done)
    assert names(data) == {"models", "ren.lock"}


async def test_a_ren_that_runs_does_it_itself(data: Path) -> None:
    asked = asyncio.Event()

    async def reset() -> None:
        await asyncio.to_thread(factory_reset.ask, data)
        asked.set()

    async with control_socket(data, (ResetRoutes(reset).routes(),)):
        done = await asyncio.to_thread(ren_device, data.parent, "factory-reset", "--yes")
        assert done.returncode == 0, told(done)
        assert asked.is_set()
        assert "starts as it came" in told(done)
        assert (data / "store").is_dir()  # its store is open: only its next start may
    assert factory_reset.carry_out(data)


async def test_a_ren_that_runs_and_cannot_is_left_alone(data: Path) -> None:
    async with control_socket(data, ()):
        done = await asyncio.to_thread(ren_device, data.parent, "factory-reset", "--yes")
    assert done.returncode == 1
    assert "stop it first" in told(done)
    assert not factory_reset.carry_out(data)


async def test_in_an_image_it_is_left_to_the_system_as_a_whole(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await command._reset(data, on_image=True)
    assert "The machine erases everything now" in capsys.readouterr().err
    assert (data / factory_reset.MARKER).exists()  # what the system looks for
    assert (data / "store").is_dir()


async def test_where_no_ren_has_been_there_is_nothing_to_erase(tmp_path: Path) -> None:
    (tmp_path / "data" / "photos").mkdir(parents=True)
    done = await asyncio.to_thread(ren_device, tmp_path, "factory-reset", "--yes")
    assert done.returncode == 1
    assert "no Ren has ever kept anything there" in told(done)
    assert (tmp_path / "data" / "photos").is_dir()
