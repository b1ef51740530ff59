"""`ren-device backup` and `restore`: with a Ren that runs, and without."""

import asyncio
import gzip
import os
import stat
import sys
import tarfile
from datetime import datetime
from pathlib import Path

import pytest

from ren_device.__main__ import main
from ren_device.store import open_store
from tests.commands.command_line import environment, ren_device
from tests.ren import running
from tests.store.hostile_backups import SEED, backup

NOON = datetime.fromisoformat("2026-06-25T12:00:00")
NOBODY = 65534


def say(data: Path, text: str) -> None:
    async def scene() -> None:
        store = await open_store(data, NOON)
        await store.remarks.add(1, [("user", text)], NOON)
        await store.close()

    asyncio.run(scene())


def said(data: Path) -> list[str]:
    async def scene() -> list[str]:
        store = await open_store(data, NOON)
        try:
            return [remark.content for remark in await store.remarks.latest(1, 100)]
        finally:
            await store.close()

    return asyncio.run(scene())


class Shell:
    """Runs commands in this process, which is what keeps these tests short."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def does(self, *words: str) -> str:
        """What a command that works says on standard error."""
        assert main(words) == 0, self._capfd.readouterr().err
        return self._capfd.readouterr().err

    def refuses(self, *words: str) -> str:
        """The one line of a command that does not."""
        self._capfd.readouterr()
        assert main(words) == 1
        told = self._capfd.readouterr().err
        assert told.startswith("ren-device: ")
        assert told.count("\n") == 1
        return told


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Shell:
    for name in list(os.environ):
        if name.startswith(("REN_", "WREN_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return Shell(capfd)


@pytest.mark.parametrize("name", ["kept.tar", "kept.tar.gz", "kept.tgz"])
def test_without_a_ren_there_and_back(tmp_path: Path, shell: Shell, name: str) -> None:
    data = tmp_path / "data"
    say(data, "one")
    (data / "identity.key").write_bytes(SEED)
    assert "The identity is not in it." in shell.does("backup", name)
    path = tmp_path / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as file:
        assert file.getnames() == ["manifest.json", "store.snapshot"]
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == name.endswith("gz")
    say(data, "two")
    assert "What was there before is in " in shell.does("restore", name)
    assert said(data) == ["one"]
    assert {each.name for each in tmp_path.iterdir()} == {"data", name}


def test_through_pipes(tmp_path: Path) -> None:
    say(tmp_path / "data", "one")
    made = ren_device(tmp_path, "backup", "-")
    assert made.returncode == 0
    say(tmp_path / "data", "two")
    zipped = gzip.compress(made.stdout)
    assert ren_device(tmp_path, "restore", "-", stdin=zipped).returncode == 0
    assert said(tmp_path / "data") == ["one"]


def test_the_identity_is_said_loudly_and_comes_back_at_once(tmp_path: Path, shell: Shell) -> None:
    data = tmp_path / "data"
    say(data, "one")
    (data / "identity.key").write_bytes(SEED)
    assert "private key is in it" in shell.does("backup", "kept.tar", "--with-identity")
    (data / "identity.key").write_bytes(b"cd" * 32)
    assert "identity was left alone" in shell.does("restore", "kept.tar")
    assert (data / "identity.key").read_bytes() == b"cd" * 32
    shell.does("restore", "kept.tar", "--with-identity")
    assert (data / "identity.key").read_bytes() == SEED
    assert said(data) == ["one"]


def test_onto_a_new_machine(tmp_path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    say(tmp_path / "data", "one")
    (tmp_path / "data" / "identity.key").write_bytes(SEED)
    shell.does("backup", "kept.tar", "--with-identity")
    new = tmp_path / "new" / "data"
    monkeypatch.setenv("REN_DATA_DIR", str(new))
    shell.does("restore", "kept.tar", "--with-identity")
    assert said(new) == ["one"]
    assert (new / "identity.key").read_bytes() == SEED


def test_what_is_there_is_replaced_only_with_force(tmp_path: Path, shell: Shell) -> None:
    say(tmp_path / "data", "one")
    (tmp_path / "kept.tar").write_text("precious")
    assert "--force replaces it" in shell.refuses("backup", "kept.tar")
    assert (tmp_path / "kept.tar").read_text() == "precious"
    shell.does("backup", "kept.tar", "--force")
    shell.does("restore", "kept.tar")


def test_what_cannot_be_is_one_line(tmp_path: Path, shell: Shell) -> None:
    assert "there is nothing to back up" in shell.refuses("backup", "kept.tar")
    say(tmp_path / "data", "one")
    assert "No such file or directory" in shell.refuses("backup", "no/such/folder/kept.tar")
    assert "is a directory" in shell.refuses("backup", "data")
    assert "No such file or directory" in shell.refuses("restore", "missing.tar")
    (tmp_path / "noise.tar").write_bytes(b"noise" * 1000)
    assert "not a backup of Ren" in shell.refuses("restore", "noise.tar")
    (tmp_path / "newer.tar").write_bytes(backup(format=7))
    assert "update Ren first" in shell.refuses("restore", "newer.tar")
    shell.does("backup", "kept.tar")
    assert "--with-identity" in shell.refuses("restore", "kept.tar", "--with-identity")
    assert "No such file" in shell.refuses("backup", "x.tar", "--with-identity")
    names = {each.name for each in tmp_path.iterdir()}
    assert names == {"data", "noise.tar", "newer.tar", "kept.tar"}


def test_a_store_in_use_by_somebody_else_is_one_line(tmp_path: Path, shell: Shell) -> None:
    """A Ren whose socket could not be made."""

    async def scene() -> str:
        store = await open_store(tmp_path / "data", NOON)
        try:
            return await asyncio.to_thread(shell.refuses, "backup", "kept.tar")
        finally:
            await store.close()

    assert "another Ren is using this directory" in asyncio.run(scene())


def test_another_users_data_is_not_spoilt_by_root(tmp_path: Path, shell: Shell) -> None:
    """Files that root makes there could not be read by the Ren that they are for."""
    say(tmp_path / "data", "one")
    shell.does("backup", "kept.tar")
    if os.geteuid() == 0:
        os.chown(tmp_path / "data", NOBODY, NOBODY)
        assert "is nobody's" in shell.refuses("restore", "kept.tar")
        assert "is nobody's" in shell.refuses("backup", "other.tar")
    else:
        (tmp_path / "data").chmod(0)
        assert "data" in shell.refuses("backup", "other.tar")
        (tmp_path / "data").chmod(0o700)


async def command(folder: Path, *arguments: str) -> tuple[int, str]:
    """`ren-device ARGUMENTS` while this process serves others; exit code and standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ren_device", *arguments),
        cwd=folder,
        env=environment(REN_DATA_DIR=str(folder / "data")),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await process.communicate()
    return await process.wait(), told.decode()


