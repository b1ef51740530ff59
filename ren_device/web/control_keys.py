"""The keys of /v1 on the control socket: `GET /keys`, `POST /keys?name=…`, `DELETE /keys/{id}`.

Only here can keys be made: whoever may read the device's own files may also let programs in.
"""

from aiohttp import web
from pydantic import BaseModel

from ren_device.model import ApiKey
from ren_device.web.keyring import Keyring
from ren_device.web.schemas import read_path, read_query, time_json


class NewKeyQuery(BaseModel):
    """A key to be made."""

    name: str


class KeyPath(BaseModel):
    """Which key."""

    id: int


class KeyRoutes:
    """See the module."""

    def __init__(self, keyring: Keyring) -> None:
        """Of the store that is open."""
        self._keyring = keyring

    def routes(self) -> web.RouteTableDef:
        """For `control_socket`."""
        table = web.RouteTableDef()
        table.get("/keys", allow_head=False)(self.listed)
        table.post("/keys")(self.new)
        table.delete("/keys/{id}")(self.revoked)
        return table

    async def listed(self, _: web.Request) -> web.Response:
        """All keys, oldest first, without anything that could be used as one."""
        return web.json_response({"keys": [key_json(key) for key in await self._keyring.all()]})

    async def new(self, request: web.Request) -> web.Response:
        """Make a key; the only answer that ever holds it."""
        key, secret = await self._keyring.new(read_query(request, NewKeyQuery).name)
        return web.json_response({**key_json(key), "key": secret})

    async def revoked(self, request: web.Request) -> web.Response:
        """Take a key back; from now on it opens nothing."""
        key = await self._keyring.revoke(read_path(request, KeyPath).id)
        return web.json_response(key_json(key))


def key_json(key: ApiKey) -> dict[str, object]:
    """What may be shown of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "created_at": time_json(key.created_at),
        "last_used": key.last_used.isoformat() if key.last_used else None,
    }
