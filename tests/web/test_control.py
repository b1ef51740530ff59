"""The socket in the data directory: whose it is, and backups through it."""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, UnixConnector

from ren_device.store import Store, open_store
from ren_device.store.backup_file import check
from ren_device.store.backups import Backups
from ren_device.web.control import SOCKET, BackupRoutes, control_socket, short_path
from tests.store.hostile_backups import HOSTILE, SEED

NOON = datetime.fromisoformat("2026-06-25T12:00:00")


@asynccontextmanager
async def served(data: Path) -> AsyncIterator[tuple[Store, ClientSession]]:
    """A store behind a socket, and a client of it."""
    store = await open_store(data, NOON)
    backups = Backups(
        data, store.database, name="Ren", now=lambda: NOON, identity_file=data / "identity.key"
    )
    try:
        async with control_socket(data, [BackupRoutes(backups).routes()]), client(data) as session:
            yield store, session
    finally:
        await store.close()


@asynccontextmanager
async def client(data: Path) -> AsyncIterator[ClientSession]:
    with short_path(data) as path:
        async with ClientSession("http://ren", connector=UnixConnector(path)) as session:
            yield session


def names(folder: Path) -> list[str]:
    """What is there, but for the backup that has been read and is about to be removed."""
    return sorted({path.name for path in folder.iterdir()} - {"backup.partial"})


async def say(store: Store, text: str) -> None:
    await store.remarks.add(1, [("user", text)], NOON)


async def said(store: Store) -> list[str]:
    return [remark.content for remark in await store.remarks.latest(1, 100)]


async def test_it_is_for_the_owner_only_and_goes_with_the_server(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, ren):
        mode = (tmp_path / SOCKET).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        async with ren.get("/ping") as answer:
            assert (await answer.json())["pid"] == os.getpid()
        async with ren.get("/chat") as answer:
            assert answer.status == 404
    assert not (tmp_path / SOCKET).exists()


async def test_a_path_longer_than_an_address_may_be(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    async with served(deep) as (_, ren), ren.get("/ping") as answer:
        assert answer.status == 200


async def test_the_socket_of_a_ren_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead, short_path(tmp_path) as path:
        dead.bind(path)
    async with served(tmp_path) as (_, ren), ren.get("/ping") as answer:
        assert answer.status == 200


async def test_where_no_socket_can_be_ren_runs_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / SOCKET).mkdir()
    async with control_socket(tmp_path, []):
        assert "backup and restore work only while Ren is stopped" in caplog.text
    assert (tmp_path / SOCKET).is_dir()


async def test_a_backup_comes_whole_and_goes_back(tmp_path: Path) -> None:
    async with served(tmp_path / "data") as (store, ren):
        await say(store, "one")
        path = tmp_path / "backup.tar"
        async with ren.get("/backup") as answer:
            assert answer.status == 200
            path.write_bytes(await answer.read())
        assert check(path).name == "Ren"
        await say(store, "two")
        with path.open("rb") as file:
            async with ren.post("/restore", data=file) as answer:
                told = await answer.json()
        assert await said(store) == ["one"]
        assert told["pending"] is False
        assert check(Path(told["kept"])).name == "Ren"
        assert not list((tmp_path / "data").glob("restore.*"))


async def test_the_identity_only_when_asked_for(tmp_path: Path) -> None:
    async with served(tmp_path / "data") as (_, ren):
        (tmp_path / "data" / "identity.key").write_bytes(SEED)
        for wanted in (0, 1):
            async with ren.get("/backup", params={"identity": wanted}) as answer:
                content = await answer.read()
            assert (SEED in content) == bool(wanted)
        async with ren.post("/restore", params={"identity": 1}, data=content) as answer:
            assert (await answer.json())["pending"] is True
        assert (tmp_path / "data" / "restore.pending").is_dir()


@pytest.mark.parametrize("name", ["nothing", "noise", "a way out in the tar", "a bomb"])
async def test_what_is_no_backup_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    async with served(tmp_path) as (store, ren):
        await say(store, "hello")
        before = names(tmp_path)
        async with ren.post("/restore", data=HOSTILE[name]()) as answer:
            assert answer.status == 500
            assert "backup" in (await answer.json())["detail"].lower()
        assert await said(store) == ["hello"]
        assert names(tmp_path) == before


async def test_one_that_ends_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as (store, ren):
        await say(store, "hello")
        async with ren.get("/backup") as answer:
            whole = await answer.read()
        await say(store, "again")
        before = names(tmp_path)

        async def half() -> AsyncIterator[bytes]:
            yield whole[:700]
            raise ConnectionError

        with pytest.raises((ClientError, ConnectionError)):
            async with ren.post("/restore", data=half()):
                pass
        async with asyncio.timeout(5):
            while names(tmp_path) != before:  # noqa: ASYNC110  a disk tells nobody
                await asyncio.sleep(0.01)
        assert await said(store) == ["hello", "again"]


async def test_a_second_backup_waits_for_the_first(tmp_path: Path) -> None:
    async with served(tmp_path) as (store, ren):
        await say(store, "hello")

        async def one() -> int:
            async with ren.get("/backup") as answer:
                return len(await answer.read())

        sizes = await asyncio.gather(*(one() for _ in range(5)))
        assert len(set(sizes)) == 1
    assert names(tmp_path) == ["format", "ren.lock", "store"]


async def test_nothing_of_a_backup_can_be_json(tmp_path: Path) -> None:
    """A failure in the middle must not end up inside the file."""
    async with served(tmp_path) as (store, ren):
        await say(store, "x" * 3_000_000)
        async with ren.get("/backup") as answer:
            got = await answer.content.readexactly(512)
            (tmp_path / "backup.partial" / "store.snapshot").write_bytes(b"")  # a failing disk
            with pytest.raises(ClientError):
                got += await answer.content.read()
        assert len(got) < 3_000_000
        assert b"detail" not in got
