import asyncio
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ren_device.__main__ import main
from ren_device.store import open_store
from ren_device.web.control import SOCKET, control_socket
from ren_device.web.control_keys import KeyRoutes
from ren_device.web.keyring import Keyring
from tests.web.web_house import NOW, FixedClock


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REN_DATA_DIR", str(tmp_path))
    return tmp_path


class Command:
    """`ren-device keys …` and what it wrote."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["ren-device", "keys", *arguments])
        code = main()
        written = self._capsys.readouterr()
        return code, written.out, written.err


@pytest.fixture
def keys(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    return Command(monkeypatch, capsys)


@asynccontextmanager
async def running_ren(data_dir: Path) -> AsyncIterator[Keyring]:
    """As much of a Ren as holds the store and answers commands."""
    store = await open_store(data_dir, NOW)
    keyring = Keyring(store.api_keys, FixedClock())
    async with control_socket(data_dir, (KeyRoutes(keyring).routes(),)):
        yield keyring
    await store.close()


def test_a_key_is_printed_once_and_listed_without_itself(keys: Command) -> None:
    assert keys("list") == (0, "", "There are no keys; `ren-device keys new NAME` makes one.\n")
    code, key, said = keys("new", "laptop")
    assert (code, key[:4], key.count("\n")) == (0, "ren_", 1)
    assert "Key 1, laptop." in said
    assert key.strip() not in said
    code, listed, _ = keys("list")
    assert code == 0
    assert "1  laptop" in listed
    assert "last used never" in listed
    assert key.strip() not in listed
    assert keys("revoke", "1") == (0, "", "Key 1, laptop, opens nothing any more.\n")
    assert keys("revoke", "1") == (1, "", "ren-device: There is no key 1.\n")


def test_a_name_that_is_none(keys: Command) -> None:
    code, out, err = keys("new", " ")
    assert (code, out) == (1, "")
    assert "1 to 60" in err


@pytest.mark.parametrize("arguments", [(), ("revoke", "x"), ("sing",)])
def test_what_is_no_command(keys: Command, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        keys(*arguments)
    assert stopped.value.code == 2


async def test_the_ren_that_runs_is_asked(keys: Command, data_dir: Path) -> None:
    async with running_ren(data_dir) as keyring:
        code, key, said = await asyncio.to_thread(keys, "new", "läptop & more")
        assert (code, "läptop & more" in said) == (0, True)
        assert await keyring.holder(key.strip()) is not None
        code, listed, _ = await asyncio.to_thread(keys, "list")
        assert f"last used {NOW.date()}" in listed
        code, _, said = await asyncio.to_thread(keys, "new", "x" * 61)
        assert (code, "1 to 60" in said) == (1, True)
        assert (await asyncio.to_thread(keys, "revoke", "1"))[0] == 0
        assert await keyring.holder(key.strip()) is None
        assert (await asyncio.to_thread(keys, "revoke", "1"))[0] == 1
        assert stat.S_IMODE((data_dir / SOCKET).stat().st_mode) == 0o600
