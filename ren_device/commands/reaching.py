"""How commands get at what Ren keeps: through the Ren that runs, or by opening it themselves."""

import os
import pwd
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.errors import StoreError

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

    from ren_device.settings import Settings
    from ren_device.store.backups import Backups

_URL = "http://ren"  # the name means nothing: the socket says who it is
_PATIENCE_S = 10.0


@asynccontextmanager
async def running_ren(
    data_dir: Path, patience_s: float = _PATIENCE_S
) -> AsyncIterator["ClientSession | None"]:
    """A connection to the Ren that uses this directory, or None when none runs.

    Raises StoreError when one may be running, and this user may not talk to it, or it says nothing
    for `patience_s` seconds.
    """
    from aiohttp import (
        ClientConnectorError,
        ClientError,
        ClientSession,
        ClientTimeout,
        UnixConnector,
    )

    from ren_device.web.control import short_path

    async with AsyncExitStack() as stack:
        found = None
        try:
            connector = UnixConnector(stack.enter_context(short_path(data_dir)))
            # A large backup on a slow card takes its time.
            session = ClientSession(_URL, connector=connector, timeout=ClientTimeout(total=None))
            await stack.enter_async_context(session)
            async with session.get("/ping", timeout=ClientTimeout(total=patience_s)):
                found = session
        except ClientConnectorError as error:
            if isinstance(error.os_error, PermissionError):
                raise StoreError(_not_yours(data_dir)) from None
        except PermissionError:
            raise StoreError(_not_yours(data_dir)) from None
        except (FileNotFoundError, NotADirectoryError):
            pass  # nothing was ever kept there
        except TimeoutError:
            raise StoreError("the Ren that runs does not answer; stop it, or try again") from None
        except ClientError:
            pass  # it has just stopped; if it has not, the store is still locked
        yield found


def check_owner(data_dir: Path) -> None:
    """Refuse to write as root into what a Ren of another user must read. Raises StoreError."""
    try:
        owner = data_dir.stat().st_uid
    except OSError:
        return  # it is not there yet, or opening it will say better
    if os.geteuid() == 0 and owner != 0:
        raise StoreError(_not_yours(data_dir))


@asynccontextmanager
async def opened_backups(settings: "Settings") -> AsyncIterator["Backups"]:
    """The store of a Ren that does not run. Raises StoreError, also when one does run."""
    from ren_device import choice
    from ren_device.clock import SystemClock
    from ren_device.store import open_store
    from ren_device.store.backups import Backups

    check_owner(settings.data_dir)
    clock = SystemClock(settings.timezone)
    store = await open_store(settings.data_dir, clock.now())
    try:
        yield Backups(
            settings.data_dir,
            store.database,
            name=settings.name,
            now=clock.now,
            identity_file=choice.identity_file(settings),
        )
    finally:
        await store.close()


async def refusal(response: "ClientResponse") -> StoreError:
    """Why the Ren that runs would not."""
    try:
        detail = (await response.json())["detail"]
    except (ValueError, KeyError, TypeError):
        detail = f"the Ren that runs answered {response.status}"
    return StoreError(str(detail))


def _not_yours(data_dir: Path) -> str:
    try:
        name = pwd.getpwuid(data_dir.stat().st_uid).pw_name
    except (OSError, KeyError):
        return f"{data_dir} is another user's: run this as that user"
    return f"{data_dir} is {name}'s: run this as {name}, with sudo -u {name} in front of it"
