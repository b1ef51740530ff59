"""Processes, directories, copies, figures, and a look from outside."""

import asyncio
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest

from ren_device.errors import StoreError
from ren_device.store import Store, inspect, open_store
from tests.store.test_store import full_disk

NOON = datetime.fromisoformat("2026-06-25T12:00:00")
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Store]:
    store = await open_store(data_dir, NOON)
    try:
        yield store
    finally:
        await store.close()


async def fact_texts(store: Store) -> list[str]:
    return [fact.text for fact in await store.facts.all()]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- processes and directories ------------------------------------------------------------------

ANOTHER_REN = """
import asyncio, sys
from pathlib import Path
from ren_device.errors import StoreError
from ren_device.store import open_store
try:
    asyncio.run(open_store(Path(sys.argv[1])))
except StoreError as error:
    print(error)
"""


def another_ren(data_dir: Path) -> str:
    """What a second process says."""
    command = [sys.executable, "-c", ANOTHER_REN, str(data_dir)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


async def test_a_second_process_is_refused_in_one_line_and_touches_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.facts.add("kept", NOON)
        before = [(path.name, path.read_bytes()) for path in sorted((tmp_path / "store").iterdir())]
        said = await asyncio.to_thread(another_ren, tmp_path)
        assert said == f"REN_DATA_DIR={tmp_path}: another Ren is using this directory\n"
        after = [(path.name, path.read_bytes()) for path in sorted((tmp_path / "store").iterdir())]
        assert after == before
        await store.facts.add("and this", NOON)
    assert await asyncio.to_thread(another_ren, tmp_path) == ""


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Give this folder to somebody without powers, and be that."""
    if os.geteuid() != 0:
        yield
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_directory_that_may_not_be_written_to_stops_the_start_in_one_line() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with opened(folder / "ren") as store:
            await store.facts.add("kept", NOON)
        with as_nobody(folder), read_only(folder):
            with pytest.raises(StoreError, match=r"^REN_DATA_DIR=.*: Permission denied$"):
                await open_store(folder / "ren")
            with pytest.raises(StoreError, match=r"^REN_DATA_DIR=.*: Permission denied$"):
                await open_store(folder / "ren" / "new")
            assert inspect(folder / "ren").problems == ()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing in here may be changed by its owner."""
    before = [(path, path.stat().st_mode) for path in folder.rglob("*")]
    for path, mode in before:
        path.chmod(mode & 0o555)
    try:
        yield
    finally:
        for path, mode in before:
            path.chmod(mode)


async def test_files_of_a_newer_ren_stop_the_start_in_one_line(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    path = tmp_path / "store" / "00000000.journal"
    line = b"ren-store 2 journal 0"
    path.write_bytes(b"%b %08x\n" % (line, zlib.crc32(line)))
    with pytest.raises(StoreError) as caught:
        await open_store(tmp_path)
    assert str(caught.value) == (
        f"REN_DATA_DIR={tmp_path}: 00000000.journal: a newer Ren made it; this one cannot read it"
    )


async def test_a_directory_can_be_opened_again_after_a_failed_start(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(StoreError, match="File exists"):
        await open_store(tmp_path)
    (tmp_path / "store").unlink()
    async with opened(tmp_path):
        pass


# --- a disk that is full --------------------------------------------------------------------------


def on_a_small_disk(folder: Path) -> list[str]:
    """The command, in a mount namespace of its own; empty where that is not permitted."""
    own = ["unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))]
    script = 'mount -t tmpfs -o size=700k tmpfs "$1" && shift && exec "$@"'
    command = [*own, "sh", "-c", script, "sh", str(folder)]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return command


def test_a_full_disk_loses_nothing_and_writing_resumes_when_there_is_room(tmp_path: Path) -> None:
    mounted = on_a_small_disk(tmp_path)
    # Without a disk of its own, a limit on the size of files has to do.
    limited = ["sh", "-c", 'ulimit -f 700; exec "$@"', "sh"]
    program = [sys.executable, "-m", "tests.store.small_disk", str(tmp_path)]
    ended = subprocess.run(
        [*(mounted or limited), *program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    why, kept = ended.stdout.splitlines()
    assert ("The disk is full" if mounted else "File too large") in why
    assert int(kept.removeprefix("kept ")) > 200


def test_on_a_full_disk_alerts_are_still_written_and_nothing_else(tmp_path: Path) -> None:
    mounted = on_a_small_disk(tmp_path)
    limited = ["sh", "-c", 'ulimit -f 700; exec "$@"', "sh"]  # which a reserve cannot help against
    program = [sys.executable, "-m", "tests.store.alerts_on_full_disk", str(tmp_path)]
    ended = subprocess.run(
        [*(mounted or limited), *program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"kept {200 if mounted else 0}\n"


# --- copies of everything -------------------------------------------------------------------------


async def test_a_copy_is_whole_and_private_and_can_be_put_back(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with opened(tmp_path / "a") as store:
        fact = await store.facts.add("likes tea", NOON)
        await store.remarks.add(1, [("user", "hé \ud800")], NOON)
        await store.database.write_snapshot(copy)
        await store.facts.add("not in it", NOON)
    assert copy.stat().st_mode & 0o777 == 0o600
    async with opened(tmp_path / "b") as store:
        await store.facts.add("goes away", NOON)
        await store.lists.add("shopping", ["goes away"])
        await store.database.replace_all(copy)
        for _ in range(2):
            assert await store.facts.all() == [fact]
            assert [remark.content for remark in await store.remarks.latest(1, 9)] == ["hé \ud800"]
            assert await store.lists.names() == []
            await store.close()
            store = await open_store(tmp_path / "b", NOON)
            assert store.database.figures().recovered == ""
        await store.facts.add("ids go on", NOON)
        assert [each.id for each in await store.facts.all()] == [1, 2]
        await store.close()


async def test_a_copy_takes_the_place_of_another_only_when_it_is_whole(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with opened(tmp_path / "a") as store:
        await store.facts.add("x" * 5000, NOON)
        await store.database.write_snapshot(copy)
        before = copy.read_bytes()
        await store.facts.add("more", NOON)
        with full_disk(2000), pytest.raises(StoreError, match=r"cannot write .*copy: File too"):
            await store.database.write_snapshot(copy)
        assert copy.read_bytes() == before
        assert names_in(tmp_path) == ["a", "copy"]
        await store.database.write_snapshot(copy)
        assert copy.read_bytes() != before
        with pytest.raises(StoreError, match="No such file"):
            await store.database.write_snapshot(tmp_path / "nowhere" / "copy")


async def test_a_copy_is_made_while_things_change(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as store:

        async def add() -> None:
            for number in range(60):
                await store.lists.add("l", [f"{number} a", f"{number} b"])

        adding = asyncio.create_task(add())
        for number in range(5):
            await store.database.write_snapshot(tmp_path / f"{number}")
        await adding
    for number in range(5):
        async with opened(tmp_path / f"of {number}") as store:
            await store.database.replace_all(tmp_path / f"{number}")
            items = [item.text for item in await store.lists.items("l")]
            assert items == [f"{n} {ab}" for n in range(60) for ab in "ab"][: len(items)]
            assert len(items) % 2 == 0


@pytest.mark.parametrize("size", [0, 10, 45, 300, -1])
async def test_a_file_that_is_no_whole_copy_changes_nothing(tmp_path: Path, size: int) -> None:
    async with opened(tmp_path / "a") as store:
        await store.facts.add("x" * 500, NOON)
        await store.database.write_snapshot(tmp_path / "copy")
        part = (tmp_path / "copy").read_bytes()[:size]
        (tmp_path / "part").write_bytes(part)
        await store.facts.add("kept", NOON)
        with pytest.raises(StoreError, match="is not"):
            await store.database.replace_all(tmp_path / "part")
        with pytest.raises(StoreError, match="cannot read"):
            await store.database.replace_all(tmp_path / "nothing")
        assert await fact_texts(store) == ["x" * 500, "kept"]


async def test_a_replacement_that_fails_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as store:
        await store.facts.add("x" * 5000, NOON)
        await store.database.write_snapshot(tmp_path / "copy")
    async with opened(tmp_path / "b") as store:
        await store.facts.add("kept", NOON)
        with full_disk(3000), pytest.raises(StoreError, match="disk failed"):
            await store.database.replace_all(tmp_path / "copy")
        assert await fact_texts(store) == ["kept"]
    async with opened(tmp_path / "b") as store:
        assert await fact_texts(store) == ["kept"]
        assert store.database.figures().recovered == ""


# --- figures, and a look from outside -----------------------------------------------------------


async def test_figures(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        before = store.database.figures()
        await store.facts.add("x" * 100, NOON)
        now = store.database.figures()
        assert now.documents == before.documents + 1
        assert now.changes == before.changes + 1
        assert 100 < now.changed_bytes - before.changed_bytes < 300
        assert 0 < now.written_bytes - before.written_bytes < 350
        assert now.live_bytes > before.live_bytes + 100
        assert now.journal_bytes > before.journal_bytes
        assert 0 < now.last_sync_s < 5
        assert (now.recovered, now.trouble, now.compactions) == ("", "", 0)
    with pytest.raises(StoreError, match="closed"):
        store.database.figures()


async def test_a_look_from_outside(tmp_path: Path) -> None:
    assert inspect(tmp_path).documents == 0
    async with opened(tmp_path) as store:
        await store.facts.add("a fact", NOON)
    journal = tmp_path / "store" / "00000000.journal"
    seen = inspect(tmp_path)
    assert seen.documents == 3  # a thread, the fact, and the counters
    assert seen.bytes == journal.stat().st_size
    assert seen.problems == ()
    with journal.open("ab") as file:
        file.write(b"half a rec")
    (problem,) = inspect(tmp_path).problems
    assert problem.startswith("The last 10 bytes of 00000000.journal were a write that was cut off")
    (tmp_path / "store" / "00000003.snapshot.damaged").write_text("")
    problems = inspect(tmp_path).problems
    assert problems[1] == "Damaged files were set aside: 00000003.snapshot.damaged."
    assert journal.read_bytes().endswith(b"half a rec")  # it only looked


async def test_a_look_while_a_ren_writes_and_compacts_finds_nothing_wrong(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        enough = asyncio.Event()

        async def write() -> None:
            for number in count():
                await store.preferences.put("note", f"{number}" + "x" * 20_000)
                if enough.is_set() and store.database.figures().compactions > 2:
                    return

        writing = asyncio.create_task(write())
        for _ in range(20):
            assert (await asyncio.to_thread(inspect, tmp_path)).problems == ()
        enough.set()
        await writing
