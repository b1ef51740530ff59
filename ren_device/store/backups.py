"""Backups of an open store, and what a backup held put back in its place.

In the data directory: `backups/` holds what was there before the latest restores;
`backup.partial` and `restore.partial` are work under way, of no worth after a kill;
`restore.pending` is a checked restore that also changes the identity. Store and identity are two
files, so the next start carries it out, from its beginning if need be; the folder goes when both
are in place.
"""

import asyncio
import logging
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ren_device import VERSION
from ren_device.errors import StoreError
from ren_device.store.backup_file import (
    IDENTITY,
    SNAPSHOT,
    Manifest,
    Packed,
    pack,
    sync_directory,
    unpack,
    write_durably,
)
from ren_device.store.database import Database, read_snapshot

KEPT = 3
"""How many automatic backups are kept."""

_log = logging.getLogger(__name__)

Reload = Callable[[], Awaitable[None]]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore. With `pending` it happens at the next start of Ren."""

    manifest: Manifest
    kept: Path | None
    """The automatic backup of what was there before."""
    pending: bool


class Backups:
    """One at a time, for the one store that is open. All raise StoreError."""

    def __init__(
        self,
        data_dir: Path,
        database: Database,
        *,
        name: str,
        now: Callable[[], datetime],
        identity_file: Path,
        reload: Sequence[Reload] = (),
    ) -> None:
        """`reload` is called, in order, when the store has other contents than before."""
        self._data_dir = data_dir
        self._database = database
        self._name = name
        self._now = now
        self._identity_file = identity_file
        self.reload = list(reload)
        self._busy = asyncio.Lock()
        self._partial_backup = data_dir / "backup.partial"
        self._partial = data_dir / "restore.partial"
        self._pending = data_dir / "restore.pending"

    async def begin(self) -> Path | None:
        """Clear away what a kill left, and carry out a restore that waits for this start.

        To be called before anything has read the store or the identity. Returns the automatic
        backup of what was there before such a restore, if there was one.
        """
        async with self._busy:
            await _off_the_loop(self._clear)
            if not self._pending.is_dir():
                return None
            marker = self._pending / "kept"
            kept = None
            if not marker.exists():  # else this is the second try: it was kept in the first
                kept = await self._keep(identity=True)
                await _off_the_loop(lambda: write_durably(marker, iter(())))
            await self._database.replace_all(self._pending / SNAPSHOT)
            await _off_the_loop(self._take_up_identity)
            _log.warning("a restore was finished: data and identity are those of the backup")
            return kept

    @asynccontextmanager
    async def made(self, *, identity: bool = False) -> AsyncIterator[Packed]:
        """A backup of this moment, to be read until the block ends."""
        async with self._busy:
            try:
                yield await self._pack(identity=identity)
            finally:
                await asyncio.to_thread(shutil.rmtree, self._partial_backup, ignore_errors=True)

    async def restore(self, backup: Path, *, identity: bool = False) -> Restored:
        """Check the file `backup`, keep what is there, and put the backup's contents in its place.

        A backup that is refused changes nothing.
        """
        async with self._busy:
            try:
                return await self._restore(backup, identity=identity)
            finally:
                await asyncio.to_thread(shutil.rmtree, self._partial, ignore_errors=True)

    async def _restore(self, backup: Path, *, identity: bool) -> Restored:
        await _off_the_loop(lambda: _empty(self._partial))
        manifest = await asyncio.to_thread(unpack, backup, self._partial)
        if identity and not manifest.has_identity:
            raise StoreError("This backup was made without the identity, so it cannot restore it.")
        snapshot = self._partial / SNAPSHOT
        await asyncio.to_thread(read_snapshot, snapshot)
        if identity:
            await _off_the_loop(self._commit_pending)
            return Restored(manifest, None, pending=True)
        kept = await self._keep(identity=False)
        await _off_the_loop(self._drop_pending)  # this restore is the newer wish
        await self._database.replace_all(snapshot)
        for reload in self.reload:
            await reload()
        return Restored(manifest, kept, pending=False)

    async def _pack(self, *, identity: bool) -> Packed:
        await _off_the_loop(lambda: _empty(self._partial_backup))
        files = {SNAPSHOT: self._partial_backup / SNAPSHOT}
        await self._database.write_snapshot(files[SNAPSHOT])
        if identity:
            files[IDENTITY] = self._partial_backup / IDENTITY
            await _off_the_loop(lambda: _copy(self._identity_file, files[IDENTITY]))
        at = self._now()
        return await _off_the_loop(lambda: pack(files, version=VERSION, name=self._name, at=at))

    async def _keep(self, *, identity: bool) -> Path:
        """An automatic backup of what is there now; the oldest ones go."""
        identity = identity and self._identity_file.exists()
        try:
            packed = await self._pack(identity=identity)
            return await _off_the_loop(lambda: self._write_kept(packed))
        finally:
            await asyncio.to_thread(shutil.rmtree, self._partial_backup, ignore_errors=True)

    def new_upload(self) -> Path:
        """Where a backup that is being sent in may be put; a kill leaves nothing of it for long."""
        return self._data_dir / f"restore.upload-{secrets.token_hex(8)}"

    # --- in a thread ----------------------------------------------------------------------------

    def _write_kept(self, packed: Packed) -> Path:
        folder = self._data_dir / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        stem = packed.manifest.created_at.strftime("before-restore-%Y%m%d-%H%M%S")
        taken = {path.name for path in folder.iterdir()}
        number = next(n for n in range(1, len(taken) + 2) if f"{stem}-{n}.tar" not in taken)
        path = folder / f"{stem}-{number}.tar"
        draft = folder / ".draft"
        draft.unlink(missing_ok=True)
        write_durably(draft, packed.pieces())
        draft.replace(path)
        for old in sorted(folder.glob("before-restore-*.tar"), key=_age)[:-KEPT]:
            old.unlink()
        sync_directory(folder)
        return path

    def _commit_pending(self) -> None:
        self._drop_pending()
        sync_directory(self._partial)
        self._partial.rename(self._pending)
        sync_directory(self._data_dir)

    def _drop_pending(self) -> None:
        """In one step: half of it must never look like a whole one."""
        if self._pending.is_dir():
            dropped = self._data_dir / "restore.dropped"
            shutil.rmtree(dropped, ignore_errors=True)
            self._pending.rename(dropped)
            sync_directory(self._data_dir)
            shutil.rmtree(dropped, ignore_errors=True)

    def _take_up_identity(self) -> None:
        draft = self._identity_file.with_name(f".{self._identity_file.name}.restored")
        draft.unlink(missing_ok=True)
        _copy(self._pending / IDENTITY, draft)
        draft.replace(self._identity_file)
        sync_directory(self._identity_file.parent)
        self._drop_pending()

    def _clear(self) -> None:
        for name in ("backup.partial", "restore.partial", "restore.dropped"):
            shutil.rmtree(self._data_dir / name, ignore_errors=True)
        for upload in self._data_dir.glob("restore.upload-*"):
            upload.unlink()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)


def _copy(source: Path, target: Path) -> None:
    content = source.read_bytes()
    write_durably(target, iter([content]))


def _age(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name


async def _off_the_loop(work: Callable[[], Result]) -> Result:
    """Run it in a thread, with OSError as StoreError."""
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise StoreError(f"Cannot write or read{where}: {error.strerror or error}.") from None
