"""`ren-device backup FILE`: all that Ren keeps in one file, also while it runs."""

import asyncio
import gzip
import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from ren_device.commands.reaching import opened_backups, refusal, running_ren
from ren_device.errors import StoreError

if TYPE_CHECKING:
    from ren_device.settings import Settings

SUMMARY = "write all that Ren keeps into one file, also while it runs"

_GZIP_LEVEL = 6
_IDENTITY_WARNING = """\
The speaker's private key is in it: whoever has this file can pass for this speaker.
Keep it as you would keep a key.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Define FILE and its options."""
    parser.add_argument("file", metavar="FILE", help="name.tar, name.tar.gz, or - for the output")
    parser.add_argument("--with-identity", action="store_true", help="the private key as well")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")


def run(arguments: Namespace) -> int:
    """Write the file; raises StoreError."""
    from ren_device import settings

    loaded = settings.load()
    identity: bool = arguments.with_identity
    if arguments.file == "-":
        asyncio.run(_write(loaded, sys.stdout.buffer, identity=identity))
        sys.stdout.buffer.flush()
    else:
        target = Path(arguments.file)
        size = _to_file(loaded, target, identity=identity, force=arguments.force)
        said = "" if identity else " The identity is not in it."
        sys.stderr.write(f"Backed up to {target} ({-(-size // 1024)} KiB).{said}\n")
    if identity:
        sys.stderr.write(_IDENTITY_WARNING)
    return 0


def _to_file(loaded: "Settings", target: Path, *, identity: bool, force: bool) -> int:
    """A whole and checked file, or none; its size in bytes."""
    from ren_device.store.backup_file import check, sync_directory

    if target.is_dir():
        raise StoreError(f"{target} is a directory; name a file")
    if target.exists() and not force:
        raise StoreError(f"{target} is there already; --force replaces it")
    draft: Path | None = None
    try:
        # mkstemp makes it 0600.
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        draft = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            if target.suffix in (".gz", ".tgz"):
                with gzip.GzipFile("", "wb", _GZIP_LEVEL, file) as zipped:
                    asyncio.run(_write(loaded, cast(BinaryIO, zipped), identity=identity))
            else:
                asyncio.run(_write(loaded, file, identity=identity))
            file.flush()
            os.fsync(descriptor)
        check(draft)
        size = draft.stat().st_size
        _put(draft, target, force=force)
        sync_directory(target.parent)
    except FileExistsError:
        raise StoreError(f"{target} is there already; --force replaces it") from None
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror or error}") from None
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)
    return size


def _put(draft: Path, target: Path, *, force: bool) -> None:
    """Give it its name, in place of another file only with `force`."""
    if not force:
        try:
            target.hardlink_to(draft)  # unlike a rename, it replaces nothing
        except FileExistsError:
            raise
        except OSError:
            pass  # a memory stick knows no links
        else:
            return
    draft.replace(target)


async def _write(loaded: "Settings", file: BinaryIO, *, identity: bool) -> None:
    async with _pieces(loaded, identity=identity) as pieces:
        async for piece in pieces:
            file.write(piece)


@asynccontextmanager
async def _pieces(loaded: "Settings", *, identity: bool) -> AsyncIterator[AsyncIterator[bytes]]:
    """The tar, from the Ren that runs or made here."""
    from aiohttp import ClientError

    async with running_ren(loaded.data_dir) as ren:
        if ren is None:
            if not loaded.data_dir.is_dir():
                raise StoreError(f"REN_DATA_DIR={loaded.data_dir}: there is nothing to back up")
            async with opened_backups(loaded) as backups, backups.made(identity=identity) as made:
                yield _one_by_one(made.pieces())
            return
        try:
            async with ren.get("/backup", params={"identity": int(identity)}) as response:
                if response.status != HTTPStatus.OK:
                    raise await refusal(response)
                yield response.content.iter_chunked(256 * 1024)
        except ClientError:
            raise StoreError("the Ren that runs broke off; its log says why") from None


async def _one_by_one(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