async def test_while_ren_runs_there_and_back(tmp_path: Path) -> None:
    """Timers that were set since are gone, the one of then is back, and all without a restart."""
    async with running(tmp_path) as ren:
        await ren.until_up()
        await ren.chat("set a pasta timer for fifty minutes")
        await ren.chat("add milk to the shopping list")
        assert (await command(tmp_path, "backup", "kept.tar.gz"))[0] == 0
        await ren.chat("cancel the pasta timer")
        await ren.chat("set an egg timer for forty minutes")
        await ren.chat("add caviar to the shopping list")
        code, told = await command(tmp_path, "restore", "kept.tar.gz")
        assert code == 0, told
        timers = await ren.chat("what timers do I have")
        assert "pasta" in timers
        assert "egg" not in timers
        shopping = await ren.chat("what's on my shopping list")
        assert "milk" in shopping
        assert "caviar" not in shopping
        (automatic,) = (tmp_path / "data" / "backups").glob("*.tar")
        assert (await command(tmp_path, "restore", str(automatic)))[0] == 0
        assert "egg" in await ren.chat("what timers do I have")
        assert await ren.stop() == 0
    async with running(tmp_path) as ren:
        await ren.until_up()
        assert "caviar" in await ren.chat("what's on my shopping list")


async def test_while_ren_runs_an_identity_waits_for_the_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as ren:
        await ren.until_up()
        first = await ren.get("/identity")
        await ren.chat("add milk to the shopping list")
        assert (await command(tmp_path, "backup", "kept.tar", "--with-identity"))[0] == 0
        await ren.stop()
    (tmp_path / "data").rename(tmp_path / "lost")
    async with running(tmp_path) as ren:
        await ren.until_up()
        assert await ren.get("/identity") != first
        code, told = await command(tmp_path, "restore", "kept.tar", "--with-identity")
        assert code == 0, told
        assert "RESTART REN NOW" in told
        await ren.stop()
    async with running(tmp_path) as ren:
        await ren.until_up()
        assert await ren.get("/identity") == first
        assert "milk" in await ren.chat("what's on my shopping list")


async def test_while_ren_runs_a_bad_backup_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as ren:
        await ren.until_up()
        await ren.chat("add milk to the shopping list")
        (tmp_path / "bad.tar").write_bytes(backup())  # right in all but what the store would say
        code, told = await command(tmp_path, "restore", "bad.tar")
        assert code == 1
        assert told.count("\n") == 1
        assert "milk" in await ren.chat("what's on my shopping list")
        assert not list((tmp_path / "data").glob("restore.*"))
