"""A socket in the data directory through which the commands on this machine reach a running Ren.

Only whoever may read the data can connect (0600), and no browser can. Inside it is HTTP, because
everything for that is here already; the paths are nobody's API.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from ren_device import VERSION
from ren_device.errors import StoreError
from ren_device.store.backups import Backups
from ren_device.web.errors import errors_as_json

SOCKET = "control.sock"

_STOP_S = 1.0
_log = logging.getLogger(__name__)


@asynccontextmanager
async def control_socket(
    data_dir: Path, tables: Sequence[web.RouteTableDef]
) -> AsyncIterator[None]:
    """Serve these routes until the block ends; the store's lock is held, so the name is ours.

    Where no socket can be, the log says so and the commands have to wait until Ren is stopped.
    """
    try:
        listening = await asyncio.to_thread(_bind, data_dir)
    except OSError as error:
        _log.warning(
            "backup and restore work only while Ren is stopped: no socket in %s: %s",
            data_dir,
            error.strerror or error,
        )
        yield
        return
    app = web.Application(middlewares=[errors_as_json])
    for table in (_routes, *tables):
        app.add_routes(table)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_S)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()
        listening.close()
        with suppress(OSError):
            await asyncio.to_thread((data_dir / SOCKET).unlink)


@contextmanager
def short_path(data_dir: Path) -> Iterator[str]:
    """The socket's path, for a while, short enough for an address: 107 bytes. Raises OSError."""
    descriptor = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


def _bind(data_dir: Path) -> socket.socket:
    path = data_dir / SOCKET
    path.unlink(missing_ok=True)  # of a Ren that was killed
    listening = socket.socket(socket.AF_UNIX)
    try:
        with short_path(data_dir) as address:
            listening.bind(address)
        path.chmod(0o600)  # nobody can have connected: it does not listen yet
    except BaseException:
        listening.close()
        raise
    return listening


_routes = web.RouteTableDef()


@_routes.get("/ping")
async def ping(_: web.Request) -> web.Response:
    """Somebody is here."""
    return web.json_response({"pid": os.getpid(), "version": VERSION})


class BackupRoutes:
    """`GET /backup` sends a tar; `POST /restore` takes one. `?identity=1` includes the key."""

    def __init__(self, backups: Backups) -> None:
        """Of the store that is open."""
        self._backups = backups

    def routes(self) -> web.RouteTableDef:
        """For `control_socket`."""
        table = web.RouteTableDef()
        table.get("/backup", allow_head=False)(self.backup)
        table.post("/restore")(self.restore)
        return table

    async def backup(self, request: web.Request) -> web.StreamResponse:
        """The whole backup; its length is known, so that a cut one is noticed."""
        async with self._backups.made(identity=_identity(request)) as packed:
            response = web.StreamResponse(headers={"Content-Type": "application/x-tar"})
            response.content_length = packed.size_bytes
            await response.prepare(request)
            pieces = packed.pieces()
            try:
                while piece := await asyncio.to_thread(next, pieces, b""):
                    await response.write(piece)
            except OSError as error:
                _log.error("a backup was broken off: %s", error.strerror or error)
                if request.transport is not None:
                    request.transport.abort()  # too short is better than wrong
            return response

    async def restore(self, request: web.Request) -> web.Response:
        """Take the backup in the body up; answers what was restored."""
        upload = self._backups.new_upload()
        try:
            await _receive(request, upload)
            restored = await self._backups.restore(upload, identity=_identity(request))
        finally:
            await asyncio.to_thread(upload.unlink, missing_ok=True)
        manifest = restored.manifest
        return web.json_response(
            {
                "name": manifest.name,
                "version": manifest.version,
                "created_at": manifest.created_at.isoformat(),
                "kept": str(restored.kept) if restored.kept else None,
                "pending": restored.pending,
            }
        )


def _identity(request: web.Request) -> bool:
    return request.query.get("identity") == "1"


async def _receive(request: web.Request, upload: Path) -> None:
    try:
        with await asyncio.to_thread(_private, upload) as file:
            async for piece in request.content.iter_chunked(256 * 1024):
                await asyncio.to_thread(file.write, piece)
    except RuntimeError:
        if request.transport is not None:
            raise
        # What aiohttp raises when a wait for more begins after the connection has gone.
        raise StoreError("The backup was cut off while it was sent.") from None
    except OSError as error:
        raise StoreError(f"There is no room for the backup: {error.strerror or error}.") from None


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
