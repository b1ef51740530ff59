"""The factory reset on the control socket: `POST /factory-reset`, as the talk button does it."""

from collections.abc import Awaitable, Callable

from aiohttp import web


class ResetRoutes:
    """See the module."""

    def __init__(self, reset: Callable[[], Awaitable[None]]) -> None:
        """`reset` has everything erased by a new start, and begins that. Raises StoreError."""
        self._reset = reset

    def routes(self) -> web.RouteTableDef:
        """For `control_socket`."""
        table = web.RouteTableDef()
        table.post("/factory-reset")(self.reset)
        return table

    async def reset(self, _: web.Request) -> web.Response:
        """It is certain to happen when this is answered."""
        await self._reset()
        return web.json_response({"status": "resetting"})
