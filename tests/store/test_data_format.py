"""The format of all that is kept: written down once, and what is newer is left alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from ren_device.commands import fault
from ren_device.errors import StoreError
from ren_device.settings import Settings
from ren_device.store import factory_reset, inspect, open_store
from ren_device.store.data_format import DATA_FORMAT, FILE, kept_format
from tests.fakes import NOON


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_a_new_store_says_which_format_it_has(tmp_path: Path) -> None:
    assert kept_format(tmp_path / "data") == 1
    store = await open_store(tmp_path / "data", NOON)
    await store.close()
    assert (tmp_path / "data" / FILE).read_bytes() == b"%d\n" % DATA_FORMAT
    assert kept_format(tmp_path / "data") == DATA_FORMAT


@pytest.mark.parametrize("text", [None, b"", b"one", b"\0" * 9, b"-3", "²".encode()])
async def test_one_that_says_nothing_is_of_the_first_and_says_so_then(
    tmp_path: Path, text: bytes | None
) -> None:
    store = await open_store(tmp_path, NOON)
    await store.facts.add("The bins are collected on Tuesday.", NOON)
    await store.close()
    (tmp_path / FILE).unlink()
    if text is not None:
        (tmp_path / FILE).write_bytes(text)
    assert kept_format(tmp_path) == 1
    store = await open_store(tmp_path)
    assert len(await store.facts.all()) == 1
    await store.close()
    assert (tmp_path / FILE).read_bytes() == b"1\n"


async def test_what_a_newer_ren_has_made_is_refused_in_words_and_left_alone(tmp_path: Path) -> None:
    store = await open_store(tmp_path, NOON)
    await store.close()
    (tmp_path / FILE).write_text(f"{DATA_FORMAT + 1}\n")
    before = files(tmp_path)
    for refused in (open_store(tmp_path), open_store(tmp_path)):  # nor is it locked afterwards
        with pytest.raises(StoreError, match=r"made by a newer Ren .*install that one or a newer"):
            await refused
    with pytest.raises(StoreError, match="made by a newer Ren"):
        inspect(tmp_path)
    assert before == files(tmp_path)
    # A way out.
    factory_reset.ask(tmp_path)
    assert factory_reset.carry_out(tmp_path)
    await (await open_store(tmp_path, NOON)).close()


def test_the_fault_says_that_it_is_newer(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("7")
    assert fault._look(Settings(data_dir=tmp_path), has_wrong_settings=False) == "newer"
    (tmp_path / FILE).write_text("1")
    assert fault._look(Settings(data_dir=tmp_path), has_wrong_settings=False) == "crash"


READ_ONLY = """
import asyncio, subprocess, sys
from pathlib import Path
import pytest
from ren_device.errors import StoreError
from ren_device.store import open_store
from tests.fakes import NOON

folder = Path(sys.argv[1])

def mount(*options):
    subprocess.run(["mount", *options, folder], check=True)

async def kept():
    store = await open_store(folder, NOON)
    return store, [fact.text for fact in await store.facts.all()]

async def main():
    store, _ = await kept()
    await store.facts.add("before", NOON)
    await store.close()
    mount("--bind", folder)
    mount("-o", "remount,bind,ro")
    store, facts = await kept()
    assert facts == ["before"]
    assert "read-only" in store.database.figures().trouble
    with pytest.raises(StoreError, match="nothing new can be kept"):
        await store.facts.add("lost", NOON)
    with pytest.raises(StoreError, match="another Ren"):
        await open_store(folder)
    mount("-o", "remount,bind,rw")
    await store.facts.add("after", NOON)
    assert store.database.figures().trouble == ""
    await store.close()
    store, facts = await kept()
    assert facts == ["before", "after"]
    await store.close()

asyncio.run(main())
"""


def test_a_disk_that_is_read_only_is_read_and_writing_begins_when_it_can(tmp_path: Path) -> None:
    """In a mount namespace of its own, with the kernel's own EROFS."""
    own = ("unshare", "--mount", "--map-root-user")
    done = subprocess.run(
        [*own, sys.executable, "-c", READ_ONLY, tmp_path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
