"""`ren-device keys`: the keys with which programs may use Ren (POST /v1/messages)."""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from ren_device.commands.reaching import check_owner, refusal, running_ren
from ren_device.errors import StoreError

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from ren_device.settings import Settings
    from ren_device.web.keyring import Keyring

SUMMARY = "make, list and revoke the keys of programs, also while Ren runs"

_ONCE = "This is the only time that it is shown. Whoever has it can talk to this speaker.\n"

KeyFields = Mapping[str, Any]
"""A key as the control socket writes it: id, name, created_at, last_used; `key` of a new one."""


class Keys(Protocol):
    """Whoever has the keys: the Ren that runs, or this process. All raise RenError."""

    async def new(self, name: str) -> KeyFields:
        """Make one; with the key itself."""

    async def all(self) -> list[KeyFields]:
        """Oldest first."""

    async def revoke(self, key_id: int) -> KeyFields:
        """Take one back."""


def add_arguments(parser: ArgumentParser) -> None:
    """Define new, list and revoke."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="make a key and print it, this once")
    new.add_argument("name", metavar="NAME", help="what it is for, such as laptop")
    actions.add_parser("list", help="list the keys, which cannot be shown again")
    revoke = actions.add_parser("revoke", help="take a key back")
    revoke.add_argument("id", metavar="ID", type=int, help="its number in the list")


def run(arguments: Namespace) -> int:
    """Do it, and print a new key or the list; raises RenError."""
    from ren_device import settings

    return asyncio.run(_run(settings.load(), arguments))


async def _run(loaded: "Settings", arguments: Namespace) -> int:
    async with _keys(loaded) as keys:
        match arguments.action:
            case "new":
                made = await keys.new(arguments.name)
                sys.stdout.write(f"{made['key']}\n")
                sys.stderr.write(f"Key {made['id']}, {made['name']}. {_ONCE}")
            case "revoke":
                gone = await keys.revoke(arguments.id)
                sys.stderr.write(f"Key {gone['id']}, {gone['name']}, opens nothing any more.\n")
            case _:
                _print(await keys.all())
    return 0


def _print(keys: list[KeyFields]) -> None:
    if not keys:
        sys.stderr.write("There are no keys; `ren-device keys new NAME` makes one.\n")
    for key in keys:
        made, used = str(key["created_at"])[:10], key["last_used"] or "never"
        sys.stdout.write(f"{key['id']:>3}  {key['name']:<24}  made {made}  last used {used}\n")


@asynccontextmanager
async def _keys(loaded: "Settings") -> AsyncIterator[Keys]:
    async with running_ren(loaded.data_dir) as ren:
        if ren is not None:
            yield _There(ren)
            return
    from ren_device.clock import SystemClock
    from ren_device.store import open_store
    from ren_device.web.keyring import Keyring

    check_owner(loaded.data_dir)
    clock = SystemClock(loaded.timezone)
    store = await open_store(loaded.data_dir, clock.now())
    try:
        yield _Here(Keyring(store.api_keys, clock))
    finally:
        await store.close()


class _There:
    """Through the control socket of the Ren that runs."""

    def __init__(self, ren: "ClientSession") -> None:
        self._ren = ren

    async def new(self, name: str) -> KeyFields:
        return await self._asked("POST", "/keys", name=name)

    async def all(self) -> list[KeyFields]:
        listed: list[KeyFields] = (await self._asked("GET", "/keys"))["keys"]
        return listed

    async def revoke(self, key_id: int) -> KeyFields:
        return await self._asked("DELETE", f"/keys/{key_id}")

    async def _asked(self, method: str, path: str, **query: str) -> KeyFields:
        from aiohttp import ClientError

        try:
            async with self._ren.request(method, path, params=query) as response:
                if response.status != HTTPStatus.OK:
                    raise await refusal(response)
                told: KeyFields = await response.json()
                return told
        except ClientError:
            raise StoreError("the Ren that runs broke off; its log says why") from None


class _Here:
    """In this process, while no Ren runs."""

    def __init__(self, keyring: "Keyring") -> None:
        from ren_device.web.control_keys import key_json

        self._keyring = keyring
        self._json = key_json

    async def new(self, name: str) -> KeyFields:
        key, secret = await self._keyring.new(name)
        return {**self._json(key), "key": secret}

    async def all(self) -> list[KeyFields]:
        return [self._json(key) for key in await self._keyring.all()]

    async def revoke(self, key_id: int) -> KeyFields:
        return self._json(await self._keyring.revoke(key_id))
