"""What commands make of a Ren that runs and is not well."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from ren_device.commands.reaching import running_ren
from ren_device.errors import StoreError
from ren_device.web.control import short_path


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer):
        await reader.read()


async def stopping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer):
        await reader.readuntil(b"\r\n\r\n")


async def test_one_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    with short_path(tmp_path) as path:
        async with await asyncio.start_unix_server(silent, path), asyncio.timeout(5):
            with pytest.raises(StoreError, match="does not answer"):
                async with running_ren(tmp_path, patience_s=0.1):
                    pass


async def test_one_that_stops_at_that_moment_does_not_run(tmp_path: Path) -> None:
    with short_path(tmp_path) as path:
        async with (
            await asyncio.start_unix_server(stopping, path),
            asyncio.timeout(5),
            running_ren(tmp_path) as ren,
        ):
            assert ren is None


async def test_where_none_has_ever_run_there_is_none(tmp_path: Path) -> None:
    async with running_ren(tmp_path) as ren:
        assert ren is None
    async with running_ren(tmp_path / "nowhere") as ren:
        assert ren is None
