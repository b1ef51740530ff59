"""`ren-device restore FILE`: what a backup holds in place of what Ren keeps, also while it runs."""

import asyncio
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.commands.reaching import opened_backups, refusal, running_ren
from ren_device.errors import StoreError

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from ren_device.settings import Settings
    from ren_device.store.backup_file import Manifest

SUMMARY = "put back what a backup holds, also while Ren runs"


def add_arguments(parser: ArgumentParser) -> None:
    """Define FILE and its option."""
    parser.add_argument("file", metavar="FILE", help="what backup wrote, or - for the input")
    parser.add_argument("--with-identity", action="store_true", help="the private key as well")


def run(arguments: Namespace) -> int:
    """Restore, or change nothing; raises StoreError."""
    from ren_device import settings

    loaded = settings.load()
    identity: bool = arguments.with_identity
    if arguments.file != "-":
        return asyncio.run(_restore(loaded, Path(arguments.file), identity=identity))
    with tempfile.NamedTemporaryFile() as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.flush()
        return asyncio.run(_restore(loaded, Path(spool.name), identity=identity))


async def _restore(loaded: "Settings", path: Path, *, identity: bool) -> int:
    from ren_device.store.backup_file import check

    manifest = check(path)
    if identity and not manifest.has_identity:
        raise StoreError("this backup was made without --with-identity")
    async with running_ren(loaded.data_dir) as ren:
        if ren is None:
            kept = await _here(loaded, path, identity=identity)
            _tell(manifest, kept, restart=False)
        else:
            told = await _there(ren, path, identity=identity)
            kept = Path(str(told["kept"])) if told["kept"] else None
            _tell(manifest, kept, restart=bool(told["pending"]))
    if manifest.has_identity and not identity:
        sys.stderr.write("The backup's identity was left alone; --with-identity restores it.\n")
    return 0


async def _here(loaded: "Settings", path: Path, *, identity: bool) -> Path | None:
    async with opened_backups(loaded) as backups:
        restored = await backups.restore(path, identity=identity)
        if not restored.pending:
            return restored.kept
        return await backups.begin()


async def _there(ren: "ClientSession", path: Path, *, identity: bool) -> Mapping[str, object]:
    from aiohttp import ClientError

    try:
        with path.open("rb") as file:
            async with ren.post(
                "/restore", params={"identity": int(identity)}, data=file
            ) as response:
                if response.status != HTTPStatus.OK:
                    raise await refusal(response)
                told: Mapping[str, object] = await response.json()
                return told
    except ClientError:
        raise StoreError(
            "the Ren that runs broke off; it keeps either the old or the restored state"
        ) from None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}") from None


def _tell(manifest: "Manifest", kept: Path | None, *, restart: bool) -> None:
    from ren_device.settings import shown

    name = shown("name", manifest.name)
    when = manifest.created_at.isoformat(" ", "minutes")
    if restart:
        sys.stderr.write(
            f"Checked: what {name!r} kept on {when}.\n"
            "RESTART REN NOW to finish: then it takes up the data and the identity of the\n"
            "backup, and what it keeps until then goes into an automatic backup.\n"
        )
        return
    sys.stderr.write(f"Restored what {name!r} kept on {when}.\n")
    if kept is not None:
        sys.stderr.write(f"What was there before is in {kept}.\n")
